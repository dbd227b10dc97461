"""When to stop replaying: each asked half-width reached, and held for some replications more.

After Hoad, Robinson and Davies, *Automated selection of the number of replications for a
discrete-event simulation*, Journal of the Operational Research Society 61(11), 2010. The decision
is a function of the values of the replications in their order, and of nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import stdtrit

__all__ = ["CONFIDENCE", "LOOK_AHEAD", "HalfWidth", "Stop", "decide", "half_width"]

CONFIDENCE = 0.95
"""Level of an interval over replications; of all the asked ones together when stopping."""

LOOK_AHEAD = 5
"""Replications for which a precision must hold after it is first reached: kLimit of the article,
with its value there. A standard deviation that is small by luck seldom stays so."""

_PROPORTIONAL_FROM = 100
"""From here on the look-ahead grows with the number of replications, as in the article."""

_FEWEST = 3
"""Replications before which no standard deviation is believed, as in the article."""

_PERCENT = 100


@dataclass(frozen=True)
class HalfWidth:
    """How far an interval may reach on each side of the mean.

    Attributes
    ----------
    size : float
    relative : bool
        Whether `size` is a share of the absolute value of the mean, or in the indicator's unit.
    """

    size: float
    relative: bool

    @classmethod
    def parsed(cls, given: object) -> HalfWidth:
        """Read a text such as "2%", or a number of the indicator's unit.

        Examples
        --------
        >>> HalfWidth.parsed("2%"), HalfWidth.parsed(0.2)
        (HalfWidth(size=0.02, relative=True), HalfWidth(size=0.2, relative=False))
        """
        relative = isinstance(given, str) and given.endswith("%")
        size = math.nan
        if relative:
            with suppress(ValueError):
                size = float(str(given).removesuffix("%")) / _PERCENT
        elif isinstance(given, int | float) and not isinstance(given, bool):
            size = float(given)
        if not 0 < size < (1 if relative else math.inf):
            raise ValueError(
                f'"{given}" is not a precision: write a share of the mean such as "2%", or a number'
                " above 0 in the indicator's unit"
            )
        return cls(size, relative)

    @property
    def spelt(self) -> str | float:
        """What `parsed` reads back."""
        return f"{_PERCENT * self.size:g}%" if self.relative else self.size

    def around(self, mean: float) -> float:
        """Half-width in the indicator's unit around a mean."""
        return self.size * abs(mean) if self.relative else self.size

    def missed(self, half: float, mean: float) -> str:
        """Say by how much a half-width around a mean misses this one."""
        if not self.relative:
            return f"at {half:.2g}, asked {self.size:g}"
        if not mean:
            return f"at {half:.2g} around a mean of 0, which has no share"
        return f"at {_PERCENT * half / abs(mean):.2g} %, asked {_PERCENT * self.size:g} %"


@dataclass(frozen=True)
class Stop:
    """Why no more replications were played.

    Attributes
    ----------
    replications : int
        How many, from the first, the answer rests on.
    reason : {"asked", "precision", "cap"}
        A fixed number was asked; every half-width was reached; or the cap came first.
    sentence : str
        The same in words, with what was missing at the cap.
    """

    replications: int
    reason: Literal["asked", "precision", "cap"]
    sentence: str


def half_width(sd: Any, n: Any, level: float = CONFIDENCE) -> Any:
    """Half-width of Student's interval of a mean, or of many as arrays; NaN below two values.

    Examples
    --------
    >>> print(round(half_width(sd=2.0, n=4), 3))
    3.182
    """
    return stdtrit(n - 1, (1 + level) / 2) * sd / np.sqrt(n)


def decide(
    values: pd.DataFrame,
    precision: Mapping[str, HalfWidth],
    *,
    fewest: int,
    cap: int,
    look_ahead: int = LOOK_AHEAD,
) -> Stop | int:
    """Stop, or the number of replications to reach before asking again.

    Every interval is at the level of Bonferroni, so that all hold together with `CONFIDENCE`.

    Parameters
    ----------
    values : DataFrame
        One row per replication, from the first; one column per asked indicator, NaN where a
        replication has no value.
    precision : mapping of str to HalfWidth
        What is asked; nothing stops at `fewest`.
    fewest, cap : int
        Replications that are always played, and never exceeded.
    look_ahead : int
        Replications for which the precision must hold; in proportion above a hundred.
    """
    played = len(values)
    if not precision:
        return Stop(played, "asked", f"the {_counted(played)} asked")
    reached = 0
    for n, precise in enumerate(_precise(values, precision), start=1):
        if not precise:
            reached = 0
            continue
        reached = reached or n
        if n >= max(fewest, reached + _ahead(reached, look_ahead)):
            held = f" and held for the {n - reached} that followed" if n > reached else ""
            sentence = f"every half-width reached after {_counted(reached)}{held}"
            return Stop(n, "precision", sentence)
    if played >= cap:
        too_late = f"every half-width reached after {reached}, too late to hold for the next ones"
        missing = too_late if reached else _missing(values, precision)
        return Stop(played, "cap", f"stopped at the cap of {played}: {missing}")
    guess = _estimate(values, precision, cap)
    return min(cap, 2 * played, max(played + 1, guess + _ahead(guess, look_ahead)))


def _ahead(n: int, look_ahead: int) -> int:
    return look_ahead * max(n, _PROPORTIONAL_FROM) // _PROPORTIONAL_FROM


def _level(precision: Mapping[str, HalfWidth]) -> float:
    return 1 - (1 - CONFIDENCE) / len(precision)


def _precise(values: pd.DataFrame, precision: Mapping[str, HalfWidth]) -> pd.Series[bool]:
    """Whether every half-width is reached, after each replication."""
    reached = pd.Series(np.arange(1, len(values) + 1) >= _FEWEST, index=values.index)
    for name, asked in precision.items():
        so_far = values[name].expanding()
        n, sd, mean = so_far.count(), so_far.std(), so_far.mean()
        limit = asked.size * mean.abs() if asked.relative else asked.size
        reached &= half_width(sd, n, _level(precision)) <= limit
    return reached


def _estimate(values: pd.DataFrame, precision: Mapping[str, HalfWidth], cap: int) -> int:
    """Replications that would do if means and standard deviations stayed what they are."""
    sizes = np.arange(len(values), cap + 1)
    reached = np.full(len(sizes), True)
    for name, asked in precision.items():
        column = values[name]
        half = half_width(column.std(), sizes, _level(precision))
        reached &= half <= asked.around(column.mean())
    return int(sizes[np.argmax(reached)]) if reached.any() else cap


def _missing(values: pd.DataFrame, precision: Mapping[str, HalfWidth]) -> str:
    """Which half-widths are not reached."""
    missing = []
    for name, asked in precision.items():
        column = values[name]
        seen, mean = column.count(), column.mean()
        half = half_width(column.std(), seen, _level(precision))
        if math.isnan(half):
            missing.append(f"{name} seen in {seen}")
        elif half > asked.around(mean):
            missing.append(f"{name} {asked.missed(half, mean)}")
    return "; ".join(missing) or f"fewer than {_FEWEST} replications tell no precision"


def _counted(n: int) -> str:
    return "one replication" if n == 1 else f"{n} replications"
