"""Play the centre again with the failures of the network: what is left once the agents adapt.

The same replications are played with and without an outage, from the same random streams, so that
the difference is the outage's. A failure that comes once in a hundred years would almost never be
drawn: it is imposed once in each period of the horizon, at a random instant of it, and what is lost
per failure is multiplied by how often it happens.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from zlib import crc32

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from twin.model.centre.engines import Engine
from twin.model.centre.journal import Journal, Origin
from twin.model.centre.world import NEVER, Requisitions
from twin.model.clock import MS_PER_DAY, MS_PER_H, whole_ms
from twin.model.network.failures import Failure, Outage, outages
from twin.model.network.losses import camera_sources
from twin.model.workload import sample_world
from twin.scenarios.experiment import Prepared, replicate

__all__ = ["Estimate", "Lost", "Replay", "dark_cameras", "replay", "spread"]

CONFIDENCE = 0.95
DAYS_BETWEEN = 7
"""Least distance between two imposed outages: the room has forgotten the one before."""
QUIET = 3
"""An imposed outage takes at most one part in so many, plus one, of its period."""

Progress = Callable[[int, int], None]
Interval = tuple[int, int, int]
Ints = npt.NDArray[np.int64]


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
        quantile = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2))
        half = quantile * float(np.std(values, ddof=1)) / math.sqrt(len(values))
        return cls(mean, mean - half, mean + half)

    def times(self, factor: float) -> Estimate:
        """Return the estimate of so many."""
        return Estimate(factor * self.mean, factor * self.low, factor * self.high)


@dataclass(frozen=True)
class Lost:
    """What is lost once the room adapts; a negative one is a gain.

    Attributes
    ----------
    viewing_h : Estimate
        Camera-hours entitled to live viewing.
    notices, alerts : Estimate
        Incidents noticed; alerts given.
    requisitions : Estimate
        Réquisitions about images that were not recorded.
    """

    viewing_h: Estimate
    notices: Estimate
    alerts: Estimate
    requisitions: Estimate


@dataclass(frozen=True)
class Replay:
    """Lost by one failure, over the so many that were imposed."""

    failure: Failure
    imposed: int
    lost: Lost


@dataclass(frozen=True)
class _Counts:
    viewing_h: float
    notices: float
    alerts: float
    requisitions: float


def replay(
    prepared: Prepared,
    failures: Sequence[Failure],
    everything: Sequence[Failure],
    seed: int,
    replications: int,
    *,
    engine: Engine = "kernel",
    progress: Progress = lambda *_: None,
) -> tuple[list[Replay], Lost]:
    """Impose some failures, as long as their repair; then let everything fail as it does.

    Parameters
    ----------
    failures : sequence of Failure
        Some of `twin.model.network.failures.single_failures`, the worst ones by analysis.
    everything : sequence of Failure
        All of them.
    progress : callable
        Called with the runs finished and wanted.

    Returns
    -------
    list of Replay, Lost
        Lost by each of `failures`, per failure; lost over the horizon by `everything`.
    """
    runs = 2 + len(failures)
    lost: list[list[_Counts]] = [[] for _ in range(runs - 1)]
    imposed = [0] * len(failures)
    for replication in range(1, replications + 1):
        done = (replication - 1) * runs
        progress(done, replications * runs)
        play = _Player(prepared, seed, replication, engine)
        before = play({}, [])
        for i, failure in enumerate(failures):
            progress(done + 1 + i, replications * runs)
            happened = list(spread(failure, prepared.centre.horizon_ms, seed, replication))
            after = play({_key(failure): failure}, happened)
            lost[i].append(_difference(before, after, len(happened)))
            imposed[i] += len(happened)
        after = play(
            {_key(failure): failure for failure in everything},
            list(_drawn(everything, prepared.centre.horizon_ms, seed, replication)),
        )
        lost[-1].append(_difference(before, after, 1))
    progress(replications * runs, replications * runs)
    found = [_lost(rows) for rows in lost]
    return [Replay(*row) for row in zip(failures, imposed, found[:-1], strict=True)], found[-1]


def _key(failure: Failure) -> str:
    """Name that no other target bears: a site and its mains have one name."""
    return f"{failure.target.cause}/{failure.target.name}"


def _drawn(
    failures: Iterable[Failure], horizon_ms: int, seed: int, replication: int
) -> Iterator[Outage]:
    for failure in failures:
        for outage in outages([failure.target], horizon_ms, seed, replication):
            yield replace(outage, target=_key(failure))


def spread(failure: Failure, horizon_ms: int, seed: int, replication: int) -> Iterator[Outage]:
    """One outage in each period of the horizon, at a random instant of it.

    A period is a whole number of weeks, so that every hour of the week is as likely.
    """
    length_ms = whole_ms(failure.target.repair_h, MS_PER_H)
    week_ms = DAYS_BETWEEN * MS_PER_DAY
    period_ms = math.ceil((1 + QUIET) * length_ms / week_ms) * week_ms
    entropy = [seed, replication, crc32(f"imposed/{_key(failure)}".encode())]
    generator = np.random.default_rng(np.random.SeedSequence(entropy))
    for start_ms in range(0, max(horizon_ms - period_ms, 0) + 1, period_ms):
        free_ms = min(period_ms, horizon_ms - start_ms)
        at_ms = start_ms + int(generator.random() * free_ms)
        yield Outage(_key(failure), at_ms, min(at_ms + length_ms, horizon_ms))


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


@dataclass(frozen=True)
class _Player:
    """Plays one replication under some outages, and counts."""

    prepared: Prepared
    seed: int
    replication: int
    engine: Engine

    def __call__(self, failures: dict[str, Failure], happened: Sequence[Outage]) -> _Counts:
        dark = dark_cameras(self.prepared, failures, happened)
        journal = replicate(
            self.prepared, self.seed, self.replication, engine=self.engine, outages=dark
        )
        tasks = journal.tasks.to_pandas()
        return _Counts(
            viewing_h=_viewing_h(journal, self.prepared.centre.horizon_ms),
            notices=float(tasks["origin"].isin([Origin.WALL, Origin.PATROL]).sum()),
            alerts=float((tasks["alert_ms"] != NEVER).sum()),
            requisitions=-float(self.unrecorded(failures, happened)),
        )

    def unrecorded(self, failures: dict[str, Failure], happened: Sequence[Outage]) -> int:
        """Réquisitions about facts of an hour that no recorder of their commune kept."""
        if not any(failures[outage.target].unrecorded for outage in happened):
            return 0
        letters, kept_ms = self.letters
        facts_ms = letters.erased_ms - kept_ms
        lost = np.zeros(len(facts_ms), dtype=np.bool_)
        for outage in happened:
            theirs = np.isin(2 * letters.commune, failures[outage.target].unrecorded)
            lost |= theirs & (outage.start_ms <= facts_ms) & (facts_ms < outage.end_ms)
        return int(lost.sum())

    @cached_property
    def letters(self) -> tuple[Requisitions, Ints]:
        """Réquisitions of the replication, and how long the images of each are kept."""
        prepared = self.prepared
        letters = sample_world(
            prepared.centre,
            prepared.territory,
            prepared.calendar,
            prepared.demand,
            prepared.assumptions,
            plan=prepared.plan,
            seed=self.seed,
            replication=self.replication,
        ).requisitions
        kept_ms = [whole_ms(c.retention_days, MS_PER_DAY) for c in prepared.territory.communes]
        return letters, np.array(kept_ms, dtype=np.int64)[letters.commune]


def _viewing_h(journal: Journal, horizon_ms: int) -> float:
    """Hours of units entitled to live viewing and lit."""
    rows = journal.attention.to_pandas().drop_duplicates(["pool", "time_ms"], keep="last")
    length_ms = -rows.groupby("pool")["time_ms"].diff(-1)
    length_ms = length_ms.fillna(horizon_ms - rows["time_ms"])
    return float((rows["entitled"] * length_ms).sum()) / MS_PER_H


def _difference(before: _Counts, after: _Counts, outages_played: int) -> _Counts:
    """Lost per outage."""
    lost = {f.name: getattr(before, f.name) - getattr(after, f.name) for f in fields(_Counts)}
    return _Counts(**{name: value / outages_played for name, value in lost.items()})


def _lost(rows: Sequence[_Counts]) -> Lost:
    return Lost(
        **{f.name: Estimate.of([getattr(row, f.name) for row in rows]) for f in fields(_Counts)}
    )
