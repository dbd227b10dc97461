"""What the wall shows and when an incident is noticed: pure functions that both engines apply.

F free agents watch N_i units; N units are entitled to live viewing. The busiest are held on the
display, the others take turns. Each display state has a cumulative hazard clock that runs at a
constant rate between two changes of that rate:

    clock(t) = base + rate * (t - since)

and is rebased only when its rate takes another value. An incident placed on a display state at
clock c with accumulated hazard a is noticed when the clock reaches c + (threshold - a). Only
+, -, *, / and comparisons of float64 in the written order are used, so that two engines that
apply them to the same arguments agree to the last bit.
"""

from __future__ import annotations

import math

__all__ = [
    "accumulated",
    "clock_at",
    "crossing_ms",
    "held_units",
    "notice_delay_ms",
    "rotating_fraction",
    "rotating_units",
    "target_of",
]

_PER_MILLE = 1000


def held_units(units: int, capacity: int, held_permille: int) -> int:
    """Busiest units held on the display, of `units` entitled, for `capacity` images.

    Examples
    --------
    >>> held_units(1000, 32, 500), held_units(10, 32, 500)
    (16, 10)
    """
    return min(units, held_permille * capacity // _PER_MILLE)


def rotating_units(units: int, capacity: int, held: int) -> int:
    """Images left for the units that take turns.

    Examples
    --------
    >>> rotating_units(1000, 32, 16), rotating_units(20, 32, 16), rotating_units(10, 32, 10)
    (16, 4, 0)
    """
    return min(capacity - held, units - held)


def rotating_fraction(units: int, held: int, rotating: int) -> float:
    """Part of the time that a unit which takes turns is displayed; 0 when all are held.

    Examples
    --------
    >>> rotating_fraction(116, 16, 25), rotating_fraction(16, 16, 0)
    (0.25, 0.0)
    """
    return rotating / (units - held) if units > held else 0.0


def clock_at(base: float, rate_per_ms: float, since_ms: int, now_ms: int) -> float:
    """Value of a hazard clock.

    Examples
    --------
    >>> clock_at(1.0, 0.5, 100, 104)
    3.0
    """
    return base + rate_per_ms * (now_ms - since_ms)


def target_of(clock: float, threshold: float, hazard: float) -> float:
    """Clock value at which an incident that has accumulated `hazard` is noticed.

    Examples
    --------
    >>> target_of(3.0, 1.0, 0.25)
    3.75
    """
    return clock + (threshold - hazard)


def accumulated(hazard: float, clock: float, clock_before: float) -> float:
    """Hazard of an incident that leaves a display state it entered at `clock_before`.

    Examples
    --------
    >>> accumulated(0.25, 3.5, 3.0)
    0.75
    """
    return hazard + (clock - clock_before)


def crossing_ms(base: float, rate_per_ms: float, since_ms: int, target: float, now_ms: int) -> int:
    """First millisecond, not before `now_ms`, at which a running clock has reached `target`.

    The rate must be positive.

    Examples
    --------
    >>> crossing_ms(0.0, 0.25, 1000, 1.1, 1000)
    1005
    >>> crossing_ms(2.0, 0.25, 1000, 1.1, 1003)
    1003
    """
    return max(now_ms, since_ms + math.ceil((target - base) / rate_per_ms))


def notice_delay_ms(threshold: float, hazard: float, hazard_per_ms: float) -> int:
    """Time until notice on a single image watched without a pause; at least 1 ms.

    Examples
    --------
    >>> notice_delay_ms(1.0, 0.5, 0.25), notice_delay_ms(1.0, 1.0, 0.25)
    (2, 1)
    """
    return max(1, math.ceil((threshold - hazard) / hazard_per_ms))
