"""Find the best of several plans: replications go where they decide, until the choice is safe.

After Chen, Lin, Yücesan and Chick, *Simulation Budget Allocation for Further Enhancing the
Efficiency of Ordinal Optimization*, Discrete Event Dynamic Systems 10, 2000 (OCBA). Their rule
takes the plans as independent. Here they share their worlds: the rule then spends more than it
needs, and the probability is computed from the differences within shared replications.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin.contracts import Figure, Kind
from twin.errors import InputError
from twin.model.centre.engines import Engine
from twin.model.indicators import load_indicators
from twin.scenarios.compare import check_comparable, known_indicators, paired
from twin.scenarios.experiment import Replays
from twin.scenarios.schema import MAX_REPLICATIONS, Scenario
from twin.scenarios.stopping import half_width

__all__ = ["Budget", "Plan", "Ranking", "allocation", "doubts", "rank"]

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

_FEWEST = 2
"""Replications that a standard deviation takes."""

_STAGE = 10
"""Replications given out at a time, or one per plan: the means are then looked at again."""

_NEAREST = 1e-6
"""Distance to the best, in standard deviations, below which plans are taken as this far: equal
means would ask for the whole budget."""


@dataclass(frozen=True)
class Budget:
    """How many replications may be spent, over all plans.

    Attributes
    ----------
    first : int
        Replications of each plan before any is favoured.
    total : int
        Replications of all plans together.
    probability : float
        Of having chosen the best: enough to stop before.
    """

    first: int
    total: int
    probability: float

    def checked(self, plans: int) -> Budget:
        """Return this budget, or one sentence: it cannot rank so many plans."""
        if self.first < _FEWEST:
            raise InputError(f"first replications: {self.first} is below {_FEWEST}")
        if not plans * self.first <= self.total <= MAX_REPLICATIONS:
            raise InputError(
                f"budget: {self.total} replications are not between {plans * self.first}, which is"
                f" {self.first} for each of {plans} plans, and {MAX_REPLICATIONS}"
            )
        if not 0 < self.probability < 1:
            raise InputError(f"probability: {self.probability} is not between 0 and 1")
        return self


@dataclass(frozen=True)
class Plan:
    """One of the ranked plans.

    Attributes
    ----------
    name : str
    mean : Figure
        With its Student interval at 95 %.
    replications : int
        Spent on it.
    doubt : float
        Probability that it is better than the chosen one, from the differences within the
        replications they share; 0 for the chosen one and its equals.
    equal : bool
        Whether it gave the chosen one's value in every replication they share.
    """

    name: str
    mean: Figure
    replications: int
    doubt: float
    equal: bool


@dataclass(frozen=True)
class Ranking:
    """Plans from the best to the worst mean, and how sure the choice of the first is."""

    indicator: str
    maximise: bool
    plans: tuple[Plan, ...]

    @property
    def probability(self) -> float:
        """That no plan is better than the chosen one, at least (Bonferroni)."""
        return max(0.0, 1 - sum(plan.doubt for plan in self.plans))

    @property
    def spent(self) -> int:
        """Replications over all plans."""
        return sum(plan.replications for plan in self.plans)


def rank(
    scenarios: Mapping[str, Scenario],
    indicator: str,
    budget: Budget,
    *,
    maximise: bool,
    seed: int,
    out: Path,
    workers: int = 1,
    engine: Engine = "kernel",
    cluster: str | None = None,
    progress: Progress = lambda *_: None,
) -> Ranking:
    """Replay plans until one is the best with enough probability, or the budget is spent.

    Parameters
    ----------
    scenarios : mapping of str to Scenario
        Plans by name, over the same days.
    indicator : str
        Of the whole centre.
    maximise : bool
        Whether more is better.
    seed, out, workers, engine, cluster
        See `twin.scenarios.experiment.Replays`.
    progress : callable
        Called with the replications finished and the budget.

    Raises
    ------
    InputError
        Unequal days, an unknown indicator, a plan that it was never observed in, a budget that is
        too small.
    """
    known_indicators([indicator])
    check_comparable(scenarios)
    budget = budget.checked(len(scenarios))
    replays = Replays(scenarios, seed, out=out, workers=workers, engine=engine, cluster=cluster)
    counts = dict.fromkeys(scenarios, budget.first)
    sign = 1.0 if maximise else -1.0
    while True:
        replays.reach(counts, lambda done, _: progress(done, budget.total))
        values = {name: _values(replays, name, indicator, n) for name, n in counts.items()}
        gains = {name: sign * column for name, column in values.items()}
        against = doubts(gains)
        left = budget.total - sum(counts.values())
        if not left or 1 - sum(against.values()) >= budget.probability:
            return _ranking(indicator, values, against, sign)
        counts |= _favoured(gains, min(left, max(_STAGE, len(scenarios))))


def _values(replays: Replays, name: str, indicator: str, replications: int) -> pd.Series[float]:
    values = replays.values(name, [indicator], replications)[indicator]
    if values.count() < _FEWEST:
        raise InputError(
            f"{name}: {indicator} has a value in {values.count()} of {replications} replications:"
            " it cannot rank"
        )
    return values


def _favoured(gains: Mapping[str, pd.Series[float]], more: int) -> dict[str, int]:
    """Counts after `more` replications went to the plans that have fewer than the rule wants.

    A plan that never differed from the best tells nothing more: it gets none.
    """
    best = gains[_best(gains)]
    asked = {
        name: column
        for name, column in gains.items()
        if column is best or not _same((column - best).dropna())
    }
    had = np.array([len(column) for column in asked.values()])
    means = np.array([column.mean() for column in asked.values()])
    sds = np.array([column.std() for column in asked.values()])
    lacking = np.maximum(allocation(means, sds) * (had.sum() + more) - had, 0)
    given = _whole(lacking / lacking.sum() * more)
    return {name: int(n) for name, n in zip(asked, had + given, strict=True)}


def _whole(shares: Floats) -> npt.NDArray[np.int64]:
    """Whole numbers nearest to `shares` with the same sum: the largest remainders go up."""
    whole = np.floor(shares + 1e-9).astype(np.int64)
    short = round(shares.sum()) - int(whole.sum())
    whole[np.argsort(whole - shares, kind="stable")[:short]] += 1
    return whole


def allocation(means: Floats, sds: Floats) -> Floats:
    """Share of the budget of each plan, when more is better and plans are independent.

    With b the best and d_i the distance of plan i to it, N_i is proportional to (sd_i / d_i)^2 and
    N_b = sd_b sqrt(sum of N_i^2 / sd_i^2): theorem 1 of the article. Plans that chance does not
    move get nothing; when it moves none, all get the same.

    Examples
    --------
    >>> allocation(np.array([-1.0, -2.0, -3.0]), np.array([1.0, 1.0, 1.0])).round(3).tolist()
    [0.452, 0.438, 0.11]
    """
    if not sds.any():
        return np.full(len(means), 1 / len(means))
    best = int(np.argmax(means))
    spread = sds / sds.max()
    others = np.arange(len(sds)) != best
    with np.errstate(over="ignore"):  # a plan infinitely far deserves nothing
        distance = np.maximum((means[best] - means) / sds.max(), _NEAREST)
        numbers = (spread / distance) ** 2
        # N_i^2 / sd_i^2 of a plan is sd_i^2 / d_i^4.
        numbers[best] = spread[best] * math.sqrt(np.sum((spread / distance**2)[others] ** 2))
    shares: Floats = numbers / numbers.sum() if numbers.any() else spread / spread.sum()
    return shares


def doubts(values: Mapping[str, pd.Series[float]]) -> dict[str, float]:
    """Probability that each plan is better than the one of largest mean, when more is better.

    Student's posterior of the mean difference within the replications that both have, from a prior
    that says nothing; the sum over plans bounds the probability of a wrong choice (Bonferroni).
    """
    best = _best(values)
    others = {name: (values[best] - column).dropna() for name, column in values.items()}
    return {
        name: 0.0 if name == best or _same(ahead) else _behind(ahead)
        for name, ahead in others.items()
    }


def _best(values: Mapping[str, pd.Series[float]]) -> str:
    return max(values, key=lambda name: float(values[name].mean()))


def _same(difference: pd.Series[float]) -> bool:
    return len(difference) > 0 and not difference.any()


def _behind(ahead: pd.Series[float]) -> float:
    """Probability that the mean of paired differences is below 0."""
    if len(ahead) < _FEWEST:
        return 1.0
    mean, _, p = paired(ahead.to_numpy())
    return p / 2 if mean >= 0 else 1 - p / 2


def _ranking(
    indicator: str,
    values: Mapping[str, pd.Series[float]],
    against: Mapping[str, float],
    sign: float,
) -> Ranking:
    unit = load_indicators()[indicator].unit
    best = _best({name: sign * column for name, column in values.items()})
    plans = []
    for name, column in values.items():
        mean, half = column.mean(), half_width(column.std(), column.count())
        source = f"{name}, {len(column)} replications"
        figure = Figure(mean, mean - half, mean + half, unit, Kind.COMPUTED, source)
        same = name != best and _same((column - values[best]).dropna())
        plans.append(Plan(name, figure, len(column), against[name], same))
    plans.sort(key=lambda plan: (plan.name != best, -sign * plan.mean.value))
    return Ranking(indicator, sign > 0, tuple(plans))
