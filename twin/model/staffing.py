"""From seats to people: ETPT, posts to create and budgeted ETP, factor by factor.

``staffing(plan, calendar, assumptions)`` is what the budget reads: `Staffing.posts` holds, by
function, the hours at the seats (by night, Sunday, public holiday) and the three numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H, MS_PER_MIN, Window
from twin.model.seats import SeatPlan, build_plan
from twin.model.working_time import load_working_time

__all__ = ["Hours", "Posts", "Staffing", "Step", "staffing", "waterfall", "whole_posts"]

_H_PER_MIN = MS_PER_MIN / MS_PER_H
_MONTHS_PER_YEAR = 12
_H_PER_DAY = 24
_SUNDAY = 6
_SAME = 1e-9
"""Posts are rounded up from here on: 12.0000000001 posts are 12."""

Ints = npt.NDArray[np.int64]
Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class Hours:
    """Hours per year at the seats; no hour is counted in two of the last three.

    Attributes
    ----------
    total : float
    night : float
        Within the hours of the night premium.
    sunday, holiday : float
        Outside them, on Sundays; on public holidays that are not Sundays.
    """

    total: float
    night: float
    sunday: float
    holiday: float


@dataclass(frozen=True)
class Step:
    """One bar of the waterfall.

    Attributes
    ----------
    name : str
        "gross", or the factor that is added.
    share : float
        Part of an agent's paid time that the factor takes, beside what the steps before left.
    etp : float
        Running total once it is added.
    """

    name: str
    share: float
    etp: float


@dataclass(frozen=True)
class Posts:
    """The people of one function.

    Attributes
    ----------
    seats : int
        Most of them open at once.
    etpt : float
        Hours over annual hours, absence (and relieved breaks) included.
    budgeted_etp : float
        Paid in a year: with training, handover and the wait for the accreditation.
    posts : int
        Whole posts to create, so that the budgeted ETP are there with the usual vacancies.
    """

    function: str
    seats: int
    hours: Hours
    steps: tuple[Step, ...]
    etpt: float
    budgeted_etp: float
    posts: int


@dataclass(frozen=True)
class Staffing:
    """The people of a plan, one row per function.

    Attributes
    ----------
    vacant : int
        Posts that the scenario leaves vacant: they are to be created, and not paid.
    """

    posts: tuple[Posts, ...]
    vacant: int

    @property
    def etpt(self) -> float:
        """ETPT of all functions."""
        return sum(row.etpt for row in self.posts)

    @property
    def budgeted_etp(self) -> float:
        """Budgeted ETP of all functions."""
        return sum(row.budgeted_etp for row in self.posts)

    @property
    def whole_posts(self) -> int:
        """Posts to create, each function rounded up."""
        return sum(row.posts for row in self.posts)

    @property
    def paid_etp(self) -> float:
        """Budgeted ETP less the posts that the scenario leaves vacant."""
        return max(0.0, self.budgeted_etp - self.vacant)


def staffing(plan: SeatPlan, calendar: Calendar, assumptions: Assumptions) -> Staffing:
    """Posts that hold every seat of a plan all year, absences replaced.

    Parameters
    ----------
    plan : SeatPlan
        Its vacant and unaccredited posts are counted as posts to hold, and so is what a roster
        leaves unmet.
    calendar : Calendar
        The horizon of `plan`. Its hours are brought to 365 days: a whole year sees every public
        holiday in its place.

    Returns
    -------
    Staffing
        Functions in the order of ``data/functions.yaml``.
    """
    levers = plan.levers
    if levers.vacant_posts or levers.unaccredited_posts or levers.roster:
        everyone = {"vacant_posts": 0, "unaccredited_posts": 0, "roster": None}
        plan = build_plan(levers.model_copy(update=everyone), calendar, assumptions)
    per_year = DAYS_PER_YEAR * MS_PER_DAY / calendar.horizon_ms / MS_PER_H
    rows = []
    for function in dict.fromkeys(plan.functions):
        held = np.array([name == function for name in plan.functions])[plan.shifts.seat]
        start_ms, end_ms = plan.shifts.start_ms[held], plan.shifts.end_ms[held]
        open_ms = float((end_ms - start_ms).sum())
        pausing = float(plan.breaks.length_ms[held[plan.breaks.shift]].sum()) / open_ms
        relieved = float(np.isin(end_ms, start_ms).mean())
        length_h = open_ms / len(start_ms) / MS_PER_H
        hours = _hours(start_ms, end_ms, calendar, per_year)
        steps = waterfall(
            hours.total / assumptions["annual_hours"],
            assumptions,
            breaks=assumptions["break_relief_share"] * pausing,
            handover=relieved * assumptions["shift_handover_min"] * _H_PER_MIN / length_h,
        )
        rows.append(_posts(function, _most_at_once(start_ms, end_ms), hours, steps, assumptions))
    return Staffing(tuple(rows), levers.vacant_posts)


def waterfall(
    gross: float, assumptions: Assumptions, *, breaks: float = 0.0, handover: float = 0.0
) -> tuple[Step, ...]:
    """ETP from the hours at the seats to the payroll, each factor shown.

    Parameters
    ----------
    gross : float
        Hours at the seats over annual hours.
    breaks : float
        Part of the presence that somebody else relieves.
    handover : float
        Time paid at each relief, beside the shift, relative to the shift.

    Examples
    --------
    A seat held day and night, then with the breaks of 15 minutes in two hours relieved:

    >>> [round(step.etp, 2) for step in waterfall(8760 / 1607, Assumptions(), breaks=1 / 8)[:3]]
    [5.45, 6.03, 6.89]
    """
    annual_h = assumptions["annual_hours"]
    day_h = load_working_time().working_day_h
    recruited = assumptions["turnover_rate"]
    training_h = (
        assumptions["continuing_training_h"]
        + recruited * assumptions["initial_training_days"] * day_h
    )
    shares = {
        "gross": 0.0,
        "absence": assumptions["absence_rate"],
        "breaks": breaks,
        "handover": handover / (1 + handover),
        "training": training_h / annual_h,
        "accreditation": recruited * assumptions["accreditation_months"] / _MONTHS_PER_YEAR,
    }
    totals = accumulate(shares.values(), lambda etp, share: etp / (1 - share), initial=gross)
    return tuple(
        Step(name, share, etp)
        for (name, share), etp in zip(shares.items(), list(totals)[1:], strict=True)
    )


def _posts(
    function: str, seats: int, hours: Hours, steps: tuple[Step, ...], assumptions: Assumptions
) -> Posts:
    etp = {step.name: step.etp for step in steps}
    budgeted = steps[-1].etp
    return Posts(
        function=function,
        seats=seats,
        hours=hours,
        steps=steps,
        etpt=etp["breaks"],
        budgeted_etp=budgeted,
        posts=whole_posts(budgeted, assumptions),
    )


def whole_posts(budgeted_etp: float, assumptions: Assumptions) -> int:
    """Posts to create so that the budgeted ETP are there with the usual vacancies.

    Examples
    --------
    >>> whole_posts(12.3, Assumptions({"vacancy_rate": 0.05}))
    13
    """
    return math.ceil(budgeted_etp / (1 - assumptions["vacancy_rate"]) - _SAME)


def _hours(start_ms: Ints, end_ms: Ints, calendar: Calendar, per_year: float) -> Hours:
    night = Window.parse(load_working_time().premium_night)
    rest_of_day = night.complement()
    days = calendar.intervals(str(rest_of_day)) if rest_of_day else []
    first_hour = np.searchsorted(calendar.edge_ms, [start for start, _ in days], side="right") - 1
    sunday = calendar.hour_of_week[first_hour] // _H_PER_DAY == _SUNDAY
    holiday = calendar.holiday[first_hour] & ~sunday

    def within(spans: Spans) -> float:
        return float(_covered(start_ms, end_ms, spans)) * per_year

    return Hours(
        total=float((end_ms - start_ms).sum()) * per_year,
        night=within(calendar.intervals(str(night))),
        sunday=within([day for day, chosen in zip(days, sunday, strict=True) if chosen]),
        holiday=within([day for day, chosen in zip(days, holiday, strict=True) if chosen]),
    )


def _covered(start_ms: Ints, end_ms: Ints, spans: Spans) -> float:
    """Time of the presences that lies within disjoint spans in time order."""
    if not spans:
        return 0.0
    edges = np.array(spans).ravel()
    lengths = np.diff(edges, prepend=edges[0]) * (np.arange(len(edges)) % 2)
    covered = np.cumsum(lengths)
    inside = np.interp(end_ms, edges, covered) - np.interp(start_ms, edges, covered)
    return float(inside.sum())


def _most_at_once(start_ms: Ints, end_ms: Ints) -> int:
    """Most presences open at one instant; one that ends leaves its place to one that begins."""
    steps: Iterable[tuple[int, int]] = sorted(
        [(int(t), 1) for t in start_ms] + [(int(t), -1) for t in end_ms]
    )
    return max(accumulate(step for _, step in steps))
