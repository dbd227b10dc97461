"""Small centres and worlds as rows that print themselves, for any engine that takes the two.

The arrays of a `Scene` are sorted as an engine expects them.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from twin.model.centre.journal import (
    ATTENTION_COLUMNS,
    SPELL_COLUMNS,
    TASK_COLUMNS,
    Journal,
    SpellState,
)
from twin.model.centre.reference import simulate
from twin.model.centre.world import (
    NEVER,
    Breaks,
    Cameras,
    Centre,
    Checks,
    Communes,
    EndOfShift,
    Faults,
    Incidents,
    Kind,
    Outages,
    Patrols,
    Requests,
    Requisitions,
    Rules,
    Seats,
    Shifts,
    ViewingRequests,
    Windows,
    World,
    identifier,
)

__all__ = [
    "ALL_WORK",
    "LATER",
    "RULES",
    "Call",
    "Commune",
    "Incident",
    "Letter",
    "Outage",
    "Played",
    "Scene",
    "Seat",
    "Shift",
    "Slot",
    "play",
]

ALL_WORK = frozenset(kind for kind in Kind if kind is not Kind.REPAIR)
LATER = 1_000_000
"""An instant after every horizon."""

RULES = Rules(
    order=np.array([0, 1, 2, 2, 3, 4, 5]),
    interruptible=np.array([False, False, True, True, True, True, True]),
    wall_order=3,
    wall_minimum=1,
    units_per_agent=4,
    held_permille=500,
    wall_hazard_per_ms=0.25,
    patrol_hazard_per_ms=0.5,
    resume_ms=0,
    handover_ms=0,
    end_of_shift=int(EndOfShift.FINISH),
    dwell_ms=10,
    lines=np.array([1, 1]),
    crew=NEVER,
    discovered_at_once=False,
)


class Commune(NamedTuple):
    cameras: int = 1
    window: int = NEVER
    requests: int = ViewingRequests.ALWAYS
    check: int = 5
    pool: int = 0
    recipient: int = 0
    page: int = 1
    """Cameras displayed as one unit."""


class Shift(NamedTuple):
    start: int
    end: int
    breaks: tuple[tuple[int, int], ...] = ()
    """(due instant, length)."""
    present: bool = True


class Seat(NamedTuple):
    shifts: tuple[Shift, ...]
    watches: bool = False
    takes: frozenset[Kind] = ALL_WORK
    pool: int = 0


class Incident(NamedTuple):
    at: int
    view: int
    camera: int = 0
    kind: Kind = Kind.POLICE
    threshold: float = 1e9
    call: int = NEVER
    alerted: bool = False
    qualify: int = 0
    line: int = 0
    responder: int = 0
    write: int = 0
    request: int = 1
    patience: int = NEVER


class Call(NamedTuple):
    at: int
    work: int
    patience: int = NEVER
    commune: int = 0


class Letter(NamedTuple):
    at: int
    safeguard: int
    extraction: int = 0
    erased: int = LATER
    due: int = LATER
    useful: bool = False
    commune: int = 0


class Slot(NamedTuple):
    """Of a patrol or of a health check."""

    start: int
    end: int
    commune: int = 0


class Outage(NamedTuple):
    camera: int
    start: int
    end: int


@dataclass(frozen=True)
class Scene:
    """A centre and its world, as rows; the n-th row of a commune's kind bears the number n."""

    horizon: int = 1000
    communes: tuple[Commune, ...] = (Commune(),)
    seats: tuple[Seat, ...] = ()
    windows: tuple[tuple[tuple[int, int], ...], ...] = ()
    """Spans (opens, closes) of each window."""
    incidents: tuple[Incident, ...] = ()
    calls: tuple[Call, ...] = ()
    letters: tuple[Letter, ...] = ()
    patrols: tuple[Slot, ...] = ()
    checks: tuple[Slot, ...] = ()
    faults: tuple[tuple[tuple[int, int], ...], ...] = ()
    """(up-time, repair) pairs of each camera; cameras left out never fail."""
    outages: tuple[Outage, ...] = ()
    rank: tuple[int, ...] = ()
    """Rank of each camera; in the order of the cameras when empty."""
    rules: Rules = RULES

    @cached_property
    def commune_of(self) -> list[int]:
        """Commune of each camera."""
        return [i for i, commune in enumerate(self.communes) for _ in range(commune.cameras)]

    @cached_property
    def first_camera(self) -> list[int]:
        """Position of the first camera of each commune, then their number."""
        return [0, *np.cumsum([c.cameras for c in self.communes], dtype=int).tolist()]

    @cached_property
    def unit_of(self) -> list[int]:
        """Unit of display of each camera."""
        pages = [
            (i, number // commune.page)
            for i, commune in enumerate(self.communes)
            for number in range(commune.cameras)
        ]
        return [sorted(set(pages)).index(page) for page in pages]

    @cached_property
    def planned(self) -> list[tuple[Shift, int]]:
        """Every shift and its seat, in the order of an engine."""
        rows = [(shift, seat) for seat, own in enumerate(self.seats) for shift in own.shifts]
        return sorted(rows, key=lambda row: (row[0].start, row[1]))

    @cached_property
    def centre(self) -> Centre:
        """The centre as an engine receives it."""
        cameras = len(self.commune_of)
        edges = sorted(
            (at, window, opens)
            for window, spans in enumerate(self.windows)
            for span in spans
            for at, opens in zip(span, (True, False), strict=True)
        )
        breaks = [
            (shift, *one)
            for shift, (row, _) in enumerate(self.planned)
            for one in sorted(row.breaks)
        ]
        takes = [[kind in seat.takes for kind in sorted(ALL_WORK)] for seat in self.seats]
        return Centre(
            horizon_ms=self.horizon,
            communes=Communes(
                code=_ints([_code(i) for i in range(len(self.communes))]),
                pool=_ints([c.pool for c in self.communes]),
                recipient=_ints([c.recipient for c in self.communes]),
                window=_ints([c.window for c in self.communes]),
                requests=_ints([c.requests for c in self.communes]),
                first_camera=_ints(self.first_camera),
                check_ms=_ints([c.check for c in self.communes]),
            ),
            cameras=Cameras(
                commune=_ints(self.commune_of),
                rank=_ints(list(self.rank) or list(range(cameras))),
                unit=_ints(self.unit_of),
            ),
            windows=Windows(
                edge_ms=_ints([at for at, _, _ in edges]),
                window=_ints([window for _, window, _ in edges]),
                opens=np.array([opens for _, _, opens in edges], dtype=bool),
            ),
            seats=Seats(
                pool=_ints([seat.pool for seat in self.seats]),
                watches=np.array([seat.watches for seat in self.seats], dtype=bool),
                takes=np.array(takes, dtype=bool).reshape(len(self.seats), len(ALL_WORK)),
            ),
            shifts=Shifts(
                seat=_ints([seat for _, seat in self.planned]),
                start_ms=_ints([shift.start for shift, _ in self.planned]),
                end_ms=_ints([shift.end for shift, _ in self.planned]),
            ),
            breaks=Breaks(*_columns(breaks, 3)),
            patrols=Patrols(*_columns(self._owed(self.patrols), 4)),
            checks=Checks(*_columns(self._owed(self.checks), 4)),
            rules=self.rules,
        )

    @cached_property
    def world(self) -> World:
        """The world as an engine receives it."""
        lives = [*self.faults, *[()] * (len(self.commune_of) - len(self.faults))]
        incidents = _sorted(
            (row.at, row.kind, _id(self.commune_of[row.camera], n), row)
            for n, row in enumerate(self.incidents)
        )
        calls = _sorted((row.at, 0, _id(row.commune, n), row) for n, row in enumerate(self.calls))
        letters = _sorted(
            (row.at, 0, _id(row.commune, n), row) for n, row in enumerate(self.letters)
        )
        return World(
            incidents=Incidents(
                time_ms=_ints([row.at for _, row in incidents]),
                kind=_ints([row.kind for _, row in incidents]),
                id=_ints([identity for identity, _ in incidents]),
                commune=_ints([self.commune_of[row.camera] for _, row in incidents]),
                camera=_ints([row.camera for _, row in incidents]),
                view_ms=_ints([row.view for _, row in incidents]),
                threshold=np.array([row.threshold for _, row in incidents], dtype=float),
                call_ms=_ints([row.call for _, row in incidents]),
                alerted=np.array([row.alerted for _, row in incidents], dtype=bool),
                qualify_ms=_ints([row.qualify for _, row in incidents]),
                line_ms=_ints([row.line for _, row in incidents]),
                responder_ms=_ints([row.responder for _, row in incidents]),
                write_ms=_ints([row.write for _, row in incidents]),
                request_ms=_ints([row.request for _, row in incidents]),
                patience_ms=_ints([row.patience for _, row in incidents]),
            ),
            requests=Requests(
                time_ms=_ints([row.at for _, row in calls]),
                id=_ints([identity for identity, _ in calls]),
                commune=_ints([row.commune for _, row in calls]),
                work_ms=_ints([row.work for _, row in calls]),
                patience_ms=_ints([row.patience for _, row in calls]),
            ),
            requisitions=Requisitions(
                time_ms=_ints([row.at for _, row in letters]),
                id=_ints([identity for identity, _ in letters]),
                commune=_ints([row.commune for _, row in letters]),
                erased_ms=_ints([row.erased for _, row in letters]),
                due_ms=_ints([row.due for _, row in letters]),
                safeguard_ms=_ints([row.safeguard for _, row in letters]),
                extraction_ms=_ints([row.extraction for _, row in letters]),
                useful=np.array([row.useful for _, row in letters], dtype=bool),
            ),
            present=np.array([shift.present for shift, _ in self.planned], dtype=bool),
            faults=Faults(
                first=_ints([0, *np.cumsum([len(life) for life in lives], dtype=int).tolist()]),
                up_ms=_ints([up for life in lives for up, _ in life]),
                repair_ms=_ints([repair for life in lives for _, repair in life]),
            ),
            outages=Outages(*_columns(sorted(self.outages, key=lambda o: (o.start, o.camera)), 3)),
        )

    @staticmethod
    def _owed(slots: tuple[Slot, ...]) -> list[tuple[int, int, int, int]]:
        rows = [(*slot, _id(slot.commune, n)) for n, slot in enumerate(slots)]
        return sorted(rows, key=lambda row: (row[0], row[2], row[3]))


def _code(commune: int) -> int:
    return commune + 1


def _id(commune: int, number: int) -> int:
    return int(identifier(f"{_code(commune):05d}", number))


def _ints(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def _columns(rows: list[tuple[int, ...]], width: int) -> np.ndarray:
    return np.ascontiguousarray(np.array(rows, dtype=np.int64).reshape(-1, width).T)


def _sorted(rows: Any) -> list[tuple[int, Any]]:
    return [(row[2], row[3]) for row in sorted(rows, key=lambda row: row[:3])]


Engine = Callable[[Centre, World], Journal]


Task = namedtuple("Task", TASK_COLUMNS)
Spell = namedtuple("Spell", SPELL_COLUMNS)
Attention = namedtuple("Attention", ATTENTION_COLUMNS)


class Played:
    """A journal, read by name."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.tasks = _rows(Task, journal.tasks)
        self.spells = _rows(Spell, journal.spells)
        self.attention = _rows(Attention, journal.attention)

    def task(self, kind: Kind, number: int = 0, commune: int = 0) -> Any:
        """The n-th row of a kind and commune."""
        wanted = _id(commune, number)
        (row,) = [row for row in self.tasks if row.kind == kind and row.id == wanted]
        return row

    def of(self, kind: Kind) -> list[Any]:
        """Every row of a kind."""
        return [row for row in self.tasks if row.kind == kind]

    def seat(self, seat: int) -> list[tuple[int, int, str]]:
        """What the agents of a seat did: (from, to, state, or the kind of work)."""
        return [
            (s.from_ms, s.to_ms, SpellState(s.state).name if s.kind == NEVER else _doing(s))
            for s in self.spells
            if s.seat == seat
        ]


def _rows(row: Any, table: pa.Table) -> list[Any]:
    return list(map(row, *table.to_pydict().values()))


def _doing(spell: Any) -> str:
    over = " OVERTIME" if spell.state == SpellState.OVERTIME else ""
    return Kind(spell.kind).name + over


def play(scene: Scene, engine: Engine = simulate) -> Played:
    """Play a scene on an engine."""
    return Played(engine(scene.centre, scene.world))
