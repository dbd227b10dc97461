"""Work that reaches the desk whoever watches: what can be known of the load before any run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar
from twin.model.centre.world import Kind, ViewingRequests
from twin.model.clock import DAYS_PER_YEAR, MS_PER_H, MS_PER_MIN, MS_PER_S
from twin.model.demand import Demand
from twin.model.forfaits import load_forfaits
from twin.model.territory import Commune, Territory

__all__ = ["Urgent", "offered_h_per_year", "urgent_calls"]

_MIN_PER_H = MS_PER_H / MS_PER_MIN
_S_PER_H = MS_PER_H / MS_PER_S
_H_PER_WEEK = 7 * 24

Floats = npt.NDArray[np.float64]


def offered_h_per_year(
    territory: Territory, demand: Demand, assumptions: Assumptions
) -> dict[Kind, Floats]:
    """Hours of work a year that each commune brings, by kind, shape (communes,) each.

    Patrols and checks as the forfait owes them; requisitions that arrive before the erasure. What
    the agents notice by themselves is left out: it depends on how many they are. Holidays, events
    and trends are left out too.
    """
    communes = territory.communes
    forfaits = [load_forfaits()[commune.forfait] for commune in communes]
    cameras = np.array([commune.cameras for commune in communes], dtype=np.float64)
    patrols = np.array([round(f.patrols_per_day * assumptions["patrols_scale"]) for f in forfaits])
    checked = np.array([forfait.health_check for forfait in forfaits])
    in_time = np.array([_in_time(commune, assumptions) for commune in communes])
    bought = np.array([forfait.requisitions for forfait in forfaits])
    letters = demand.annual(Kind.SAFEGUARD) * in_time * bought
    return {
        Kind.SAFEGUARD: letters * assumptions["safeguard_min"] / _MIN_PER_H,
        Kind.EXTRACTION: letters * assumptions["requisition_work_h"],
        Kind.PATROL: DAYS_PER_YEAR * patrols * cameras * assumptions["patrol_dwell_s"] / _S_PER_H,
        Kind.CHECK: DAYS_PER_YEAR * checked * cameras * assumptions["check_s"] / _S_PER_H,
    }


class Urgent(NamedTuple):
    """Calls that an agent answers at once."""

    erlangs: Floats
    """Agents kept busy in each hour of the week, shape (168,)."""
    mean_min: float
    """Mean work of one call."""


def urgent_calls(
    territory: Territory, calendar: Calendar, demand: Demand, assumptions: Assumptions
) -> Urgent:
    """Load of the calls alone over the horizon of `calendar`.

    Viewing requests that the forfait answers, and incidents called in while in view; following an
    incident until somebody comes is left out. A call finds the incident in view as often as if both
    delays were exponential.
    """
    view, delay = assumptions["police_view_min"], assumptions["call_delay_min"]
    share = {Kind.POLICE: assumptions["call_share"] * view / (view + delay), Kind.REQUEST: 1.0}
    handling_min = assumptions["qualify_min"] + assumptions["write_min"]
    handling_min += assumptions["alerted_share"] * assumptions["line_min"]
    work_min = {Kind.POLICE: handling_min, Kind.REQUEST: assumptions["request_work_min"]}
    calls = {kind: np.zeros(_H_PER_WEEK) for kind in share}
    for i, commune in enumerate(territory.communes):
        open_now = _open(commune, calendar)
        always = load_forfaits()[commune.forfait].viewing_requests is ViewingRequests.ALWAYS
        for kind, called in share.items():
            answered = open_now | (always and kind is Kind.REQUEST)
            arrivals = np.diff(demand.cumulative(kind, i)) * called * answered
            calls[kind] += np.bincount(calendar.hour_of_week, arrivals, _H_PER_WEEK)
    occurrences = np.bincount(calendar.hour_of_week, minlength=_H_PER_WEEK)
    total_min = sum(calls[kind] * work_min[kind] for kind in calls)
    count = sum(float(of_kind.sum()) for of_kind in calls.values())
    return Urgent(
        erlangs=np.asarray(total_min / _MIN_PER_H / np.maximum(occurrences, 1), dtype=np.float64),
        mean_min=float(np.sum(total_min)) / count if count else 0.0,
    )


def _in_time(commune: Commune, assumptions: Assumptions) -> float:
    """Part of the letters that come before the images are erased."""
    ahead = np.log(commune.retention_days / assumptions["facts_age_days"])
    return float(ndtr(ahead / assumptions["facts_age_log_sd"]))


def _open(commune: Commune, calendar: Calendar) -> npt.NDArray[np.bool_]:
    """Hours of the horizon that begin inside the live window of a commune."""
    spans = calendar.intervals(commune.window) if commune.window else []
    edges = np.array(spans, dtype=np.int64).ravel()
    inside: npt.NDArray[np.bool_] = np.searchsorted(edges, calendar.edge_ms[:-1], "right") % 2 == 1
    return inside
