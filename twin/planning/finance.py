"""Ask a budget of a scenario: what it says, how sure it is, what would turn it over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from twin.model.assumptions import Assumptions, load_assumptions
from twin.model.budget.accounts import Budget, Perimeter, build_budget
from twin.model.budget.adoption import year_index
from twin.model.budget.breakeven import Balance, balancing_tariffs, cameras_per_seat
from twin.model.budget.costs import camera_cost_eur
from twin.model.budget.money import CENTS_PER_EUR
from twin.model.budget.pay import Pay, pay_of
from twin.model.budget.risk import Reading, Risk, sampled
from twin.model.budget.volumes import Volumes
from twin.planning.points import Choices, Factor
from twin.planning.sensitivity import Reversal, reversals, tornado
from twin.scenarios.schema import Scenario

__all__ = [
    "SeatNeed",
    "Verdict",
    "balance_of",
    "budget_of",
    "pay_by_function",
    "risk_of",
    "seats_of",
    "verdict_of",
]

_OPERATOR = "video_operator"
_BEYOND = 3.0
"""How far a reversing value is looked for: so many times the way to the end of the range."""
_BOUNDED = {"fipd_centre_rate", "adoption_final_share"}
"""Assumptions that a rule keeps inside their range."""


@dataclass(frozen=True)
class Verdict:
    """What moves the result of a year, and what would turn it over.

    Attributes
    ----------
    result_eur : float
        Result of operation at the central values.
    tornado : DataFrame
        See `twin.planning.sensitivity.tornado`; figures in euros.
    reversals : tuple of Reversal
        See `twin.planning.sensitivity.reversals`: values at which a deficit ends or begins.
    """

    perimeter: Perimeter
    year: int
    result_eur: float
    tornado: pd.DataFrame
    reversals: tuple[Reversal, ...]


def budget_of(
    scenario: Scenario, stages: Sequence[Volumes], choices: Choices | None = None
) -> Budget:
    """Budget of a scenario whose volumes are known, some assumptions taking other values."""
    assumptions = Assumptions({**scenario.assumptions, **(choices or {})})
    return build_budget(
        stages, scenario.tariffs, scenario.budget, assumptions, drawn=choices is not None
    )


@dataclass(frozen=True)
class SeatNeed:
    """Cameras of one forfait whose fees pay one seat over the window it buys.

    Attributes
    ----------
    etp, cost_eur : float
        People that hold the seat, absence included; yearly cost of one.
    pay_only, with_other_costs : float
        Cameras when pay is the only cost, and when each camera costs what else the perimeter
        shares by camera; infinite when that is more than the fee.
    """

    forfait: str
    hours: float
    etp: float
    cost_eur: float
    fee_eur: float
    pay_only: float
    with_other_costs: float


def balance_of(
    scenario: Scenario,
    stages: Sequence[Volumes],
    *,
    year: int,
    perimeter: Perimeter,
    keep_ratio: bool,
) -> Balance:
    """Annual fees that balance a year: see `balancing_tariffs`."""
    return balancing_tariffs(
        lambda tariffs: budget_of(scenario.model_copy(update={"tariffs": tariffs}), stages),
        scenario.tariffs,
        year=year,
        perimeter=perimeter,
        keep_ratio=keep_ratio,
    )


def seats_of(
    scenario: Scenario, stages: Sequence[Volumes], *, year: int, perimeter: Perimeter
) -> list[SeatNeed]:
    """Cameras that one operator's seat needs, for each forfait with a live window."""
    assumptions = Assumptions(scenario.assumptions)
    budget = budget_of(scenario, stages)
    pay = pay_of(_OPERATOR, [year], scenario.budget, assumptions)
    cost, other = float(pay.total[0]), camera_cost_eur(budget, perimeter, year)
    windows = {c.forfait: c.live_h for c in stages[-1].communes if c.live_h}
    rows = []
    for forfait, hours in sorted(windows.items()):
        held = hours / assumptions["annual_hours"] / (1 - assumptions["absence_rate"])
        fee = scenario.tariffs.of(forfait)
        needs = (cameras_per_seat(held, cost, fee, each) for each in (0.0, other))
        rows.append(SeatNeed(forfait, hours, held, cost, fee, *needs))
    return rows


def pay_by_function(scenario: Scenario, stages: Sequence[Volumes], year: int) -> dict[str, Pay]:
    """Pay of one ETPT of each function that the room holds, in one year."""
    assumptions = Assumptions(scenario.assumptions)
    held = [each.posts.function for each in stages[-1].functions]
    return {name: pay_of(name, [year], scenario.budget, assumptions) for name in held}


def risk_of(
    scenario: Scenario,
    stages: Sequence[Volumes],
    *,
    count: int,
    seed: int,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Risk:
    """Budgets of `count` draws of the assumptions that the budget reads.

    What the scenario itself decides is not drawn. The runs are not played again: what an
    assumption changes in them is left out, but for the number of cameras.
    """
    entries = {factor.key: factor.entry for factor in _factors(scenario, stages) if factor.sampled}
    return sampled(
        lambda choices: budget_of(scenario, stages, choices),
        entries,
        count=count,
        seed=seed,
        progress=progress,
    )


def verdict_of(
    scenario: Scenario, stages: Sequence[Volumes], *, perimeter: Perimeter, year: int
) -> Verdict:
    """What each assumption, alone, changes in the result of a year."""

    def result_eur(choices: Choices) -> float:
        budget = budget_of(scenario, stages, choices)
        return budget.perimeter(perimeter).result[year_index(year)] / CENTS_PER_EUR

    def margin(choices: Choices) -> float:
        return result_eur(choices) * side

    central = result_eur({})
    side = 1 if central >= 0 else -1
    factors = _factors(scenario, stages)
    bounded = [factor for factor in factors if factor.key in _BOUNDED]
    free = [factor for factor in factors if factor.key not in _BOUNDED]
    found = [*reversals(margin, free, beyond=_BEYOND), *reversals(margin, bounded)]
    return Verdict(perimeter, year, central, tornado(result_eur, factors), tuple(found))


def _factors(scenario: Scenario, stages: Sequence[Volumes]) -> list[Factor]:
    """Uncertain numbers that the budget reads and the scenario does not decide."""
    values = Reading(scenario.assumptions)
    build_budget(stages, scenario.tariffs, scenario.budget, values)
    table = load_assumptions()
    entries = {key: table[key].by(values.sources) for key in sorted(values.read)}
    return [
        Factor(key, {key: entry})
        for key, entry in entries.items()
        if key not in scenario.assumptions and entry.low < entry.high
    ]
