"""Processor time of calls, and the mean of repeated ones with its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from time import process_time

import numpy as np
from scipy.special import stdtrit

__all__ = ["interval", "least_s", "seconds"]


def seconds(play: Callable[[], object]) -> float:
    """Processor time of one call."""
    begun = process_time()
    play()
    return process_time() - begun


def least_s(play: Callable[[], object], times: int) -> float:
    """Least processor time of several calls: what the neighbours of a machine add is left out."""
    return min(seconds(play) for _ in range(times))


def interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Mean of a sample, and half the width of its Student interval."""
    half = stdtrit(len(values) - 1, (1 + confidence) / 2) * np.std(values, ddof=1)
    return float(np.mean(values)), float(half / sqrt(len(values)))
