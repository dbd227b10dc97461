"""Compare scenarios that met the same worlds: paired differences to the first of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr

from twin.contracts import Figure, Kind
from twin.errors import InputError, did_you_mean
from twin.model.indicators import load_indicators
from twin.scenarios.experiment import Result
from twin.scenarios.schema import Scenario
from twin.scenarios.stopping import CONFIDENCE, half_width

__all__ = [
    "USUAL",
    "Difference",
    "Finding",
    "check_comparable",
    "compare",
    "holm",
    "known_indicators",
    "paired",
]

USUAL = (
    "police_notices",
    "police_alerts",
    "nuisance_notices",
    "view_to_alert_p90",
    "request_wait_p90",
    "request_lost",
    "requisition_in_time",
    "requisition_p90_days",
    "patrols_made",
    "checks_made",
    "hours_below_two",
    "working",
)
"""Indicators compared unless others are named: a real centre could confirm each of them."""

Finding = Literal["too_few", "same", "not_shown", "higher", "lower"]

_SAID: Mapping[Finding, str] = {
    "too_few": "too few replications in common",
    "same": "the same in every replication",
    "not_shown": "no difference shown",
}
_PERCENT = 100
_WHOLE_FROM = 10


@dataclass(frozen=True)
class Difference:
    """One scenario minus the first, on one indicator of the whole centre.

    Attributes
    ----------
    scenario, indicator : str
    first, other : float
        Means over the replications that both have.
    replications : int
        How many those are.
    difference : Figure
        Mean of the paired differences and its Student interval at 95 %, this one taken alone.
    p : float
        Of the paired Student test; NaN when fewer than two replications can be paired.
    p_holm : float
        The same after Holm's correction for all differences of one comparison.
    variance_factor : float
        Variance of the difference between independent worlds over that between shared worlds: how
        many times more replications the comparison would have needed without pairing. Infinite
        when chance has no part in the difference, NaN when it has none in the values.
    """

    scenario: str
    indicator: str
    first: float
    other: float
    replications: int
    difference: Figure
    p: float
    p_holm: float
    variance_factor: float

    @property
    def finding(self) -> Finding:
        """What may be said, after Holm's correction."""
        if math.isnan(self.p):
            return "too_few"
        if self.difference.low == self.difference.high == 0:
            return "same"
        if self.p_holm >= 1 - CONFIDENCE:
            return "not_shown"
        return "higher" if self.difference.value > 0 else "lower"

    @property
    def percent(self) -> float | None:
        """Size of the difference in percent of the first, or None when the first is 0."""
        return _PERCENT * abs(self.difference.value / self.first) if self.first else None

    @property
    def verdict(self) -> str:
        """What may be said, in words.

        "no difference shown" is no proof of equality: the interval says how large it may be.
        """
        if (way := self.finding) not in ("higher", "lower"):
            return _SAID[way]
        if (percent := self.percent) is None:
            return way
        return f"{f'{percent:,.0f}' if percent >= _WHOLE_FROM else f'{percent:.2g}'} % {way}"


def compare(results: Mapping[str, Result], indicators: Iterable[str] = USUAL) -> list[Difference]:
    """Paired differences of every result to the first, with Holm's correction over all of them.

    Parameters
    ----------
    results : mapping of str to Result
        From one call of `run_all`: the same seed, hence the same worlds by replication.
    indicators : iterable of str
        An indicator that two results never show together is left out.

    Raises
    ------
    InputError
        An unknown indicator.
    """
    ((_, first), *others), wanted = results.items(), known_indicators(indicators)
    found = [
        difference
        for name, other in others
        for indicator in wanted
        if (difference := _difference(indicator, name, first, other))
    ]
    corrected = holm(np.array([difference.p for difference in found]))
    return [
        replace(difference, p_holm=float(p)) for difference, p in zip(found, corrected, strict=True)
    ]


def _difference(indicator: str, name: str, first: Result, other: Result) -> Difference | None:
    both = pd.concat([first.values(indicator), other.values(indicator)], axis=1, join="inner")
    if both.empty:
        return None
    both.columns = pd.Index(["first", "other"])
    change = both["other"] - both["first"]
    mean, half, p = paired(change.to_numpy())
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = float(np.divide(both.var().sum(skipna=False), change.var()))
    unit = load_indicators()[indicator].unit
    reach = 0.0 if math.isnan(half) else half
    source = (
        f"{other.stored.folder.name} minus {first.stored.folder.name}, {len(both)} replications"
    )
    figure = Figure(mean, mean - reach, mean + reach, unit, Kind.COMPUTED, source)
    return Difference(
        scenario=name,
        indicator=indicator,
        first=both["first"].mean(),
        other=both["other"].mean(),
        replications=len(both),
        difference=figure,
        p=p,
        p_holm=math.nan,
        variance_factor=factor,
    )


def paired(differences: npt.NDArray[np.floating]) -> tuple[float, float, float]:
    """Mean of paired differences, half-width of its interval, p-value of Student's paired test.

    Differences that are all equal leave nothing to chance: their half-width is 0, and p is 1 when
    they are 0, else 0. One pair has neither half-width nor p (NaN).

    Examples
    --------
    >>> mean, half, p = paired(np.array([1.0, 2.0, 3.0]))
    >>> print(mean, round(half, 2), round(p, 3))
    2.0 2.48 0.074
    """
    n, mean = len(differences), float(differences.mean())
    if n == 1:
        return mean, math.nan, math.nan
    # A spread below the rounding of the mean is that rounding.
    if np.ptp(differences) <= n * np.finfo(float).eps * np.abs(differences).max():
        return mean, 0.0, 1.0 if mean == 0 else 0.0
    sd = differences.std(ddof=1)
    p = 2 * stdtr(n - 1, -abs(mean) / (sd / math.sqrt(n)))
    return mean, float(half_width(sd, n)), float(p)


def holm(p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Adjust p-values so that calling none wrongly different has probability 95 % at least.

    S. Holm, *A simple sequentially rejective multiple test procedure*, Scandinavian Journal of
    Statistics 6(2), 1979. NaN stay NaN and are not counted.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p)
    tests = np.count_nonzero(~np.isnan(p))
    stepped = np.maximum.accumulate(p[order] * np.maximum(tests - np.arange(len(p)), 1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def known_indicators(names: Iterable[str]) -> list[str]:
    """`names`, or one sentence about the first of them that is no indicator."""
    known, wanted = load_indicators(), list(names)
    for name in wanted:
        if name not in known:
            raise InputError(f'unknown indicator "{name}"; {did_you_mean(name, known)}')
    return wanted


def check_comparable(scenarios: Mapping[str, Scenario]) -> None:
    """Refuse fewer than two scenarios, or days that are not the same: the worlds are not.

    Raises
    ------
    InputError
        The sentence names two of them and what makes them equal.
    """
    if len(scenarios) < 2:  # noqa: PLR2004
        raise InputError("two scenarios or more, each once, are needed to choose between them")
    (first, start), *others = ((name, each.horizon) for name, each in scenarios.items())
    for name, horizon in others:
        if horizon != start:
            raise InputError(
                f"{name} plays {horizon.days} days from {horizon.start}, {first} {start.days} from"
                f" {start.start}: only the same days can be compared; --set horizon.start=... and"
                " --set horizon.days=... give them to all"
            )
