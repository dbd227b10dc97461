"""Replay a scenario: replications side by side, each kept as soon as it is finished."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from scipy.special import stdtrit

from twin.errors import InputError, MissingError
from twin.files import data_folder
from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar
from twin.model.centre.engines import Engine, engine_named
from twin.model.centre.journal import Journal
from twin.model.centre.world import Centre
from twin.model.demand import Demand
from twin.model.indicators import measure
from twin.model.layout import build_centre
from twin.model.seats import SeatPlan, build_plan
from twin.model.territory import Territory, build_territory
from twin.model.workload import sample_world
from twin.scenarios.schema import Experiment, Scenario
from twin.scenarios.store import TABLES, Run, identify, parquet

__all__ = ["Prepared", "Result", "prepare", "replicate", "run", "run_all", "summary"]

MAX_WORKERS = 256
CONFIDENCE = 0.95
"""Level of the interval over replications."""

Progress = Callable[[int, int], None]
"""Told the replications finished and wanted."""


@dataclass(frozen=True)
class Prepared:
    """What all replications of a scenario share."""

    assumptions: Assumptions
    calendar: Calendar
    territory: Territory
    demand: Demand
    plan: SeatPlan
    centre: Centre

    def measured(self, journal: Journal) -> pd.DataFrame:
        """Return the indicators of one of its replications."""
        return measure(journal, self.centre, self.territory, self.calendar, self.assumptions)


@dataclass(frozen=True)
class Result:
    """A finished run.

    Attributes
    ----------
    stored : Run
        Where its replications are kept.
    replications : int
        How many of them, from the first, the indicators rest on.
    indicators : DataFrame
        See `summary`.
    """

    stored: Run
    replications: int
    indicators: pd.DataFrame

    def values(self, indicator: str, scope: str = "centre", key: str = "") -> pd.Series[float]:
        """Value of an indicator in each replication in which it could be observed."""
        numbers = range(1, self.replications + 1)
        table = pd.concat({number: self.stored.indicators(number) for number in numbers})
        asked = (table["indicator"] == indicator) & (table["scope"] == scope)
        values = table.loc[asked & (table["key"] == key), "value"]
        return values.droplevel(1).rename_axis("replication")


def prepare(scenario: Scenario, *, territory: Territory | None = None) -> Prepared:
    """Build the centre of a scenario, on another `territory` than the scenario's if one is given.

    Raises
    ------
    InputError
        A lever names something that the data do not hold, or levers contradict each other.
    """
    assumptions = Assumptions(scenario.assumptions)
    calendar = Calendar(scenario.horizon)
    if territory is None:
        territory = build_territory(scenario.communes, scenario.forfaits, assumptions)
    demand = Demand(territory, calendar, assumptions, scenario.demand, scenario.events)
    plan = build_plan(scenario.seats, calendar, assumptions)
    centre = build_centre(territory, calendar, demand, plan, assumptions)
    return Prepared(assumptions, calendar, territory, demand, plan, centre)


def replicate(
    prepared: Prepared,
    seed: int,
    replication: int,
    *,
    engine: Engine = "kernel",
    outages: Sequence[tuple[int, int, int]] = (),
) -> Journal:
    """Play one replication: draw its world, run the centre through it.

    Parameters
    ----------
    engine : {"kernel", "reference"}
        Who plays it; changes no byte of the journal.
    outages : sequence of (camera, start_ms, end_ms)
        Imposed intervals during which a camera is dark.
    """
    world = sample_world(
        prepared.centre,
        prepared.territory,
        prepared.calendar,
        prepared.demand,
        prepared.assumptions,
        plan=prepared.plan,
        seed=seed,
        replication=replication,
        outages=outages,
    )
    return engine_named(engine)(prepared.centre, world)


def run(
    scenario: Scenario,
    experiment: Experiment,
    *,
    name: str,
    out: Path,
    workers: int = 1,
    engine: Engine = "kernel",
    progress: Progress = lambda *_: None,
    keep_tables: bool = False,
) -> Result:
    """Run the replications that are not stored yet, until there are enough; then sum them up.

    Parameters
    ----------
    name : str
        Name of the scenario, for the folder.
    out : Path
        Folder of all runs.
    workers : int
        Replications played at the same time; changes no byte of the result.
    engine : {"kernel", "reference"}
        Who plays them; changes no byte of the result.
    progress : callable
        Called with the replications finished and wanted, each time one lands.
    keep_tables : bool
        Whether to keep the journal of each replication beside its indicators.

    Raises
    ------
    InputError, MissingError, StoreError
        Before anything is written.
    KeyboardInterrupt
        Finished replications are kept, and the same call goes on from them.
    """
    if not 1 <= workers <= MAX_WORKERS:
        raise InputError(f"workers: {workers} is not between 1 and {MAX_WORKERS}")
    identity = identify(name, scenario, experiment.seed)
    task = _Task(
        scenario.model_dump_json(),
        str(data_folder()),
        identity.hash,
        experiment.seed,
        engine,
        keep_tables,
    )
    _prepared(task)
    stored = Run.opened(identity, out)
    wanted = experiment.replications
    while True:
        _complete(stored, task, wanted, workers, progress)
        table = summary([stored.indicators(number) for number in range(1, wanted + 1)])
        if wanted == experiment.max_replications or _precise(table, experiment.precision):
            return Result(stored, wanted, table)
        wanted = min(wanted + experiment.replications, experiment.max_replications)


def run_all(
    scenarios: Mapping[str, Scenario],
    experiment: Experiment,
    *,
    out: Path,
    workers: int = 1,
    engine: Engine = "kernel",
    progress: Progress = lambda *_: None,
) -> dict[str, Result]:
    """Run several scenarios through the same replications; see `run`.

    Parameters
    ----------
    scenarios : mapping of str to Scenario
        By name of their runs. One replication of all of them is drawn from the same random
        streams, so that their differences are not those of two worlds.
    """
    return {
        name: run(
            scenario,
            experiment,
            name=name,
            out=out,
            workers=workers,
            engine=engine,
            progress=progress,
        )
        for name, scenario in scenarios.items()
    }


def summary(replications: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Mean, standard deviation and Student interval of each indicator over the replications.

    Returns
    -------
    DataFrame
        One row per (indicator, scope, key), with its unit and family; `mean`, `sd`, `low` and
        `high` of the 95 % interval, and `n`, the replications in which it had a value. The interval
        is empty (NaN) when `n` is below 2.
    """
    rows = pd.concat(replications, ignore_index=True)
    by = ["indicator", "scope", "key", "unit", "family"]
    table = rows.groupby(by, sort=False)["value"].agg(["mean", "std", "count"]).reset_index()
    table = table.rename(columns={"std": "sd", "count": "n"})
    quantile = stdtrit(table["n"] - 1, (1 + CONFIDENCE) / 2)
    half = quantile * table["sd"] / np.sqrt(table["n"])
    return table.assign(low=table["mean"] - half, high=table["mean"] + half)


def _precise(table: pd.DataFrame, precision: Mapping[str, float]) -> bool:
    centre = table[table["scope"] == "centre"].set_index("indicator")
    for indicator, share in precision.items():
        row = centre.loc[indicator] if indicator in centre.index else None
        # Written so that no value, an empty interval or a mean of 0 is never precise enough.
        if row is None or not row["high"] - row["mean"] <= share * abs(row["mean"]):
            return False
    return True


def _complete(stored: Run, task: _Task, wanted: int, workers: int, progress: Progress) -> None:
    """Play the replications up to `wanted` that are not kept yet, keeping each as it comes."""
    kept = stored.finished(TABLES if task.keep_tables else ())
    missing = sorted(set(range(1, wanted + 1)) - kept)
    done, seconds = wanted - len(missing), dict[int, float]()
    progress(done, wanted)
    stored.record(wanted, workers, seconds)
    try:
        with closing(_side_by_side(task, missing, workers)) as results:
            for played in results:
                stored.keep(played.replication, played.indicators, played.tables)
                seconds[played.replication] = played.seconds
                progress(done + len(seconds), wanted)
    except BrokenProcessPool:
        raise MissingError(
            "a worker was stopped by the system, most often for lack of memory: take fewer workers"
        ) from None
    finally:
        stored.record(wanted, workers, seconds)


def _side_by_side(
    task: _Task, replications: Sequence[int], workers: int
) -> Generator[_Played, None, None]:
    parallel = joblib.Parallel(
        n_jobs=workers,
        backend="loky",
        return_as="generator_unordered",
        initializer=_start_worker,
        initargs=(task.data,),
    )
    results: Generator[_Played, None, None] = parallel(
        joblib.delayed(_play)(task, replication) for replication in replications
    )
    return results


@dataclass(frozen=True)
class _Task:
    """What travels to a worker: texts and numbers, from which it builds the centre once."""

    scenario: str
    data: str
    identity: str
    seed: int
    engine: Engine
    keep_tables: bool


@dataclass(frozen=True)
class _Played:
    replication: int
    seconds: float
    indicators: bytes
    tables: dict[str, bytes]


@lru_cache(maxsize=1)
def _prepared(task: _Task) -> Prepared:
    return prepare(Scenario.model_validate_json(task.scenario))


def _play(task: _Task, replication: int) -> _Played:
    begun = time.perf_counter()
    prepared = _prepared(task)
    journal = replicate(prepared, task.seed, replication, engine=task.engine)
    tables = vars(journal) if task.keep_tables else {}
    return _Played(
        replication,
        time.perf_counter() - begun,
        parquet(
            measure(
                journal,
                prepared.centre,
                prepared.territory,
                prepared.calendar,
                prepared.assumptions,
            )
        ),
        {name: parquet(table) for name, table in tables.items()},
    )


def _start_worker(data: str) -> None:
    # An interruption is the business of the process that keeps the results.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["CMSU_DATA"] = data
