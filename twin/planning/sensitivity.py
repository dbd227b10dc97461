"""Which assumption matters, and what it would have to be for a conclusion to be wrong.

Nothing here knows what is computed: `tornado`, `reversing_value` and `reversals` take any function
from choices to a number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd
from scipy.optimize import bisect

from twin.contracts import Figure, Kind
from twin.errors import InputError, did_you_mean
from twin.model.indicators import load_indicators
from twin.planning.points import Choices, Factor

__all__ = [
    "Conclusion",
    "Flip",
    "Reversal",
    "ends",
    "reversals",
    "reversing_value",
    "tornado",
]

RESOLUTION = 0.01
"""Width at which a search stops, as a part of the way from the central value to the end."""

_LARGEST_SHARE = 0.999
"""Where a search beyond the range of a share stops."""

_NEAREST_ZERO = 0.1
"""Part of the low end below which a number that cannot be negative is not looked for."""

_CONCLUSION = re.compile(r"\s*(\w+)\s*(>=|<=)\s*([-+.\w]+)\s*")


@dataclass(frozen=True)
class Conclusion:
    """A statement about an indicator of the whole centre, such as ``requisition_saved>=0.99``."""

    indicator: str
    at_least: bool
    threshold: float

    @classmethod
    def read(cls, text: str) -> Conclusion:
        """Conclusion written in words.

        Examples
        --------
        >>> Conclusion.read("requisition_saved >= 0.99")
        Conclusion(indicator='requisition_saved', at_least=True, threshold=0.99)
        """
        found = _CONCLUSION.fullmatch(text)
        try:
            threshold = float(found[3]) if found else math.nan
        except ValueError:
            threshold = math.nan
        if not found or not math.isfinite(threshold):
            raise InputError(
                f'conclusion "{text}": write indicator>=number or indicator<=number, '
                'as "requisition_saved>=0.99"'
            )
        if found[1] not in load_indicators():
            hint = did_you_mean(found[1], load_indicators())
            raise InputError(f'conclusion "{text}": unknown indicator "{found[1]}"; {hint}')
        return cls(found[1], found[2] == ">=", threshold)

    def __str__(self) -> str:
        """Write it as it is read."""
        return f"{self.indicator}{'>=' if self.at_least else '<='}{self.threshold:g}"

    def margin(self, value: float) -> float:
        """How far `value` is on the side where the conclusion holds; negative where it does not."""
        return value - self.threshold if self.at_least else self.threshold - value


@dataclass(frozen=True)
class Flip:
    """Where a conclusion changes.

    Attributes
    ----------
    value : float
        Value at which it changes, to within the resolution of the search.
    before, after : float
        Values on either side at which it is beyond doubt, to within a factor of two of their
        distance; the start or the end of the search where doubt reaches so far.
    """

    value: float
    before: float
    after: float


@dataclass(frozen=True)
class Reversal:
    """What one number would have to be for a conclusion to change.

    Attributes
    ----------
    factor : Factor
    end : float
        How far it was looked for.
    flip : Flip or None
        None when the conclusion is the same at the end as at the central value.
    """

    factor: Factor
    end: float
    flip: Flip | None

    @property
    def figure(self) -> Figure | None:
        """Reversing value, between the values that leave no doubt on either side."""
        if self.flip is None:
            return None
        low, _, high = sorted((self.flip.before, self.flip.value, self.flip.after))
        entry = self.factor.entry
        return Figure(self.flip.value, low, high, entry.unit, Kind.COMPUTED, self.factor.key)


def _no_doubt(value: float) -> float:  # noqa: ARG001
    return 0.0


def reversing_value(
    margin: Callable[[float], float],
    start: float,
    end: float,
    *,
    tolerance: float,
    doubt: Callable[[float], float] = _no_doubt,
) -> Flip | None:
    """Value between `start` and `end` at which `margin` changes sign, or None.

    Only both ends are looked at before the search: a sign that changes and changes back between
    them is not seen.

    Parameters
    ----------
    margin : callable
        Positive or zero where the conclusion holds. It may be a step function.
    tolerance : float
        Width at which the bisection stops.
    doubt : callable
        Half-width of the interval of the margin at a value; 0 when it is exact.

    Examples
    --------
    >>> flip = reversing_value(lambda price: 3 * price - 6, 0.0, 8.0, tolerance=1e-9)
    >>> round(flip.value, 8)
    2.0
    >>> reversing_value(lambda price: 3 * price + 6, 0.0, 8.0, tolerance=1e-9) is None
    True
    """

    def side(value: float) -> float:
        return 1.0 if margin(value) >= 0 else -1.0

    def sure(first: float, limit: float) -> float:
        """Nearest value toward `limit` that leaves no doubt, twice as far at each try."""
        step = first
        while abs(step) < abs(limit - value):
            if abs(margin(value + step)) > doubt(value + step):
                return value + step
            step *= 2
        return limit

    if side(start) == side(end):
        return None
    value = float(bisect(side, start, end, xtol=tolerance))
    first = math.copysign(tolerance, end - start)
    return Flip(value, before=sure(-first, start), after=sure(first, end))


def ends(factors: Iterable[Factor]) -> list[Choices]:
    """Points of a tornado: the central one, then each factor at both of its ends."""
    moved = [f.at(end) for f in factors for end in (f.entry.low, f.entry.high)]
    return [{}, *moved]


def tornado(figure: Callable[[Choices], float], factors: Iterable[Factor]) -> pd.DataFrame:
    """Move each number alone to both ends of its range.

    Returns
    -------
    DataFrame
        One row per number, the widest swing first: `key`, `label`, `unit`, `low`, `central` and
        `high` of the number; the figure `at_low`, `at_central` and `at_high`; and the `swing`, the
        distance between the least and the greatest of the three.
    """
    at_central = figure({})
    rows = []
    for factor in factors:
        entry = factor.entry
        at_low, at_high = (figure(factor.at(end)) for end in (entry.low, entry.high))
        three = (at_low, at_central, at_high)
        rows.append(
            {"key": factor.key, "label": entry.label, "unit": entry.unit}
            | {"low": entry.low, "central": entry.central, "high": entry.high}
            | {"at_low": at_low, "at_central": at_central, "at_high": at_high}
            | {"swing": max(three) - min(three)}
        )
    columns = ["key", "label", "unit", "low", "central", "high"]
    table = pd.DataFrame(rows, columns=[*columns, "at_low", "at_central", "at_high", "swing"])
    return table.sort_values("swing", ascending=False, kind="stable", ignore_index=True)


def reversals(
    margin: Callable[[Choices], float],
    factors: Iterable[Factor],
    *,
    beyond: float = 1.0,
    resolution: float = RESOLUTION,
    doubt: Callable[[Choices], float] | None = None,
) -> list[Reversal]:
    """Value of each number, alone, at which a conclusion changes.

    Parameters
    ----------
    margin : callable
        From choices to a number, positive or zero where the conclusion holds.
    beyond : float
        How far to look: 1 is the end of the range, 2 twice as far from the central value. A whole
        number, or one that moves others with it, never leaves its range.
    resolution : float
        Part of the way from the central value to the end at which a search stops.
    doubt : callable
        Half-width of the interval of the margin; exact without it.

    Returns
    -------
    list of Reversal
        One per number and end of its range that differs from its central value.
    """
    found = []
    for factor in factors:
        for end in (factor.entry.low, factor.entry.high):
            if end != factor.entry.central:
                limit = _limit(factor, end, beyond)
                flip = _flip(margin, factor, limit, resolution, doubt)
                found.append(Reversal(factor, limit, flip))
    return found


def _flip(
    margin: Callable[[Choices], float],
    factor: Factor,
    limit: float,
    resolution: float,
    doubt: Callable[[Choices], float] | None,
) -> Flip | None:
    def at(value: float) -> Choices:
        return factor.at(value if factor.sampled else float(round(value)))

    central = factor.entry.central
    flip = reversing_value(
        lambda value: margin(at(value)),
        central,
        limit,
        tolerance=resolution * abs(limit - central),
        doubt=_no_doubt if doubt is None else lambda value: doubt(at(value)),
    )
    if flip is None or factor.sampled:
        return flip
    first = math.ceil(flip.value) if limit > central else math.floor(flip.value)
    return Flip(first, round(flip.before), round(flip.after))


def _limit(factor: Factor, end: float, beyond: float) -> float:
    """Where the search stops: as far as it makes sense for the number."""
    entry = factor.entry
    if not factor.sampled or len(factor.entries) > 1:
        return end
    if entry.distribution == "lognormal":
        return float(entry.central * (end / entry.central) ** beyond)
    limit = entry.central + beyond * (end - entry.central)
    if entry.low >= 0:
        limit = max(limit, _NEAREST_ZERO * entry.low)
    if entry.unit == "part":
        limit = min(limit, max(_LARGEST_SHARE, entry.high))
    return limit
