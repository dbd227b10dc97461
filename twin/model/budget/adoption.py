"""How the communes come: conventions signed, cameras authorised, refused, added, leaving."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.errors import InputError
from twin.model.assumptions import Assumptions
from twin.model.budget.levers import BudgetLevers
from twin.model.budget.tables import AdoptionTable, load_adoption
from twin.model.budget.volumes import CommuneVolumes

__all__ = ["MONTHS_PER_YEAR", "Adoption", "adopt", "budget_years", "marks", "members", "year_index"]

MONTHS_PER_YEAR = 12
_GOLDEN = (math.sqrt(5) - 1) / 2
_HALF = 0.5
_NEVER = 1 << 30
_NOBODY = 1e-9
"""Share below which no commune joins, or leaves."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Adoption:
    """Cameras that come and go, in groups that do so together; months count from the first one.

    Attributes
    ----------
    communes, forfaits : tuple of str
        INSEE code and forfait of each commune.
    signed, left : int array, one per commune
        Month of the convention and first month without the commune; beyond the last month for one
        that never signs or never leaves.
    commune, cameras, start, end : int array, one per group
        Index of the commune; cameras, negative where an authorisation has lapsed; first month
        connected and first month no longer so.
    added : bool array, one per group
        Whether the commune bought these cameras after it joined.
    """

    years: tuple[int, ...]
    communes: tuple[str, ...]
    forfaits: tuple[str, ...]
    signed: Ints
    left: Ints
    commune: Ints
    cameras: Ints
    start: Ints
    end: Ints
    added: npt.NDArray[np.bool_]

    @cached_property
    def months(self) -> Ints:
        """Months connected, by group and year."""
        first = MONTHS_PER_YEAR * np.arange(len(self.years))
        since = np.maximum(self.start[:, None], first)
        until = np.minimum(self.end[:, None], first + MONTHS_PER_YEAR)
        return np.asarray(np.maximum(until - since, 0), dtype=np.int64)

    @cached_property
    def camera_months(self) -> Ints:
        """Cameras times months, by commune and year."""
        return self._by_commune(self.cameras[:, None] * self.months)

    @cached_property
    def cameras_billed(self) -> Ints:
        """Cameras connected at some time of the year, by commune and year."""
        come = np.maximum(self.cameras, 0)[:, None]
        return self._by_commune(come * (self.months > 0))

    @cached_property
    def joining(self) -> Ints:
        """Cameras connected for the first time, by commune and year."""
        return self._in_year(np.maximum(self.cameras, 0), self.start)

    @cached_property
    def bought(self) -> Ints:
        """Cameras that communes added, by commune and year."""
        return self._in_year(self.cameras * self.added, self.start)

    @cached_property
    def leaving(self) -> Ints:
        """Cameras of communes that leave, by commune and year."""
        return self._in_year(np.maximum(self.cameras, 0), self.end)

    @cached_property
    def connected(self) -> Ints:
        """Cameras connected, by month."""
        steps = np.zeros(len(self.years) * MONTHS_PER_YEAR + 1, dtype=np.int64)
        np.add.at(steps, np.minimum(self.start, len(steps) - 1), self.cameras)
        np.add.at(steps, np.minimum(self.end, len(steps) - 1), -self.cameras)
        return np.cumsum(steps)[:-1]

    @cached_property
    def camera_years(self) -> Floats:
        """Mean cameras connected, by commune and year."""
        return self.camera_months / MONTHS_PER_YEAR

    def communes_signed(self) -> list[int]:
        """Communes « adhérentes » at the end of each year: signed, and not gone."""
        ends = MONTHS_PER_YEAR * np.arange(1, len(self.years) + 1)
        return [int(((self.signed < end) & (self.left >= end)).sum()) for end in ends]

    def communes_interested(self) -> list[int]:
        """Communes « intéressées » at the end of each year: not signed yet, if ever."""
        ends = MONTHS_PER_YEAR * np.arange(1, len(self.years) + 1)
        return [int((self.signed >= end).sum()) for end in ends]

    def of_forfait(self, forfait: str) -> npt.NDArray[np.bool_]:
        """Communes in a forfait."""
        return np.array([each == forfait for each in self.forfaits], dtype=np.bool_)

    def _by_commune(self, by_group: Ints) -> Ints:
        total = np.zeros((len(self.communes), len(self.years)), dtype=np.int64)
        np.add.at(total, self.commune, by_group)
        return total

    def _in_year(self, cameras: Ints, month: Ints) -> Ints:
        years = np.arange(len(self.years))
        return self._by_commune(cameras[:, None] * (month[:, None] // MONTHS_PER_YEAR == years))


def budget_years() -> tuple[int, ...]:
    """Years of the budget.

    Examples
    --------
    >>> budget_years()[0], budget_years()[-1]
    (2026, 2036)
    """
    table = load_adoption()
    return tuple(range(table.first_year, table.last_year + 1))


def year_index(year: int) -> int:
    """Position of a year of the budget.

    Raises
    ------
    InputError
        It is not one.

    Examples
    --------
    >>> year_index(2029)
    3
    """
    years = budget_years()
    if year not in years:
        raise InputError(f"year: {year} is not between {years[0]} and {years[-1]}")
    return years.index(year)


def marks(communes: int) -> Floats:
    """Order of arrival of communes sorted by code: the smallest mark signs first.

    Nobody knows the order. Multiples of the golden ratio spread it evenly over any part of the
    list, so that each moment of the ramp-up holds about the same mix, and nothing is drawn.
    """
    return np.asarray(np.arange(1, communes + 1) * _GOLDEN % 1, dtype=np.float64)


def members(communes: int, share: float) -> list[int]:
    """Indices of the `share` of the communes that sign first, at least one.

    Examples
    --------
    >>> members(8, 0.5)
    [1, 3, 4, 6]
    """
    count = max(1, math.ceil(round(share * communes, 6)))
    return sorted(int(i) for i in np.argsort(marks(communes), kind="stable")[:count])


def adopt(
    communes: Sequence[CommuneVolumes], levers: BudgetLevers, assumptions: Assumptions
) -> Adoption:
    """When each camera is connected, and when it goes.

    A convention is signed along the curve of ``data/budget/adoption.yaml``. Cameras are connected
    once authorised, never before the opening; the part whose request stays without answer is
    filed again, and lapses again for as long at each renewal. Each year after its connection a
    commune adds cameras, authorised in time. At the end of each commitment a part of the communes
    leaves. A commune whose file says when it joined is there from that day.
    """
    table, years = load_adoption(), budget_years()
    delay = assumptions["authorisation_delay_months"]
    signed, start = _arrivals(communes, levers, assumptions, table)
    end = _departures(start, levers, assumptions["leave_share"])
    here = np.array([commune.cameras for commune in communes], dtype=np.int64)
    refused = _half_up(assumptions["refusal_share"] * here)
    horizon = len(years) * MONTHS_PER_YEAR
    late = start + table.refusal_months + math.ceil(delay)
    groups = [(here - refused, start, end), (refused, late, end)]
    lapse = table.authorisation_years * MONTHS_PER_YEAR
    for renewed in range(lapse, horizon, lapse):
        back = start + renewed + table.refusal_months
        groups.append((-refused, start + renewed, np.minimum(back, end)))
    there = len(groups)
    growth = 1 + assumptions["camera_growth"]
    for year in range(1, len(years)):
        added = _half_up(here * growth**year) - _half_up(here * growth ** (year - 1))
        groups.append((added, start + year * MONTHS_PER_YEAR, end))
    index = np.arange(len(communes))
    commune, cameras, begins, ends = np.concatenate(
        [np.stack([index, *group]) for group in groups], axis=1
    )
    real = (cameras != 0) & (begins < np.minimum(ends, horizon))
    return Adoption(
        years=years,
        communes=tuple(each.insee for each in communes),
        forfaits=tuple(each.forfait for each in communes),
        signed=signed,
        left=end,
        commune=commune[real],
        cameras=cameras[real],
        start=begins[real],
        end=ends[real],
        added=(np.arange(len(real)) >= there * len(communes))[real],
    )


def _arrivals(
    communes: Sequence[CommuneVolumes],
    levers: BudgetLevers,
    assumptions: Assumptions,
    table: AdoptionTable,
) -> tuple[Ints, Ints]:
    """Month of the convention and of the first connection of each commune."""
    opening = (levers.opening - table.first_year) * MONTHS_PER_YEAR
    reached = marks(len(communes)) / max(assumptions["adoption_final_share"], _NOBODY)
    at = MONTHS_PER_YEAR * np.arange(len(table.signed) + 1) / assumptions["adoption_pace"]
    months = np.floor(np.interp(reached, (0.0, *table.signed), at))
    signed = np.where(reached < 1, opening - MONTHS_PER_YEAR + months, _NEVER).astype(np.int64)
    delay = math.ceil(assumptions["authorisation_delay_months"])
    start = np.where(signed < _NEVER, np.maximum(signed + delay, opening), _NEVER)
    for i, commune in enumerate(communes):
        if commune.joined is not None:
            since = (commune.joined.year - table.first_year) * MONTHS_PER_YEAR
            start[i] = max(since + commune.joined.month - 1, opening)
            signed[i] = min(start[i] - delay, start[i])
    return signed, start


def _departures(start: Ints, levers: BudgetLevers, leave_share: float) -> Ints:
    """First month without each commune: the end of the commitment after which it leaves.

    Who leaves is spread like who comes, by another irrational number, and nothing is drawn.
    """
    if leave_share < _NOBODY:
        return np.full(len(start), _NEVER)
    mark = np.arange(1, len(start) + 1) * math.sqrt(2) % 1
    if leave_share < 1:
        kept = np.maximum(np.ceil(np.log1p(-mark) / math.log1p(-leave_share)), 1).astype(np.int64)
    else:
        kept = np.ones(len(start), dtype=np.int64)
    left = start + kept * levers.commitment_years * MONTHS_PER_YEAR
    return np.asarray(np.minimum(left, _NEVER), dtype=np.int64)


def _half_up(values: npt.NDArray[Any]) -> Ints:
    return np.floor(values + _HALF).astype(np.int64)
