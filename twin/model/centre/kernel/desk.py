"""The dispatcher: who does what, who is interrupted, who leaves."""

from __future__ import annotations

from twin.model.centre import rules
from twin.model.centre.journal import Outcome
from twin.model.centre.kernel import heaps, work
from twin.model.centre.kernel.agenda import BREAK_DUE, ENDS_SHIFT, post, write_spell
from twin.model.centre.kernel.agents import is_free, leaves, next_break, watching
from twin.model.centre.kernel.compiled import compiled, inlined
from twin.model.centre.kernel.state import (
    A_END,
    A_OVERTIME,
    A_OWED,
    A_PAUSING,
    A_SEAT,
    A_SHIFT,
    A_SINCE,
    A_TAKEN,
    A_TASK,
    T_AGENT,
    T_BRIEFING,
    T_INTERRUPTIONS,
    T_KIND,
    T_START,
    T_STINT,
    take_agent,
)
from twin.model.centre.rules import Phase
from twin.model.centre.world import NEVER, EndOfShift

interrupts = inlined(rules.interrupts)
keeps_the_wall = inlined(rules.keeps_the_wall)
ranks_as_victim = inlined(rules.ranks_as_victim)

_PAUSES = int(Phase.PAUSES)
_BREAK, _SHIFT = 0, 1
_DROPPED = int(Outcome.DROPPED)
_FINISH, _HAND_OVER = int(EndOfShift.FINISH), int(EndOfShift.HAND_OVER)


@inlined
def dispatch(r):
    """Give work to agents until nothing more can be given."""
    for pool in range(r.pools):
        while _give_one(r, pool):
            pass


@inlined
def _give_one(r, pool):
    """Give the first task, in the order of the keys, that an agent can take."""
    kinds = len(r.order)
    tried = 0
    while True:
        first = NEVER
        for kind in range(kinds):
            q = pool * kinds + kind
            if tried >> kind & 1 or r.queue_size[q] == 0:
                continue
            if first == NEVER or _before(r, r.queues[q, 0], r.queues[first, 0]):
                first = q
        if first == NEVER:
            return False
        t = r.queues[first, 0]
        a = _free_agent(r, pool, t)
        if a == NEVER:
            a = _victim(r, pool, t)
        if a != NEVER:
            work.leave_queue(r, t)
            _give(r, a, t)
            return True
        tried |= 1 << (first - pool * kinds)


@inlined
def _before(r, t, other):
    return heaps.before(r.task_keys, t, other)


@inlined
def _give(r, a, t):
    agent, task = r.agent[a], r.task[t]
    if agent[A_TASK] != NEVER:
        take_back(r, agent[A_TASK], r.resume_ms)
    write_spell(r, a)
    task[T_AGENT] = a
    agent[A_TASK] = t
    task[T_STINT] = r.now
    if task[T_START] == NEVER:
        task[T_START] = r.now
    work.go_on(r, t)


@compiled
def take_back(r, t, cost_ms):
    """Interrupt a task: it waits again, and whoever resumes it pays `cost_ms`."""
    a = r.task[t, T_AGENT]
    work.lay_down(r, t)
    write_spell(r, a)
    r.agent[a, A_TASK] = NEVER
    task = r.task[t]
    task[T_BRIEFING] += cost_ms
    task[T_AGENT] = NEVER
    task[T_INTERRUPTIONS] += 1
    work.queue(r, t)


@inlined
def _free_agent(r, pool, t):
    kind = r.task[t, T_KIND]
    order = r.order[kind]
    at_the_wall = watching(r, pool)
    agent_at, seats_of, agent, takes = r.agent_at, r.seats_of, r.agent, r.takes
    for k in range(r.first_seat[pool], r.first_seat[pool + 1]):
        seat = seats_of[k]
        a = agent_at[seat]
        if a == NEVER or agent[a, A_TASK] != NEVER or agent[a, A_PAUSING] or not takes[seat, kind]:
            continue
        if keeps_the_wall(
            order,
            r.wall_order,
            r.watches[seat],
            at_the_wall,
            r.wall_minimum,
            r.units[pool],
        ):
            return a
    return NEVER


@inlined
def _victim(r, pool, t):
    agent_at, seats_of, agent, takes = r.agent_at, r.seats_of, r.agent, r.takes
    task, orders, interruptible = r.task, r.order, r.interruptible
    kind = task[t, T_KIND]
    chosen = NEVER
    order, start_ms, chair = 0, 0, 0
    for k in range(r.first_seat[pool], r.first_seat[pool + 1]):
        seat = seats_of[k]
        a = agent_at[seat]
        if a == NEVER or agent[a, A_TASK] == NEVER or not takes[seat, kind]:
            continue
        other = agent[a, A_TASK]
        in_hand, since_ms = orders[task[other, T_KIND]], task[other, T_STINT]
        if not interrupts(orders[kind], in_hand, interruptible[task[other, T_KIND]]):
            continue
        if chosen == NEVER or ranks_as_victim(in_hand, since_ms, seat, order, start_ms, chair):
            chosen, order, start_ms, chair = a, in_hand, since_ms, seat
    return chosen


@inlined
def starts_shift(r, shift):
    """An agent takes a seat."""
    a = take_agent(r)
    agent = r.agent[a]
    seat, end_ms = r.shift_seat[shift], r.shift_end[shift]
    agent[A_SEAT], agent[A_END], agent[A_SHIFT] = seat, end_ms, shift
    agent[A_TASK], agent[A_PAUSING], agent[A_OVERTIME] = NEVER, 0, 0
    agent[A_OWED] = agent[A_TAKEN] = r.first_break[shift]
    agent[A_SINCE] = r.now
    r.agent_at[seat] = a
    for b in range(r.first_break[shift], r.first_break[shift + 1]):
        post(r, r.break_due[b], _PAUSES, seat, _BREAK, b, BREAK_DUE, a, b)
    post(r, end_ms, _PAUSES, seat, _SHIFT, end_ms, ENDS_SHIFT, a, 0)


@inlined
def ends_shift(r, a):
    """The shift of an agent is over: the rule of the scenario says what becomes of the work."""
    agent = r.agent[a]
    t = agent[A_TASK]
    r.agent_at[agent[A_SEAT]] = NEVER
    agent[A_TAKEN] = agent[A_OWED]
    write_spell(r, a)
    if t != NEVER and r.end_of_shift == _FINISH:
        agent[A_OVERTIME] = 1
        return
    if t != NEVER and r.end_of_shift == _HAND_OVER:
        take_back(r, t, r.handover_ms)
    elif t != NEVER:
        work.end(r, t, _DROPPED)
    leaves(r, a)


@inlined
def break_due(r, a, b):
    """A break that does not fit any more interrupts nothing, and will be passed over."""
    agent = r.agent[a]
    shift = agent[A_SHIFT]
    gone = shift == NEVER or b < r.first_break[shift] or b >= r.first_break[shift + 1]
    if gone or r.agent_at[agent[A_SEAT]] != a:
        return
    agent[A_OWED] = b + 1
    if r.now + r.break_length[b] > agent[A_END]:
        return
    t = agent[A_TASK]
    if t != NEVER and r.interruptible[r.task[t, T_KIND]]:
        take_back(r, t, r.resume_ms)
    if is_free(r, a):
        next_break(r, a)


@inlined
def returns(r, a, shift):
    """A break is over."""
    agent = r.agent[a]
    if agent[A_SHIFT] != shift:
        return
    write_spell(r, a)
    agent[A_PAUSING] = 0
    if r.agent_at[agent[A_SEAT]] == a:
        next_break(r, a)
