"""Run the stages of a scenario's ramp-up, and read their volumes for the budget."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from twin.files import atomic_write, digest
from twin.model.assumptions import Assumptions
from twin.model.budget.adoption import members
from twin.model.budget.tables import load_adoption
from twin.model.budget.volumes import KINDS_OF_HOURS, CommuneVolumes, FunctionVolumes, Volumes
from twin.model.calendar import Calendar
from twin.model.centre.engines import Engine
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H, Window
from twin.model.mel import load_mel
from twin.model.seats import SeatsLevers, build_plan
from twin.model.staffing import staffing
from twin.model.territory import Commune, Territory, build_territory
from twin.planning.network import capacity_in_use, costs_of
from twin.scenarios.experiment import Result, prepare, run_all
from twin.scenarios.schema import Experiment, Scenario
from twin.scenarios.store import SEARCHES

__all__ = ["stage_volumes"]

_H_PER_YEAR = DAYS_PER_YEAR * MS_PER_DAY / MS_PER_H
_MIN_PER_H = 60
_LONGEST_NAME = 30
_OPERATOR = "video_operator"

Progress = Callable[[str, int, int], None]
"""Told a run, and its replications finished and wanted."""


def stage_volumes(
    scenario: Scenario,
    experiment: Experiment,
    *,
    name: str,
    out: Path,
    workers: int = 1,
    engine: Engine = "kernel",
    progress: Progress = lambda *_: None,
) -> tuple[Volumes, ...]:
    """Volumes of the scenario with the first third, two thirds and all of its communes.

    The last stage is the scenario's own run. An earlier one holds the communes that sign first
    (`twin.model.budget.adoption.marks`) and, unless `budget.staffing` is "full", the part of each
    shift's seats that follows its cameras, rounded up, never fewer operators than
    ``minimum_agents`` where the scenario has as many. Stored replications are never run again.
    """
    assumptions = Assumptions(scenario.assumptions)
    territory = build_territory(scenario.communes, scenario.forfaits, assumptions)
    counted = _counted(scenario)
    every = len(territory.communes)
    held = {tuple(members(every, share)): None for share in load_adoption().stages}
    found = []
    for number, indices in enumerate(held, start=1):
        chosen = [territory.communes[i] for i in indices]
        last = len(chosen) == every
        label = name if last else f"{name[:_LONGEST_NAME]}_stage_{number}"
        folder = out if last else out / SEARCHES
        stage = scenario if last else _stage(scenario, territory, chosen, folder)

        def told(done: int, wanted: int, label: str = label) -> None:
            progress(label, done, wanted)

        ran = run_all(
            {label: stage}, experiment, out=folder, workers=workers, engine=engine, progress=told
        )
        found.append(_volumes(stage, chosen, counted, ran[label]))
    return tuple(found)


def _counted(scenario: Scenario) -> set[str]:
    """Communes whose number of cameras does not follow the density."""
    places = load_mel().places
    if scenario.communes.file is not None:
        return {place.insee for place in places}
    if scenario.communes.cameras == "density":
        return set()
    return {place.insee for place in places if place.known_cameras is not None}


def _stage(
    scenario: Scenario, territory: Territory, chosen: Sequence[Commune], folder: Path
) -> Scenario:
    """The scenario with some of its communes and the seats that their cameras call for."""
    every = sum(commune.cameras for commune in territory.communes)
    share = sum(commune.cameras for commune in chosen) / every
    least = math.ceil(Assumptions(scenario.assumptions)["minimum_agents"])
    codes = {commune.insee for commune in chosen}
    events = [
        event
        if event.communes == "all"
        else event.model_copy(update={"communes": tuple(c for c in event.communes if c in codes)})
        for event in scenario.events
    ]
    changes: dict[str, object] = {
        "communes": {"file": str(_written(chosen, folder))},
        "events": [event.model_dump(mode="json") for event in events if event.communes],
    }
    if scenario.budget.staffing == "with_cameras":
        changes["seats"] = _seats(scenario.seats, share, least)
    return scenario.with_overrides(changes)


def _seats(seats: SeatsLevers, share: float, least: int) -> dict[str, object]:
    def up(count: int) -> int:
        return math.ceil(round(count * share, 6))

    return {
        "operators": {k: max(min(n, least), up(n)) for k, n in seats.operators.items()},
        "supervisors": {k: up(n) for k, n in seats.supervisors.items()},
        "requisition_officers": up(seats.requisition_officers),
        "technicians": up(seats.technicians),
        "vacant_posts": int(seats.vacant_posts * share),
        "unaccredited_posts": int(seats.unaccredited_posts * share),
    }


def _written(chosen: Sequence[Commune], folder: Path) -> Path:
    """File of communes, named by its content: that is what the identity of a run holds."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("insee", "cameras", "forfait", "window", "joined"))
    for c in chosen:
        table.writerow((c.insee, c.cameras, c.forfait, c.window or "", _day(c.joined)))
    path = folder / f"communes-{digest(text.getvalue())[:12]}.csv"
    if not path.exists():
        atomic_write(path, text.getvalue())
    return path


def _day(joined: date | None) -> str:
    return joined.isoformat() if joined else ""


def _volumes(
    scenario: Scenario, communes: Sequence[Commune], counted: set[str], result: Result
) -> Volumes:
    """What a run found, in the form that the budget reads."""
    assumptions = Assumptions(scenario.assumptions)
    calendar = Calendar(scenario.horizon)
    people = staffing(build_plan(scenario.seats, calendar, assumptions), calendar, assumptions)
    watching = result.values("agents_present") * result.values("watching")
    table = result.indicators
    means = table[table["scope"] == "commune"].set_index(["indicator", "key"])["mean"].astype(float)
    return Volumes(
        identity=result.stored.manifest["identity"],
        seed=result.stored.manifest["seed"],
        replications=result.replications,
        density=assumptions["cameras_per_1000"],
        communes=tuple(_commune(each, each.insee in counted, means) for each in communes),
        functions=tuple(
            FunctionVolumes(row, people.vacant if row.function == _OPERATOR else 0)
            for row in people.posts
        ),
        viewing_h=float(watching.mean()) * _H_PER_YEAR,
        network=_network(scenario),
    )


def _network(scenario: Scenario) -> dict[str, float]:
    """Quantities of the lines of costs of its network, by price; euros where a file says them."""
    had: dict[str, float] = {}
    for line in costs_of(prepare(scenario), scenario.network, capacity_in_use()):
        quantity = line.quantity if line.price else line.yearly.value
        had[line.price] = had.get(line.price, 0.0) + quantity
    return had


def _commune(commune: Commune, counted: bool, means: pd.Series[float]) -> CommuneVolumes:
    def found(indicator: str) -> float:
        return float(means.loc[(indicator, commune.insee)])

    window = Window.parse(commune.window).length_min if commune.window else 0
    dark = found("camera_dark_hours") / (commune.cameras * _H_PER_YEAR)
    return CommuneVolumes(
        insee=commune.insee,
        name=commune.name,
        population=commune.population,
        cameras=commune.cameras,
        counted=counted,
        forfait=commune.forfait,
        live_h=window / _MIN_PER_H * DAYS_PER_YEAR,
        joined=commune.joined,
        hours={kind: found(f"{kind}_hours") for kind in KINDS_OF_HOURS},
        requisitions=found("requisition_answered"),
        patrols=found("patrols_done"),
        requests=found("requests_answered"),
        notices=found("notices"),
        availability=1 - dark,
    )
