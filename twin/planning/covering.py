"""Cheapest legal shifts that cover a week: an integer programme over an enumerated library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.optimize import Bounds, LinearConstraint, milp

from twin.errors import InputError
from twin.files import data_folder, load_yaml, validated
from twin.model.clock import Window
from twin.model.patterns import Shift, Weekday, load_patterns
from twin.model.seats import SeatedShift

__all__ = [
    "HOURS",
    "OFFICER",
    "OPERATOR",
    "Cut",
    "ShiftType",
    "WeekPlan",
    "cover",
    "load_library",
    "more_than",
]

OPERATOR, OFFICER = "video_operator", "requisition_officer"
HOURS = 168
"""Hours of a week, from Monday 00:00."""

_H_PER_DAY = 24
_MIN_PER_H = 60
_EVERY_NODE = 2**31 - 1
_NODES = 200
"""Nodes after which the choice between plans of one cost stops: a count and no time, so that a plan
does not depend on the machine."""

_NEARLY = 0.2
"""How far from the most usual shifts a plan may be, relatively."""

_SAME = 1e-6

Floats = npt.NDArray[np.float64]


class ShiftType(NamedTuple):
    """A shift that a plan may hold, once or several times."""

    function: str
    window: str
    weekdays: tuple[Weekday, ...]
    holidays: bool = True

    @property
    def hours(self) -> float:
        """Hours per week of one seat."""
        return Window.parse(self.window).length_min / _MIN_PER_H * len(self.weekdays)

    def covered(self) -> Floats:
        """Part of each hour of the week that one seat covers, shape (168,)."""
        return _covered(self)

    def seated(self, seats: int) -> SeatedShift:
        """Row of a scenario's ``seats.shifts``."""
        return SeatedShift(**self._asdict(), seats=seats)


class _Library(BaseModel):
    """Content of ``data/shift_library.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    longest_h: float = Field(gt=0)
    """Daily work at most."""
    usual_h: float = Field(gt=0)
    """Length preferred among plans of one cost."""
    first_start: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """Earliest start preferred among plans of one cost."""
    last_start: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """Latest start preferred among plans of one cost."""
    start_every_h: int = Field(ge=1)
    """Hours between two starts, from midnight."""
    lengths_h: tuple[Annotated[int, Field(ge=1)], ...]
    """Lengths of the shifts."""
    days: dict[str, tuple[Weekday, ...]]
    """Groups of days on which a shift is held."""

    @model_validator(mode="after")
    def _legal(self) -> _Library:
        too_long = [length for length in self.lengths_h if length > self.longest_h]
        if too_long:
            raise ValueError(f"shifts of {too_long} h are longer than the {self.longest_h:g} h")
        return self


@dataclass(frozen=True)
class Cut:
    """Seat-hours of the week that a plan must hold.

    Attributes
    ----------
    weights : dict of str to array of shape (168,)
        By function, what one seat held during an hour counts for.
    level : float
        Least weighted sum over the week.
    """

    weights: Mapping[str, Floats]
    level: float


@dataclass(frozen=True)
class WeekPlan:
    """How many seats of each shift type: no type with none, in a fixed order."""

    seats: tuple[tuple[ShiftType, int], ...] = field(default=())

    @classmethod
    def of(cls, counts: Mapping[ShiftType, int]) -> WeekPlan:
        """Plan of the types that have seats.

        Examples
        --------
        >>> night = ShiftType(OPERATOR, "22:00-06:00", ("friday",))
        >>> WeekPlan.of({night: 2}).hours, WeekPlan.of({night: 0}).seats
        (16.0, ())
        """
        return cls(tuple(sorted((kind, n) for kind, n in counts.items() if n)))

    @property
    def hours(self) -> float:
        """Seat-hours per week."""
        return sum(kind.hours * n for kind, n in self.seats)

    def coverage(self, function: str) -> Floats:
        """Seats of a function held in each hour of the week, shape (168,)."""
        held = [n * kind.covered() for kind, n in self.seats if kind.function == function]
        total: Floats = np.sum([np.zeros(HOURS), *held], axis=0)
        return total

    def changed(self, less: ShiftType, more: ShiftType | None = None) -> WeekPlan:
        """Plan with one seat of `less` fewer, and one of `more` in its place."""
        counts = dict(self.seats)
        counts[less] -= 1
        if more is not None:
            counts[more] = counts.get(more, 0) + 1
        return WeekPlan.of(counts)

    def within(self, other: WeekPlan) -> bool:
        """Whether `other` holds at least as many seats of each function at every hour."""
        return all(
            (self.coverage(name) <= other.coverage(name)).all() for name in (OPERATOR, OFFICER)
        )

    def rows(self) -> list[SeatedShift]:
        """Rows of a scenario's ``seats.shifts``."""
        return [kind.seated(n) for kind, n in self.seats]


def more_than(plan: WeekPlan, weights: Mapping[str, Floats], more: float, most: int = 20) -> Cut:
    """Cut that asks for `more` weighted seat-hours a week than a plan holds.

    Where `most` seats at every weighted hour would not hold that much, every hour counts.

    Examples
    --------
    >>> night = WeekPlan.of({ShiftType(OPERATOR, "22:00-06:00", ("friday",)): 2})
    >>> more_than(night, {OPERATOR: np.ones(HOURS)}, 4).level
    20.0
    """
    held = sum(float(w @ plan.coverage(name)) for name, w in weights.items())
    if held + more > most * np.max(list(weights.values()), axis=0).sum():
        return more_than(plan, dict.fromkeys(weights, np.ones(HOURS)), more, HOURS)
    return Cut(weights, held + more)


def load_library() -> tuple[ShiftType, ...]:
    """Shifts that a sizing may combine: those of ``data/shift_library.yaml``, and office hours."""
    office = load_patterns().office_hours
    officer = ShiftType(OFFICER, office.window, office.weekdays, office.holidays)
    return (*_enumerated(data_folder() / "shift_library.yaml"), officer)


def cover(
    library: Sequence[ShiftType], least: Floats, cuts: Sequence[Cut] = (), *, most: int = 20
) -> WeekPlan:
    """Fewest seat-hours per week that hold `least` operators at every hour and satisfy `cuts`.

    Among plans of one cost, the one with the fewest seats at its busiest hour; then the most usual
    shifts.

    Parameters
    ----------
    library : sequence of ShiftType
    least : array of shape (168,)
        Operators present at every hour of the week.
    cuts : sequence of Cut
    most : int
        Seats at any hour, at most.

    Raises
    ------
    InputError
        No combination of the library does.

    Examples
    --------
    >>> plan = cover(load_library(), np.ones(HOURS))
    >>> plan.hours, sum(n for _, n in plan.seats)
    (168.0, 3)
    """
    of = np.array([kind.function for kind in library])
    covered = np.array([kind.covered() for kind in library])
    by_function = {name: covered * (of == name)[:, np.newaxis] for name in (OPERATOR, OFFICER)}
    asked = np.vstack([by_function[OPERATOR].T, *(_row(by_function, cut) for cut in cuts)])
    levels = np.concatenate([least, [cut.level for cut in cuts]])
    # The last variable is the number of seats at the busiest hour.
    rules = [
        LinearConstraint(np.column_stack([asked, np.zeros(len(asked))]), levels - _SAME, np.inf),
        LinearConstraint(np.column_stack([-covered.T, np.ones(HOURS)]), 0, np.inf),
    ]
    hours = np.array([kind.hours for kind in library] + [0.0])
    peak = np.append(np.zeros(len(library)), 1.0)
    unusual = np.array([_unusual(kind) for kind in library] + [0.0])
    best = _solved(hours, rules, most)
    if best is None:
        raise InputError(f"the shifts of the library do not cover the week with {most} seats")
    for held, objective, gap in ((hours, peak, 0.0), (peak, unusual, _NEARLY)):
        rules.append(LinearConstraint(held[np.newaxis], -np.inf, float(held @ best) + _SAME))
        found = _solved(objective, rules, most, _NODES, gap)
        best = best if found is None else found
    return WeekPlan.of(dict(zip(library, best[:-1].astype(int).tolist(), strict=True)))


def _solved(
    objective: Floats,
    rules: list[LinearConstraint],
    most: int,
    nodes: int = _EVERY_NODE,
    gap: float = 0.0,
) -> Floats | None:
    found = milp(
        objective,
        integrality=np.ones(len(objective), dtype=np.int64),
        bounds=Bounds(0, most),
        constraints=rules,
        options={"mip_rel_gap": gap, "node_limit": nodes},
    )
    return None if found.x is None else np.round(found.x).astype(np.float64)


def _row(covered: Mapping[str, Floats], cut: Cut) -> Floats:
    row: Floats = np.sum([covered[name] @ w for name, w in cut.weights.items()], axis=0)
    return row[np.newaxis]


@cache
def _read(path: Path) -> _Library:
    return validated(_Library, load_yaml(path), str(path))


@cache
def _enumerated(path: Path) -> tuple[ShiftType, ...]:
    laws = _read(path)
    return tuple(
        ShiftType(OPERATOR, f"{start:02d}:00-{(start + length) % _H_PER_DAY:02d}:00", days)
        for days in laws.days.values()
        for length in laws.lengths_h
        for start in range(0, _H_PER_DAY, laws.start_every_h)
    )


def _unusual(kind: ShiftType) -> float:
    """What nobody pays for and people prefer not to have: odd lengths, starts in the night."""
    laws = _read(data_folder() / "shift_library.yaml")
    start = kind.window[:5]
    odd = abs(Window.parse(kind.window).length_min / _MIN_PER_H - laws.usual_h)
    in_the_night = not laws.first_start <= start <= laws.last_start
    return 1 + len(kind.weekdays) * (1 + odd + 2 * in_the_night)


@cache
def _covered(kind: ShiftType) -> Floats:
    covered = np.zeros(HOURS)
    length_min = Window.parse(kind.window).length_min
    for start_min in Shift(window=kind.window, weekdays=kind.weekdays).starts_min():
        edges = np.array([start_min, start_min + length_min])
        hours = np.arange(start_min // _MIN_PER_H, -(-int(edges[1]) // _MIN_PER_H))
        begins = np.maximum(hours * _MIN_PER_H, edges[0])
        ends = np.minimum((hours + 1) * _MIN_PER_H, edges[1])
        np.add.at(covered, hours % HOURS, (ends - begins) / _MIN_PER_H)
    covered.flags.writeable = False
    return covered
