"""Binary heaps of slots, ordered by rows of integers; a slot can be taken out wherever it is."""

from __future__ import annotations

from twin.model.centre.kernel.compiled import compiled

__all__ = ["before", "pop", "push", "remove"]

ABSENT = -1


@compiled
def before(keys, a, b):
    """Whether the row of slot `a` comes before that of slot `b`."""
    for i in range(keys.shape[1]):
        if keys[a, i] != keys[b, i]:
            return keys[a, i] < keys[b, i]
    return False


@compiled
def _rise(heap, where, keys, i):
    slot = heap[i]
    while i > 0:
        parent = (i - 1) >> 1
        if not before(keys, slot, heap[parent]):
            break
        heap[i] = heap[parent]
        where[heap[i]] = i
        i = parent
    heap[i] = slot
    where[slot] = i


@compiled
def _sink(heap, size, where, keys, i):
    slot = heap[i]
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and before(keys, heap[child + 1], heap[child]):
            child += 1
        if not before(keys, heap[child], slot):
            break
        heap[i] = heap[child]
        where[heap[i]] = i
        i = child
    heap[i] = slot
    where[slot] = i


@compiled
def push(heap, size, where, keys, slot):
    """Add a slot to a heap of `size` slots; `where` says the place of each slot, -1 outside."""
    heap[size] = slot
    _rise(heap, where, keys, size)
    return size + 1


@compiled
def remove(heap, size, where, keys, slot):
    """Take a slot out of its heap; the new size."""
    i = where[slot]
    where[slot] = ABSENT
    size -= 1
    if i < size:
        heap[i] = heap[size]
        where[heap[i]] = i
        _sink(heap, size, where, keys, i)
        _rise(heap, where, keys, where[heap[i]])
    return size


@compiled
def pop(heap, size, where, keys):
    """Take the first slot out; the new size."""
    return remove(heap, size, where, keys, heap[0])
