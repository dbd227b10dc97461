"""The plan of the room: which seats are open when, and when their agents pause."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import chain, groupby
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, model_validator

from twin.errors import InputError, did_you_mean
from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar
from twin.model.centre.world import Breaks, Kind, Seats, Shifts
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H
from twin.model.patterns import (
    Function,
    Pauses,
    Regime,
    Shift,
    load_functions,
    load_patterns,
    tracks,
)
from twin.model.rosters import read_roster

__all__ = [
    "REPLACED_BY_SHIFTS",
    "SeatPlan",
    "SeatedShift",
    "SeatsLevers",
    "build_plan",
    "seated_shifts",
]

REPLACED_BY_SHIFTS = (
    "pattern",
    "operators",
    "supervisors",
    "requisition_officers",
    "technicians",
)
"""Levers that ``shifts`` takes the place of."""

_OPERATOR, _OFFICER, _TRAINEE = "video_operator", "requisition_officer", "trainee"
_TECHNICIAN = "technician"
_EVERY_COMMUNE = 0
_GOLDEN = (math.sqrt(5) - 1) / 2
_H_PER_YEAR = DAYS_PER_YEAR * MS_PER_DAY / MS_PER_H

Value = TypeVar("Value")


class SeatedShift(Shift):
    """A shift of the week and the seats held in it."""

    function: str
    """Key of ``data/functions.yaml``."""
    seats: NonNegativeInt
    """Seats side by side."""


class SeatsLevers(BaseModel):
    """Seats, the people on them, and the rules of the room."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    pattern: str | None = None
    """Key of ``data/shift_patterns.yaml``; none when `shifts` says everything."""
    regime: Regime = "fpt"
    """Rules of working time that the room keeps to, a key of ``data/working_time.yaml``."""
    operators: dict[str, NonNegativeInt] = {}
    """Video operators by shift of the pattern; a shift that is not named has none."""
    supervisors: dict[str, NonNegativeInt] = {}
    """Supervisors by shift of the pattern; a shift that is not named has none."""
    supervisor_function: Literal["supervisor", "watching_supervisor"] = "supervisor"
    """Function of their seats in ``data/functions.yaml``, which says whether they watch."""
    requisition_officers: NonNegativeInt = 0
    """Agents named for requisitions, in office hours."""
    technicians: NonNegativeInt = 0
    """Technicians, in office hours."""
    shifts: tuple[SeatedShift, ...] = ()
    """Every seat of the week, shift by shift: instead of a pattern and the counts above."""
    roster: Path | None = None
    """CSV file of a roster, whose duties are played in place of the video operators' seats; its
    needs without agent stay empty."""
    sectors: int = Field(default=1, ge=1)
    """Groups of neighbouring communes, balanced by load, each with its own seats; 1: no groups."""
    pools: dict[str, tuple[str, ...]] = {}
    """Groups of communes, INSEE codes by name, each with its own seats; none: no groups."""
    vacant_posts: NonNegativeInt = 0
    """Operators' posts that nobody holds: their part of the shifts stays empty, in rotation."""
    unaccredited_posts: NonNegativeInt = 0
    """Operators' posts whose agents are present but may not watch or work yet, in rotation."""
    relief: bool = False
    """Whether somebody replaces an absent agent."""
    end_of_shift: Literal["finish", "hand_over", "drop"]
    """What an agent whose shift ends does with the work in hand."""
    wall_minimum: NonNegativeInt
    """Free agents at the wall below which nobody leaves it for work that can wait."""
    display_rule: Literal["mixed", "one_commune_at_a_time"]
    """Whether one person's images may come from several communes at once."""
    images: int | None = Field(default=None, ge=1)
    """Images watched by one free agent; none: the assumption ``images_watched``."""
    check_hour: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    """Civil time from which the health checks of the day are owed."""
    repair_crew: int | None = Field(default=None, ge=1)
    """Cameras that can be under repair at once; none: no limit."""
    faults_known_at_once: bool = False
    """Whether a camera fault is known without anybody discovering it."""

    @model_validator(mode="after")
    def _said_once(self) -> SeatsLevers:
        both = [name for name in REPLACED_BY_SHIFTS if self.shifts and getattr(self, name)]
        if both:
            raise ValueError(f"shifts replaces {', '.join(both)}: give one or the other")
        if not self.shifts and self.pattern is None:
            raise ValueError("a pattern is expected, or shifts")
        if self.pools and self.sectors > 1:
            raise ValueError("pools and sectors part the communes twice: give one or the other")
        return self


@dataclass(frozen=True)
class SeatPlan:
    """Seats, shifts and breaks of a horizon, with the levers they come from.

    Attributes
    ----------
    names : tuple of str
        One per seat: function, track and number. A seat keeps its name when others are added.
    functions : tuple of str
        Function of each seat, a key of ``data/functions.yaml``.
    agents : tuple of str
        Who holds each shift, by the codes of the roster; empty where the plan names nobody.
    """

    names: tuple[str, ...]
    functions: tuple[str, ...]
    agents: tuple[str, ...]
    seats: Seats
    shifts: Shifts
    breaks: Breaks
    levers: SeatsLevers


class _Seat(NamedTuple):
    """What makes a seat the same seat in two plans; the order is the order of choice."""

    rank: int
    """Rank of its function in ``data/functions.yaml``."""
    track: int
    """Seats of one track serve windows that do not overlap."""
    number: int


class _Presence(NamedTuple):
    """An agent on a seat, before the horizon cuts it."""

    start_ms: int
    seat: _Seat
    end_ms: int
    phase: float
    """Staggers the pauses of the seats open together, between 0 and 1."""
    agent: str = ""
    """Who holds it in the roster."""


def build_plan(levers: SeatsLevers, calendar: Calendar, assumptions: Assumptions) -> SeatPlan:
    """Plan of the room over the horizon of `calendar`.

    A shift that began before the first midnight starts at 0; one that passes the end of the
    horizon is cut there; their pauses keep their time. Shifts of one function that overlap are held
    on seats of their own, since the shifts of one seat may not.

    Raises
    ------
    InputError
        An unknown pattern, shift or function; a pattern that the regime does not know; more
        vacant posts than posts; a roster that does not cover the horizon.
    """
    laws, functions = load_patterns(), load_functions()
    rank = {name: i for i, name in enumerate(functions)}
    rows = seated_shifts(levers)
    for row in rows:
        _named("seats.shifts", row.function, functions)
    by_function = {name: [row for row in rows if row.function == name] for name in functions}
    held = {name: list(_held(of, rank[name], calendar)) for name, of in by_function.items()}
    operators = sorted(held.pop(_OPERATOR))
    staffed = (
        _staffed(operators, levers, rank[_TRAINEE], calendar, assumptions)
        if levers.roster is None
        else _rostered(levers, levers.roster, rank, calendar)
    )
    presences = [*staffed, *chain.from_iterable(held.values())]
    seats = sorted({presence.seat for presence in presences})
    held_by = tuple(list(functions)[seat.rank] for seat in seats)
    presences.sort(key=lambda p: (max(p.start_ms, 0), p.seat))
    shifts, breaks = _timetable(presences, seats, laws.breaks, calendar.horizon_ms)
    return SeatPlan(
        names=tuple(f"{name}/{s.track}/{s.number}" for name, s in zip(held_by, seats, strict=True)),
        functions=held_by,
        agents=tuple(presence.agent for presence in presences),
        seats=_table_of_seats([functions[name] for name in held_by]),
        shifts=shifts,
        breaks=breaks,
        levers=levers,
    )


def seated_shifts(levers: SeatsLevers) -> tuple[SeatedShift, ...]:
    """Every seat of the week, shift by shift, however the levers say it.

    Raises
    ------
    InputError
        An unknown pattern or shift.

    Examples
    --------
    >>> rules = {"end_of_shift": "finish", "wall_minimum": 1, "display_rule": "mixed"}
    >>> rules |= {"pattern": "three_by_eight", "check_hour": "08:00"}
    >>> rows = seated_shifts(SeatsLevers(**rules, operators={"night": 2}))
    >>> [(row.function, row.window, row.seats) for row in rows if row.seats]
    [('video_operator', '22:00-06:00', 2)]
    """
    if levers.pattern is None:
        return levers.shifts
    laws = load_patterns()
    pattern = _named("seats.pattern", levers.pattern, laws.patterns)
    if levers.regime not in pattern.regimes:
        raise InputError(
            f"seats.pattern: {levers.pattern} is « non légal en l'état » in regime {levers.regime};"
            f" it exists only with seats.regime: {' or '.join(pattern.regimes)}"
        )
    shifts = pattern.shifts
    counted = [
        ("operators", _OPERATOR, levers.operators),
        ("supervisors", levers.supervisor_function, levers.supervisors),
    ]
    rows = []
    for lever, function, counts in counted:
        for name in counts:
            _named(f"seats.{lever}", name, shifts)
        rows += [_seated(shift, function, counts.get(name, 0)) for name, shift in shifts.items()]
    return (
        *rows,
        _seated(laws.office_hours, _OFFICER, levers.requisition_officers),
        _seated(laws.office_hours, _TECHNICIAN, levers.technicians),
    )


def _seated(shift: Shift, function: str, seats: int) -> SeatedShift:
    return SeatedShift(**shift.model_dump(), function=function, seats=seats)


def _held(rows: list[SeatedShift], rank: int, calendar: Calendar) -> Iterator[_Presence]:
    for row, track in zip(rows, tracks(rows), strict=True):
        yield from _row(rank, track, row.seats, row, calendar)


def _row(
    rank: int, track: int, count: int, shift: Shift, calendar: Calendar
) -> Iterator[_Presence]:
    """Presences of `count` seats side by side during every occurrence of `shift`."""
    for start_ms, end_ms in shift.occurrences(calendar):
        for number in range(1, count + 1):
            seat = _Seat(rank, track, number)
            yield _Presence(start_ms, seat, end_ms, (2 * number - 1) / (2 * count))


def _staffed(
    operators: list[_Presence],
    levers: SeatsLevers,
    trainee: int,
    calendar: Calendar,
    assumptions: Assumptions,
) -> Iterator[_Presence]:
    """Presences that somebody holds; those of an agent not accredited yet go to a trainee's seat.

    A post works the annual hours, less its absences where a relief replaces them. Which shifts
    miss it follows the multiples of the golden ratio: every seat, shift and day of the week loses
    the same share, and nothing is drawn.
    """
    open_ms = sum(min(p.end_ms, calendar.horizon_ms) - max(p.start_ms, 0) for p in operators)
    open_h_year = open_ms / calendar.horizon_ms * _H_PER_YEAR
    present_share = 1 - assumptions["absence_rate"] if levers.relief else 1
    post_h_year = assumptions["annual_hours"] * present_share
    vacant_h_year = levers.vacant_posts * post_h_year
    missing_h_year = vacant_h_year + levers.unaccredited_posts * post_h_year
    if missing_h_year > open_h_year:
        raise InputError(
            f"seats: {levers.vacant_posts} vacant and {levers.unaccredited_posts} unaccredited "
            f"posts are more than the {open_h_year / post_h_year:.1f} posts of the operators' seats"
        )
    for k, presence in enumerate(operators, start=1):
        mark_h_year = k * _GOLDEN % 1 * open_h_year
        if mark_h_year >= missing_h_year:
            yield presence
        elif mark_h_year >= vacant_h_year:
            yield presence._replace(seat=presence.seat._replace(rank=trainee))


def _rostered(
    levers: SeatsLevers, path: Path, rank: Mapping[str, int], calendar: Calendar
) -> Iterator[_Presence]:
    """Presences of a roster, each on the first seat of its function that is free."""
    if levers.vacant_posts or levers.unaccredited_posts:
        raise InputError(
            f"seats: {path} already says who is there: leave out vacant and unaccredited posts"
        )
    duties = read_roster(path)
    start = calendar.horizon.start
    end = start + timedelta(days=calendar.horizon.days)
    first, last = duties[0].start.date(), duties[-1].start.date()
    if not first <= start <= end <= last + timedelta(days=1):
        raise InputError(
            f"seats.roster: {path} goes from {first} to {last}, which does not cover the horizon"
            f" from {start} to {end - timedelta(days=1)}"
        )
    free_ms: dict[str, list[int]] = {}
    for start_ms, together in groupby(
        (duty for duty in duties if duty.agent), key=lambda duty: calendar.elapsed_ms(duty.start)
    ):
        beside = list(together)
        for number, duty in enumerate(beside):
            end_ms = calendar.elapsed_ms(duty.end)
            if end_ms <= 0 or start_ms >= calendar.horizon_ms:
                continue
            function = _named(f"{path}: function", duty.function, rank)
            seats = free_ms.setdefault(duty.function, [])
            seat = next((i for i, until in enumerate(seats) if until <= start_ms), len(seats))
            seats[seat : seat + 1] = [end_ms]
            phase = (2 * number + 1) / (2 * len(beside))
            yield _Presence(start_ms, _Seat(function, 0, seat + 1), end_ms, phase, duty.agent)


def _timetable(
    presences: list[_Presence], seats: list[_Seat], pauses: Pauses, horizon_ms: int
) -> tuple[Shifts, Breaks]:
    position = {seat: i for i, seat in enumerate(seats)}
    timetable = cache(pauses.timetable)
    shifts: list[tuple[int, int, int]] = []
    breaks: list[tuple[int, int, int]] = []
    for p in presences:
        start_ms, end_ms = max(p.start_ms, 0), min(p.end_ms, horizon_ms)
        breaks += [
            (len(shifts), p.start_ms + delay_ms, length_ms)
            for delay_ms, length_ms in timetable(p.end_ms - p.start_ms, p.phase)
            if start_ms <= p.start_ms + delay_ms < end_ms
        ]
        shifts.append((position[p.seat], start_ms, end_ms))
    return Shifts(*_columns(shifts)), Breaks(*_columns(breaks))


def _columns(rows: list[tuple[int, int, int]]) -> npt.NDArray[np.int64]:
    return np.ascontiguousarray(np.array(rows, dtype=np.int64).reshape(-1, 3).T)


def _table_of_seats(functions: list[Function]) -> Seats:
    kinds = [kind for kind in Kind if kind is not Kind.REPAIR]
    takes = [[kind.name.lower() in function.takes for kind in kinds] for function in functions]
    return Seats(
        pool=np.full(len(functions), _EVERY_COMMUNE, dtype=np.int64),
        watches=np.array([function.watches for function in functions], dtype=np.bool_),
        takes=np.array(takes, dtype=np.bool_).reshape(-1, len(kinds)),
    )


def _named(key: str, name: str, table: Mapping[str, Value]) -> Value:
    if name not in table:
        raise InputError(f'{key}: unknown name "{name}"; {did_you_mean(name, table)}')
    return table[name]
