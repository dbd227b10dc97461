"""How far the figures of a scenario may be wrong: the envelope of its assumptions, then of chance.

A tight interval over replications says little when an input is a guess. So all the assumptions are
drawn together, each from its own distribution, and the scenario is played at every draw.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pandas as pd
from scipy.stats.qmc import LatinHypercube

from twin.contracts import Figure, Kind
from twin.errors import InputError
from twin.model.indicators import load_indicators
from twin.planning.points import Choices, Factor, Plays, factors

__all__ = ["TAIL", "Envelope", "Row", "envelope", "latin_hypercube"]

TAIL = 0.05
"""Share of the draws left out on each side of the envelope."""


@dataclass(frozen=True)
class Row:
    """One indicator, with both of its uncertainties.

    Attributes
    ----------
    indicator, label, family : str
    assumptions : Figure
        Median over the draws, and the envelope that holds all but a `TAIL` on each side.
    chance : Figure
        Mean at the central values, and its 95 % interval over replications.
    """

    indicator: str
    label: str
    family: str
    assumptions: Figure
    chance: Figure


@dataclass(frozen=True)
class Envelope:
    """A scenario played at many draws of its assumptions.

    Attributes
    ----------
    seed : int
    draws : DataFrame
        One row per draw, one column per number that was drawn.
    means : DataFrame
        One row per draw, one column per indicator: mean over the replications of a draw.
    central : DataFrame
        Indicators at the central values: `mean`, `low`, `high`, `n`.
    replications : (int, int)
        Played at each draw, and at the central values.
    """

    seed: int
    draws: pd.DataFrame
    means: pd.DataFrame
    central: pd.DataFrame
    replications: tuple[int, int]

    def rows(self) -> Iterator[Row]:
        """Every indicator seen both at the central values and at a draw, in their usual order."""
        for key, indicator in load_indicators().items():
            means = self.means[key].dropna() if key in self.means else pd.Series(dtype=float)
            if len(means) and key in self.central.index:
                low, median, high = means.quantile([TAIL, 1 / 2, 1 - TAIL])
                seen = "" if len(means) == len(self.means) else f" sur {len(self.means)}"
                drawn = f"{len(means)} tirages{seen} des hypothèses, graine {self.seed}"
                yield Row(
                    key,
                    indicator.label,
                    indicator.family,
                    Figure(median, low, high, indicator.unit, Kind.COMPUTED, drawn),
                    self._chance(key, indicator.unit),
                )

    def _chance(self, key: str, unit: str) -> Figure:
        mean, low, high, seen = map(float, self.central.loc[key, ["mean", "low", "high", "n"]])
        if math.isnan(low):
            low = high = mean
        source = f"{seen:.0f} réplications aux valeurs centrales, graine {self.seed}"
        return Figure(mean, low, high, unit, Kind.COMPUTED, source)


def latin_hypercube(drawn: Sequence[Factor], points: int, seed: int) -> list[Choices]:
    """Draws in which each number takes every one of `points` equal parts of its distribution once.

    Each number has a random stream of its own: a further one leaves the others' draws alone.

    Examples
    --------
    >>> from twin.scenarios.library import load_scenario
    >>> every = {each.key: each for each in factors(load_scenario("reference"))}
    >>> draws = latin_hypercube([every["call_share"]], 3, seed=1)
    >>> [round(draw["call_share"], 3) for draw in draws]
    [0.155, 0.198, 0.064]
    """
    columns = []
    for factor in drawn:
        entropy = np.random.SeedSequence([seed, crc32(f"envelope {factor.key}".encode())])
        sampler = LatinHypercube(d=1, rng=np.random.default_rng(entropy))
        columns.append([factor.drawn(share) for share in sampler.random(points)[:, 0]])
    return [
        {key: value for choices in draw for key, value in choices.items()}
        for draw in zip(*columns, strict=True)
    ]


def envelope(central: Plays, draws: Plays, points: int) -> Envelope:
    """Play a scenario at its central values, then at `points` draws of its assumptions.

    Parameters
    ----------
    central, draws : Plays
        The same scenario from the same seed: they may differ by their number of replications.
    points : int
        At least 2; the number decides of every draw.
    """
    if points < 2:  # noqa: PLR2004
        raise InputError(f"points: at least 2 are expected (found {points})")
    seed = draws.experiment.seed
    drawn = [factor for factor in factors(draws.scenario) if factor.sampled]
    choices = latin_hypercube(drawn, points, seed)
    (at_central,) = central.play([{}])
    means = [table["mean"] for table in draws.play(choices)]
    return Envelope(
        seed,
        pd.DataFrame(choices),
        pd.DataFrame(means).reset_index(drop=True),
        at_central,
        (draws.experiment.replications, central.experiment.replications),
    )
