"""Every case, on the engines asked for, side by side, and the verdicts on all of them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass

import joblib
import numpy as np
import numpy.typing as npt

from twin.model.centre.engines import Engine, engine_named, must_compile
from twin.validation import arithmetic
from twin.validation.case import Verdict, judged
from twin.validation.cases import cases

__all__ = ["FALSE_ALARM", "REPLICATIONS", "Proof", "confidence", "prove"]

Floats = npt.NDArray[np.float64]

FALSE_ALARM = 0.01
"""Chance of a disagreement of right engines, were the means exactly normal."""

REPLICATIONS: Mapping[bool, Mapping[Engine, int]] = {
    True: {"reference": 10, "kernel": 40},
    False: {"reference": 50, "kernel": 500},
}
"""Replications of each case by engine, quickly or not: the reference is twelve times slower."""

_BATCH = 10
"""Replications played by a worker at a time."""


@dataclass(frozen=True)
class Proof:
    """What every case gave.

    Attributes
    ----------
    verdicts
        By number of case, then by engine.
    replications
        Of each case, by engine.
    confidence
        Level of each interval of a played case.
    seconds
        From the first replication to the last verdict.
    """

    verdicts: list[Verdict]
    seed: int
    replications: Mapping[Engine, int]
    confidence: float
    seconds: float

    @property
    def disagreeing(self) -> int:
        """How many verdicts disagree."""
        return sum(not verdict.agrees for verdict in self.verdicts)


def confidence(intervals: int) -> float:
    """Level of each of so many intervals for which all of them hold, but for `FALSE_ALARM`.

    Bonferroni's bound, which needs no independence: the two engines share their worlds.

    Examples
    --------
    >>> confidence(100)
    0.9999
    """
    return 1 - FALSE_ALARM / intervals


def prove(
    engines: Collection[Engine],
    *,
    quick: bool,
    seed: int,
    workers: int,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Proof:
    """Play every case on each engine, and judge it.

    Parameters
    ----------
    quick : bool
        Fewer replications: wider intervals, the same chance of a false alarm.
    workers : int
        Batches of replications played at the same time; changes no figure.
    progress : callable
        Told the replications finished and wanted.
    """
    begun = time.perf_counter()
    wanted = {engine: REPLICATIONS[quick][engine] for engine in engines}
    if "kernel" in engines and must_compile("kernel"):
        _play(_Batch("kernel", 1, seed, range(1)))  # once, before several workers want it
    played = _side_by_side(wanted, seed, workers, progress)
    level = confidence(len(engines) * sum(len(case.values) for case in cases()))
    found = [
        verdict
        for case in cases()
        for engine in engines
        for verdict in judged(case, engine, played[engine, case.number], level)
    ]
    verdicts = sorted([*arithmetic.verdicts(), *found], key=lambda verdict: verdict.number)
    return Proof(verdicts, seed, wanted, level, time.perf_counter() - begun)


@dataclass(frozen=True)
class _Batch:
    """What travels to a worker."""

    engine: Engine
    number: int
    seed: int
    replications: range


def _side_by_side(
    wanted: Mapping[Engine, int], seed: int, workers: int, progress: Callable[[int, int], None]
) -> dict[tuple[Engine, int], Floats]:
    """Estimates of each case by each engine, in the order of the replications."""
    batches = [
        _Batch(engine, case.number, seed, range(first, min(first + _BATCH, count)))
        for engine, count in wanted.items()
        for case in cases()
        for first in range(0, count, _BATCH)
    ]
    parallel = joblib.Parallel(
        n_jobs=workers, backend="loky", return_as="generator", initializer=_start_worker
    )
    done, total = 0, sum(len(batch.replications) for batch in batches)
    played: dict[tuple[Engine, int], list[Floats]] = {}
    progress(done, total)
    results: Generator[Floats] = parallel(joblib.delayed(_play)(batch) for batch in batches)
    with closing(results):
        for batch, estimates in zip(batches, results, strict=True):
            played.setdefault((batch.engine, batch.number), []).append(estimates)
            done += len(batch.replications)
            progress(done, total)
    return {key: np.concatenate(parts) for key, parts in played.items()}


def _play(batch: _Batch) -> Floats:
    case = next(case for case in cases() if case.number == batch.number)
    engine = engine_named(batch.engine)
    return np.array([case.play(engine, batch.seed, number) for number in batch.replications])


def _start_worker() -> None:
    # An interruption is the business of the process that asked.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
