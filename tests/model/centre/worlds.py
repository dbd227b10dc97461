"""Small centres and worlds, by hand or drawn by hypothesis, for any engine that takes the two.

A `Scene` is rows that print themselves; its arrays are sorted as an engine expects them. `scenes()`
draws nasty ones: few instants, so that everything coincides, and every rule that can be switched.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

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
    "scenes",
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

    @property
    def commune_of(self) -> list[int]:
        """Commune of each camera."""
        return [i for i, commune in enumerate(self.communes) for _ in range(commune.cameras)]

    @property
    def first_camera(self) -> list[int]:
        """Position of the first camera of each commune, then their number."""
        return [0, *np.cumsum([c.cameras for c in self.communes], dtype=int).tolist()]

    @property
    def unit_of(self) -> list[int]:
        """Unit of display of each camera."""
        pages = [
            (i, number // commune.page)
            for i, commune in enumerate(self.communes)
            for number in range(commune.cameras)
        ]
        return [sorted(set(pages)).index(page) for page in pages]

    @property
    def planned(self) -> list[tuple[Shift, int]]:
        """Every shift and its seat, in the order of an engine."""
        rows = [(shift, seat) for seat, own in enumerate(self.seats) for shift in own.shifts]
        return sorted(rows, key=lambda row: (row[0].start, row[1]))

    @property
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

    @property
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
        """The n-th row of a kind and commune; for a repair, the camera's n-th within one camera."""
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


# Nasty scenes

HORIZON = 120
DAY = 60
"""A civil day of the drawn scenes: slots of health checks end with it, windows pass over it."""

_ROUND = [*range(0, HORIZON, 10)]
_instants = st.sampled_from([*_ROUND, *_ROUND, 1, 9, 11, 33, 47, 59, 61, 77, 119, 120, 130])
_lengths = st.sampled_from([10, 1, 2, 3, 5, 7, 10, 10, 15, 20, 20, 30, 50])
_phases = st.sampled_from([0, 0, 1, 3, 5, 10, 10, 20])
_delays = st.sampled_from([NEVER, NEVER, 0, 1, 5, 10, 20, 30])
_thresholds = st.sampled_from([0.0625, 0.1, 0.25, 0.5, 0.7, 1.0, 1.3, 2.0, 3.3])
_hazards = st.sampled_from([0.1, 0.25, 1 / 3] * 3 + [1 / 64, 1.0, 0.0])
_requests = st.sampled_from(
    [ViewingRequests.ALWAYS, ViewingRequests.ALWAYS, ViewingRequests.WINDOW, ViewingRequests.NONE]
)
_mostly = st.sampled_from([True] * 5 + [False])
_whole = (0, HORIZON)

_PRESETS_OF_TAKES = (
    *[ALL_WORK] * 6,
    ALL_WORK - {Kind.SAFEGUARD, Kind.EXTRACTION},
    frozenset({Kind.SAFEGUARD, Kind.EXTRACTION}),
    frozenset({Kind.POLICE, Kind.REQUEST}),
    frozenset(),
)
_PRESETS_OF_ORDER = (
    RULES.order,
    RULES.order,
    np.array([0, 0, 1, 1, 2, 2, 3]),
    np.array([3, 2, 1, 0, 1, 2, 3]),
    np.zeros(len(ALL_WORK), dtype=np.int64),
)
_PRESETS_OF_INTERRUPTIBLE = (
    RULES.interruptible,
    RULES.interruptible,
    np.ones(len(ALL_WORK), dtype=bool),
    np.zeros(len(ALL_WORK), dtype=bool),
)


@st.composite
def _spans(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Spans in order, the whole horizon or some that may touch and may pass it."""
    if draw(_mostly):
        return (_whole,)
    edges = sorted(draw(st.lists(_instants, min_size=2, max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple((opens, closes) for opens, closes in pairs if opens < closes)


@st.composite
def _following(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Spans that follow one another without a gap, some left out, as shifts and slots do."""
    cuts = sorted({0, *draw(st.lists(_instants, max_size=3)), HORIZON})
    return tuple(span for span in pairwise(cuts) if draw(_mostly))


@st.composite
def _shifts(draw: st.DrawFn) -> tuple[Shift, ...]:
    return tuple(
        Shift(
            start,
            end,
            breaks=tuple(
                (min(start + after, end - 1), length)
                for after, length in sorted(
                    draw(st.lists(st.tuples(_delays, _lengths), max_size=2))
                )
                if after != NEVER
            ),
            present=draw(_mostly),
        )
        for start, end in ((_whole,) if draw(st.booleans()) else draw(_following()))
    )


@st.composite
def _rules(draw: st.DrawFn) -> Rules:
    wall_hazard = draw(_hazards)
    return RULES._replace(
        order=draw(st.sampled_from(_PRESETS_OF_ORDER)),
        interruptible=draw(st.sampled_from(_PRESETS_OF_INTERRUPTIBLE)),
        wall_order=draw(st.sampled_from([3, 3, 1, 6])),
        wall_minimum=draw(st.integers(0, 2)),
        units_per_agent=draw(st.integers(1, 4)),
        held_permille=draw(st.sampled_from([500, 250, 1000, 0])),
        wall_hazard_per_ms=wall_hazard,
        patrol_hazard_per_ms=wall_hazard + draw(st.sampled_from([0.1, 0.5, 1 / 64])),
        resume_ms=draw(st.sampled_from([0, 1, 5])),
        handover_ms=draw(st.sampled_from([0, 2, 10])),
        end_of_shift=int(draw(st.sampled_from(EndOfShift))),
        dwell_ms=draw(st.sampled_from([1, 5, 10, 20])),
        lines=_ints([draw(st.integers(1, 2)), draw(st.integers(1, 2))]),
        crew=draw(st.sampled_from([NEVER, 1, 2])),
        discovered_at_once=draw(st.booleans()),
    )


@st.composite
def scenes(draw: st.DrawFn, patrols: bool = True) -> Scene:
    """Small centres and worlds in which everything that can coincide does.

    Shift changes, breaks, windows, slots, faults and arrivals share their instants; seats may be
    none or empty; work exceeds what agents can do; rules take every value; pools are separate.
    """
    pools = draw(st.sampled_from([1, 1, 1, 2]))
    windows = tuple(draw(_spans()) for _ in range(draw(st.sampled_from([1, 2] * 4 + [0]))))
    communes = tuple(
        Commune(
            cameras=draw(st.sampled_from([1, 2, 3, 4] * 2 + [0])),
            window=draw(st.sampled_from([*range(len(windows))] * 4 + [NEVER])),
            requests=int(draw(_requests)),
            check=draw(_phases),
            pool=draw(st.integers(0, pools - 1)),
            recipient=draw(st.integers(0, 1)),
            page=draw(st.sampled_from([1, 1, 2, 3])),
        )
        for _ in range(draw(st.sampled_from([1, 2, 3] * 3 + [0])))
    )
    seats = tuple(
        Seat(
            shifts=draw(_shifts()),
            watches=draw(_mostly),
            takes=draw(st.sampled_from(_PRESETS_OF_TAKES)),
            pool=draw(st.integers(0, pools - 1)),
        )
        for _ in range(draw(st.sampled_from([2, 1, 3, 4] * 3 + [0])))
    )
    cameras = sum(commune.cameras for commune in communes)
    return Scene(
        horizon=draw(st.sampled_from([*[HORIZON] * 12, 75, 75, 1, 0])),
        communes=communes,
        seats=seats,
        windows=windows,
        incidents=draw(_incidents(cameras)),
        calls=draw(_of_communes(Call, communes, 6, at=_instants, work=_lengths, patience=_delays)),
        letters=draw(
            _of_communes(
                Letter,
                communes,
                4,
                at=_instants,
                safeguard=_lengths,
                extraction=_phases,
                erased=st.sampled_from([LATER, LATER, 119, 60, 20]),
                due=_instants,
                useful=st.booleans(),
            )
        ),
        patrols=draw(_slots(communes)) if patrols else (),
        checks=tuple(
            Slot(day + draw(_phases), day + DAY, i)
            for i in range(len(communes))
            for day in range(0, HORIZON, DAY)
        ),
        faults=draw(_lives(cameras)),
        outages=draw(_outages(cameras)),
        rank=tuple(draw(st.permutations(range(cameras)))),
        rules=draw(_rules()),
    )


def _incidents(cameras: int) -> st.SearchStrategy[tuple[Incident, ...]]:
    if not cameras:
        return st.just(())
    incident = st.builds(
        Incident,
        at=_instants,
        view=_lengths,
        camera=st.integers(0, cameras - 1),
        kind=st.sampled_from([Kind.POLICE, Kind.POLICE, Kind.NUISANCE]),
        threshold=_thresholds,
        call=st.sampled_from([NEVER, NEVER, NEVER, 0, 5, 20]),
        alerted=_mostly,
        qualify=_phases,
        line=_phases,
        responder=_phases,
        write=_phases,
        request=_lengths,
        patience=_delays,
    )
    return st.lists(incident, min_size=1, max_size=8).map(tuple)


def _of_communes(
    row: Any, communes: tuple[Commune, ...], most: int, **columns: Any
) -> st.SearchStrategy[tuple[Any, ...]]:
    if not communes:
        return st.just(())
    one = st.builds(row, commune=st.integers(0, len(communes) - 1), **columns)
    return st.lists(one, max_size=most).map(tuple)


@st.composite
def _slots(draw: st.DrawFn, communes: tuple[Commune, ...]) -> tuple[Slot, ...]:
    """Slots of patrols; those of one commune do not overlap."""
    spans = [(i, span) for i in range(len(communes)) for span in draw(_following())]
    return tuple(Slot(start, end, i) for i, (start, end) in spans)


def _lives(cameras: int) -> st.SearchStrategy[tuple[tuple[tuple[int, int], ...], ...]]:
    life = st.lists(st.tuples(_lengths, _lengths), max_size=3).map(tuple)
    return st.lists(life, max_size=cameras).map(tuple)


def _outages(cameras: int) -> st.SearchStrategy[tuple[Outage, ...]]:
    """Imposed intervals; those of one camera may overlap."""
    if not cameras:
        return st.just(())
    outage = st.builds(
        lambda camera, start, length: Outage(camera, start, start + length),
        st.integers(0, cameras - 1),
        _instants,
        _lengths,
    )
    return st.lists(outage, max_size=3).map(tuple)
