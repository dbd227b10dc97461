"""Ask a budget of a scenario: run the stages of its ramp-up, then read their volumes."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from twin.files import atomic_write, digest
from twin.model.assumptions import Assumptions, load_assumptions
from twin.model.budget.accounts import Budget, Perimeter, build_budget
from twin.model.budget.adoption import members, year_index
from twin.model.budget.breakeven import Balance, balancing_tariffs, cameras_per_seat
from twin.model.budget.costs import camera_cost_eur
from twin.model.budget.money import CENTS_PER_EUR
from twin.model.budget.pay import pay_of
from twin.model.budget.risk import Reading, Risk, sampled
from twin.model.budget.tables import load_adoption
from twin.model.budget.volumes import KINDS_OF_HOURS, CommuneVolumes, FunctionVolumes, Volumes
from twin.model.calendar import Calendar
from twin.model.centre.engines import Engine
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H, Window
from twin.model.mel import load_mel
from twin.model.seats import SeatsLevers, build_plan
from twin.model.staffing import staffing
from twin.model.territory import Commune, Territory, build_territory
from twin.planning.points import Choices, Factor
from twin.planning.sensitivity import Reversal, reversals, tornado
from twin.scenarios.experiment import Result, run_all
from twin.scenarios.schema import Experiment, Scenario

__all__ = [
    "SeatNeed",
    "Verdict",
    "balance_of",
    "budget_of",
    "risk_of",
    "seats_of",
    "stage_volumes",
    "verdict_of",
]

SEARCHES = "searches"
"""Folder, beside the runs that people asked for, of those that a question needed."""

_H_PER_YEAR = DAYS_PER_YEAR * MS_PER_DAY / MS_PER_H
_MIN_PER_H = 60
_LONGEST_NAME = 30
_OPERATOR = "video_operator"
_BEYOND = 3.0
"""How far a reversing value is looked for: so many times the way to the end of the range."""
_BOUNDED = {"fipd_centre_rate", "adoption_final_share"}
"""Assumptions that a rule keeps inside their range."""

Progress = Callable[[str, int, int], None]
"""Told a run, and its replications finished and wanted."""


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
    return build_budget(stages, scenario.tariffs, scenario.budget, assumptions)


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


def stage_volumes(
    scenario: Scenario,
    experiment: Experiment,
    *,
    name: str,
    out: Path,
    workers: int = 1,
    engine: Engine = "reference",
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
    found = []
    for number, share in enumerate(load_adoption().stages, start=1):
        chosen = [territory.communes[i] for i in members(len(territory.communes), share)]
        last = len(chosen) == len(territory.communes)
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
        event.model_copy(update={"communes": tuple(c for c in event.communes if c in codes)})
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
    )


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
