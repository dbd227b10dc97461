"""Find the constants of the demand from two observed centres, then predict the others.

Each constant is exactly identified: kappa_police by what Marseille noticed in 2015, kappa_nuisance
by what Toulouse reported in 2018. That is verification, not proof. The proof is in the distance
between what the same centre then predicts elsewhere and what was observed there.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import joblib
from scipy.optimize import root_scalar

from twin.errors import TwinError
from twin.files import data_folder, read_rows
from twin.model.assumptions import Assumptions, Choice, Grade
from twin.model.centre.journal import Origin
from twin.model.centre.world import Kind
from twin.model.kappa import Calibration, Constant, Ends
from twin.model.territory import Commune, Territory
from twin.scenarios.experiment import prepare, replicate
from twin.scenarios.schema import Scenario

__all__ = [
    "MOVED",
    "Kappas",
    "ObservedCentre",
    "Prediction",
    "calibrate",
    "observed_centres",
    "predict",
]

MOVED = (
    "held_share",
    "top_decile_share",
    "police_view_min",
    "nuisance_view_min",
    "reference_view_min",
    "images_watched",
    "call_share",
)
"""Assumptions that are moved one at a time: what the observed room is assumed to see."""

SEED = 20270101
_PASSES = 2
"""Each constant moves the other's room a little: two rounds settle both."""
_TOLERANCE = 0.01
_PER_THOUSAND = 1_000
_FORFAIT = "3"
"""An observed room watches its own cameras live; it owes nobody a patrol."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Kappas:
    """The two constants, per camera and year."""

    police: float
    nuisance: float


_FIRST = Kappas(9.0, 60.0)


@dataclass(frozen=True)
class ObservedCentre:
    """One row of ``data/centres.csv``: what a room reported in one year."""

    centre: str
    insee: str
    year: int
    period_days: int
    cameras: int
    seats_low: float
    seats: float
    seats_high: float
    window: str
    observable: str
    value: float
    role: str
    grade: Grade

    @property
    def name(self) -> str:
        """City and year."""
        return f"{self.centre} {self.year}"

    @property
    def police_only(self) -> bool:
        """Whether the figure counts police-class events, not every report."""
        return self.observable in ("police_notice", "helped_flagrant_delit")


@dataclass(frozen=True)
class Prediction:
    """What the calibrated centre says of a room that it was not calibrated on."""

    centre: ObservedCentre
    predicted: float
    low: float
    high: float
    """At the low and the high end of the number of seats."""

    @property
    def factor(self) -> float:
        """Predicted over observed."""
        return self.predicted / self.centre.value


def observed_centres() -> list[ObservedCentre]:
    """Rows of ``data/centres.csv`` with a number of seats."""

    def number(cell: str) -> float:
        return float(cell)

    def anything(cell: str) -> str:
        return cell

    columns: dict[str, Callable[[str], Any]] = {
        **dict.fromkeys(("centre", "insee", "window", "observable", "role"), anything),
        **dict.fromkeys(("year", "period_days", "cameras"), int),
        **dict.fromkeys(("seats_low", "seats", "seats_high", "value"), number),
        **dict.fromkeys(
            ("operators", "hours_per_week", "confidence", "source_url", "note"), anything
        ),
        "grade": Grade,
    }
    fields = ObservedCentre.__dataclass_fields__
    rows = read_rows(data_folder() / "centres.csv", columns)
    return [ObservedCentre(**{name: row[name] for name in fields}) for row in rows]


def calibrate(
    base: Scenario, *, replications: int = 1, workers: int = 1, progress: Progress = print
) -> Calibration:
    """Solve both constants at the central assumptions, then at each end of the `MOVED` ones.

    Parameters
    ----------
    base : Scenario
        Rules of the room; its communes, seats and horizon are replaced by the observed ones.
    replications : int
        Simulated years per evaluation.
    workers : int
        Processes that solve the ends side by side.
    """
    progress("central assumptions")
    centre = _solve(base, {}, _FIRST, replications)
    moves = [(key, end) for key in MOVED for end in ("low", "high")]
    progress(f"{len(moves)} ends of {len(MOVED)} assumptions")
    solved = joblib.Parallel(n_jobs=workers, verbose=0)(
        joblib.delayed(_solve)(base, {key: end}, centre, replications) for key, end in moves
    )
    found = dict(zip(moves, solved, strict=True))
    return Calibration(
        note=(
            "written by `twin calibrate`: kappa_police from Marseille 2015, kappa_nuisance from "
            "Toulouse 2018, one assumption moved at a time"
        ),
        seed=SEED,
        replications=replications,
        kappa_police=_constant(centre.police, {move: k.police for move, k in found.items()}),
        kappa_nuisance=_constant(centre.nuisance, {move: k.nuisance for move, k in found.items()}),
    )


def predict(base: Scenario, calibration: Calibration, replications: int = 1) -> list[Prediction]:
    """What the calibrated centre says of the observed centres whose role is prediction."""
    kappas = Kappas(calibration.kappa_police.central, calibration.kappa_nuisance.central)
    predictions = []
    for centre in observed_centres():
        if centre.role == "prediction":
            at = [
                _reported(base, {}, centre, kappas, seats, replications)
                for seats in (centre.seats, centre.seats_low, centre.seats_high)
            ]
            predictions.append(Prediction(centre, at[0], min(at), max(at)))
    return predictions


def _constant(central: float, found: Mapping[tuple[str, str], float]) -> Constant:
    every = [central, *found.values()]
    ends = {key: Ends(low=found[key, "low"], high=found[key, "high"]) for key in MOVED}
    return Constant(central=central, low=min(every), high=max(every), ends=ends)


def _solve(
    base: Scenario, choices: Mapping[str, Choice], first: Kappas, replications: int
) -> Kappas:
    """Constants with which both calibration centres report what they did."""
    rooms = {c.police_only: c for c in observed_centres() if c.role == "calibration"}
    kappas = first
    for _ in range(_PASSES):
        for name, room in (("police", rooms[True]), ("nuisance", rooms[False])):
            reported = partial(_reported_with, base, choices, room, kappas, replications, name)
            found = _root(reported, room.value, getattr(kappas, name))
            kappas = replace(kappas, **{name: found})
    return kappas


def _reported_with(
    base: Scenario,
    choices: Mapping[str, Choice],
    centre: ObservedCentre,
    kappas: Kappas,
    replications: int,
    name: str,
    kappa: float,
) -> float:
    """What a room reports when one of the constants is `kappa`."""
    tried = replace(kappas, **{name: kappa})
    return _reported(base, choices, centre, tried, centre.seats, replications)


def _root(reported: Callable[[float], float], wanted: float, first: float) -> float:
    """Constant for which `reported` gives `wanted`: secant on logarithms, nearly a line there."""

    def distance(log_kappa: float) -> float:
        return math.log(max(reported(math.exp(log_kappa)), 1.0) / wanted)

    start = math.log(first)
    error = distance(start)
    if abs(error) < _TOLERANCE:
        return first
    with warnings.catch_warnings():
        # Two rooms that report less than one notice are as far: scipy warns, and settles for them.
        warnings.simplefilter("error", RuntimeWarning)
        try:
            found = root_scalar(
                distance, x0=start, x1=start - error, method="secant", xtol=_TOLERANCE, maxiter=12
            )
        except RuntimeWarning:
            found = None
    if found is None or not found.converged:
        raise TwinError("the calibration does not settle: no constant gives the observed figure")
    return math.exp(found.root)


def _reported(
    base: Scenario,
    choices: Mapping[str, Choice],
    centre: ObservedCentre,
    kappas: Kappas,
    seats: float,
    replications: int,
) -> float:
    """Notices that a room of `seats` would report over the observed period.

    A fractional number of seats is a mean between the two whole rooms around it.
    """
    below = math.floor(seats)
    part = seats - below
    rooms = [(below, 1 - part), (below + 1, part)]
    return sum(
        weight * _notices(base, choices, centre, kappas, whole, replications)
        for whole, weight in rooms
        if weight
    )


def _notices(
    base: Scenario,
    choices: Mapping[str, Choice],
    centre: ObservedCentre,
    kappas: Kappas,
    seats: int,
    replications: int,
) -> float:
    scenario = base.with_overrides(
        {
            "horizon": {"days": centre.period_days},
            "demand": {"kappa_police": kappas.police, "kappa_nuisance": kappas.nuisance},
            "seats": {
                "operators": dict.fromkeys(base.seats.operators, seats),
                "supervisors": None,
                "requisition_officers": 0,
            },
            "assumptions": {**choices, "patrols_scale": 0.0},
        }
    )
    prepared = prepare(scenario, territory=_city(centre, scenario))
    kinds = (Kind.POLICE,) if centre.police_only else (Kind.POLICE, Kind.NUISANCE)
    total = 0
    for replication in range(1, replications + 1):
        tasks = replicate(prepared, SEED, replication, engine="kernel").tasks.to_pandas()
        by_eye = tasks["origin"].isin([Origin.WALL, Origin.PATROL])
        total += int((tasks["kind"].isin(kinds) & by_eye).sum())
    return total / replications


def _city(centre: ObservedCentre, scenario: Scenario) -> Territory:
    """The observed city as the only commune, of relative intensity 1 by definition.

    Its population gives it exactly the reference density of cameras.
    """
    values = Assumptions(scenario.assumptions)
    return Territory(
        (
            Commune(
                insee=centre.insee,
                name=centre.centre,
                population=round(centre.cameras * _PER_THOUSAND / values["cameras_per_1000"]),
                urban_class="ville_centre",
                force="police",
                lat=math.nan,
                lon=math.nan,
                cameras=centre.cameras,
                nomadic=0,
                streams_per_camera=values["streams_per_camera"],
                forfait=_FORFAIT,
                window=centre.window,
                retention_days=values["retention_days"],
                joined=None,
                police_intensity=1.0,
                nuisance_intensity=1.0,
            ),
        )
    )
