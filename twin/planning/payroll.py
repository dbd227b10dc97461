"""What the seats of a week take in people and money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from twin.contracts import Figure, Kind
from twin.model.assumptions import Assumptions, Choice
from twin.model.clock import DAYS_PER_YEAR, Window
from twin.model.seats import SeatedShift
from twin.model.staffing import waterfall, whole_posts
from twin.planning.first_screen import BOUNDING, HOURS

__all__ = ["Payroll", "hours_a_week", "payroll"]

_WEEKS_PER_YEAR = DAYS_PER_YEAR / 7
_MIN_PER_H = 60
_CHEAP: dict[str, Choice] = {key: "high" if key == HOURS else "low" for key in BOUNDING}
_DEAR: dict[str, Choice] = {key: "low" if key == HOURS else "high" for key in BOUNDING}


@dataclass(frozen=True)
class Payroll:
    """The three numbers of a plan; the intervals are those of the assumptions."""

    etpt: Figure
    """Hours at the seats over annual hours, absences included."""
    budgeted_etp: Figure
    """Paid in a year: with training, and the wait for the accreditation."""
    posts: Figure
    """Whole posts to create, each function rounded up, with the usual vacancies."""
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
        The scenario's; low and high take the ends of `BOUNDING`, all together.

    Examples
    --------
    Two agents day and night:

    >>> people = payroll({"video_operator": 2 * 168}, Assumptions())
    >>> round(people.etpt.value, 2), people.posts.value, round(people.eur_per_year.value, -3)
    (12.06, 14.0, 507000.0)
    """
    etpt, budgeted, posts, eur = [], [], [], []
    for at in (assumptions, Assumptions(_CHEAP), Assumptions(_DEAR)):
        gross = [held * _WEEKS_PER_YEAR / at[HOURS] for held in hours.values()]
        steps = [{step.name: step.etp for step in waterfall(each, at)} for each in gross]
        etpt.append(sum(each["absence"] for each in steps))
        paid = [each["accreditation"] for each in steps]
        budgeted.append(sum(paid))
        posts.append(float(sum(whole_posts(each, at) for each in paid)))
        eur.append(etpt[-1] * at["etpt_cost_eur"])

    def figure(three: list[float], unit: str) -> Figure:
        central, low, high = three
        source = "hypothèses de postes, leurs extrêmes ensemble"
        return Figure(central, min(low, central), max(high, central), unit, Kind.COMPUTED, source)

    return Payroll(
        etpt=figure(etpt, "ETPT"),
        budgeted_etp=figure(budgeted, "ETP"),
        posts=figure(posts, "postes"),
        eur_per_year=figure(eur, "€ par an"),
    )
