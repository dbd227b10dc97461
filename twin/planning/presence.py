"""What would turn over the first thing that a planner sees: presence against the fees."""

from __future__ import annotations

from twin.model.assumptions import Assumptions, load_assumptions
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H
from twin.model.staffing import waterfall
from twin.planning.first_screen import tariff_revenue_eur
from twin.planning.points import Choices, Factor
from twin.planning.sensitivity import Reversal, reversals
from twin.scenarios.schema import Scenario

__all__ = ["presence_reversals"]

_H_PER_YEAR = DAYS_PER_YEAR * MS_PER_DAY / MS_PER_H
_MOVED = ("annual_hours", "absence_rate", "etpt_cost_eur", "minimum_agents", "cameras_per_1000")
"""Assumptions that the presence and the fees rest on."""
_BEYOND = 3.0
"""How far a reversing value is looked for: so many times the way to the end of the range."""


def presence_reversals(scenario: Scenario) -> list[Reversal]:
    """Value of each assumption, alone, at which the presence takes all the fees, or no longer does.

    See `twin.planning.sensitivity.reversals`; looked for three times as far as each range goes.

    Examples
    --------
    >>> from twin.scenarios.library import load_scenario
    >>> found = presence_reversals(load_scenario("reference"))
    >>> sorted({each.factor.key for each in found if each.flip})
    ['cameras_per_1000', 'etpt_cost_eur', 'minimum_agents']
    """
    table, given = load_assumptions(), scenario.assumptions
    sources = Assumptions(given).sources
    entries = {key: table[key].by(sources) for key in _MOVED if key not in given}
    moved = [Factor(key, {key: entry}) for key, entry in entries.items()]

    def left_eur(choices: Choices) -> float:
        other = scenario.model_copy(update={"assumptions": {**given, **choices}})
        _, fees = tariff_revenue_eur(other)
        return sum(fees.values()) - _presence_eur(Assumptions(other.assumptions))

    side = 1 if left_eur({}) >= 0 else -1
    return reversals(lambda choices: side * left_eur(choices), moved, beyond=_BEYOND)


def _presence_eur(values: Assumptions) -> float:
    """Yearly cost of the fewest agents, day and night, absences replaced."""
    steps = waterfall(values["minimum_agents"] * _H_PER_YEAR / values["annual_hours"], values)
    return next(step.etp for step in steps if step.name == "absence") * values["etpt_cost_eur"]
