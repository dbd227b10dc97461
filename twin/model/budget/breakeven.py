"""Tariffs that balance a year, and cameras that one seat needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from twin.errors import InputError
from twin.model.budget.accounts import Budget, Perimeter
from twin.model.budget.adoption import year_index
from twin.model.budget.levers import Tariffs
from twin.model.budget.money import CENTS_PER_EUR
from twin.model.budget.shares import by_forfait

__all__ = ["Balance", "balancing_tariffs", "cameras_per_seat"]

_ROUNDS = 5
_BUMPS = 10
_DIGITS = 6
"""Decimals of a cent beyond which a sum of floats says nothing."""


@dataclass(frozen=True)
class Balance:
    """Tariffs that balance one year of one perimeter.

    Attributes
    ----------
    tariffs : Tariffs
        Annual fees rounded up to the cent; the joining fee is as it was.
    result : int
        Cents left in the re-run with them: at least 0.
    tolerance : int
        Most that rounding the fees up to the cent can leave: a cent for each camera billed, and one
        for each commune.
    """

    year: int
    perimeter: Perimeter
    tariffs: Tariffs
    result: int
    tolerance: int


def balancing_tariffs(
    budget_with: Callable[[Tariffs], Budget],
    tariffs: Tariffs,
    *,
    year: int,
    perimeter: Perimeter,
    keep_ratio: bool,
) -> Balance:
    """Annual fees with which the result of a year is zero, to the rounding.

    Parameters
    ----------
    budget_with : callable
        Budget of the scenario at other tariffs.
    keep_ratio : bool
        Whether the annual fees keep their ratios, else each forfait pays its own cost
        (`twin.model.budget.shares.by_forfait`).

    Raises
    ------
    InputError
        Nothing is billed in that year, or every annual fee is 0 and their ratio is to be kept.
    """
    search = _proportional if keep_ratio else _own_cost
    fees = search(budget_with, tariffs, perimeter, year)
    for bump in range(_BUMPS):
        tried = tariffs.with_annual({name: _up(fee, bump) for name, fee in fees.items()})
        budget = budget_with(tried)
        i = year_index(year)
        result = budget.perimeter(perimeter).result[i]
        if result >= 0:
            cameras = int(budget.adoption.cameras_billed[:, i].sum())
            tolerance = (1 + bump) * cameras + len(budget.adoption.communes)
            return Balance(year, perimeter, tried, result, tolerance)
    raise InputError(f"no annual fee balances {year}: the fees of the year do not pay for it")


def cameras_per_seat(
    etp: float, cost_per_etp_eur: float, fee_eur: float, other_cost_eur: float = 0.0
) -> float:
    """Cameras of a forfait whose annual fees pay one seat.

    Parameters
    ----------
    etp : float
        People that hold the seat.
    other_cost_eur : float
        What each camera costs beside; infinitely many are needed when it takes the whole fee.

    Examples
    --------
    A seat day and night, then from 18:00 to 06:00, at 42 k€ and no other cost:

    >>> round(cameras_per_seat(8760 / 1607 / 0.904, 42_000, 890))
    285
    >>> round(cameras_per_seat(4380 / 1607 / 0.904, 42_000, 490))
    258
    """
    left = fee_eur - other_cost_eur
    return etp * cost_per_etp_eur / left if left > 0 else math.inf


def _up(eur: float, bump: int) -> float:
    """Euros rounded up to the cent, `bump` cents further."""
    return (math.ceil(round(eur * CENTS_PER_EUR, _DIGITS)) + bump) / CENTS_PER_EUR


def _proportional(
    budget_with: Callable[[Tariffs], Budget], tariffs: Tariffs, perimeter: Perimeter, year: int
) -> dict[str, float]:
    """Every annual fee times one factor: the result is a line in it."""
    annual = tariffs.annual_eur
    twice = tariffs.with_annual({name: 2 * fee for name, fee in annual.items()})
    once_budget, twice_budget = budget_with(tariffs), budget_with(twice)
    i = year_index(year)
    at_one = once_budget.perimeter(perimeter).result[i]
    slope = twice_budget.perimeter(perimeter).result[i] - at_one
    if slope <= 0:
        raise InputError(f"year: nothing is billed in {year}, so that no tariff balances it")
    factor = max(0.0, 1 - at_one / slope)
    return {name: factor * fee for name, fee in annual.items()}


def _own_cost(
    budget_with: Callable[[Tariffs], Budget], tariffs: Tariffs, perimeter: Perimeter, year: int
) -> dict[str, float]:
    """Each forfait's cost over what it bills; one without cameras keeps its fee.

    Only the provision for doubtful fees depends on the fees, by a small part of them: a few
    rounds settle.
    """
    fees = {name: fee or 1.0 for name, fee in tariffs.annual_eur.items()}
    for _ in range(_ROUNDS):
        costs = by_forfait(budget_with(tariffs.with_annual(fees)), perimeter, year)
        if not any(each.fees for each in costs):
            raise InputError(f"year: nothing is billed in {year}, so that no tariff balances it")
        for each in costs:
            fees[each.forfait] *= max(0.0, each.cost / each.fees)
    return fees
