"""Where a sizing starts: presence, calls and weekly work, without any simulation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from twin.model.centre.world import Kind
from twin.model.clock import DAYS_PER_YEAR, MS_PER_H
from twin.model.offered import offered_h_per_year, urgent_calls
from twin.model.patterns import load_patterns
from twin.planning.covering import HOURS, OFFICER, OPERATOR, Cut
from twin.planning.targets import Target
from twin.scenarios.experiment import Prepared

__all__ = ["least_operators", "minimum_presence", "work_cuts"]

_WEEKS_PER_YEAR = DAYS_PER_YEAR / 7
_QUANTILES = {"p50": 0.5, "p90": 0.9}
_URGENT = {Kind.POLICE.name, Kind.REQUEST.name}
_USUAL_SHIFT_MS = 8 * MS_PER_H

Floats = npt.NDArray[np.float64]


def minimum_presence(prepared: Prepared) -> Floats:
    """Operators that must be there at every hour of the week, whatever is asked, shape (168,)."""
    return np.full(HOURS, float(prepared.assumptions["minimum_agents"]))


def least_operators(prepared: Prepared, targets: Iterable[Target]) -> Floats:
    """Operators with which an hour of the week may do, shape (168,).

    The minimum presence; and, for a target on the wait of a call, the least number that is rarely
    all busy with work begun before the wait allowed. With as many agents as calls, the busy ones
    are Poisson (modified offered load); with fewer, more of them are.
    """
    least = minimum_presence(prepared)
    urgent = urgent_calls(
        prepared.territory, prepared.calendar, prepared.demand, prepared.assumptions
    )
    for target in targets:
        entry = target.entry
        if entry.statistic in _QUANTILES and target.kinds & _URGENT and urgent.mean_min:
            busy = urgent.erlangs * math.exp(-target.level / urgent.mean_min)
            may_wait = 1 - _QUANTILES[entry.statistic]
            least = np.maximum(least, 1 + poisson.ppf(1 - may_wait, busy))
    return least


def work_cuts(prepared: Prepared, targets: Sequence[Target]) -> list[Cut]:
    """Seat-hours per week without which the work that the targets ask for cannot be done.

    Three sums: all work within the presence less its pauses; work that may not empty the wall
    within the seats beyond `wall_minimum`, in each pool; and the same for what officers may not do.
    A share of a work is taken as that share of its hours.
    """
    done = _shares_done(targets)
    offered = offered_h_per_year(prepared.territory, prepared.demand, prepared.assumptions)
    week = {k: done.get(k.name, 0.0) * float(h.sum()) / _WEEKS_PER_YEAR for k, h in offered.items()}
    urgent = urgent_calls(
        prepared.territory, prepared.calendar, prepared.demand, prepared.assumptions
    )
    at_work = np.full(HOURS, 1 - _pausing())
    everyone = {OPERATOR: at_work, OFFICER: at_work}
    pools = int(prepared.centre.communes.pool.max(initial=0)) + 1
    wall = pools * prepared.centre.rules.wall_minimum * _entitled_hours(prepared)
    leaves_wall = week[Kind.EXTRACTION] + week[Kind.PATROL] + week[Kind.CHECK]
    return [
        Cut(everyone, sum(week.values()) + float(urgent.erlangs.sum())),
        Cut({OPERATOR: np.ones(HOURS), OFFICER: at_work}, leaves_wall + wall),
        Cut({OPERATOR: np.ones(HOURS)}, week[Kind.PATROL] + week[Kind.CHECK] + wall),
    ]


def _shares_done(targets: Iterable[Target]) -> dict[str, float]:
    """By kind of work, the part that the targets ask to be done."""
    shares: dict[str, float] = {}
    for target in targets:
        entry = target.entry
        if entry.statistic in _QUANTILES:
            share = _QUANTILES[entry.statistic]
        elif entry.statistic in {"share", "ratio"} and target.sense == ">=":
            share = target.level
        else:
            continue
        for kind in target.kinds:
            shares[kind] = max(share, shares.get(kind, 0.0))
    return shares


def _pausing() -> float:
    """Part of a usual shift that is pauses."""
    pauses = load_patterns().breaks.timetable(_USUAL_SHIFT_MS, 0.0)
    return sum(length for _, length in pauses) / _USUAL_SHIFT_MS


def _entitled_hours(prepared: Prepared) -> int:
    """Hours of a day, times seven, in which some commune is entitled to live viewing."""
    windows = {commune.window for commune in prepared.territory.communes if commune.window}
    spans = {window: prepared.calendar.intervals(window) for window in windows}
    hour = prepared.calendar.edge_ms[:-1]
    entitled = np.zeros(len(hour), dtype=np.bool_)
    for intervals in spans.values():
        entitled |= np.searchsorted(np.array(intervals).ravel(), hour, side="right") % 2 == 1
    return round(HOURS * float(entitled.mean()))
