"""Play replications: build a centre, draw its world, run it; many of them side by side."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import uuid4

import joblib
import pandas as pd

from twin.errors import MissingError
from twin.files import canonical_json, data_folder, digest
from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar
from twin.model.centre.engines import Engine, engine_named
from twin.model.centre.journal import Journal
from twin.model.centre.world import Centre, World
from twin.model.demand import Demand
from twin.model.indicators import measure
from twin.model.layout import build_centre
from twin.model.seats import SeatPlan, build_plan
from twin.model.territory import Territory, build_territory
from twin.model.workload import sample_presence, sample_world
from twin.scenarios.schema import Scenario
from twin.scenarios.store import data_digests, identify, parquet
from twin.sources.optional import optional_library

__all__ = ["CENTRES_KEPT", "Played", "Prepared", "Task", "prepare", "replicate", "side_by_side"]

CENTRES_KEPT = 32
"""Prepared centres that a worker keeps, so that scenarios may take turns."""

_CONNECT_S = 10


@dataclass(frozen=True)
class Prepared:
    """What all replications of a scenario share."""

    assumptions: Assumptions
    calendar: Calendar
    territory: Territory
    demand: Demand
    plan: SeatPlan
    centre: Centre
    outside: str
    """Name of all that its worlds are drawn from, seats apart: equal names, equal worlds."""

    def measured(self, journal: Journal) -> pd.DataFrame:
        """Return the indicators of one of its replications."""
        return measure(journal, self.centre, self.territory, self.calendar, self.assumptions)


def prepare(scenario: Scenario, *, territory: Territory | None = None) -> Prepared:
    """Build the centre of a scenario, on another `territory` than the scenario's if one is given.

    Raises
    ------
    InputError
        A lever names something that the data do not hold, or levers contradict each other.
    """
    assumptions = Assumptions(scenario.assumptions)
    calendar = Calendar(scenario.horizon)
    outside = uuid4().hex if territory else _outside(scenario)
    if territory is None:
        territory = build_territory(scenario.communes, scenario.forfaits, assumptions)
    demand = Demand(territory, calendar, assumptions, scenario.demand, scenario.events)
    plan = build_plan(scenario.seats, calendar, assumptions)
    centre = build_centre(territory, calendar, demand, plan, assumptions)
    return Prepared(assumptions, calendar, territory, demand, plan, centre, outside)


def _outside(scenario: Scenario) -> str:
    levers = {name: lever for name, lever in scenario.resolved().items() if name != "seats"}
    return digest(canonical_json([levers, data_digests(data_folder())]))


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
    source = _Source(prepared.outside, prepared)
    world = _world(source, seed, replication, tuple(outages))
    present = sample_presence(
        prepared.plan, prepared.assumptions, seed=seed, replication=replication
    )
    return engine_named(engine)(prepared.centre, world._replace(present=present))


@dataclass(frozen=True)
class _Source:
    """What a world is drawn from; equal names draw equal worlds, absences apart."""

    outside: str
    prepared: Prepared = field(compare=False)


@lru_cache(maxsize=1)
def _world(
    source: _Source, seed: int, replication: int, outages: tuple[tuple[int, int, int], ...]
) -> World:
    prepared = source.prepared
    return sample_world(
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


@dataclass(frozen=True)
class Task:
    """What travels to a worker: texts and numbers, from which it builds the centre once."""

    scenario: str
    """The scenario as JSON."""
    identity: str
    """Hash of the run, which the worker must find again from its own data and code."""
    seed: int
    engine: Engine
    keep_tables: bool

    @property
    def prepared(self) -> Prepared:
        """The centre, built here unless this process still has it.

        Raises
        ------
        MissingError
            The data or the code of this process are not those of who asks.
        """
        return _prepared(self)


@lru_cache(maxsize=CENTRES_KEPT)
def _prepared(task: Task) -> Prepared:
    scenario = Scenario.model_validate_json(task.scenario)
    if identify("worker", scenario, task.seed).hash != task.identity:
        raise MissingError(
            "a worker has other data or another version of the twin: the whole cluster needs the"
            " same, and the same CMSU_DATA if one is set"
        )
    return prepare(scenario)


@dataclass(frozen=True)
class Played:
    """One replication that a worker hands back."""

    identity: str
    replication: int
    seconds: float
    indicators: bytes
    tables: dict[str, bytes]


def side_by_side(
    replications: Sequence[tuple[Task, int]], workers: int, cluster: str | None
) -> Generator[Played, None, None]:
    """Play replications, in any order, each handed back as soon as it is finished.

    Parameters
    ----------
    workers : int
        Processes of this machine; a cluster uses all of its own.
    cluster : str or None
        Address of the scheduler of a Dask cluster, as "tcp://127.0.0.1:8786".

    Raises
    ------
    MissingError
        The cluster does not answer or has no worker, or the system stopped workers.
    """
    with _processes() if cluster is None else _cluster(cluster):
        parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")
        yield from parallel(joblib.delayed(_play)(*each) for each in replications)


@contextmanager
def _processes() -> Iterator[None]:
    started = {"initializer": _start_worker, "initargs": (str(data_folder()),)}
    try:
        with joblib.parallel_config(backend="loky", **started):
            yield
    except BrokenProcessPool:
        raise MissingError(
            "a worker was stopped by the system, most often for lack of memory: take fewer workers"
        ) from None


@contextmanager
def _cluster(address: str) -> Iterator[None]:
    distributed = optional_library("distributed", "cluster")
    try:
        client = distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
        client.wait_for_workers(1, timeout=_CONNECT_S)
    except (OSError, ValueError) as problem:
        raise MissingError(f"{address}: no Dask cluster with workers ({problem})") from None
    try:
        with client, joblib.parallel_config(backend="dask", client=client):
            yield
    except distributed.KilledWorker:
        raise MissingError(
            f"{address}: a replication was lost with several workers, most often for lack of memory"
        ) from None


def _play(task: Task, replication: int) -> Played:
    begun = time.perf_counter()
    prepared = task.prepared
    journal = replicate(prepared, task.seed, replication, engine=task.engine)
    indicators = parquet(prepared.measured(journal))
    tables = vars(journal) if task.keep_tables else {}
    kept = {name: parquet(table) for name, table in tables.items()}
    return Played(task.identity, replication, time.perf_counter() - begun, indicators, kept)


def _start_worker(data: str) -> None:
    # An interruption is the business of the process that keeps the results.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["CMSU_DATA"] = data
