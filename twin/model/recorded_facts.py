"""Recorded facts of each commune, and an estimate of those that are not published.

The producer publishes a count when more than 5 facts were recorded in each of 3 successive years,
or none in all three. What is hidden is therefore not bounded by 5, and the small communes whose
counts are shown are those where much happened: their rate is too high for the others. The rule
itself says both, so it is part of the likelihood from which the hidden facts are estimated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaln, pdtrc

from twin.files import data_folder, read_rows
from twin.model.cells import whole_number

__all__ = ["RecordedFacts", "estimated_counts", "load_recorded_facts"]

_MORE_THAN = 5
_YEARS = 3
_RATES = np.geomspace(1e-6, 0.3, 80)
"""Facts per inhabitant and year that a commune may have."""
_ROUNDS = 300
_SMALLEST = 1e-300
_FEWEST_SHOWN = 3

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RecordedFacts:
    """Mean facts per year over the last three years of the table.

    Attributes
    ----------
    indicators : tuple of str
        Labels of the columns.
    count : float64[communes, indicators]
        Mean of the published counts; the estimate where the last year is not published.
    hidden : bool[communes, indicators]
        Whether it is an estimate, never to be shown for a commune.
    """

    indicators: tuple[str, ...]
    count: Floats
    hidden: Flags

    def by_class(self, urban_class: Sequence[str]) -> pd.DataFrame:
        """Published and estimated facts per year by indicator and urban class.

        Returns
        -------
        DataFrame
            Columns indicator, urban_class, communes_hidden, published, estimated; the class
            "all" is the sum. The estimate of a class with one or two hidden communes is left blank
            (NaN): it would be that of a commune.
        """
        classes = np.array(urban_class)
        rows = []
        for name in [*sorted(set(urban_class)), "all"]:
            among = np.ones(len(classes), dtype=np.bool_) if name == "all" else classes == name
            hidden, count = self.hidden[among], self.count[among]
            several = (hidden.sum(axis=0) >= _FEWEST_SHOWN) | (hidden.sum(axis=0) == 0)
            estimated = np.where(hidden, count, 0).sum(axis=0)
            rows.append(
                pd.DataFrame(
                    {
                        "indicator": self.indicators,
                        "urban_class": name,
                        "communes_hidden": hidden.sum(axis=0),
                        "published": np.where(hidden, 0, count).sum(axis=0),
                        "estimated": np.where(several | (name == "all"), estimated, np.nan),
                    }
                )
            )
        return pd.concat(rows).sort_values(["indicator", "urban_class"], ignore_index=True)


def load_recorded_facts(
    insee: Sequence[str], population: Sequence[int], urban_class: Sequence[str]
) -> RecordedFacts:
    """Facts of ``data/recorded_facts.csv`` for the communes given, in their order."""
    table = _table(data_folder() / "recorded_facts.csv")
    years = table.index.get_level_values("year")
    recent = table[years > years.max() - _YEARS].unstack("year").reindex(list(insee))
    indicators = tuple(sorted(set(table.columns)))
    people, classes = np.array(population, dtype=np.float64), np.array(urban_class)
    count = np.zeros((len(insee), len(indicators)))
    hidden = np.zeros(count.shape, dtype=np.bool_)
    for column, indicator in enumerate(indicators):
        counts = recent[indicator].to_numpy(dtype=np.float64)
        hidden[:, column] = np.isnan(counts[:, -1])
        for name in set(urban_class):
            rows = classes == name
            count[rows, column] = estimated_counts(counts[rows], people[rows])
    return RecordedFacts(indicators, count, hidden)


def estimated_counts(counts: Floats, population: Floats) -> Floats:
    """Facts per year of the communes of one class, for one indicator.

    Parameters
    ----------
    counts : float64[communes, 3]
        Counts of three successive years, NaN where they are not published. The last one is
        published if and only if all three are above 5, or all three are 0.
    population : float64[communes]

    Returns
    -------
    float64[communes]
        Mean of the published counts; for a commune whose last year is hidden, what is expected
        given that it is hidden.

    Notes
    -----
    Counts are Poisson with a rate per inhabitant that differs between communes. The distribution of
    that rate in the class is the one of greatest likelihood on a grid (Laird 1978, J. Am. Stat.
    Assoc. 73:805, by expectation and maximisation); a hidden commune enters it with the probability
    of being hidden.

    Examples
    --------
    >>> nan = float("nan")
    >>> counts = np.array([[20.0, 22.0, 18.0], [nan, nan, nan], [nan, nan, nan]])
    >>> found = estimated_counts(counts, np.array([5000.0, 900.0, 1100.0]))
    >>> [round(float(count)) for count in found]
    [20, 4, 4]
    """
    hidden = np.isnan(counts[:, -1])
    mean = population[:, None] * _RATES
    above, at_least = pdtrc(_MORE_THAN, mean), pdtrc(_MORE_THAN - 1, mean)
    shown = above**_YEARS + np.exp(-_YEARS * mean)
    hiding = np.maximum(1 - shown, _SMALLEST)
    likelihood = np.where(hidden[:, None], np.log(hiding), _log_likelihood(counts, mean, above))
    likelihood = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    weights = np.full(len(_RATES), 1 / len(_RATES))
    for _ in range(_ROUNDS):
        belief = likelihood * weights
        belief /= belief.sum(axis=1, keepdims=True)
        weights = belief.mean(axis=0)
    # E[count of a year, all three above 5] = mean x P(at least 5) x P(more than 5)^2.
    when_hidden = mean * (1 - at_least * above ** (_YEARS - 1)) / hiding
    published = np.nanmean(np.where(hidden[:, None], 0, counts), axis=1)
    expected: Floats = np.where(hidden, (belief * when_hidden).sum(axis=1), published)
    return expected


def _log_likelihood(counts: Floats, mean: Floats, above: Floats) -> Floats:
    """Of the counts of a published commune; a year that is not given was above 5, or 0 as well."""
    total = np.nansum(counts, axis=1, keepdims=True)
    given = np.sum(~np.isnan(counts), axis=1, keepdims=True)
    factorials = np.nansum(gammaln(counts + 1), axis=1, keepdims=True)
    other_year = np.where(total == 0, -mean, np.log(np.maximum(above, _SMALLEST)))
    given_years = total * np.log(mean) - given * mean - factorials
    whole: Floats = given_years + (_YEARS - given) * other_year
    return whole


@cache
def _table(path: Path) -> pd.DataFrame:
    """Counts by (commune, year) and indicator; NaN where they are not published."""
    columns: dict[str, Callable[[str], Any]] = {
        "insee": str,
        "year": int,
        "indicator": str,
        "unit": str,
        "count": lambda cell: float(whole_number(cell)) if cell else math.nan,
        "status": str,
    }
    rows = read_rows(path, columns)
    return pd.DataFrame(rows).pivot(index=["insee", "year"], columns="indicator", values="count")
