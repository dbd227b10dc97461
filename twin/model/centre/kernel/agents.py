"""Agents: free or not, their breaks, and when work leaves their hands."""

from __future__ import annotations

from twin.model.centre.kernel.agenda import RETURNS, post, write_spell
from twin.model.centre.kernel.compiled import compiled
from twin.model.centre.kernel.state import (
    A_END,
    A_FREE,
    A_OWED,
    A_PAUSING,
    A_SEAT,
    A_TAKEN,
    A_TASK,
    AGENT_WIDTH,
    T_AGENT,
    TASK_WIDTH,
    part,
)
from twin.model.centre.rules import Phase
from twin.model.centre.world import NEVER

_STARTS = int(Phase.STARTS)
_BREAK = 0


@compiled
def settle(r, a):
    """Say whether an agent is free now: at its seat, neither at work nor on a break."""
    agent = part(r.agent, a * AGENT_WIDTH)
    seat = agent[A_SEAT]
    free = r.agent_at[seat] == a and agent[A_TASK] == NEVER and agent[A_PAUSING] == 0
    if free != (agent[A_FREE] != 0):
        agent[A_FREE] = free
        if r.watches[seat]:
            r.watching[r.seat_pool[seat]] += 1 if free else -1
        r.desk_stirred = r.wall_stirred = 1


@compiled
def next_break(r, a):
    """Start the first break owed that still fits; those that do not are dropped."""
    agent = part(r.agent, a * AGENT_WIDTH)
    while agent[A_TAKEN] < agent[A_OWED]:
        length_ms = r.break_length[agent[A_TAKEN]]
        agent[A_TAKEN] += 1
        if r.now + length_ms <= agent[A_END]:
            write_spell(r, a)
            agent[A_PAUSING] = 1
            settle(r, a)
            post(r, r.now + length_ms, _STARTS, agent[A_SEAT], _BREAK, 0, RETURNS, a)
            return


@compiled
def releases(r, t):
    """A task leaves the hands of its agent for good."""
    task = part(r.task, t * TASK_WIDTH)
    a = task[T_AGENT]
    if a == NEVER:
        return
    write_spell(r, a)
    agent = part(r.agent, a * AGENT_WIDTH)
    agent[A_TASK] = NEVER
    task[T_AGENT] = NEVER
    settle(r, a)
    if r.agent_at[agent[A_SEAT]] == a:
        next_break(r, a)
