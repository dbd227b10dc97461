"""Exact money: whole cents, rounded once, shared out without losing one."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["CENTS_PER_EUR", "cents", "part", "split"]

CENTS_PER_EUR = 100
_HALF = 0.5


def cents(eur: float) -> int:
    """Whole cents of an amount in euros, half a cent rounded up.

    Examples
    --------
    >>> cents(0.125), cents(-0.125), cents(290)
    (13, -12, 29000)
    """
    return math.floor(eur * CENTS_PER_EUR + _HALF)


def part(total: int, done: int, whole: int) -> int:
    """Cents of `total` that `done` of `whole` equal parts make, half a cent rounded up.

    Differences of successive parts add up to the total, whatever the number of parts.

    Examples
    --------
    >>> [part(100, k, 3) for k in range(4)]
    [0, 33, 67, 100]
    """
    return (2 * total * done + whole) // (2 * whole)


def split(total: int, weights: Sequence[float]) -> list[int]:
    """Shares of `total` in proportion to `weights`, which add up to it to the cent.

    The cents that rounding down leaves go to the largest remainders, the first one in a tie.

    Examples
    --------
    >>> split(100, [1, 1, 1]), split(-100, [1, 2]), split(7, [0, 0])
    ([34, 33, 33], [-33, -67], [4, 3])
    """
    every = float(sum(weights))
    parts = [weight / every for weight in weights] if every else [1 / len(weights)] * len(weights)
    exact = [total * each for each in parts]
    whole = [math.floor(each) for each in exact]
    order = sorted(range(len(whole)), key=lambda i: (whole[i] - exact[i], i))
    for i in order[: total - sum(whole)]:
        whole[i] += 1
    return whole
