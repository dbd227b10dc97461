"""The planner's first screen: what presence costs before any demand, then what the plan adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from twin.contracts import Figure, Kind
from twin.model.assumptions import Assumptions, load_assumptions
from twin.model.calendar import Calendar, Horizon
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H
from twin.model.seats import REPLACED_BY_SHIFTS, SeatsLevers, build_plan, seated_shifts
from twin.model.staffing import Staffing, staffing, waterfall
from twin.model.territory import build_territory
from twin.scenarios.schema import Scenario

__all__ = ["BOUNDING", "HOURS", "FirstScreen", "Shift", "first_screen", "tariff_revenue_eur"]

_H_PER_YEAR = DAYS_PER_YEAR * MS_PER_DAY / MS_PER_H
HOURS = "annual_hours"
"""The one assumption whose high end is the cheap one."""
BOUNDING = (
    HOURS,
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

Value = TypeVar("Value")


class _Ends(NamedTuple, Generic[Value]):
    """Something at the scenario's assumptions, at the ends that cost least, and most."""

    central: Value
    cheap: Value
    dear: Value


@dataclass(frozen=True)
class Shift:
    """Seats of one function in one shift, all year."""

    function: str
    window: str
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
    values = _ends(scenario)
    agents = values.central["minimum_agents"]
    presence = _Ends(*(_presence_etpt(agents, at) for at in values))
    cost = _Ends(*(etpt * at["etpt_cost_eur"] for etpt, at in zip(presence, values, strict=True)))
    cameras, fees = tariff_revenue_eur(scenario)
    total = sum(fees.values())
    held = _held(scenario.seats, calendar, values)
    paid = (row.paid_etp * at["etpt_cost_eur"] for row, at in zip(held, values, strict=True))
    return FirstScreen(
        agents=round(agents),
        presence_etpt=_figure(presence, "ETPT"),
        presence_cost=_figure(cost, "€ par an"),
        cameras=cameras,
        revenue={
            forfait: Figure(eur, eur, eur, "€ par an", Kind.COMPUTED, "tarifs du scénario")
            for forfait, eur in fees.items()
        },
        share=_figure((eur / total for eur in cost), "part") if total else None,
        shifts=tuple(_shifts(scenario.seats, calendar, values)),
        staffing=held.central,
        etpt=_figure((row.etpt for row in held), "ETPT"),
        budgeted_etp=_figure((row.budgeted_etp for row in held), "ETP"),
        posts=_figure((row.whole_posts for row in held), "postes"),
        cost=_figure(paid, "€ par an"),
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


def _ends(scenario: Scenario) -> _Ends[Assumptions]:
    """Assumptions of a scenario; those it leaves central go together to their cheap or dear end."""
    given, table = scenario.assumptions, load_assumptions()
    free = [key for key in BOUNDING if key not in given]

    def at(end: str, end_of_hours: str) -> Assumptions:
        ends = {key: end_of_hours if key == HOURS else end for key in free}
        return Assumptions({**given, **{key: getattr(table[key], ends[key]) for key in free}})

    return _Ends(Assumptions(given), at("low", "high"), at("high", "low"))


def _presence_etpt(agents: float, values: Assumptions) -> float:
    steps = waterfall(agents * _H_PER_YEAR / values[HOURS], values)
    return next(step.etp for step in steps if step.name == "absence")


def _held(levers: SeatsLevers, calendar: Calendar, values: _Ends[Assumptions]) -> _Ends[Staffing]:
    plan = build_plan(levers, calendar, values.central)
    return _Ends(*(staffing(plan, calendar, at) for at in values))


def _shifts(seats: SeatsLevers, calendar: Calendar, values: _Ends[Assumptions]) -> Iterator[Shift]:
    """Each shift as a plan of its own."""
    nobody: dict[str, Any] = {**dict.fromkeys(REPLACED_BY_SHIFTS), "roster": None}
    nobody |= {"operators": {}, "supervisors": {}, "requisition_officers": 0, "technicians": 0}
    nobody |= {"vacant_posts": 0, "unaccredited_posts": 0}
    for row in seated_shifts(seats):
        if row.seats:
            held = _held(seats.model_copy(update=nobody | {"shifts": (row,)}), calendar, values)
            etpt = _figure((each.etpt for each in held), "ETPT")
            yield Shift(row.function, row.window, row.seats, etpt)


def _figure(values: Iterable[float], unit: str) -> Figure:
    central, low, high = values
    source = "hypothèses de postes, leurs extrêmes ensemble"
    return Figure(central, min(low, central), max(high, central), unit, Kind.COMPUTED, source)
