"""Units of time, and clock windows such as "18:00-06:00" on every civil day of a horizon."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from twin.model.calendar import Calendar

__all__ = [
    "DAYS_PER_YEAR",
    "MS_PER_DAY",
    "MS_PER_H",
    "MS_PER_MIN",
    "MS_PER_S",
    "Window",
    "whole_ms",
]

MS_PER_S = 1_000
MS_PER_MIN = 60 * MS_PER_S
MS_PER_H = 60 * MS_PER_MIN
MS_PER_DAY = 24 * MS_PER_H
DAYS_PER_YEAR = 365

_MIN_PER_H = 60
_MIN_PER_DAY = 24 * _MIN_PER_H
_CLOCK = r"([01]\d|2[0-3]):([0-5]\d)|24:00"


def whole_ms(duration: float, unit_ms: int) -> int:
    """Return a duration in whole milliseconds, rounded up.

    Examples
    --------
    >>> whole_ms(1.5, MS_PER_MIN), whole_ms(0.0001, MS_PER_S)
    (90000, 1)
    """
    return math.ceil(duration * unit_ms)


@dataclass(frozen=True)
class Window:
    """Part of the civil day between two clock times; it may pass midnight.

    Attributes
    ----------
    start, end : str
        "HH:MM"; an end that is not after the start is on the next civil day.

    Examples
    --------
    >>> Window.parse("18:00-06:00").length_min
    720
    >>> Window.parse("18:00-06:00").overlaps(Window.parse("05:00-07:00"))
    True
    """

    start: str
    end: str

    @classmethod
    def parse(cls, text: str) -> Window:
        """Window written "HH:MM-HH:MM"; ``ValueError`` says what is allowed."""
        if not re.fullmatch(rf"({_CLOCK})-({_CLOCK})", text):
            raise ValueError('a window such as "18:00-06:00" or "00:00-24:00" is expected')
        start, end = text.split("-")
        return cls(start, end)

    @property
    def start_min(self) -> int:
        """Minutes from midnight to the start."""
        return _minutes(self.start)

    @property
    def length_min(self) -> int:
        """Length in minutes of the civil clock."""
        return (_minutes(self.end) - self.start_min - 1) % _MIN_PER_DAY + 1

    def complement(self) -> Window | None:
        """Rest of the day; None when there is none."""
        return Window(self.end, self.start) if self.length_min < _MIN_PER_DAY else None

    def overlaps(self, other: Window) -> bool:
        """Whether the two share some time of a day that repeats itself."""
        later = (other.start_min - self.start_min) % _MIN_PER_DAY
        earlier = (self.start_min - other.start_min) % _MIN_PER_DAY
        return later < self.length_min or earlier < other.length_min

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"

    def spans(self, calendar: Calendar) -> Iterator[tuple[int, int, int]]:
        """(civil day, start_ms, end_ms) of each occurrence that meets the horizon, whole.

        Day -1 is the day before the horizon, for a window that passes midnight.
        """
        overnight = _minutes(self.end) <= self.start_min
        for day in range(-1 if overnight else 0, calendar.horizon.days):
            end_ms = calendar.at(day + overnight, self.end)
            if end_ms > 0:
                yield day, calendar.at(day, self.start), end_ms


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * _MIN_PER_H + int(minutes)
