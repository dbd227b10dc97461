"""Laws of queues that hold in any world, each with the interval of its own replications.

What is counted at random instants comes from other columns than what is averaged over customers,
so that the two sides of a law do not share their arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import stdtrit

from twin.model.centre.journal import SpellState
from twin.model.centre.reference import simulate
from twin.model.centre.world import NEVER, Communes, Kind, Requests, Seats, ViewingRequests
from twin.validation.worlds import quiet, room, table

REPLICATIONS = 12
CALLS = 1500
WARM_UP = 300
SERVERS = 4
GAP_MS, SERVICE_MS = 1000, 3200
"""A load of 3.2 on 4 servers."""

Floats = npt.NDArray[np.float64]


class Run:
    """One replication of an M/M/4 and a thousand random instants of it."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.calls = poisson_calls(rng)
        horizon_ms = int(self.calls.time_ms[-1])
        centre = room(SERVERS, horizon_ms)
        journal = simulate(centre, quiet(centre)._replace(requests=self.calls))
        tasks = journal.tasks.to_pandas()
        spells = journal.spells.to_pandas()
        work = spells[spells.state == SpellState.WORKING]
        since_ms = int(self.calls.time_ms[WARM_UP])
        self.at_ms = rng.integers(since_ms, horizon_ms, 1000)
        started_ms = tasks.start_ms.where(tasks.start_ms != NEVER, horizon_ms)
        self.waiting = self.under_way(tasks.arrival_ms, started_ms)
        self.busy = self.under_way(work.from_ms, work.to_ms)
        self.wait_ms = (started_ms - tasks.arrival_ms)[WARM_UP:].to_numpy()

    def under_way(self, from_ms: npt.ArrayLike, to_ms: npt.ArrayLike) -> Floats:
        """Intervals under way at the random instants."""
        began = np.searchsorted(np.sort(from_ms), self.at_ms, side="right")
        ended = np.searchsorted(np.sort(to_ms), self.at_ms, side="right")
        return began - ended


def poisson_calls(rng: np.random.Generator, communes: int = 1) -> Requests:
    gaps_ms = np.ceil(rng.exponential(GAP_MS, CALLS))
    return table(
        Requests,
        CALLS,
        time_ms=np.cumsum(gaps_ms),
        id=np.arange(CALLS),
        commune=rng.integers(0, communes, CALLS),
        work_ms=np.ceil(rng.exponential(SERVICE_MS, CALLS)),
        patience_ms=NEVER,
    )


def interval(samples: list[float]) -> tuple[float, float]:
    """99.9 % interval of the mean of independent samples."""
    half = stdtrit(len(samples) - 1, 0.9995) * np.std(samples, ddof=1) / np.sqrt(len(samples))
    return np.mean(samples) - half, np.mean(samples) + half


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return [Run(np.random.default_rng([11, replication])) for replication in range(REPLICATIONS)]


@pytest.mark.parametrize(
    ("law", "left", "right"),
    [
        ("Little: L = lambda W", lambda r: r.waiting.mean(), lambda r: r.wait_ms.mean() / GAP_MS),
        ("busy servers: lambda E[S]", lambda r: r.busy.mean(), lambda _: SERVICE_MS / GAP_MS),
        ("PASTA", lambda r: (r.busy == SERVERS).mean(), lambda r: (r.wait_ms > 0).mean()),
    ],
)
def test_a_law_holds_within_an_interval_of_a_tenth(
    law: str, left: Callable[[Run], float], right: Callable[[Run], float], runs: list[Run]
) -> None:
    low, high = interval([left(run) - right(run) for run in runs])
    assert low <= 0 <= high, law
    assert max(-low, high) < 0.1 * np.mean([left(run) for run in runs]), law


def mean_wait_ms(calls: Requests, pools: int) -> float:
    """Mean wait of calls of two communes before two agents each, or before all four."""
    pool = np.arange(2) % pools
    centre = room(SERVERS, int(calls.time_ms[-1] + calls.work_ms.sum()))
    centre = centre._replace(
        communes=table(
            Communes, 2, code=[1, 2], pool=pool, requests=ViewingRequests.ALWAYS
        )._replace(first_camera=np.zeros(3, dtype=np.int64)),
        seats=table(Seats, SERVERS, pool=np.arange(SERVERS) % pools)._replace(
            takes=centre.seats.takes
        ),
    )
    tasks = simulate(centre, quiet(centre)._replace(requests=calls)).tasks.to_pandas()
    calls_of = tasks[tasks.kind == Kind.REQUEST]
    return float((calls_of.start_ms - calls_of.arrival_ms).mean())


def test_pooling_two_centres_is_not_worse() -> None:
    gains = []
    for replication in range(8):
        calls = poisson_calls(np.random.default_rng([12, replication]), communes=2)
        gains.append(mean_wait_ms(calls, pools=2) - mean_wait_ms(calls, pools=1))
    assert interval(gains)[0] > 0
