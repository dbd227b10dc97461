"""Queueing systems with a known answer, played by an engine of the centre that knows none of them.

Each case draws independent replications of a world written as data, and its verdict compares the
closed form with the Student interval of the replications' means: the tolerance is the run's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil, log1p, sqrt

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from twin.model.centre.journal import Journal, Outcome, SpellState
from twin.model.centre.world import (
    NEVER,
    Centre,
    Faults,
    Incidents,
    Kind,
    Requests,
    Requisitions,
    World,
)
from twin.model.clock import MS_PER_DAY, MS_PER_H, MS_PER_MIN, MS_PER_S
from twin.validation import formulas
from twin.validation.worlds import quiet, room, table

__all__ = ["Case", "Engine", "Verdict", "cases", "markdown", "verdicts"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Engine = Callable[[Centre, World], Journal]
Sample = dict[str, float]

_REPLICATIONS = 20
_CALLS = 3000
_WARM_UP = 500
"""Calls of a replication, and the first ones, which an empty room favours: not counted."""

_AGENTS = 14
_CAMERAS = 500
_CREW = 2
_DAYS = 7000
_WARM_UP_DAYS = 500


@dataclass(frozen=True)
class Case:
    """A system with a known answer.

    Attributes
    ----------
    number, name
        Its place in the table of cases, and what it is.
    values
        Closed form of each quantity.
    sample
        Plays one replication and estimates each quantity.
    """

    number: int
    name: str
    values: Mapping[str, float]
    sample: Callable[[Engine, np.random.Generator], Sample]

    def run(
        self, engine: Engine, seed: int, replications: int = _REPLICATIONS
    ) -> dict[str, Floats]:
        """Estimates of each quantity, one per replication."""
        samples = [
            self.sample(engine, np.random.default_rng([seed, self.number, replication]))
            for replication in range(replications)
        ]
        return {name: np.array([sample[name] for sample in samples]) for name in self.values}


@dataclass(frozen=True)
class Verdict:
    """A closed form beside what an engine found, with its interval."""

    number: int
    name: str
    quantity: str
    value: float
    ours: float
    low: float
    high: float

    @property
    def agrees(self) -> bool:
        """Whether the closed form lies in the interval of the run."""
        return self.low <= self.value <= self.high


def verdicts(
    case: Case,
    engine: Engine,
    seed: int = 1,
    replications: int = _REPLICATIONS,
    confidence: float = 0.999,
) -> list[Verdict]:
    """Run a case and compare each quantity with its closed form.

    The interval is Student's on the independent replications.
    """
    found = []
    student = stdtrit(replications - 1, (1 + confidence) / 2)
    for quantity, estimates in case.run(engine, seed, replications).items():
        mean = float(estimates.mean())
        half = float(student * estimates.std(ddof=1) / sqrt(replications))
        value = case.values[quantity]
        found.append(
            Verdict(case.number, case.name, quantity, value, mean, mean - half, mean + half)
        )
    return found


def markdown(rows: Iterable[Verdict]) -> str:
    """Table of verdicts.

    Examples
    --------
    >>> print(markdown([Verdict(1, "Erlang B", "blocked", 0.25, 0.26, 0.24, 0.28)]))
    | # | system | quantity | value | ours | interval | verdict |
    |---|---|---|---|---|---|---|
    | 1 | Erlang B | blocked | 0.25000 | 0.26000 | 0.24000 to 0.28000 | agrees |
    """
    lines = ["| # | system | quantity | value | ours | interval | verdict |", "|---|" + 6 * "---|"]
    for row in rows:
        interval = f"{row.low:#.5g} to {row.high:#.5g}"
        verdict = "agrees" if row.agrees else "DISAGREES"
        lines.append(
            f"| {row.number} | {row.name} | {row.quantity} | {row.value:#.5g} | {row.ours:#.5g} "
            f"| {interval} | {verdict} |"
        )
    return "\n".join(lines)


def cases() -> list[Case]:
    """Every case, in the order of its number."""
    erlang_a = formulas.erlang_a(100 / 30, 1 / 3, 1 / 5, 14)
    waits = formulas.priority_waits([2, 3, 4], 1, 12)
    fleet = formulas.machine_repair(_CAMERAS, _CREW, 1 / 400, 1 / 1.5)
    return [
        Case(1, "Erlang B, 10 erlangs, 14 lines", {"blocked": formulas.erlang_b(10, 14)}, _loss),
        Case(
            2,
            "Erlang C, 10 erlangs, 14 agents",
            {
                "waiting": formulas.erlang_c(10, 14),
                "answered in 20 s": formulas.service_level(100 / 30, 1 / 3, 14, 20 / 60),
            },
            _delay,
        ),
        Case(
            3,
            "M/M/3, 10 per h, 4 per h each",
            {
                "waiting": formulas.erlang_c(10 / 4, 3),
                "mean wait (h)": formulas.mean_wait(10, 4, 3),
            },
            _three_servers,
        ),
        Case(
            4,
            "Erlang A, the calls of 2, patience 5 min",
            {
                "waiting": erlang_a.waiting,
                "abandoning": erlang_a.abandoning,
                "occupancy": erlang_a.occupancy,
                "mean wait (min)": erlang_a.mean_wait,
            },
            _abandonment,
        ),
        Case(
            5,
            "M/M/12, three classes, nothing interrupted",
            {_class_wait(i): wait for i, wait in enumerate(waits, 1)},
            _priorities,
        ),
        Case(
            6,
            "M/G/1, load 0.8",
            {
                "mean wait (services), cv 0": formulas.pollaczek_khinchine(0.8, 0),
                "mean wait (services), cv 1.5": formulas.pollaczek_khinchine(0.8, 1.5),
            },
            _single_server,
        ),
        Case(
            9,
            "M/M/2//500, cameras and their crew",
            {"availability": fleet.availability, "waiting for the crew": fleet.waiting},
            _fleet,
        ),
    ]


# Queues


def _loss(engine: Engine, rng: np.random.Generator) -> Sample:
    """A caller without patience is dispatched or lost at once."""
    calls, _ = _call_centre(engine, rng, patience_ms=0)
    return {"blocked": (calls.outcome == Outcome.LOST).mean()}


def _delay(engine: Engine, rng: np.random.Generator) -> Sample:
    calls, _ = _call_centre(engine, rng)
    wait_ms = _wait_ms(calls)
    return {
        "waiting": (wait_ms > 0).mean(),
        "answered in 20 s": (wait_ms <= 20 * MS_PER_S).mean(),
    }


def _abandonment(engine: Engine, rng: np.random.Generator) -> Sample:
    patience_ms = _exponential(rng, 5 * MS_PER_MIN, _CALLS)
    calls, journal = _call_centre(engine, rng, patience_ms)
    wait_ms = _wait_ms(calls)
    spells = journal.spells.to_pandas()
    work = spells[spells.state == SpellState.WORKING]
    window = calls.arrival_ms.iloc[0], calls.arrival_ms.iloc[-1]
    return {
        "waiting": (wait_ms > 0).mean(),
        "abandoning": (calls.outcome == Outcome.LOST).mean(),
        "occupancy": _mean_number(work.from_ms, work.to_ms, *window) / 14,
        "mean wait (min)": wait_ms.mean() / MS_PER_MIN,
    }


def _call_centre(
    engine: Engine, rng: np.random.Generator, patience_ms: int | Ints = NEVER
) -> tuple[pd.DataFrame, Journal]:
    """100 calls per 30 minutes, 3 minutes each, 14 agents."""
    time_ms = _poisson(rng, 30 * MS_PER_MIN / 100)
    return _calls(engine, 14, time_ms, _exponential(rng, 3 * MS_PER_MIN, _CALLS), patience_ms)


def _three_servers(engine: Engine, rng: np.random.Generator) -> Sample:
    time_ms = _poisson(rng, MS_PER_H / 10)
    calls, _ = _calls(engine, 3, time_ms, _exponential(rng, MS_PER_H / 4, _CALLS))
    wait_ms = _wait_ms(calls)
    return {"waiting": (wait_ms > 0).mean(), "mean wait (h)": wait_ms.mean() / MS_PER_H}


def _single_server(engine: Engine, rng: np.random.Generator) -> Sample:
    sd = sqrt(log1p(1.5 * 1.5))
    lognormal_ms = np.ceil(MS_PER_MIN * rng.lognormal(-sd * sd / 2, sd, _CALLS))
    services = {"cv 0": np.full(_CALLS, MS_PER_MIN), "cv 1.5": lognormal_ms}
    sample = {}
    for name, work_ms in services.items():
        calls, _ = _calls(engine, 1, _poisson(rng, MS_PER_MIN / 0.8), work_ms)
        sample[f"mean wait (services), {name}"] = _wait_ms(calls).mean() / MS_PER_MIN
    return sample


def _calls(
    engine: Engine, servers: int, time_ms: Ints, work_ms: Ints, patience_ms: int | Ints = NEVER
) -> tuple[pd.DataFrame, Journal]:
    """Play calls until the last one is over; what became of those after the warm-up."""
    centre = room(servers, int(time_ms[-1] + work_ms.sum()) + 1)
    requests = table(
        Requests,
        len(time_ms),
        time_ms=time_ms,
        id=np.arange(len(time_ms)),
        work_ms=work_ms,
        patience_ms=patience_ms,
    )
    journal = engine(centre, quiet(centre)._replace(requests=requests))
    return journal.tasks.to_pandas()[_WARM_UP:], journal


def _wait_ms(calls: pd.DataFrame) -> pd.Series[int]:
    """Time from the call to its answer, or to its loss."""
    answered_ms = calls.start_ms.where(calls.outcome == Outcome.DONE, calls.end_ms)
    return answered_ms - calls.arrival_ms


# Priorities


def _priorities(engine: Engine, rng: np.random.Generator) -> Sample:
    """Incidents called in, viewing requests and letters: 2, 3 and 4 per mean service of an hour."""
    rates = np.array([2, 3, 4])
    time_ms = _poisson(rng, MS_PER_H / rates.sum())
    work_ms = _exponential(rng, MS_PER_H, _CALLS)
    numbers = np.arange(_CALLS)
    police, request, letter = (
        numbers[group] for group in np.eye(3, dtype=np.bool_)[rng.choice(3, _CALLS, p=rates / 9)].T
    )
    centre = room(12, int(time_ms[-1] + work_ms.sum()) + 1, cameras=1)
    world = quiet(centre)._replace(
        incidents=table(
            Incidents,
            len(police),
            time_ms=time_ms[police],
            id=police,
            view_ms=1,
            threshold=1.0,
            qualify_ms=work_ms[police],
        ),
        requests=table(
            Requests,
            len(request),
            time_ms=time_ms[request],
            id=request,
            work_ms=work_ms[request],
            patience_ms=NEVER,
        ),
        requisitions=table(
            Requisitions,
            len(letter),
            time_ms=time_ms[letter],
            id=letter,
            erased_ms=centre.horizon_ms,
            safeguard_ms=work_ms[letter],
        ),
    )
    tasks = engine(centre, world).tasks.to_pandas()
    wait_h = _wait_ms(tasks[tasks.id >= _WARM_UP]) / MS_PER_H
    mean_h = wait_h.groupby(tasks.kind).mean()
    kinds = (Kind.POLICE, Kind.REQUEST, Kind.SAFEGUARD)
    return {_class_wait(i): float(mean_h[kind]) for i, kind in enumerate(kinds, 1)}


def _class_wait(number: int) -> str:
    return f"mean wait of class {number} (services)"


# Repairs


def _fleet(engine: Engine, rng: np.random.Generator) -> Sample:
    """Cameras that fail every 400 days, mended in 1.5 days by a crew of two."""
    horizon_ms = _DAYS * MS_PER_DAY
    centre = room(0, horizon_ms, cameras=_CAMERAS, crew=_CREW)
    pairs = ceil(2 * _DAYS / 400 + 10)
    faults = Faults(
        first=np.arange(_CAMERAS + 1) * pairs,
        up_ms=_exponential(rng, 400 * MS_PER_DAY, _CAMERAS * pairs),
        repair_ms=_exponential(rng, 1.5 * MS_PER_DAY, _CAMERAS * pairs),
    )
    repairs = engine(centre, quiet(centre)._replace(faults=faults)).tasks.to_pandas()
    started_ms = repairs.start_ms.where(repairs.start_ms != NEVER, horizon_ms)
    ended_ms = repairs.end_ms.where(repairs.end_ms != NEVER, horizon_ms)
    window = _WARM_UP_DAYS * MS_PER_DAY, horizon_ms
    return {
        "availability": 1 - _mean_number(repairs.arrival_ms, ended_ms, *window) / _CAMERAS,
        "waiting for the crew": _mean_number(repairs.queued_ms, started_ms, *window),
    }


# Randomness and counting


def _exponential(rng: np.random.Generator, mean_ms: float, n: int) -> Ints:
    return np.ceil(rng.exponential(mean_ms, n)).astype(np.int64)


def _poisson(rng: np.random.Generator, gap_ms: float) -> Ints:
    return np.cumsum(_exponential(rng, gap_ms, _CALLS))


def _mean_number(
    from_ms: pd.Series[int], to_ms: pd.Series[int], start_ms: int, end_ms: int
) -> float:
    """Mean number of intervals under way over a window of time."""
    inside = to_ms.clip(start_ms, end_ms) - from_ms.clip(start_ms, end_ms)
    return float(inside.sum() / (end_ms - start_ms))
