"""Standard types of the room: shift patterns, pauses, functions of a seat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from twin.errors import did_you_mean
from twin.files import data_folder, load_yaml, validated
from twin.model.calendar import Calendar
from twin.model.cells import window_text
from twin.model.centre.world import Kind
from twin.model.clock import MS_PER_DAY, MS_PER_H, MS_PER_MIN, Window, whole_ms

__all__ = [
    "Function",
    "Patterns",
    "Pauses",
    "Regime",
    "Shift",
    "load_functions",
    "load_patterns",
    "tracks",
]

_STRICT = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

Regime = Literal["fpt", "code_travail", "custom"]
"""Tables of rules on working time, by the names of ``data/working_time.yaml``."""

_MIN_PER_DAY = MS_PER_DAY // MS_PER_MIN

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MIN_PER_WEEK = len(get_args(Weekday)) * _MIN_PER_DAY


def _kind(name: str) -> str:
    allowed = [kind.name.lower() for kind in Kind if kind is not Kind.REPAIR]
    if name not in allowed:
        raise ValueError(f"unknown kind of work; {did_you_mean(name, allowed)}")
    return name


class Shift(BaseModel):
    """A window of the day during which seats are held, on the days named."""

    model_config = _STRICT

    window: Annotated[str, AfterValidator(window_text)]
    """Civil times; an end that is not after the start is on the next day."""
    weekdays: tuple[Weekday, ...] = get_args(Weekday)
    """Days on which it begins."""
    holidays: bool = True
    """Whether it is held on public holidays."""

    def occurrences(self, calendar: Calendar) -> Iterator[tuple[int, int]]:
        """(start, end) in ms of each occurrence that meets the horizon, whole."""
        names = get_args(Weekday)
        first = int(calendar.hour_of_week[0]) // (MS_PER_DAY // MS_PER_H)
        holiday = calendar.holiday[np.searchsorted(calendar.edge_ms, calendar.midnight_ms[:-1])]
        for day, start_ms, end_ms in Window.parse(self.window).spans(calendar):
            held = self.holidays or day < 0 or not holiday[day]
            if held and names[(first + day) % len(names)] in self.weekdays:
                yield start_ms, end_ms

    def overlaps(self, other: Shift) -> bool:
        """Whether the two share some time of a week that repeats itself.

        Examples
        --------
        >>> friday = Shift(window="22:00-06:00", weekdays=("friday",))
        >>> friday.overlaps(Shift(window="04:00-08:00", weekdays=("saturday",)))
        True
        >>> friday.overlaps(Shift(window="04:00-08:00", weekdays=("friday",)))
        False
        """
        mine, theirs = (Window.parse(shift.window).length_min for shift in (self, other))
        return any(
            (start - begun) % _MIN_PER_WEEK < mine or (begun - start) % _MIN_PER_WEEK < theirs
            for begun in self.starts_min()
            for start in other.starts_min()
        )

    def starts_min(self) -> list[int]:
        """Minutes from Monday 00:00 to each of its starts in a week."""
        first = Window.parse(self.window).start_min
        names = get_args(Weekday)
        return [names.index(day) * _MIN_PER_DAY + first for day in self.weekdays]


class Pattern(BaseModel):
    """How a day is cut into shifts."""

    model_config = _STRICT

    label: str
    """What it is, in French, as shown."""
    reference: str
    """Where it comes from."""
    shifts: dict[str, Shift]
    """Shifts by name."""
    regimes: tuple[Regime, ...] = get_args(Regime)
    """Regimes in which it exists; one that only `custom` allows is not legal as it stands."""


class Pauses(BaseModel):
    """Rules of the pauses of one shift."""

    model_config = _STRICT

    longest_stretch_h: float = Field(gt=0)
    """Longest time on screen without a pause."""
    relief_min: float = Field(gt=0)
    """Length of a relief from the screen."""
    legal_every_h: float = Field(gt=0)
    """Work that gives right to a statutory break."""
    legal_min: float = Field(gt=0)
    """Length of the statutory break, which takes the place of a relief."""

    def timetable(self, length_ms: int, phase: float) -> list[tuple[int, int]]:
        """(delay from the start of a shift, length) in ms of each of its pauses.

        The first stretch on screen is shorter or longer with `phase` (between 0 and 1), which
        staggers the seats; the others are equal, and none is longer than allowed.
        """
        longest = whole_ms(self.longest_stretch_h, MS_PER_H)
        relief, legal = whole_ms(self.relief_min, MS_PER_MIN), whole_ms(self.legal_min, MS_PER_MIN)
        statutory = length_ms // whole_ms(self.legal_every_h, MS_PER_H)
        count = statutory
        while length_ms - count * relief - statutory * (legal - relief) > (count + 1) * longest:
            count += 1
        lengths = [relief] * count
        for i in range(statutory):
            lengths[(2 * i + 1) * count // (2 * statutory)] = legal
        work = length_ms - sum(lengths)
        half = work / (count + 1) / 2
        shortest = max(work - count * longest, half)
        first = shortest + phase * (min(longest, work - count * half) - shortest)
        starts = [first + i * (work - first) / count + sum(lengths[:i]) for i in range(count)]
        return [(round(start), length) for start, length in zip(starts, lengths, strict=True)]


class Patterns(BaseModel):
    """Content of ``data/shift_patterns.yaml``."""

    model_config = _STRICT

    patterns: dict[str, Pattern]
    """Patterns by name."""
    office_hours: Shift
    """Shift of the seats that follow the offices."""
    breaks: Pauses
    """Pauses of every shift."""


class Function(BaseModel):
    """What an agent on a seat may do."""

    model_config = _STRICT

    label: str
    """What it is, in French, as shown."""
    watches: bool
    """Whether its agent watches the wall when free."""
    takes: tuple[Annotated[str, AfterValidator(_kind)], ...]
    """Kinds of work it may take."""


class _Functions(BaseModel):
    model_config = _STRICT

    functions: dict[str, Function]


def tracks(shifts: Iterable[Shift]) -> list[int]:
    """Row of seats that holds each shift: the first one where it overlaps no earlier shift.

    Examples
    --------
    >>> tracks([Shift(window="06:00-14:00"), Shift(window="12:00-20:00")])
    [0, 1]
    """
    rows: list[list[Shift]] = []
    chosen = []
    for shift in shifts:
        free = (i for i, row in enumerate(rows) if not any(map(shift.overlaps, row)))
        track = next(free, len(rows))
        if track == len(rows):
            rows.append([])
        rows[track].append(shift)
        chosen.append(track)
    return chosen


def load_patterns() -> Patterns:
    """Shift patterns, office hours and pauses of ``data/shift_patterns.yaml``."""
    return _patterns(data_folder() / "shift_patterns.yaml")


def load_functions() -> dict[str, Function]:
    """Functions of ``data/functions.yaml``, in the order in which a free seat is chosen."""
    return _functions(data_folder() / "functions.yaml")


@cache
def _patterns(path: Path) -> Patterns:
    return validated(Patterns, load_yaml(path), str(path))


@cache
def _functions(path: Path) -> dict[str, Function]:
    return validated(_Functions, load_yaml(path), str(path)).functions
