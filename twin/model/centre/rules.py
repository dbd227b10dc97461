"""What decides between people and work: pure functions of scalars that both engines apply.

The compiled engine compiles these very functions; the reference calls them as they are. They use
no global, so that nothing is frozen at compilation: every parameter of a scenario is passed.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "LATE_CALL",
    "Phase",
    "cameras_passed",
    "interrupts",
    "keeps_the_wall",
    "ranks_as_victim",
    "repair_id",
]


class Phase(IntEnum):
    """Order in which the events of one round are played."""

    ENDS = 0
    """Ends of work."""
    NOTICES = 1
    LOSSES = 2
    """Leaving the view, end of patience, of a slot, of retention, of a day."""
    FAULTS = 3
    """Faults, discoveries, repairs and imposed outages."""
    WINDOWS = 4
    """Live windows, and images of a patrol."""
    PAUSES = 5
    """Breaks and ends of shifts."""
    STARTS = 6
    """Starts of shifts and returns from breaks."""
    ARRIVALS = 7


LATE_CALL = 1 << 31
"""Added to the identifier of an incident to name the viewing request that its late call makes."""


_CAMERA_BITS = 20
_REPAIR_BITS = 12


def interrupts(order: int, order_in_hand: int, interruptible: bool) -> bool:
    """Whether work of class `order` takes the place of the work in an agent's hands.

    Examples
    --------
    >>> interrupts(0, 2, True), interrupts(2, 2, True), interrupts(0, 1, False)
    (True, False, False)
    """
    return interruptible and order < order_in_hand


def ranks_as_victim(
    order: int, start_ms: int, seat: int, order_b: int, start_b_ms: int, seat_b: int
) -> bool:
    """Whether the first work is interrupted rather than the second.

    The lowest class goes first, then the latest start, then the highest seat.

    Examples
    --------
    >>> ranks_as_victim(4, 0, 0, 3, 9, 9), ranks_as_victim(3, 5, 0, 3, 4, 1)
    (True, True)
    """
    if order != order_b:
        return order > order_b
    if start_ms != start_b_ms:
        return start_ms > start_b_ms
    return seat > seat_b


def keeps_the_wall(
    order: int, wall_order: int, watches: bool, watching: int, wall_minimum: int, entitled: int
) -> bool:
    """Whether a free agent may leave the wall for work of class `order`.

    Examples
    --------
    >>> keeps_the_wall(4, 3, True, 1, 1, 500), keeps_the_wall(4, 3, True, 2, 1, 500)
    (False, True)
    >>> keeps_the_wall(0, 3, True, 1, 1, 500), keeps_the_wall(4, 3, True, 1, 1, 0)
    (True, True)
    """
    if order < wall_order or not watches or entitled == 0:
        return True
    return watching > wall_minimum


def cameras_passed(elapsed_ms: int, dwell_ms: int, cameras_left: int) -> int:
    """Cameras wholly shown by a patrol after `elapsed_ms`, at most `cameras_left`.

    Examples
    --------
    >>> cameras_passed(59_999, 20_000, 10), cameras_passed(900_000, 20_000, 10)
    (2, 10)
    """
    return min(elapsed_ms // dwell_ms, cameras_left)


def repair_id(commune_code: int, camera_number: int, repair_number: int) -> int:
    """Identifier of the n-th repair of a camera, made of codes like `world.identifier`.

    Examples
    --------
    >>> repair_id(1, 1, 0) - repair_id(1, 0, 4095)
    1
    """
    return (((commune_code << _CAMERA_BITS) + camera_number) << _REPAIR_BITS) + repair_number
