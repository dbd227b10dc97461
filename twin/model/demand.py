"""How much is expected, where and when: cumulative rates per commune and kind of work.

The rate of a class of incidents in a commune of n cameras is, per year of 365 days,

    kappa x intensity x n x (n / n_ref) ** (elasticity - 1)

where kappa is the class's constant (one calibrated number, per camera), intensity the commune's
visible recorded facts per inhabitant relative to the calibration city, and n_ref the cameras that a
commune of its population would have at the reference density. Viewing requests and requisition
letters are rates per camera. The profile, holidays, events and the trend spread it over the hours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import compress
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import ndtri

from twin.errors import InputError, did_you_mean
from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar, Event
from twin.model.centre.world import Kind
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H
from twin.model.kappa import calibrated
from twin.model.profiles import hourly_profile
from twin.model.territory import Commune, Territory

__all__ = ["Demand", "DemandLevers", "camera_weights"]

Floats = npt.NDArray[np.float64]

_PROFILES = {
    Kind.POLICE: "police",
    Kind.NUISANCE: "nuisance",
    Kind.REQUEST: "viewing_requests",
    Kind.SAFEGUARD: "requisition_letters",
}
_IN_THE_STREET = (Kind.POLICE, Kind.NUISANCE, Kind.REQUEST)
_PER_THOUSAND = 1_000
_DECILE = 0.1

Factor = Annotated[float, Field(ge=0)]
Percent = Annotated[float, Field(gt=-100)]


class DemandLevers(BaseModel):
    """What a scenario may change in the demand."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )

    trend_police_pct_year: Percent = 0.0
    """Growth of police-class incidents per year, in percent, from the first day of the horizon."""
    trend_nuisance_pct_year: Percent = 0.0
    """Growth of nuisances per year, in percent, from the first day of the horizon."""
    holiday_factor: Factor = 1.0
    """Factor on incidents and viewing requests on public holidays."""
    school_holiday_factor: Factor = 1.0
    """Factor on incidents and viewing requests during the school holidays of zone B."""
    kappa_police: Factor | None = None
    """Police-class incidents in view per camera and year; null takes the calibrated value."""
    kappa_nuisance: Factor | None = None
    """Nuisances in view per camera and year; null takes the calibrated value."""
    city_deviation: float = 0.0
    """How far this territory departs from the calibration city: deviations of log kappa."""


class Demand:
    """Expected arrivals of each kind of work in each commune of a territory.

    Kinds are ``Kind.POLICE``, ``NUISANCE``, ``REQUEST`` (viewing requests by phone) and
    ``SAFEGUARD`` (requisition letters). Nothing here depends on the other communes, so that a
    further one changes no byte of the rest.

    Parameters
    ----------
    territory : Territory
    calendar : Calendar
    assumptions : Assumptions
    levers : DemandLevers
    events : sequence of Event
        Each multiplies incidents and viewing requests in its communes; several multiply each other.

    Raises
    ------
    InputError
        An event names a commune that is not in the territory.
    MissingError
        A constant is neither calibrated nor given.
    """

    def __init__(
        self,
        territory: Territory,
        calendar: Calendar,
        assumptions: Assumptions,
        levers: DemandLevers,
        events: Sequence[Event] = (),
    ) -> None:
        self.territory = territory
        self.calendar = calendar
        self.assumptions = assumptions
        police = _given(levers.kappa_police, "kappa_police", assumptions)
        nuisance = _given(levers.kappa_nuisance, "kappa_nuisance", assumptions)
        city = math.exp(levers.city_deviation * assumptions["city_dispersion_log_sd"])
        self._per_camera = {
            Kind.POLICE: police * city,
            Kind.NUISANCE: nuisance * city,
            Kind.REQUEST: assumptions["requests_per_camera_year"],
            Kind.SAFEGUARD: assumptions["requisitions_per_camera_year"],
        }
        self._per_h = {kind: self._hourly(kind, levers) for kind in _PROFILES}
        self._curves: dict[tuple[Kind, int, tuple[bool, ...]], Floats] = {}
        self._events = [(self._places(event), self._multiplier(event)) for event in events]

    def annual(self, kind: Kind) -> Floats:
        """Arrivals expected in a year of 365 ordinary days, shape (communes,).

        Without trend, events or holiday factors: those act in `cumulative`.
        """
        return np.array([self._annual(kind, commune) for commune in self.territory.communes])

    def cumulative(self, kind: Kind, commune: int) -> Floats:
        """Arrivals expected from 0 to each edge of the calendar's hours, shape (H + 1,).

        None before the commune has joined.
        """
        place = self.territory.communes[commune]
        joined_ms = self.calendar.since_ms(place.joined)
        street = kind in _IN_THE_STREET
        events = tuple(street and place.insee in codes for codes, _ in self._events)
        alike = kind, joined_ms, events
        if alike not in self._curves:
            per_h = self._per_h[kind] * (self.calendar.edge_ms[:-1] >= joined_ms)
            for _, multiplier in compress(self._events, events):
                per_h = per_h * multiplier
            self._curves[alike] = np.concatenate([[0.0], np.cumsum(per_h)])
        return self._annual(kind, place) * self._curves[alike]

    def weights(self, n: int) -> Floats:
        """`camera_weights` of a commune of `n` cameras, under the assumed concentration."""
        return camera_weights(n, self.assumptions["top_decile_share"])

    def _annual(self, kind: Kind, commune: Commune) -> float:
        arrivals = self._per_camera[kind] * commune.cameras
        intensity = {
            Kind.POLICE: commune.police_intensity,
            Kind.NUISANCE: commune.nuisance_intensity,
        }.get(kind)
        if intensity is None or not arrivals:
            return arrivals
        reference = self.assumptions["cameras_per_1000"] * commune.population / _PER_THOUSAND
        elasticity = self.assumptions["camera_elasticity"]
        return float(arrivals * intensity * (commune.cameras / reference) ** (elasticity - 1))

    def _hourly(self, kind: Kind, levers: DemandLevers) -> Floats:
        """Part of a year's arrivals that each hour of the horizon brings, without events."""
        calendar = self.calendar
        profile = hourly_profile(_PROFILES[kind], self.assumptions)
        hours_per_year = DAYS_PER_YEAR * MS_PER_DAY // MS_PER_H
        per_h = profile[calendar.month, calendar.hour_of_week] / hours_per_year
        if kind in _IN_THE_STREET:
            per_h[calendar.holiday] *= levers.holiday_factor
            per_h[calendar.school_holiday] *= levers.school_holiday_factor
        trend_pct_year = {
            Kind.POLICE: levers.trend_police_pct_year,
            Kind.NUISANCE: levers.trend_nuisance_pct_year,
        }.get(kind, 0.0)
        growth: Floats = (1 + trend_pct_year / 100) ** (calendar.day_index / DAYS_PER_YEAR)
        return per_h * growth

    def _places(self, event: Event) -> frozenset[str]:
        """INSEE codes of the communes of an event."""
        here = [commune.insee for commune in self.territory.communes]
        if event.communes == "all":
            return frozenset(here)
        for code in event.communes:
            if code not in here:
                hint = did_you_mean(code, here)
                raise InputError(f'event "{event.name}": no commune {code} here; {hint}')
        return frozenset(event.communes)

    def _multiplier(self, event: Event) -> Floats:
        """Factor of each hour; an hour partly covered is multiplied in proportion."""
        edge_ms = self.calendar.edge_ms
        start_ms, end_ms = (self.calendar.moment_ms(each) for each in (event.start, event.end))
        covered_ms = np.minimum(end_ms, edge_ms[1:]) - np.maximum(start_ms, edge_ms[:-1])
        covered: Floats = np.clip(covered_ms / MS_PER_H, 0, None)
        factor = event.multiplier
        if factor == "central":
            factor = self.assumptions["event_multiplier"]
        elif isinstance(factor, str):
            factor = Assumptions({"event_multiplier": factor})["event_multiplier"]
        return 1 + (factor - 1) * covered


def camera_weights(n: int, top_decile_share: float) -> Floats:
    """Share of a commune's activity before each of its `n` cameras, the busiest first.

    Lognormal quantiles, ``w_j = exp(sigma z((n - j + 1/2) / n))`` up to their sum: the same
    concentration whatever n. The busiest tenth carries ``Phi(sigma - z(0.9))`` of the activity when
    n is large, which gives sigma.

    Parameters
    ----------
    n : int
    top_decile_share : float
        From 0.1, which makes all cameras equal, to less than 1.

    Examples
    --------
    >>> camera_weights(4, 0.6).round(2).tolist()
    [0.71, 0.2, 0.07, 0.02]
    """
    if not _DECILE <= top_decile_share < 1:
        raise InputError(
            f"top_decile_share: {_DECILE} to less than 1 is expected (found {top_decile_share:g})"
        )
    sigma = ndtri(top_decile_share) + ndtri(1 - _DECILE)
    quantiles = (np.arange(n, 0, -1) - 0.5) / max(n, 1)
    weights = np.exp(sigma * ndtri(quantiles))
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _given(
    lever: float | None, name: Literal["kappa_police", "kappa_nuisance"], assumptions: Assumptions
) -> float:
    return calibrated(name, assumptions) if lever is None else lever
