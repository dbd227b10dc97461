"""Heaps of slots, ordered by the keys in their rows; a slot can be taken out wherever it is.

A row begins with the place of its slot in the heap, -1 outside, then come its keys. The heap
holds the first key beside the slot, for most comparisons need no other; it has four branches.
"""

from __future__ import annotations

from twin.model.centre.kernel.compiled import compiled, inlined

__all__ = ["before", "push", "remove"]

ABSENT = -1
_BRANCHES = 2
"""Children of a place, as a power of two."""
_FANOUT = 1 << _BRANCHES


@compiled
def before(rows, width, keys, a, b):
    """Whether the keys of slot `a` come before those of slot `b`."""
    a, b = a * width, b * width
    for k in range(1, keys + 1):
        if rows[a + k] != rows[b + k]:
            return rows[a + k] < rows[b + k]
    return False


@inlined
def _is_first(key, slot, key_b, slot_b, rows, width, keys):
    if key != key_b:
        return key < key_b
    return before(rows, width, keys, slot, slot_b)


@inlined
def _put(heap, i, key, slot, rows, width):
    heap[2 * i], heap[2 * i + 1] = key, slot
    rows[slot * width] = i


@compiled
def _rise(heap, i, slot, rows, width, keys):
    """Put a slot at the place `i` or, while it comes before its parent, above."""
    key = rows[slot * width + 1]
    while i > 0:
        parent = (i - 1) >> _BRANCHES
        key_above, above = heap[2 * parent], heap[2 * parent + 1]
        if not _is_first(key, slot, key_above, above, rows, width, keys):
            break
        _put(heap, i, key_above, above, rows, width)
        i = parent
    _put(heap, i, key, slot, rows, width)
    return i


@compiled
def _first_child(heap, first, end, rows, width, keys):
    """Child that comes first, by its first key; by all of them where first keys are equal."""
    child, key, tied = first, heap[2 * first], False
    for other in range(first + 1, end):
        key_other = heap[2 * other]
        tied = tied or key_other == key
        if key_other < key:
            child, key = other, key_other
    if tied:
        for other in range(first, end):
            if heap[2 * other] == key and before(
                rows, width, keys, heap[2 * other + 1], heap[2 * child + 1]
            ):
                child = other
    return child


@compiled
def _sink(heap, size, i, slot, rows, width, keys):
    """Put a slot at the place `i` or, while a child comes before it, below."""
    key = rows[slot * width + 1]
    while True:
        first = (i << _BRANCHES) + 1
        if first >= size:
            break
        child = _first_child(heap, first, min(first + _FANOUT, size), rows, width, keys)
        key_below, below = heap[2 * child], heap[2 * child + 1]
        if not _is_first(key_below, below, key, slot, rows, width, keys):
            break
        _put(heap, i, key_below, below, rows, width)
        i = child
    _put(heap, i, key, slot, rows, width)


@compiled
def push(heap, size, slot, rows, width, keys):
    """Add a slot to a heap of `size` slots; the new size."""
    _rise(heap, size, slot, rows, width, keys)
    return size + 1


@compiled
def remove(heap, size, slot, rows, width, keys):
    """Take a slot out of its heap; the new size."""
    i = rows[slot * width]
    rows[slot * width] = ABSENT
    size -= 1
    if i < size:
        last = heap[2 * size + 1]
        if _rise(heap, i, last, rows, width, keys) == i:
            _sink(heap, size, i, last, rows, width, keys)
    return size
