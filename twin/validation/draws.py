"""What a replication draws, and what is counted in its journal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin.model.centre.journal import Journal, Outcome
from twin.model.centre.world import NEVER, Centre, Incidents, Requests
from twin.validation.case import Player
from twin.validation.ode import Steps
from twin.validation.worlds import quiet, table

__all__ = [
    "by_steps",
    "called_in",
    "calls",
    "exponential",
    "mean_number",
    "play_calls",
    "poisson",
    "wait_ms",
]

Ints = npt.NDArray[np.int64]


def exponential(rng: np.random.Generator, mean_ms: float, n: int) -> Ints:
    """Durations of that mean, rounded up to whole milliseconds."""
    return np.ceil(rng.exponential(mean_ms, n)).astype(np.int64)


def poisson(rng: np.random.Generator, gap_ms: float, n: int) -> Ints:
    """First `n` instants of a Poisson process."""
    return np.cumsum(exponential(rng, gap_ms, n))


def by_steps(rng: np.random.Generator, steps: Steps, unit_ms: int) -> Ints:
    """Instants of a Poisson process whose rate, per `unit_ms`, is constant by steps."""
    counts = rng.poisson(steps.rates * steps.length)
    within = np.repeat(np.arange(len(counts)), counts) + rng.random(counts.sum())
    return np.sort(np.ceil(within * steps.length * unit_ms).astype(np.int64))


def calls(time_ms: Ints, work_ms: Ints, patience_ms: int | Ints = NEVER) -> Requests:
    """Viewing requests, numbered in the order of their calls."""
    n = len(time_ms)
    return table(
        Requests, n, time_ms=time_ms, id=np.arange(n), work_ms=work_ms, patience_ms=patience_ms
    )


def called_in(time_ms: Ints, ids: Ints, qualify_ms: Ints) -> Incidents:
    """Incidents that somebody calls in as they happen, and that end once they are qualified."""
    return table(
        Incidents,
        len(ids),
        time_ms=time_ms,
        id=ids,
        view_ms=1,
        threshold=1.0,
        qualify_ms=qualify_ms,
    )


def play_calls(engine: Player, centre: Centre, requests: Requests) -> tuple[pd.DataFrame, Journal]:
    """Play viewing requests alone: what became of each, in their order, and the whole journal."""
    journal = engine(centre, quiet(centre)._replace(requests=requests))
    return journal.tasks.to_pandas(), journal


def wait_ms(tasks: pd.DataFrame) -> pd.Series[int]:
    """Time from arrival to the first start, or to the loss."""
    answered_ms = tasks.start_ms.where(tasks.outcome == Outcome.DONE, tasks.end_ms)
    return answered_ms - tasks.arrival_ms


def mean_number(
    from_ms: pd.Series[int], to_ms: pd.Series[int], start_ms: int, end_ms: int
) -> float:
    """Mean number of intervals under way over a window of time."""
    inside = to_ms.clip(start_ms, end_ms) - from_ms.clip(start_ms, end_ms)
    return float(inside.sum() / (end_ms - start_ms))
