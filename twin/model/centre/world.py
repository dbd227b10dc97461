"""The two inputs of an engine: the centre as planned and the world it meets.

Both are named tuples of numpy arrays, so that a compiled engine receives them as they are. Times
are integer milliseconds since the first midnight of the horizon (``int64``); a duration of 0
means that the phase does not exist. Communes are sorted by INSEE code and cameras by (commune,
number): an index is a position in that order. Identifiers are made of codes, never of positions,
so that a further commune changes no byte of the others.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "NEVER",
    "Breaks",
    "Cameras",
    "Centre",
    "Checks",
    "Communes",
    "EndOfShift",
    "Faults",
    "Incidents",
    "Kind",
    "Outages",
    "Patrols",
    "Requests",
    "Requisitions",
    "Rules",
    "Seats",
    "Shifts",
    "ViewingRequests",
    "Windows",
    "World",
    "identifier",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NEVER = -1
"""A delay that does not end: nobody calls, the caller waits for ever."""

_BITS_OF_NUMBER = 32
_BASE_OF_CODE = 36


class Kind(IntEnum):
    """Kinds of work; the order is the order in which arrivals of one instant are played."""

    POLICE = 0
    REQUEST = 1
    NUISANCE = 2
    SAFEGUARD = 3
    PATROL = 4
    EXTRACTION = 5
    CHECK = 6
    REPAIR = 7
    """Camera fault, mended by the crew; never the work of a seat."""


class EndOfShift(IntEnum):
    """What an agent whose shift ends does with the work in hand."""

    FINISH = 0
    HAND_OVER = 1
    DROP = 2


class ViewingRequests(IntEnum):
    """When a forfait answers a viewing request (levée de doute)."""

    NONE = 0
    WINDOW = 1
    ALWAYS = 2


class Communes(NamedTuple):
    """One row per commune, in the order of the INSEE codes."""

    code: Ints
    """The INSEE code read in base 36."""
    pool: Ints
    """Group of agents habilitated for it: 0 when every agent serves every commune."""
    recipient: Ints
    """Who receives its alerts: 0 police, 1 gendarmerie; index into ``Rules.lines``."""
    window: Ints
    """Live window, an index into ``Windows``; ``NEVER`` when the forfait buys no live viewing."""
    requests: Ints
    """A `ViewingRequests` value."""
    first_camera: Ints
    """Position of its first camera; one entry more than communes, the last is the total."""
    check_ms: Ints
    """Length of one health check of all its cameras."""


class Cameras(NamedTuple):
    """One row per camera, in the order (commune, number)."""

    commune: Ints
    rank: Ints
    """Rank by annual police-class rate, then by position: 0 is the busiest; no two are equal."""
    unit: Ints
    """What is displayed as one: the camera itself, or a page of images of one commune."""


class Windows(NamedTuple):
    """Edges of the live windows in time order; every window is closed before its first edge."""

    edge_ms: Ints
    window: Ints
    opens: Flags


class Seats(NamedTuple):
    """One row per seat, in the order in which a free one is chosen."""

    pool: Ints
    watches: Flags
    """Whether its agent watches the wall when free."""
    takes: npt.NDArray[np.bool_]
    """Kinds of work it may take, shape (seats, 7)."""


class Shifts(NamedTuple):
    """Planned presences, sorted by (start, seat); those of one seat do not overlap."""

    seat: Ints
    start_ms: Ints
    end_ms: Ints


class Breaks(NamedTuple):
    """Planned breaks, sorted by (shift, due time)."""

    shift: Ints
    due_ms: Ints
    length_ms: Ints


class Patrols(NamedTuple):
    """Patrols owed, sorted by (start, commune): to be made between start and end."""

    start_ms: Ints
    end_ms: Ints
    commune: Ints
    id: Ints


class Checks(NamedTuple):
    """Health checks owed, sorted by (start, commune): lost at the end of the civil day."""

    start_ms: Ints
    end_ms: Ints
    commune: Ints
    id: Ints


class Rules(NamedTuple):
    """Priorities, hazards and rules of the room."""

    order: Ints
    """Class of each kind of work, shape (7,): a lower class goes first."""
    interruptible: Flags
    """Whether the work of each kind may be interrupted, shape (7,)."""
    wall_order: int
    """Lowest class that must leave `wall_minimum` agents at the wall."""
    wall_minimum: int
    """Free agents at the wall below which nobody takes such work while a camera is entitled."""
    units_per_agent: int
    """Display units watched by one free agent."""
    held_permille: int
    """Part of the display held on the busiest units, per thousand."""
    wall_hazard_per_ms: float
    """Notice hazard of an incident on a displayed camera, for the images an agent watches."""
    patrol_hazard_per_ms: float
    """Notice hazard of an incident on the single image of a patrol."""
    resume_ms: int
    """Added to interrupted work when somebody takes it up again."""
    handover_ms: int
    """Added to work handed over at the end of a shift."""
    end_of_shift: int
    """An `EndOfShift` value."""
    dwell_ms: int
    """Time per camera on a patrol."""
    lines: Ints
    """Telephone lines to each recipient, shape (2,)."""
    crew: int
    """Cameras that can be under repair at once; ``NEVER`` for no limit."""
    discovered_at_once: bool
    """Whether a fault is known as soon as it happens."""


class Centre(NamedTuple):
    """The centre as planned: what all replications of a scenario share."""

    horizon_ms: int
    communes: Communes
    cameras: Cameras
    windows: Windows
    seats: Seats
    shifts: Shifts
    breaks: Breaks
    patrols: Patrols
    checks: Checks
    rules: Rules


class Incidents(NamedTuple):
    """Incidents in view, sorted by (time, kind, id)."""

    time_ms: Ints
    """Instant of entering the view."""
    kind: Ints
    """``Kind.POLICE`` or ``Kind.NUISANCE``."""
    id: Ints
    commune: Ints
    camera: Ints
    view_ms: Ints
    """Time in view."""
    threshold: Floats
    """Cumulative hazard at which it is noticed, exponential of mean 1."""
    call_ms: Ints
    """Delay after which somebody calls the centre, or ``NEVER``."""
    alerted: Flags
    """Whether qualification leads to an alert."""
    qualify_ms: Ints
    line_ms: Ints
    """Conversation on the dedicated line."""
    responder_ms: Ints
    """From alert to the responder's arrival."""
    write_ms: Ints
    """Entry in the main courante."""
    request_ms: Ints
    """Work of the viewing request that a late call becomes."""
    patience_ms: Ints
    """Patience of that caller, or ``NEVER``."""


class Requests(NamedTuple):
    """Viewing requests by phone, sorted by (time, id)."""

    time_ms: Ints
    id: Ints
    commune: Ints
    work_ms: Ints
    patience_ms: Ints


class Requisitions(NamedTuple):
    """Judicial requisitions, sorted by (time, id)."""

    time_ms: Ints
    id: Ints
    commune: Ints
    erased_ms: Ints
    """Instant at which the images are erased; it may precede the letter."""
    due_ms: Ints
    safeguard_ms: Ints
    extraction_ms: Ints
    useful: Flags


class Faults(NamedTuple):
    """Up-times and repairs of each camera, drawn far enough to cover the horizon."""

    first: Ints
    """Position of the first pair of each camera; one entry more than cameras."""
    up_ms: Ints
    repair_ms: Ints


class Outages(NamedTuple):
    """Imposed intervals during which a camera is dark, known at once, sorted by (start, camera)."""

    camera: Ints
    start_ms: Ints
    end_ms: Ints


class World(NamedTuple):
    """What one replication meets, drawn before it starts."""

    incidents: Incidents
    requests: Requests
    requisitions: Requisitions
    present: Flags
    """Whether each shift of the plan is filled, shape (shifts,)."""
    faults: Faults
    outages: Outages


def identifier(code: str, number: int | Ints = 0) -> Ints:
    """Identifier of the `number`-th thing of a commune, made of its INSEE code alone.

    Examples
    --------
    >>> int(identifier("59350", 1) - identifier("59350"))
    1
    >>> bool(identifier("2A004") > identifier("01999", 4_000_000_000))
    True
    """
    high = np.int64(int(code, _BASE_OF_CODE)) << np.int64(_BITS_OF_NUMBER)
    return np.asarray(high + np.asarray(number, dtype=np.int64), dtype=np.int64)
