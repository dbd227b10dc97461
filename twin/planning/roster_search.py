"""The constraint programme of a roster: which agent holds which need."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping
from typing import Any, NamedTuple, get_args

import numpy as np

from twin.errors import InputError
from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H, MS_PER_MIN, Window, whole_ms
from twin.model.patterns import Weekday
from twin.model.seats import SeatedShift, SeatsLevers, seated_shifts
from twin.model.working_time import load_working_time
from twin.planning.cycles import solved
from twin.sources.optional import optional_library

__all__ = ["Agent", "Choice", "Found", "Need", "Problem", "Searcher"]

DAYS_PER_WEEK = 7
OPERATOR = "video_operator"
"""Function of the seats that are rostered."""
_SATURDAY = 5
_LETTERS = 3
"""Of a day in the name of a shift."""
_PERCENT = 100
_UNMET_COST = 1_000
"""One unmet need costs more than any unequal share."""
_FURTHER_COST = 100
"""One more in the same shift: unmet needs are spread over the shifts."""
_MS_PER_WEEK = DAYS_PER_WEEK * MS_PER_DAY
_MIN_PER_DAY = MS_PER_DAY // MS_PER_MIN

Choice = Mapping[int, frozenset[int]]
"""By position of a need, the positions of the agents who hold it."""


class Agent(NamedTuple):
    """Somebody to roster: a code, never a name, and the part of a full time they work."""

    code: str
    share: float


class Need(NamedTuple):
    """One occurrence of a shift and the seats to hold in it."""

    start_ms: int
    end_ms: int
    shift: str
    seats: int
    day: int
    """Civil day on which it begins; -1 is the day before the roster."""

    @property
    def minutes(self) -> int:
        """Elapsed length."""
        return (self.end_ms - self.start_ms) // MS_PER_MIN

    @property
    def week(self) -> int:
        """Calendar week in which it begins; -1 before the roster."""
        return self.day // DAYS_PER_WEEK


class Problem:
    """What is to be rostered, by whom, under which rules.

    Attributes
    ----------
    shifts : dict of str to SeatedShift
        The operators' shifts, by a name that says when they are.
    needs : list of Need
        In time order, whole: the first night may begin the day before the roster.
    allowed : list of bool
        Whether somebody may hold each: a night of the clock change may be too long.
    most_min : list of int
        By agent, the minutes of these weeks within the annual hours.
    nights : frozenset of str
        Shifts that lie for more than half in the hours of the night.
    """

    def __init__(
        self,
        levers: SeatsLevers,
        calendar: Calendar,
        assumptions: Assumptions,
        agents: tuple[Agent, ...],
    ) -> None:
        law = load_working_time()
        self.agents = agents
        self.calendar = calendar
        self.weeks = calendar.horizon.days // DAYS_PER_WEEK
        self.shifts = _shifts(levers)
        self.seats = {name: shift.seats for name, shift in self.shifts.items()}
        self.rules = law.regimes[levers.regime].rules
        self.prudence = law.prudence
        self.nights = frozenset(
            name
            for name, shift in self.shifts.items()
            if _mostly_within(shift.window, law.premium_night)
        )
        self.needs = sorted(
            Need(start_ms, end_ms, name, shift.seats, self._day(start_ms))
            for name, shift in self.shifts.items()
            for start_ms, end_ms in shift.occurrences(calendar)
        )
        longest = min(self.rules["daily_work"].limit, self.rules["daily_span"].limit) * MS_PER_H
        self.allowed = [need.end_ms - need.start_ms <= longest for need in self.needs]
        hours = assumptions["annual_hours"] * calendar.horizon.days / DAYS_PER_YEAR
        self.most_min = [int(agent.share * hours * MS_PER_H) // MS_PER_MIN for agent in agents]

    @property
    def least_unmet(self) -> int:
        """Duties that no roster fills: those forbidden, and those beyond the agents' hours."""
        may = [need for need, allowed in zip(self.needs, self.allowed, strict=True) if allowed]
        shortest_first = np.cumsum(sorted(need.minutes for need in may))
        most = int(np.searchsorted(shortest_first, self.most_min, side="right").sum())
        return sum(need.seats for need in self.needs) - min(sum(n.seats for n in may), most)

    def unmet(self, choice: Choice) -> int:
        """Duties that nobody holds."""
        return sum(need.seats - len(choice[i]) for i, need in enumerate(self.needs))

    def _day(self, instant_ms: int) -> int:
        return int(np.searchsorted(self.calendar.midnight_ms, instant_ms, side="right")) - 1


class Found(NamedTuple):
    """What a search found.

    `proven` says that nothing better exists beside what was kept; `ended`, that it ended by itself
    or by its effort, not by the clock or an interruption.
    """

    choice: Choice
    proven: bool
    ended: bool


class Searcher:
    """The constraint programme of a problem, searched several times with other parts free.

    Parameters
    ----------
    seconds : float
        Clock time of all searches together.
    """

    def __init__(
        self, problem: Problem, *, seed: int, seconds: float, progress: Callable[[str], None]
    ) -> None:
        self.problem = problem
        self.seed = seed
        self.progress = progress
        self._stops = time.monotonic() + seconds
        self._cp: Any = optional_library("ortools.sat.python.cp_model", "rosters")
        self._model, self._holds = _modelled(self._cp, problem)

    def search(
        self, best: Choice, free: Container[int], kept: Choice, *, effort: float, paced: int = 0
    ) -> Found:
        """Search the choice of least cost near `best`.

        Parameters
        ----------
        free : container of int
            Positions of the needs that are decided anew; the others stay as in `best`.
        kept : Choice
            Duties of `free` needs that stay.
        effort : float
            Deterministic time.
        paced : int
            When not 0, the weeks until whose end nobody works more than their part of the hours.
        """
        model = self._model.clone()
        for (agent, i), hold in self._holds.items():
            held = agent in best[i]
            if i not in free or agent in kept[i]:
                domain = model.proto.variables[hold.index].domain
                domain[0] = domain[1] = int(held)
            else:
                model.add_hint(hold, int(held))
        for agent in range(len(self.problem.agents) if paced else 0):
            model.add(self._until(paced, agent) <= self._pace(paced, agent, best))
        solver = self._cp.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = self.seed
        solver.parameters.max_deterministic_time = effort
        solver.parameters.max_time_in_seconds = max(0.0, self._stops - time.monotonic())
        status, _ = solved(solver, model)
        proven = status == self._cp.OPTIMAL
        ended = proven or solver.response_proto.deterministic_time >= effort
        choice = best
        if status in (self._cp.OPTIMAL, self._cp.FEASIBLE):
            agents = range(len(self.problem.agents))
            found = {
                i: frozenset(agent for agent in agents if solver.value(self._holds[agent, i]))
                for i in range(len(self.problem.needs))
            }
            choice = min(found, best, key=self.problem.unmet)
        self.progress(f"{self.problem.unmet(choice)} of the duties unmet")
        return Found(choice, proven, ended)

    def _until(self, week: int, agent: int) -> Any:
        needs = enumerate(self.problem.needs)
        return sum(need.minutes * self._holds[agent, i] for i, need in needs if need.week < week)

    def _pace(self, week: int, agent: int, best: Choice) -> int:
        """Minutes until a week: their part of the whole, or the present ones, and one duty."""
        needs = self.problem.needs
        present = sum(n.minutes for i, n in enumerate(needs) if n.week < week and agent in best[i])
        part = self.problem.most_min[agent] * week // self.problem.weeks
        return max(part, present) + max(need.minutes for need in needs)


def _modelled(cp_model: Any, problem: Problem) -> tuple[Any, dict[tuple[int, int], Any]]:
    model = cp_model.CpModel()
    holds = {
        (agent, i): model.new_bool_var(f"{code.code} {need.shift} {need.day}")
        for agent, code in enumerate(problem.agents)
        for i, need in enumerate(problem.needs)
    }
    cost = []
    for i, need in enumerate(problem.needs):
        held = sum(holds[agent, i] for agent in range(len(problem.agents)))
        missing = model.new_int_var(0, need.seats, f"unmet {i}")
        further = model.new_int_var(0, need.seats, f"further unmet {i}")
        model.add(held + missing == need.seats)
        model.add(further >= missing - 1)
        if not problem.allowed[i]:
            model.add(held == 0)
        cost += [_UNMET_COST * missing, _FURTHER_COST * further]
    totals: list[list[Any]] = []
    for agent, most in enumerate(problem.most_min):
        own = [holds[agent, i] for i in range(len(problem.needs))]
        _add_law(model, problem, own)
        _add_prudence(model, problem, own)
        minutes = sum(need.minutes * hold for need, hold in zip(problem.needs, own, strict=True))
        model.add(minutes <= most)
        totals.append([sum(own), _nights(problem, own), _weekends(model, problem, own)])
    shares = [round(_PERCENT * agent.share) for agent in problem.agents]
    cost += [_spread(model, values, shares) for values in zip(*totals, strict=True)]
    model.minimize(sum(cost))
    return model, holds


def _add_law(model: Any, problem: Problem, own: list[Any]) -> None:
    """Daily and weekly rests, hours of a week and of twelve, one duty per civil day."""
    needs = problem.needs
    limit_ms = {name: whole_ms(rule.limit, MS_PER_H) for name, rule in problem.rules.items()}
    for need in needs:
        model.add_at_most_one(
            hold
            for other, hold in zip(needs, own, strict=True)
            if other.start_ms <= need.start_ms < other.end_ms + limit_ms["daily_rest"]
        )
    for day in {need.day for need in needs}:
        model.add_at_most_one(h for n, h in zip(needs, own, strict=True) if n.day == day)
    rest = problem.rules["weekly_rest"]
    mean = problem.rules["mean_weekly_work"]
    hours = []
    for week in range(problem.weeks):
        monday_ms, end_ms = problem.calendar.midnight_ms[DAYS_PER_WEEK * week :: DAYS_PER_WEEK][:2]
        hours.append(_minutes_within(needs, own, int(monday_ms), int(end_ms)))
        model.add(hours[-1] <= limit_ms["weekly_work"] // MS_PER_MIN)
        inside_ms = whole_ms(rest.within_h, MS_PER_H)
        earliest_ms = int(monday_ms) - (limit_ms["weekly_rest"] - inside_ms)
        begins = {n.end_ms for n in needs if earliest_ms < n.end_ms <= int(end_ms) - inside_ms}
        rests = []
        for begin_ms in sorted(begins | {earliest_ms}):
            rested = model.new_bool_var("rest")
            for need, hold in zip(needs, own, strict=True):
                if need.start_ms < begin_ms + limit_ms["weekly_rest"] and begin_ms < need.end_ms:
                    model.add_implication(rested, hold.Not())
            rests.append(rested)
        model.add_bool_or(rests)
    for first in range(problem.weeks - mean.weeks + 1):
        spell = hours[first : first + mean.weeks]
        model.add(sum(spell) <= mean.weeks * limit_ms["mean_weekly_work"] // MS_PER_MIN)


def _add_prudence(model: Any, problem: Problem, own: list[Any]) -> None:
    """Runs of days and of nights, and hours of any seven times 24 hours."""
    needs, prudence = problem.needs, problem.prudence
    rolling_min = whole_ms(prudence.rolling_week_h, MS_PER_H) // MS_PER_MIN
    for first in sorted({need.day for need in needs}):
        for names, most in (
            (problem.seats.keys(), prudence.longest_run_days),
            (problem.nights, prudence.longest_run_nights),
        ):
            run = range(first, first + most + 1)
            model.add(
                sum(h for n, h in zip(needs, own, strict=True) if n.day in run and n.shift in names)
                <= most
            )
    for start_ms in sorted({need.start_ms for need in needs}):
        model.add(_minutes_within(needs, own, start_ms, start_ms + _MS_PER_WEEK) <= rolling_min)


def _minutes_within(needs: list[Need], own: list[Any], begin_ms: int, end_ms: int) -> Any:
    return sum(
        (min(need.end_ms, end_ms) - max(need.start_ms, begin_ms)) // MS_PER_MIN * hold
        for need, hold in zip(needs, own, strict=True)
        if need.start_ms < end_ms and begin_ms < need.end_ms
    )


def _nights(problem: Problem, own: list[Any]) -> Any:
    needs = zip(problem.needs, own, strict=True)
    return sum(hold for need, hold in needs if need.shift in problem.nights)


def _weekends(model: Any, problem: Problem, own: list[Any]) -> Any:
    """Weekends in which an agent begins a duty."""
    worked = []
    for week in range(problem.weeks):
        at_work = model.new_bool_var(f"weekend {week}")
        duties = [
            hold
            for need, hold in zip(problem.needs, own, strict=True)
            if need.week == week and need.day % DAYS_PER_WEEK >= _SATURDAY
        ]
        model.add_max_equality(at_work, [0, *duties])
        worked.append(at_work)
    return sum(worked)


def _spread(model: Any, values: tuple[Any, ...], shares: list[int]) -> Any:
    """Distance between the agents who have most and least, for their share of a full time."""
    most, least = (model.new_int_var(0, _MIN_PER_DAY, end) for end in ("most", "least"))
    for value, share in zip(values, shares, strict=True):
        model.add(_PERCENT * value <= most * share)
        model.add(_PERCENT * value >= least * share)
    return most - least


def _shifts(levers: SeatsLevers) -> dict[str, SeatedShift]:
    """The operators' shifts by name; those of one name are one shift with the seats of both."""
    found: dict[str, SeatedShift] = {}
    for row in seated_shifts(levers):
        if row.function == OPERATOR and row.seats:
            name = _name(row)
            seats = row.seats + (found[name].seats if name in found else 0)
            found[name] = row.model_copy(update={"seats": seats})
    if not found:
        raise InputError("seats: no video operator's seat is there to roster")
    return found


def _name(shift: SeatedShift) -> str:
    """Window of a shift, with its days unless it is held on all of them."""
    days = [day[:_LETTERS] for day in get_args(Weekday) if day in shift.weekdays]
    words = [shift.window, *(days if len(days) < DAYS_PER_WEEK else [])]
    return " ".join(words if shift.holidays else [*words, "but holidays"])


def _mostly_within(window: str, hours: str) -> bool:
    """Whether more than half of a daily window lies within other hours."""
    own, other = Window.parse(window), Window.parse(hours)
    inside = sum(
        (own.start_min + minute - other.start_min) % _MIN_PER_DAY < other.length_min
        for minute in range(own.length_min)
    )
    return 2 * inside > own.length_min
