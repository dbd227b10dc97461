"""What the seats of a week take in people and money."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from twin.contracts import Figure, Kind
from twin.model.assumptions import Assumptions, load_assumptions
from twin.model.clock import DAYS_PER_YEAR, Window
from twin.model.seats import SeatedShift

__all__ = ["Payroll", "hours_a_week", "payroll"]

_WEEKS_PER_YEAR = DAYS_PER_YEAR / 7
_MIN_PER_H = 60
_SAME = 1e-9


@dataclass(frozen=True)
class Payroll:
    """The three numbers of a plan; the intervals are those of the assumptions."""

    etpt: Figure
    """Hours at the seats over annual hours, absences included."""
    posts: Figure
    """Whole posts, each function rounded up."""
    eur_per_year: Figure
    """Cost of the ETPT."""


def hours_a_week(rows: Iterable[SeatedShift]) -> dict[str, float]:
    """Seat-hours per week by function; public holidays count like other days."""
    hours: dict[str, float] = defaultdict(float)
    for row in rows:
        length_h = Window.parse(row.window).length_min / _MIN_PER_H
        hours[row.function] += length_h * len(row.weekdays) * row.seats
    return dict(hours)


def payroll(hours: dict[str, float], assumptions: Assumptions) -> Payroll:
    """People and cost of seat-hours per week held all year, absences replaced.

    Parameters
    ----------
    hours : dict of str to float
        By function: see `hours_a_week`.
    assumptions : Assumptions
        Annual hours, absence and cost; low and high take the ends of all three.

    Examples
    --------
    Two agents day and night:

    >>> people = payroll({"video_operator": 2 * 168}, Assumptions())
    >>> round(people.etpt.value, 2), people.posts.value, round(people.eur_per_year.value, -3)
    (12.06, 13.0, 507000.0)
    """
    known = load_assumptions()

    def people(function_h: float, annual_h: float, absence: float) -> float:
        return function_h * _WEEKS_PER_YEAR / annual_h / (1 - absence)

    annual, absence = known["annual_hours"], known["absence_rate"]
    cases = (
        (annual.high, absence.low, known["etpt_cost_eur"].low),
        (
            assumptions["annual_hours"],
            assumptions["absence_rate"],
            assumptions["etpt_cost_eur"],
        ),
        (annual.low, absence.high, known["etpt_cost_eur"].high),
    )
    etpt, posts, eur = [], [], []
    for annual_h, absent, cost in cases:
        of = [people(function_h, annual_h, absent) for function_h in hours.values()]
        etpt.append(sum(of))
        posts.append(sum(math.ceil(each - _SAME) for each in of))
        eur.append(sum(of) * cost)
    source = "annual_hours, absence_rate"

    def figure(three: list[float], unit: str, source: str) -> Figure:
        low, value, high = three
        return Figure(value, min(low, value), max(high, value), unit, Kind.COMPUTED, source)

    return Payroll(
        etpt=figure(etpt, "ETPT", source),
        posts=figure([float(count) for count in posts], "postes", source),
        eur_per_year=figure(eur, "€ par an", f"{source}, etpt_cost_eur"),
    )
