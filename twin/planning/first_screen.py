"""The planner's first screen: what presence costs before any demand, then what the plan adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from twin.contracts import Figure, Kind
from twin.model.assumptions import Assumptions, Choice, load_assumptions
from twin.model.calendar import Calendar, Horizon
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H
from twin.model.seats import SeatsLevers, build_plan
from twin.model.staffing import Staffing, staffing, waterfall
from twin.model.territory import build_territory
from twin.scenarios.schema import Scenario

__all__ = ["FirstScreen", "Shift", "first_screen", "tariff_revenue_eur"]

_H_PER_YEAR = DAYS_PER_YEAR * MS_PER_DAY / MS_PER_H
_MORE_COSTS_LESS = ("annual_hours",)
_ENDS = (
    *_MORE_COSTS_LESS,
    "absence_rate",
    "break_relief_share",
    "shift_handover_min",
    "initial_training_days",
    "continuing_training_h",
    "turnover_rate",
    "accreditation_months",
    "vacancy_rate",
    "etpt_cost_eur",
)
"""Assumptions whose ends, all together, bound the figures of this screen."""


@dataclass(frozen=True)
class Shift:
    """Seats of one function in one shift, all year."""

    function: str
    shift: str
    seats: int
    etpt: Figure


@dataclass(frozen=True)
class FirstScreen:
    """What a planner sees before any demand.

    Attributes
    ----------
    agents : int
        Fewest in the room, day and night.
    presence_etpt, presence_cost : Figure
        What they take, absences replaced.
    cameras : dict of str to int
        By forfait.
    revenue : dict of str to Figure
        Annual fees by forfait, joining fees left out.
    share : Figure or None
        Part of all annual fees that their presence takes; None without revenue.
    shifts : tuple of Shift
        The seats of the plan.
    staffing : Staffing
        The people of the plan, at the scenario's values.
    etpt, budgeted_etp, posts, cost : Figure
        Of the whole plan; the cost is that of the budgeted ETP.
    """

    agents: int
    presence_etpt: Figure
    presence_cost: Figure
    cameras: Mapping[str, int]
    revenue: Mapping[str, Figure]
    share: Figure | None
    shifts: tuple[Shift, ...]
    staffing: Staffing
    etpt: Figure
    budgeted_etp: Figure
    posts: Figure
    cost: Figure


def first_screen(scenario: Scenario) -> FirstScreen:
    """Compute the first screen of a scenario, over the year from the start of its horizon."""
    calendar = Calendar(Horizon(start=scenario.horizon.start, days=DAYS_PER_YEAR))
    figure = partial(_figure, scenario)
    held = partial(_held, scenario.seats, calendar)
    agents = Assumptions(scenario.assumptions)["minimum_agents"]

    def presence(values: Assumptions) -> float:
        steps = waterfall(agents * _H_PER_YEAR / values["annual_hours"], values)
        return next(step.etp for step in steps if step.name == "absence")

    def presence_cost(values: Assumptions) -> float:
        return presence(values) * values["etpt_cost_eur"]

    cameras, fees = tariff_revenue_eur(scenario)
    total = sum(fees.values())
    return FirstScreen(
        agents=round(agents),
        presence_etpt=figure(presence, "ETPT"),
        presence_cost=figure(presence_cost, "€ par an"),
        cameras=cameras,
        revenue={
            forfait: Figure(eur, eur, eur, "€ par an", Kind.COMPUTED, "tarifs du scénario")
            for forfait, eur in fees.items()
        },
        share=figure(lambda values: presence_cost(values) / total, "part") if total else None,
        shifts=tuple(_shifts(scenario, calendar)),
        staffing=held(Assumptions(scenario.assumptions)),
        etpt=figure(partial(_etpt, held), "ETPT"),
        budgeted_etp=figure(lambda values: held(values).budgeted_etp, "ETP"),
        posts=figure(lambda values: held(values).whole_posts, "postes"),
        cost=figure(lambda values: held(values).paid_etp * values["etpt_cost_eur"], "€ par an"),
    )


def tariff_revenue_eur(scenario: Scenario) -> tuple[dict[str, int], dict[str, float]]:
    """Cameras, and annual fees in euros, of a scenario's communes by forfait.

    A full year of every commune, joining fees left out.
    """
    values = Assumptions(scenario.assumptions)
    territory = build_territory(scenario.communes, scenario.forfaits, values)
    fee_eur = {
        "1": scenario.tariffs.forfait_1_eur,
        "2": scenario.tariffs.forfait_2_eur,
        "3": scenario.tariffs.forfait_3_eur,
    }
    cameras = {
        forfait: sum(each.cameras for each in territory.communes if each.forfait == forfait)
        for forfait in fee_eur
    }
    return cameras, {forfait: fee_eur[forfait] * count for forfait, count in cameras.items()}


def _held(levers: SeatsLevers, calendar: Calendar, values: Assumptions) -> Staffing:
    return staffing(build_plan(levers, calendar, values), calendar, values)


def _etpt(held: Callable[[Assumptions], Staffing], values: Assumptions) -> float:
    return held(values).etpt


def _shifts(scenario: Scenario, calendar: Calendar) -> list[Shift]:
    """Each shift as a plan of its own."""
    seats = scenario.seats
    nobody: dict[str, Any] = {
        "operators": {},
        "supervisors": {},
        "requisition_officers": 0,
        "technicians": 0,
    }
    nobody |= {"vacant_posts": 0, "unaccredited_posts": 0, "roster": None}
    office = {"requisition_officers": seats.requisition_officers, "technicians": seats.technicians}
    rows = [("operators", shift, count) for shift, count in seats.operators.items()]
    rows += [("supervisors", shift, count) for shift, count in seats.supervisors.items()]
    alone: list[tuple[str, int, dict[str, Any]]] = [
        *((shift, count, {lever: {shift: count}}) for lever, shift, count in rows),
        *(("office_hours", count, {lever: count}) for lever, count in office.items()),
    ]
    shifts = []
    for shift, count, lever in alone:
        if count:
            held = partial(_held, seats.model_copy(update=nobody | lever), calendar)
            function = held(Assumptions(scenario.assumptions)).posts[0].function
            etpt = _figure(scenario, partial(_etpt, held), "ETPT")
            shifts.append(Shift(function, shift, count, etpt))
    return shifts


def _figure(scenario: Scenario, value: Callable[[Assumptions], float], unit: str) -> Figure:
    """Value of a scenario, between those at the ends of the assumptions that it leaves central."""
    given = scenario.assumptions
    free = [key for key in _ENDS if key not in given]
    table = load_assumptions()

    def at(end: str) -> float:
        ends = {"low": "high", "high": "low"}
        choices: dict[str, Choice] = {
            key: getattr(table[key], ends[end] if key in _MORE_COSTS_LESS else end) for key in free
        }
        return value(Assumptions({**given, **choices}))

    central = value(Assumptions(given))
    return Figure(
        central,
        min(at("low"), central),
        max(at("high"), central),
        unit,
        Kind.COMPUTED,
        "hypothèses de postes, extrêmes ensemble",
    )
