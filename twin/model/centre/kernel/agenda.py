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
    ACT,
    AGENT_WIDTH,
    AT,
    KEY_A,
    KEY_B,
    KEY_C,
    ORDER,
    PHASES,
    T_ID,
    T_KIND,
    TASK_WIDTH,
    TIMER_KEYS,
    TIMER_WIDTH,
    WHAT,
    part,
)
from twin.model.centre.world import NEVER

# What a timer does: play a row of a table; touch a task or an incident; touch the desk; a camera
TABLES = 7
ENTERS, PHONES, LETTER, OWES, STARTS_SHIFT, EDGE, OUTAGE = range(TABLES)
TASK_DUE, ALARM, SEEN_ON_PATROL, IMAGE_ENDS, IMAGE_BEGINS, LEAVES, CALLED = range(7, 14)
EXPIRES, SLOT_OVER, BREAK_DUE, ENDS_SHIFT, RETURNS = range(14, 19)
FAILS, DISCOVERED, REPAIRED, RESTORED = range(19, 23)

_WATCHING, _READY, _WORKING = (
    int(SpellState.WATCHING),
    int(SpellState.READY),
    int(SpellState.WORKING),
)
_PAUSING, _OVERTIME = int(SpellState.PAUSING), int(SpellState.OVERTIME)


@inlined
def order_at(r, at_ms, phase):
    """Round and phase of what is posted now: for this very instant, the next round."""
    return phase + ((r.round + 1) << PHASES) if at_ms == r.now else phase


@compiled
def post(r, at_ms, phase, key_a, key_b, key_c, act, what):
    """Set a timer; what is posted for this very instant is the next round. Its slot."""
    order = order_at(r, at_ms, phase)
    return post_in_order(r, at_ms, order, key_a, key_b, key_c, act, what)


@compiled
def post_in_order(r, at_ms, order, key_a, key_b, key_c, act, what):
    """Set a timer whose round and phase are given. Its slot."""
    slot = r.timers_free
    if slot == NEVER:
        slot = r.timers_used
        r.timers_used += 1
    else:
        r.timers_free = r.timer[slot * TIMER_WIDTH + WHAT]
    timer = part(r.timer, slot * TIMER_WIDTH)
    timer[AT], timer[ORDER] = at_ms, order
    timer[KEY_A], timer[KEY_B], timer[KEY_C] = key_a, key_b, key_c
    timer[ACT], timer[WHAT] = act, what
    r.agenda_size = heaps.push(r.agenda, r.agenda_size, slot, r.timer, TIMER_WIDTH, TIMER_KEYS)
    return slot


@compiled
def cancel(r, slot):
    """Call a timer off and free its slot; the time at which it was due."""
    r.agenda_size = heaps.remove(r.agenda, r.agenda_size, slot, r.timer, TIMER_WIDTH, TIMER_KEYS)
    timer = part(r.timer, slot * TIMER_WIDTH)
    timer[WHAT] = r.timers_free
    r.timers_free = slot
    return timer[AT]


@compiled
def write_spell(r, a):
    """Write down what an agent has done since the last change, if it took any time."""
    agent = part(r.agent, a * AGENT_WIDTH)
    if r.now > agent[A_SINCE]:
        seat, t = agent[A_SEAT], agent[A_TASK]
        kind, identity = NEVER, NEVER
        if agent[A_PAUSING]:
            state = _PAUSING
        elif t != NEVER:
            state = _OVERTIME if agent[A_OVERTIME] else _WORKING
        else:
            state = _WATCHING if r.watches[seat] else _READY
        if t != NEVER:
            kind, identity = r.task[t * TASK_WIDTH + T_KIND], r.task[t * TASK_WIDTH + T_ID]
        out, room = part(r.spells_out, r.spells_rows), r.spells_room
        out[0], out[room], out[2 * room] = seat, agent[A_SINCE], r.now
        out[3 * room], out[4 * room], out[5 * room] = state, kind, identity
        r.spells_rows += 1
        agent[A_SINCE] = r.now


@inlined
def task_row(r):
    """The next row of the table of tasks: its columns are `tasks_room` apart."""
    r.tasks_rows += 1
    return part(r.tasks_out, r.tasks_rows - 1)
