"""A system with a known answer, and the verdict on what an engine makes of it.

A case draws independent replications of a world written as data; the verdict compares the known
answer with the Student interval of the replications' means: the tolerance is the run's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from twin.model.centre.journal import Journal
from twin.model.centre.world import Centre, World

__all__ = ["Case", "Player", "Sample", "Verdict", "cells", "judged", "markdown", "of_each"]

Floats = npt.NDArray[np.float64]
Player = Callable[[Centre, World], Journal]
Sample = dict[str, float]


@dataclass(frozen=True)
class Case:
    """A system with a known answer.

    Attributes
    ----------
    number, name
        Its place in the table of cases, and what it is.
    values
        Known answer of each quantity.
    sample
        Plays one replication and estimates each quantity without bias.
    """

    number: int
    name: str
    values: Mapping[str, float]
    sample: Callable[[Player, np.random.Generator], Sample]

    def play(self, engine: Player, seed: int, replication: int) -> list[float]:
        """Estimates of one replication, in the order of `values`."""
        sample = self.sample(engine, np.random.default_rng([seed, self.number, replication]))
        return [sample[quantity] for quantity in self.values]


@dataclass(frozen=True)
class Verdict:
    """A known answer beside what was found, with its interval.

    Attributes
    ----------
    engine
        Who found it: an engine, or ``arithmetic`` when nothing has to be played.
    """

    number: int
    name: str
    engine: str
    quantity: str
    value: float
    ours: float
    low: float
    high: float

    @property
    def agrees(self) -> bool:
        """Whether the known answer lies in the interval."""
        return bool(self.low <= self.value <= self.high)


def judged(case: Case, engine: str, estimates: Floats, confidence: float) -> list[Verdict]:
    """Compare each quantity with its known answer.

    Parameters
    ----------
    estimates : array of shape (replications, quantities)
        See `Case.play`; at least two replications.
    confidence : float
        Level of each interval, Student's on the independent replications.

    Examples
    --------
    >>> case = Case(0, "toss", {"heads": 0.5}, lambda *_: {})
    >>> [verdict] = judged(case, "coin", np.array([[0.0], [0.0], [1.0]]), 0.95)
    >>> verdict.agrees, round(verdict.high, 3)
    (True, 1.768)
    """
    replications = len(estimates)
    means = estimates.mean(axis=0)
    student = stdtrit(replications - 1, (1 + confidence) / 2)
    halves = student * estimates.std(axis=0, ddof=1) / sqrt(replications)
    rows = zip(case.values.items(), means.tolist(), halves.tolist(), strict=True)
    return [
        Verdict(case.number, case.name, engine, quantity, value, mean, mean - half, mean + half)
        for (quantity, value), mean, half in rows
    ]


def of_each(name: str, things: Iterable[object], values: Iterable[float]) -> dict[str, float]:
    """One quantity for each of some things, named after them.

    Examples
    --------
    >>> of_each("wait of class", [1, 2], [0.5, 0.75])
    {'wait of class 1': 0.5, 'wait of class 2': 0.75}
    """
    return {f"{name} {thing}": value for thing, value in zip(things, values, strict=True)}


def markdown(verdicts: Iterable[Verdict]) -> str:
    """Table of verdicts.

    Examples
    --------
    >>> print(markdown([Verdict(1, "Erlang B", "kernel", "blocked", 0.25, 0.26, 0.24, 0.28)]))
    | # | system | engine | quantity | value | ours | interval | verdict |
    |---|---|---|---|---|---|---|---|
    | 1 | Erlang B | kernel | blocked | 0.25000 | 0.26000 | 0.24000 to 0.28000 | agrees |
    """
    heads = ("#", "system", "engine", "quantity", "value", "ours", "interval", "verdict")
    lines = [heads, ("---",) * len(heads), *map(cells, verdicts)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return table.replace(" --- ", "---")


def cells(verdict: Verdict) -> tuple[str, ...]:
    """Row of a table that people read."""
    numbers = (verdict.value, verdict.ours, verdict.low, verdict.high)
    value, ours, low, high = (f"{number:#.5g}" for number in numbers)
    said = "agrees" if verdict.agrees else "DISAGREES"
    named = (str(verdict.number), verdict.name, verdict.engine, verdict.quantity)
    return (*named, value, ours, f"{low} to {high}", said)
