"""How sure the budget is: the assumptions it reads are drawn, and every draw is a budget."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.model.assumptions import Assumption, Assumptions, Choice
from twin.model.budget.accounts import Budget, Perimeter

__all__ = ["PERIMETERS", "Reading", "Risk", "draws", "sampled"]

PERIMETERS: tuple[Perimeter, ...] = ("tariff", "full")

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]


class Reading(Assumptions):
    """Assumptions that remember which of them were read.

    Examples
    --------
    >>> values = Reading()
    >>> _ = values["loan_rate"]
    >>> sorted(values.read)
    ['loan_rate']
    """

    def __init__(self, choices: Mapping[str, Choice] | None = None) -> None:
        super().__init__(choices)
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> float:
        self.read.add(key)
        return super().__getitem__(key)


@dataclass(frozen=True)
class Risk:
    """Budgets of many draws.

    Attributes
    ----------
    results : mapping of perimeter to int array, draws by years
        Cents of operation, before the MEL balances it.
    paid : int array, draws by years
        Cents of cash that the MEL puts in, full perimeter.
    """

    years: tuple[int, ...]
    results: Mapping[Perimeter, Ints]
    paid: Ints

    def quantiles(self, perimeter: Perimeter) -> Floats:
        """Results that 5 %, 50 % and 95 % of the draws do not pass, by year (three rows)."""
        return np.asarray(np.quantile(self.results[perimeter], (0.05, 0.5, 0.95), axis=0))

    def balance_probability(self, perimeter: Perimeter) -> Floats:
        """Part of the draws whose year is not in deficit."""
        return np.asarray((self.results[perimeter] >= 0).mean(axis=0))


def draws(entries: Mapping[str, Assumption], count: int, seed: int) -> Iterator[dict[str, float]]:
    """Draw the assumptions `count` times by Latin hypercube.

    Each assumption has a stream of its own, named by its key: one more disturbs no other. Its
    `count` draws hold one value in each of as many equally likely parts of its distribution.

    Examples
    --------
    >>> from twin.model.assumptions import load_assumptions
    >>> entries = {"loan_rate": load_assumptions()["loan_rate"]}
    >>> sum(choices["loan_rate"] < 0.035 for choices in draws(entries, 4, 7))
    2
    """
    shares = {}
    for key in entries:
        stream = np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(key.encode())]))
        shares[key] = (stream.permutation(count) + stream.random(count)) / count
    for i in range(count):
        yield {key: entry.quantile(float(shares[key][i])) for key, entry in entries.items()}


def sampled(
    budget_at: Callable[[Mapping[str, float]], Budget],
    entries: Mapping[str, Assumption],
    *,
    count: int,
    seed: int,
    progress: Progress = lambda *_: None,
) -> Risk:
    """Budget of each of `count` draws.

    Parameters
    ----------
    budget_at : callable
        Budget when some assumptions take other values.
    """
    results: dict[Perimeter, list[tuple[int, ...]]] = {name: [] for name in PERIMETERS}
    paid, years = [], tuple[int, ...]()
    for done, choices in enumerate(draws(entries, count, seed), start=1):
        budget = budget_at(choices)
        years = budget.years
        for name in PERIMETERS:
            results[name].append(budget.perimeter(name).result)
        paid.append(budget.full.paid_by_the_mel)
        progress(done, count)
    return Risk(years, {name: np.array(rows) for name, rows in results.items()}, np.array(paid))
