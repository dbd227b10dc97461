"""Counters of the rig: one copy when a step begins, one when it ends, and their difference."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Delays", "Tally", "percentiles"]

BUCKETS_PER_S = 2_000
BUCKETS = 20_000
PERCENTS = (50, 95, 99, 100)


class Delays:
    """Histogram of delays: half-millisecond buckets up to ten seconds, the last one open.

    Examples
    --------
    >>> delays = Delays()
    >>> for delay_s in (0.001, 0.002, 0.1): delays.add(delay_s)
    >>> int(delays.array().sum())
    3
    """

    def __init__(self) -> None:
        self.counts = [0] * BUCKETS

    def add(self, delay_s: float) -> None:
        """Count one delay; a negative one counts as none."""
        bucket = int(delay_s * BUCKETS_PER_S)
        self.counts[0 if bucket < 0 else bucket if bucket < BUCKETS else -1] += 1

    def array(self) -> NDArray[np.int64]:
        """Copy of the counts."""
        return np.array(self.counts, dtype=np.int64)


@dataclass(frozen=True)
class Tally:
    """What a fleet of cameras or a class of readers did, up to an instant.

    Attributes
    ----------
    counts : Counter of str
        Frames, packets, bytes, gaps, reconnects and the like.
    delays : array of int, shape (20000,)
        Histogram of lateness (cameras) or of latency from due to received (readers).
    lasting : dict of str to list of float
        Durations kept one by one, in seconds: first packet, first key frame, outages.
    now : Counter of str
        How many are online, or playing, at that instant: of two copies, the later one's.
    """

    counts: Counter[str] = field(default_factory=Counter)
    delays: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BUCKETS, dtype=np.int64))
    lasting: dict[str, list[float]] = field(default_factory=dict)
    now: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Tally) -> Tally:
        counts, now = Counter(self.counts), Counter(self.now)
        counts.update(other.counts)
        now.update(other.now)
        names = self.lasting | other.lasting
        lasting = {n: self.lasting.get(n, []) + other.lasting.get(n, []) for n in names}
        return Tally(counts, self.delays + other.delays, lasting, now)

    def since(self, earlier: Tally) -> Tally:
        """What happened after `earlier`, a copy of the same counters."""
        counts = Counter(self.counts)
        counts.subtract(earlier.counts)
        lasting = {n: found[len(earlier.lasting.get(n, [])) :] for n, found in self.lasting.items()}
        return Tally(counts, self.delays - earlier.delays, lasting, self.now)

    def delay_ms(self, percent: float) -> float:
        """Upper end of the bucket that holds a percentile of the delays; NaN when there is none.

        Examples
        --------
        >>> delays = Delays()
        >>> for delay_s in (0.001, 0.002, 0.1): delays.add(delay_s)
        >>> tally = Tally(delays=delays.array())
        >>> tally.delay_ms(50), tally.delay_ms(99)
        (2.5, 100.5)
        """
        cumulated = np.cumsum(self.delays)
        if not cumulated[-1]:
            return float("nan")
        rank = max(1, int(np.ceil(cumulated[-1] * percent / 100)))
        return float(np.searchsorted(cumulated, rank) + 1) / BUCKETS_PER_S * 1e3


def percentiles(values: list[float]) -> dict[str, float]:
    """Median, 95th and 99th percentiles and maximum; empty without values.

    Examples
    --------
    >>> percentiles([1.0, 2.0, 3.0])["p50"]
    2.0
    """
    if not values:
        return {}
    found = np.percentile(values, PERCENTS)
    return {f"p{percent}": round(float(x), 4) for percent, x in zip(PERCENTS, found, strict=True)}
