"""Cyclic weeks: one line of weeks that every agent plays, each from a week of their own."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, get_args

from twin.model.clock import MS_PER_H, MS_PER_MIN, Window
from twin.model.patterns import Shift, Weekday
from twin.model.working_time import Prudence, Rule, RuleName
from twin.sources.optional import optional_library

__all__ = ["Cycle", "find_cycle", "solved", "whole_part"]

_DAYS = get_args(Weekday)
_MIN_PER_H = MS_PER_H // MS_PER_MIN
_MIN_PER_DAY = 24 * _MIN_PER_H
_MIN_PER_WEEK = len(_DAYS) * _MIN_PER_DAY
_SATURDAY = 5
_WEEKEND_COST = 3
"""Cost of one more worked weekend in the line, beside one more block of worked days."""
_HALF = 0.5
_EFFORT = 1.0
"""Deterministic time of the search: a good line is enough, what it leaves is solved after it."""


@dataclass(frozen=True)
class Cycle:
    """A line of weeks.

    Attributes
    ----------
    weeks : int
        Length; `team` agents start at each week.
    shifts : dict of (week, weekday) to str
        Shift worked, where there is one; Monday is 0.
    """

    weeks: int
    team: int
    shifts: Mapping[tuple[int, int], str]

    def shift(self, agent: int, week: int, weekday: int) -> str | None:
        """Shift of the `agent`-th member in the `week`-th week; None for a day off."""
        return self.shifts.get(((agent + week) % self.weeks, weekday))


def whole_part(
    seats: Mapping[str, int], members: int, agents: float, weeks: int, share: float
) -> tuple[int, dict[str, int]]:
    """Length of the line that covers most seats, and the seats of each shift that one of it holds.

    Parameters
    ----------
    seats : mapping of str to int
        Seats by shift.
    members : int
        Agents who may play the line.
    agents : float
        All agents, in full-time equivalents.
    weeks : int
        Weeks of the roster: a line that divides them is played whole by everybody, hence preferred
        when it covers at least half of the seats.
    share : float
        Part of the seats that the agents' hours can hold.

    Examples
    --------
    Twelve of thirteen seats are held by teams of four on a line of six weeks:

    >>> whole_part({"day": 4, "evening": 5, "night": 4}, 24, 24, 12, 1.0)
    (6, {'day': 1, 'evening': 1, 'night': 1})
    """

    def held(length: int) -> dict[str, int]:
        return {name: int(count * share * length / agents) for name, count in seats.items()}

    def covered(length: int) -> int:
        return members // length * sum(held(length).values())

    lengths = range(2, members + 1)
    exact = [length for length in lengths if weeks % length == 0]
    for candidates in (exact, lengths):
        best = max(candidates, key=lambda length: (covered(length), -length), default=0)
        if best and covered(best) >= _HALF * sum(seats.values()):
            return best, held(best)
    return 0, {}


def find_cycle(
    shifts: Mapping[str, Shift],
    held: Mapping[str, int],
    length: int,
    team: int,
    rules: Mapping[RuleName, Rule],
    prudence: Prudence,
    *,
    nights: frozenset[str],
    seed: int,
) -> Cycle | None:
    """Search a line of `length` weeks that holds the seats of each day; None when there is none.

    The week is nominal, without clock change or holiday. Each week has two days off in a row, which
    with the rest before them is the weekly rest.
    """
    cp_model: Any = optional_library("ortools.sat.python.cp_model", "rosters")
    model = cp_model.CpModel()
    days = length * len(_DAYS)
    windows = {name: Window.parse(shifts[name].window) for name in held}
    works = {
        (day, name): model.new_bool_var(f"{name}{day}") for day in range(days) for name in held
    }

    def at(day: int, name: str) -> Any:
        return works[day % days, name]

    on = [model.new_bool_var(f"on{day}") for day in range(days)]
    for day in range(days):
        model.add(sum(at(day, name) for name in held) == on[day])
        run = range(day, day + prudence.longest_run_days + 1)
        model.add(sum(on[each % days] for each in run) <= prudence.longest_run_days)
        run = range(day, day + prudence.longest_run_nights + 1)
        in_a_row = sum(at(each, name) for each in run for name in nights & held.keys())
        model.add(in_a_row <= prudence.longest_run_nights)
        # Seven times 24 hours meet at most eight days.
        rolling = sum(
            window.length_min * at(each, name)
            for each in range(day, day + len(_DAYS) + 1)
            for name, window in windows.items()
        )
        model.add(rolling <= int(prudence.rolling_week_h * _MIN_PER_H))
        for name, window in windows.items():
            for following, other in windows.items():
                rest = _MIN_PER_DAY + other.start_min - window.start_min - window.length_min
                if rest < rules["daily_rest"].limit * _MIN_PER_H:
                    model.add_at_most_one(at(day, name), at(day + 1, following))
    for weekday, called in enumerate(_DAYS):
        for name, count in held.items():
            needed = count if called in shifts[name].weekdays else 0
            model.add(sum(at(7 * week + weekday, name) for week in range(length)) == needed)
    weekends = [model.new_bool_var(f"weekend{week}") for week in range(length)]
    for week in range(length):
        first = len(_DAYS) * week
        in_week = sum(
            _minutes_in_week(window, weekday) * at(first + weekday, name)
            for name, window in windows.items()
            for weekday in range(-1, len(_DAYS))
        )
        model.add(in_week <= int(rules["weekly_work"].limit * _MIN_PER_H))
        pairs = [model.new_bool_var(f"pair{first + day}") for day in range(len(_DAYS) - 1)]
        for day, pair in enumerate(pairs):
            model.add_bool_and(on[first + day].Not(), on[first + day + 1].Not()).only_enforce_if(
                pair
            )
        model.add_bool_or(pairs)
        for day in range(first + _SATURDAY, first + len(_DAYS)):
            model.add_implication(on[day], weekends[week])
    blocks = [model.new_bool_var(f"block{day}") for day in range(days)]
    for day in range(days):
        model.add_bool_or(blocks[day], on[day - 1], on[day].Not())
    model.minimize(_WEEKEND_COST * sum(weekends) + sum(blocks))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = _EFFORT
    status, interrupted = solved(solver, model)
    if interrupted:
        raise KeyboardInterrupt
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    chosen = {
        divmod(day, len(_DAYS)): name for (day, name), work in works.items() if solver.value(work)
    }
    return Cycle(length, team, chosen)


def solved(solver: Any, model: Any) -> tuple[Any, bool]:
    """Status of a solver, and whether Ctrl-C ended it; what it has found so far is kept.

    The solver works beside, so that an interruption is Python's and is not lost in it.
    """
    solver.parameters.catch_sigint_signal = False
    with ThreadPoolExecutor(1) as beside:
        solving = beside.submit(solver.solve, model)
        try:
            return solving.result(), False
        except KeyboardInterrupt:
            solver.stop_search()
            return solving.result(), True


def _minutes_in_week(window: Window, weekday: int) -> int:
    """Minutes, from Monday to Sunday, of a shift that begins on a day; -1 is the Sunday before."""
    start = weekday * _MIN_PER_DAY + window.start_min
    return max(0, min(start + window.length_min, _MIN_PER_WEEK) - max(start, 0))
