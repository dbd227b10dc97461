"""Agents: free or not, their breaks, and when work leaves their hands."""

from __future__ import annotations

from twin.model.centre.kernel.agenda import RETURNS, post, write_spell
from twin.model.centre.kernel.compiled import compiled, inlined
from twin.model.centre.kernel.state import (
    A_END,
    A_OVERTIME,
    A_OWED,
    A_PAUSING,
    A_SEAT,
    A_SHIFT,
    A_TAKEN,
    A_TASK,
    T_AGENT,
)
from twin.model.centre.rules import Phase
from twin.model.centre.world import NEVER

_STARTS = int(Phase.STARTS)
_BREAK = 0


@inlined
def is_free(r, a):
    """Neither at work nor on a break."""
    return r.agent[a, A_TASK] == NEVER and r.agent[a, A_PAUSING] == 0


@compiled
def watching(r, pool):
    """Free agents of a pool at the wall."""
    agent_at, seats_of, agent, watches = r.agent_at, r.seats_of, r.agent, r.watches
    count = 0
    for k in range(r.first_seat[pool], r.first_seat[pool + 1]):
        seat = seats_of[k]
        a = agent_at[seat]
        if watches[seat] and a != NEVER and agent[a, A_TASK] == NEVER and not agent[a, A_PAUSING]:
            count += 1
    return count


@compiled
def next_break(r, a):
    """Start the first break owed that still fits; those that do not are dropped."""
    agent = r.agent[a]
    while agent[A_TAKEN] < agent[A_OWED]:
        length_ms = r.break_length[agent[A_TAKEN]]
        agent[A_TAKEN] += 1
        if r.now + length_ms <= agent[A_END]:
            write_spell(r, a)
            agent[A_PAUSING] = 1
            at_ms = r.now + length_ms
            post(r, at_ms, _STARTS, agent[A_SEAT], _BREAK, 0, RETURNS, a, agent[A_SHIFT])
            return


@compiled
def releases(r, t):
    """A task leaves the hands of its agent for good."""
    a = r.task[t, T_AGENT]
    if a == NEVER:
        return
    write_spell(r, a)
    r.agent[a, A_TASK] = NEVER
    r.task[t, T_AGENT] = NEVER
    if r.agent[a, A_OVERTIME]:
        leaves(r, a)
    elif r.agent_at[r.agent[a, A_SEAT]] == a:
        next_break(r, a)


@inlined
def leaves(r, a):
    """An agent goes home: the slot is free."""
    r.agent[a, A_SHIFT] = NEVER
    r.agent_free[r.agents_free] = a
    r.agents_free += 1
