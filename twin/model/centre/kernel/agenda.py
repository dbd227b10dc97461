"""What is due when, in rounds, and the rows of the journal."""

from __future__ import annotations

from twin.model.centre.journal import SpellState
from twin.model.centre.kernel import heaps
from twin.model.centre.kernel.compiled import compiled, inlined
from twin.model.centre.kernel.state import (
    A_OVERTIME,
    A_PAUSING,
    A_SEAT,
    A_SINCE,
    A_TASK,
    T_ID,
    T_KIND,
    free_slots,
    grown,
    longer,
)
from twin.model.centre.world import NEVER

# What a timer does: play a row of a table; touch a task or an incident; touch the desk; a camera
ENTERS, PHONES, LETTER, OWES, STARTS_SHIFT, EDGE, OUTAGE = range(7)
TASK_DUE, ALARM, SEEN_ON_PATROL, IMAGE_ENDS, IMAGE_BEGINS, LEAVES, CALLED = range(7, 14)
EXPIRES, SLOT_OVER, BREAK_DUE, ENDS_SHIFT, RETURNS = range(14, 19)
FAILS, DISCOVERED, REPAIRED, RESTORED = range(19, 23)

ACT, FIRST, SECOND = range(3)

_WATCHING, _READY, _WORKING = (
    int(SpellState.WATCHING),
    int(SpellState.READY),
    int(SpellState.WORKING),
)
_PAUSING, _OVERTIME = int(SpellState.PAUSING), int(SpellState.OVERTIME)


@compiled
def post(r, at_ms, phase, key_a, key_b, key_c, act, first, second):
    """Set a timer; what is posted for this very instant is the next round. Its slot."""
    if r.timers_free == 0:
        old = len(r.timers)
        r.timers = grown(r.timers)
        r.timer_keys = grown(r.timer_keys)
        r.timer_where = longer(r.timer_where)
        r.agenda = longer(r.agenda)
        r.timer_free = free_slots(old, 2 * old, 2 * old)
        r.timers_free = old
    r.timers_free -= 1
    slot = r.timer_free[r.timers_free]
    key = r.timer_keys[slot]
    key[0] = at_ms
    key[1] = r.round + 1 if at_ms == r.now else 0
    key[2], key[3], key[4], key[5] = phase, key_a, key_b, key_c
    timer = r.timers[slot]
    timer[ACT], timer[FIRST], timer[SECOND] = act, first, second
    r.agenda_size = heaps.push(r.agenda, r.agenda_size, r.timer_where, r.timer_keys, slot)
    return slot


@compiled
def cancel(r, slot):
    """Call a timer off and free its slot; the time at which it was due."""
    r.agenda_size = heaps.remove(r.agenda, r.agenda_size, r.timer_where, r.timer_keys, slot)
    r.timer_free[r.timers_free] = slot
    r.timers_free += 1
    return r.timer_keys[slot, 0]


@compiled
def write_spell(r, a):
    """Write down what an agent has done since the last change, if it took any time."""
    agent = r.agent[a]
    if r.now > agent[A_SINCE]:
        kind, identity = NEVER, NEVER
        if agent[A_PAUSING]:
            state = _PAUSING
        elif agent[A_TASK] != NEVER:
            state = _OVERTIME if agent[A_OVERTIME] else _WORKING
        else:
            state = _WATCHING if r.watches[agent[A_SEAT]] else _READY
        if agent[A_TASK] != NEVER:
            kind = r.task[agent[A_TASK], T_KIND]
            identity = r.task[agent[A_TASK], T_ID]
        if r.spells_rows == len(r.spells_out):
            r.spells_out = grown(r.spells_out)
        row = r.spells_out[r.spells_rows]
        row[0], row[1], row[2] = agent[A_SEAT], agent[A_SINCE], r.now
        row[3], row[4], row[5] = state, kind, identity
        r.spells_rows += 1
    agent[A_SINCE] = r.now


@inlined
def task_row(r):
    """A new row of the table of tasks, to be filled."""
    if r.tasks_rows == len(r.tasks_out):
        r.tasks_out = grown(r.tasks_out)
    r.tasks_rows += 1
    return r.tasks_out[r.tasks_rows - 1]
