"""The dispatcher: who does what, who is interrupted, who leaves."""

from __future__ import annotations

from twin.model.centre import rules
from twin.model.centre.journal import Outcome
from twin.model.centre.kernel import heaps, work
from twin.model.centre.kernel.agenda import BREAK_DUE, ENDS_SHIFT, post, write_spell
from twin.model.centre.kernel.agents import next_break, settle
from twin.model.centre.kernel.compiled import compiled, inlined
from twin.model.centre.kernel.state import (
    A_END,
    A_FREE,
    A_OVERTIME,
    A_OWED,
    A_PAUSING,
    A_SEAT,
    A_SINCE,
    A_TAKEN,
    A_TASK,
    AGENT_WIDTH,
    T_AGENT,
    T_BRIEFING,
    T_INTERRUPTIONS,
    T_KIND,
    T_START,
    T_STINT,
    TASK_KEYS,
    TASK_WIDTH,
    part,
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


@compiled
def dispatch(r):
    """Give work to agents until nothing more can be given."""
    for pool in range(r.pools):
        while r.waiting[pool] and _give_one(r, pool):
            pass
    r.desk_stirred = 0


@compiled
def _give_one(r, pool):
    """Give the first task, in the order of the keys, that an agent can take."""
    tried = 0
    while True:
        first, t = NEVER, NEVER
        for kind in range(r.kinds):
            q = pool * r.kinds + kind
            if r.queue_size[q] and not tried >> kind & 1:
                waiting = work.queue_at(r, q)[1]
                if t == NEVER or _before(r, waiting, t):
                    first, t = kind, waiting
        if t == NEVER:
            return False
        a = _free_agent(r, pool, first)
        if a == NEVER:
            a = _victim(r, pool, first)
        if a != NEVER:
            work.leave_queue(r, t)
            _give(r, a, t)
            return True
        tried |= 1 << first


@inlined
def _before(r, t, other):
    kind, kind_b = r.task[t * TASK_WIDTH + T_KIND], r.task[other * TASK_WIDTH + T_KIND]
    if r.order[kind] != r.order[kind_b]:
        return r.order[kind] < r.order[kind_b]
    return heaps.before(r.task, TASK_WIDTH, TASK_KEYS, t, other)


@compiled
def _give(r, a, t):
    agent, task = part(r.agent, a * AGENT_WIDTH), part(r.task, t * TASK_WIDTH)
    if agent[A_TASK] != NEVER:
        take_back(r, agent[A_TASK], r.resume_ms)
    write_spell(r, a)
    task[T_AGENT] = a
    agent[A_TASK] = t
    settle(r, a)
    task[T_STINT] = r.now
    if task[T_START] == NEVER:
        task[T_START] = r.now
    work.go_on(r, t)


@compiled
def take_back(r, t, cost_ms):
    """Interrupt a task: it waits again, and whoever resumes it pays `cost_ms`."""
    work.lay_down(r, t)
    task = part(r.task, t * TASK_WIDTH)
    a = task[T_AGENT]
    write_spell(r, a)
    r.agent[a * AGENT_WIDTH + A_TASK] = NEVER
    settle(r, a)
    task[T_BRIEFING] += cost_ms
    task[T_AGENT] = NEVER
    task[T_INTERRUPTIONS] += 1
    work.queue(r, t)


@compiled
def _free_agent(r, pool, kind):
    order, at_the_wall, entitled = r.order[kind], r.watching[pool], r.units[pool]
    for k in range(r.first_seat[pool], r.first_seat[pool + 1]):
        seat = r.seats_of[k]
        a = r.agent_at[seat]
        if a == NEVER or not r.agent[a * AGENT_WIDTH + A_FREE] or not _takes(r, seat, kind):
            continue
        watches = r.watches[seat] != 0
        if keeps_the_wall(order, r.wall_order, watches, at_the_wall, r.wall_minimum, entitled):
            return a
    return NEVER


@inlined
def _takes(r, seat, kind):
    return r.takes[seat * r.kinds + kind] != 0


@compiled
def _victim(r, pool, kind):
    chosen = NEVER
    order, start_ms, chair = 0, 0, 0
    for k in range(r.first_seat[pool], r.first_seat[pool + 1]):
        seat = r.seats_of[k]
        a = r.agent_at[seat]
        if a == NEVER or r.agent[a * AGENT_WIDTH + A_TASK] == NEVER or not _takes(r, seat, kind):
            continue
        other = part(r.task, r.agent[a * AGENT_WIDTH + A_TASK] * TASK_WIDTH)
        in_hand, since_ms = r.order[other[T_KIND]], other[T_STINT]
        if not interrupts(r.order[kind], in_hand, r.interruptible[other[T_KIND]] != 0):
            continue
        if chosen == NEVER or ranks_as_victim(in_hand, since_ms, seat, order, start_ms, chair):
            chosen, order, start_ms, chair = a, in_hand, since_ms, seat
    return chosen


@compiled
def starts_shift(r, a):
    """The agent of a shift takes a seat."""
    agent = part(r.agent, a * AGENT_WIDTH)
    seat, end_ms = r.shift_seat[a], r.shift_end[a]
    agent[A_SEAT], agent[A_END], agent[A_SINCE] = seat, end_ms, r.now
    agent[A_TASK], agent[A_PAUSING], agent[A_OVERTIME], agent[A_FREE] = NEVER, 0, 0, 0
    agent[A_OWED] = agent[A_TAKEN] = r.first_break[a]
    r.agent_at[seat] = a
    settle(r, a)
    for b in range(r.first_break[a], r.first_break[a + 1]):
        post(r, r.break_due[b], _PAUSES, seat, _BREAK, b, BREAK_DUE, b)
    post(r, end_ms, _PAUSES, seat, _SHIFT, end_ms, ENDS_SHIFT, a)


@compiled
def ends_shift(r, a):
    """The shift of an agent is over: the rule of the scenario says what becomes of the work."""
    agent = part(r.agent, a * AGENT_WIDTH)
    t = agent[A_TASK]
    write_spell(r, a)
    r.agent_at[agent[A_SEAT]] = NEVER
    settle(r, a)
    if t == NEVER:
        return
    if r.end_of_shift == _FINISH:
        agent[A_OVERTIME] = 1
    elif r.end_of_shift == _HAND_OVER:
        take_back(r, t, r.handover_ms)
    else:
        work.end(r, t, _DROPPED)


@compiled
def break_due(r, b):
    """A break that does not fit any more interrupts nothing, and will be passed over."""
    a = r.break_shift[b]
    agent = part(r.agent, a * AGENT_WIDTH)
    if r.agent_at[agent[A_SEAT]] != a:
        return
    agent[A_OWED] = b + 1
    if r.now + r.break_length[b] > agent[A_END]:
        return
    t = agent[A_TASK]
    if t != NEVER and r.interruptible[r.task[t * TASK_WIDTH + T_KIND]]:
        take_back(r, t, r.resume_ms)
    if agent[A_FREE]:
        next_break(r, a)


@compiled
def returns(r, a):
    """A break is over, unless the shift is."""
    agent = part(r.agent, a * AGENT_WIDTH)
    if r.agent_at[agent[A_SEAT]] == a:
        write_spell(r, a)
        agent[A_PAUSING] = 0
        settle(r, a)
        next_break(r, a)
