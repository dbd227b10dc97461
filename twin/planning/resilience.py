"""Play the centre again with the failures of the network: what is left once the agents adapt.

The same replications are played with and without an outage, from the same random streams, so that
the difference is the outage's. A failure that comes once in a hundred years would almost never be
drawn: it is imposed once in each period of the horizon, at a random instant of it, and what is lost
per failure is multiplied by how often it happens.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from zlib import crc32

import numpy as np
from scipy.special import stdtrit

from twin.model.centre.engines import Engine
from twin.model.centre.journal import Journal, Origin
from twin.model.centre.world import NEVER
from twin.model.clock import MS_PER_DAY, MS_PER_H, whole_ms
from twin.model.network.failures import Failure, Outage, outages
from twin.model.network.losses import camera_sources
from twin.model.workload import sample_world
from twin.scenarios.experiment import Prepared, replicate

__all__ = ["Estimate", "Replay", "dark_cameras", "replay", "replay_year", "spread"]

CONFIDENCE = 0.95
DAYS_BETWEEN = 7
"""Least distance between two imposed outages: the room has forgotten the one before."""
QUIET = 3
"""An imposed outage takes at most one part in so many, plus one, of its period."""

Progress = Callable[[int, int], None]
Interval = tuple[int, int, int]


@dataclass(frozen=True)
class Estimate:
    """Mean of paired differences over replications, with its Student interval at 95 %."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Estimate:
        """Estimate from one value per replication; no interval from a single one."""
        mean = float(np.mean(values))
        if len(values) == 1:
            return cls(mean, math.nan, math.nan)
        half = stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2) * float(np.std(values, ddof=1))
        half /= math.sqrt(len(values))
        return cls(mean, mean - half, mean + half)

    def times(self, factor: float) -> Estimate:
        """Return the estimate of so many."""
        return Estimate(factor * self.mean, factor * self.low, factor * self.high)


@dataclass(frozen=True)
class Replay:
    """What one failure takes away once the room adapts.

    Attributes
    ----------
    imposed : int
        Outages played, over all replications.
    viewing_h, notices, alerts, requisitions : Estimate
        Lost per failure: camera-hours entitled to live viewing; incidents noticed; alerts given;
        réquisitions about images that were not recorded. A negative one is a gain.
    """

    failure: Failure
    imposed: int
    viewing_h: Estimate
    notices: Estimate
    alerts: Estimate
    requisitions: Estimate


@dataclass(frozen=True)
class _Counts:
    viewing_h: float
    notices: float
    alerts: float
    requisitions: float


def replay(
    prepared: Prepared,
    failures: Sequence[Failure],
    seed: int,
    replications: int,
    *,
    engine: Engine = "kernel",
    progress: Progress = lambda *_: None,
) -> list[Replay]:
    """Impose each failure, as long as its repair, on the same replications.

    Parameters
    ----------
    failures : sequence of Failure
        Some of `twin.model.network.failures.single_failures`, the worst ones by analysis.
    progress : callable
        Called with the runs finished and wanted.
    """
    wanted = replications * (1 + len(failures))
    lost: list[list[_Counts]] = [[] for _ in failures]
    imposed = [0] * len(failures)
    for replication in range(1, replications + 1):
        done = (replication - 1) * (1 + len(failures))
        progress(done, wanted)
        before = _counts(prepared, {}, [], seed, replication, engine)
        for i, failure in enumerate(failures):
            progress(done + 1 + i, wanted)
            happened = list(spread(failure, prepared.centre.horizon_ms, seed, replication))
            after = _counts(prepared, {failure.target.name: failure}, happened, seed, replication,
                            engine)  # fmt: skip
            lost[i].append(_difference(before, after, len(happened)))
            imposed[i] += len(happened)
    progress(wanted, wanted)
    return [
        Replay(failure, count, **_estimates(rows))
        for failure, count, rows in zip(failures, imposed, lost, strict=True)
    ]


def replay_year(
    prepared: Prepared,
    failures: Sequence[Failure],
    seed: int,
    replications: int,
    *,
    engine: Engine = "kernel",
) -> dict[str, Estimate]:
    """Lost over the horizon when everything fails as it does, by the names of `Replay`."""
    named = {f"{f.target.cause}/{f.target.name}": f for f in failures}
    rows = []
    for replication in range(1, replications + 1):
        horizon_ms = prepared.centre.horizon_ms
        happened = [
            Outage(key, outage.start_ms, outage.end_ms)
            for key, failure in named.items()
            for outage in outages([failure.target], horizon_ms, seed, replication)
        ]
        before = _counts(prepared, {}, [], seed, replication, engine)
        after = _counts(prepared, named, happened, seed, replication, engine)
        rows.append(_difference(before, after, 1))
    return _estimates(rows)


def spread(failure: Failure, horizon_ms: int, seed: int, replication: int) -> Iterator[Outage]:
    """One outage in each period of the horizon, at a random instant of it.

    A period is a whole number of weeks, so that every hour of the week is as likely.
    """
    length_ms = whole_ms(failure.target.repair_h, MS_PER_H)
    week_ms = DAYS_BETWEEN * MS_PER_DAY
    period_ms = math.ceil((1 + QUIET) * length_ms / week_ms) * week_ms
    name = f"imposed/{failure.target.cause}/{failure.target.name}"
    entropy = [seed, replication, crc32(name.encode())]
    generator = np.random.default_rng(np.random.SeedSequence(entropy))
    for start_ms in range(0, max(horizon_ms - period_ms, 0) + 1, period_ms):
        free_ms = min(period_ms, horizon_ms - start_ms)
        at_ms = start_ms + int(generator.random() * free_ms)
        yield Outage(failure.target.name, at_ms, min(at_ms + length_ms, horizon_ms))


def dark_cameras(
    prepared: Prepared, failures: dict[str, Failure], happened: Iterable[Outage]
) -> list[Interval]:
    """Camera, start and end of what `happened` darkens, as `replicate` takes them."""
    source = camera_sources(prepared.territory, prepared.centre)
    cameras = {
        name: np.flatnonzero(np.isin(source, failure.dark)).tolist()
        for name, failure in failures.items()
    }
    return [
        (camera, outage.start_ms, outage.end_ms)
        for outage in happened
        for camera in cameras[outage.target]
    ]


def _counts(
    prepared: Prepared,
    failures: dict[str, Failure],
    happened: Sequence[Outage],
    seed: int,
    replication: int,
    engine: Engine,
) -> _Counts:
    dark = dark_cameras(prepared, failures, happened)
    journal = replicate(prepared, seed, replication, engine=engine, outages=dark)
    tasks = journal.tasks.to_pandas()
    return _Counts(
        viewing_h=_viewing_h(journal, prepared.centre.horizon_ms),
        notices=float(tasks["origin"].isin([Origin.WALL, Origin.PATROL]).sum()),
        alerts=float((tasks["alert_ms"] != NEVER).sum()),
        requisitions=-float(_unrecorded(prepared, failures, happened, seed, replication)),
    )


def _viewing_h(journal: Journal, horizon_ms: int) -> float:
    """Hours of units entitled to live viewing and lit."""
    rows = journal.attention.to_pandas().drop_duplicates(["pool", "time_ms"], keep="last")
    length_ms = -rows.groupby("pool")["time_ms"].diff(-1)
    length_ms = length_ms.fillna(horizon_ms - rows["time_ms"])
    return float((rows["entitled"] * length_ms).sum()) / MS_PER_H


def _unrecorded(
    prepared: Prepared,
    failures: dict[str, Failure],
    happened: Sequence[Outage],
    seed: int,
    replication: int,
) -> int:
    """Réquisitions about facts of an hour that no recorder of their commune kept."""
    if not any(failures[outage.target].unrecorded for outage in happened):
        return 0
    letters = sample_world(
        prepared.centre,
        prepared.territory,
        prepared.calendar,
        prepared.demand,
        prepared.assumptions,
        plan=prepared.plan,
        seed=seed,
        replication=replication,
    ).requisitions
    kept_ms = np.array([c.retention_days * MS_PER_DAY for c in prepared.territory.communes])
    facts_ms = letters.erased_ms - kept_ms[letters.commune]
    lost = np.zeros(len(facts_ms), dtype=np.bool_)
    for outage in happened:
        theirs = np.isin(2 * letters.commune, failures[outage.target].unrecorded)
        lost |= theirs & (outage.start_ms <= facts_ms) & (facts_ms < outage.end_ms)
    return int(lost.sum())


def _difference(before: _Counts, after: _Counts, outages_played: int) -> _Counts:
    """Lost per outage."""
    lost = {f.name: getattr(before, f.name) - getattr(after, f.name) for f in fields(_Counts)}
    return _Counts(**{name: value / outages_played for name, value in lost.items()})


def _estimates(rows: Sequence[_Counts]) -> dict[str, Estimate]:
    return {f.name: Estimate.of([getattr(row, f.name) for row in rows]) for f in fields(_Counts)}
