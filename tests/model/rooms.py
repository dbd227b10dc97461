"""A small room for the tests: communes, levers, and the chain from them to a world."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar, Horizon
from twin.model.centre.world import Centre, World
from twin.model.demand import Demand, DemandLevers
from twin.model.layout import build_centre
from twin.model.seats import SeatPlan, SeatsLevers, build_plan
from twin.model.territory import Commune, Territory
from twin.model.workload import sample_world

LOOS = Commune(
    insee="59360",
    name="Loos",
    population=22_948,
    urban_class="ville_agglomeration",
    force="police",
    lat=50.61,
    lon=3.02,
    cameras=51,
    nomadic=3,
    streams_per_camera=2.3,
    forfait="3",
    window="00:00-24:00",
    retention_days=15.0,
    joined=None,
    police_intensity=0.5,
    nuisance_intensity=0.4,
)
CROIX = replace(
    LOOS, insee="59163", name="Croix", cameras=23, police_window="06:00-18:00", police_intensity=0.6
)
WAVRIN = replace(
    LOOS,
    insee="59653",
    name="Wavrin",
    cameras=13,
    force="gendarmerie",
    forfait="2",
    window="18:00-06:00",
)
LEERS = replace(LOOS, insee="59339", name="Leers", cameras=16, forfait="1", window=None)
TOWNS = (CROIX, LEERS, LOOS, WAVRIN)
LEVERS: dict[str, Any] = {
    "pattern": "three_by_eight",
    "operators": {"day": 2, "evening": 3, "night": 2},
    "supervisors": {"day": 1},
    "requisition_officers": 1,
    "end_of_shift": "hand_over",
    "wall_minimum": 1,
    "display_rule": "mixed",
    "check_hour": "04:00",
}


@dataclass(frozen=True)
class Room:
    """Everything between the levers and the engine."""

    territory: Territory
    calendar: Calendar
    assumptions: Assumptions
    demand: Demand
    plan: SeatPlan
    centre: Centre

    def world(self, seed: int = 1, replication: int = 0, outages=()) -> World:
        return sample_world(
            self.centre,
            self.territory,
            self.calendar,
            self.demand,
            self.assumptions,
            plan=self.plan,
            seed=seed,
            replication=replication,
            outages=outages,
        )


def days(count: int, start: date = date(2027, 1, 4)) -> Calendar:
    return Calendar(Horizon(start=start, days=count))


def room(
    *communes: Commune, calendar=None, levers=None, kappa=(9.0, 50.0), assumptions=None
) -> Room:
    territory = Territory(tuple(sorted(communes or TOWNS, key=lambda commune: commune.insee)))
    calendar = calendar or days(7)
    values = Assumptions(assumptions)
    demand_levers = DemandLevers(kappa_police=kappa[0], kappa_nuisance=kappa[1])
    demand = Demand(territory, calendar, values, demand_levers)
    plan = build_plan(SeatsLevers(**LEVERS | (levers or {})), calendar, values)
    centre = build_centre(territory, calendar, demand, plan, values)
    return Room(territory, calendar, values, demand, plan, centre)
