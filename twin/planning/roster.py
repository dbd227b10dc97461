"""Make a roster: cyclic weeks first, then constraint programming for what they leave.

Agents who share a line of weeks (`twin.planning.cycles`) share its nights and weekends by
construction. What it leaves (needs that do not divide by the teams, part-time agents, nights of a
clock change) is a constraint programme (`twin.planning.roster_search`), in which unmet needs cost
most, then an unequal share. A need that nobody meets stays in the roster, without agent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from twin.errors import InputError
from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar
from twin.model.clock import MS_PER_H, whole_ms
from twin.model.patterns import load_patterns
from twin.model.rosters import Duty
from twin.model.seats import SeatsLevers, build_plan
from twin.planning.cycles import Cycle, find_cycle, whole_part
from twin.planning.roster_search import (
    DAYS_PER_WEEK,
    OPERATOR,
    Agent,
    Choice,
    Found,
    Problem,
    Searcher,
)

__all__ = ["Agent", "Load", "Roster", "loads", "make_roster"]

_PARIS = ZoneInfo("Europe/Paris")
_SATURDAY = 5
_WEEKS_AT_ONCE = 2
_EFFORT_OF_A_STEP, _EFFORT = 1.0, 5.0
"""Deterministic time of the searches: the same roster on every machine that has the seconds."""


@dataclass(frozen=True)
class Roster:
    """Who is on duty when.

    Attributes
    ----------
    duties : tuple of Duty
        In time order; needs that nobody meets are there, with an empty agent.
    cycle : Cycle or None
        The line of weeks that it was made from.
    unmet, least_unmet : int
        Duties that nobody holds, and those that nobody would whatever the roster: the agents' hours
        do not reach, or the duty is forbidden. Their difference is the gap.
    proven : bool
        Whether no better way exists to fill what the cycle leaves.
    ended : bool
        Whether the search ended by itself or by its effort: the same call gives the same roster.
        Otherwise the clock or an interruption ended it.
    """

    agents: tuple[Agent, ...]
    duties: tuple[Duty, ...]
    nights: frozenset[str]
    cycle: Cycle | None
    unmet: int
    least_unmet: int
    proven: bool
    ended: bool


@dataclass(frozen=True)
class Load:
    """What one agent is asked."""

    agent: Agent
    duties: int
    hours: float
    nights: int
    weekends: int
    """Weekends in which a duty begins."""


def make_roster(
    levers: SeatsLevers,
    calendar: Calendar,
    assumptions: Assumptions,
    agents: Sequence[Agent],
    *,
    seed: int = 1,
    seconds: float = 60.0,
    progress: Callable[[str], None] = lambda _: None,
) -> Roster:
    """Roster the operators' seats of a scenario.

    Parameters
    ----------
    calendar : Calendar
        Weeks to roster, from a Monday.
    assumptions : Assumptions
        Its ``annual_hours``, brought to these weeks, bound the hours of each agent.
    seconds : float
        Longest search; the best roster so far is returned, and so it is after Ctrl-C.

    Raises
    ------
    InputError
        Not whole weeks from a Monday; an unknown pattern or shift; nobody, or no seat, to roster.
    MissingError
        The solver is not installed.
    """
    start, days = calendar.horizon.start, calendar.horizon.days
    if start.weekday() or days % DAYS_PER_WEEK:
        raise InputError(f"a roster is made of whole weeks from a Monday: {start} is not one")
    if not agents:
        raise InputError("agents: at least one is needed")
    build_plan(levers.model_copy(update={"roster": None}), calendar, assumptions)
    problem = Problem(levers, calendar, assumptions, tuple(agents))
    progress("looking for cyclic weeks")
    cycle = _cycle(problem, seed)
    found = _filled(
        Searcher(problem, seed=seed, seconds=seconds, progress=progress), _cyclic(problem, cycle)
    )
    return Roster(
        agents=problem.agents,
        duties=tuple(_duties(problem, found.choice)),
        nights=problem.nights,
        cycle=cycle,
        unmet=problem.unmet(found.choice),
        least_unmet=problem.least_unmet,
        proven=found.proven,
        ended=found.ended,
    )


def loads(roster: Roster) -> list[Load]:
    """What each agent is asked, in the order of the agents."""
    rows = []
    for agent in roster.agents:
        own = [duty for duty in roster.duties if duty.agent == agent.code]
        weekends = {
            duty.start.date().isocalendar()[:2] for duty in own if duty.start.weekday() >= _SATURDAY
        }
        rows.append(
            Load(
                agent,
                duties=len(own),
                hours=sum((duty.length for duty in own), timedelta()) / timedelta(hours=1),
                nights=sum(duty.shift in roster.nights for duty in own),
                weekends=len(weekends),
            )
        )
    return rows


def _cycle(problem: Problem, seed: int) -> Cycle | None:
    """Line of weeks of the full-time agents; None when none covers enough."""
    needed_min = sum(need.minutes * need.seats for need in problem.needs)
    members = sum(agent.share == 1 for agent in problem.agents)
    length, held = whole_part(
        problem.seats,
        members,
        sum(agent.share for agent in problem.agents),
        problem.weeks,
        min(1.0, sum(problem.most_min) / needed_min) if needed_min else 0.0,
    )
    if not length:
        return None
    return find_cycle(
        problem.shifts,
        held,
        length,
        members // length,
        problem.rules,
        problem.prudence,
        nights=problem.nights,
        seed=seed,
    )


def _cyclic(problem: Problem, cycle: Cycle | None) -> Choice:
    """Duties of the line, where they meet a need that may be held, within each agent's hours."""
    chosen: dict[int, set[int]] = {i: set() for i in range(len(problem.needs))}
    if cycle is not None:
        full_time = [i for i, agent in enumerate(problem.agents) if agent.share == 1]
        for member, agent in enumerate(full_time[: cycle.weeks * cycle.team]):
            left_min = problem.most_min[agent]
            for i, need in enumerate(problem.needs):
                weekday = need.day % DAYS_PER_WEEK
                played = cycle.shift(member, need.week, weekday) == need.shift
                if played and problem.allowed[i] and need.minutes <= left_min:
                    chosen[i].add(agent)
                    left_min -= need.minutes
    return {i: frozenset(held) for i, held in chosen.items()}


def _filled(searcher: Searcher, cyclic: Choice) -> Found:
    """Fill what the cycle leaves, some weeks at a time, then as a whole; reopen where it lacks."""
    problem = searcher.problem
    everywhere = range(len(problem.needs))
    found = Found(cyclic, False, True)
    for week in range(0, problem.weeks, _WEEKS_AT_ONCE):
        until = min(week + _WEEKS_AT_ONCE, problem.weeks)
        free = {i for i in everywhere if week - (week == 0) <= problem.needs[i].week < until}
        found = searcher.search(found.choice, free, cyclic, effort=_EFFORT_OF_A_STEP, paced=until)
        if not found.ended:
            return found
    found = searcher.search(found.choice, everywhere, cyclic, effort=_EFFORT)
    if found.ended and problem.unmet(found.choice) > problem.least_unmet:
        nobody: Choice = dict.fromkeys(everywhere, frozenset())
        free = _beside_the_unmet(problem, found.choice)
        found = searcher.search(found.choice, free, nobody, effort=_EFFORT)._replace(proven=False)
    return found


def _beside_the_unmet(problem: Problem, choice: Choice) -> set[int]:
    """Needs of the weeks in which one could be met and is not, and of those beside them."""
    short = {
        need.week
        for i, need in enumerate(problem.needs)
        if problem.allowed[i] and len(choice[i]) < need.seats
    }
    return {
        i
        for i, need in enumerate(problem.needs)
        if short & {need.week - 1, need.week, need.week + 1}
    }


def _duties(problem: Problem, choice: Choice) -> list[Duty]:
    """Duties of a choice, and beside them those that nobody holds."""
    breaks = load_patterns().breaks
    legal_ms = whole_ms(breaks.legal_every_h, MS_PER_H)
    midnight = datetime.combine(problem.calendar.horizon.start, time(), _PARIS).astimezone(UTC)
    duties = []
    for i, need in enumerate(problem.needs):
        start, end = (
            (midnight + timedelta(milliseconds=ms)).astimezone(_PARIS)
            for ms in (need.start_ms, need.end_ms)
        )
        pause_min = int((need.end_ms - need.start_ms) // legal_ms * breaks.legal_min)
        held = sorted(problem.agents[agent].code for agent in choice[i])
        empty = [""] * (need.seats - len(held))
        duties += [
            Duty(start, end, code, OPERATOR, need.shift, pause_min) for code in [*held, *empty]
        ]
    return duties
