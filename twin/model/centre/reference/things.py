"""What lives in the room while it lives: incidents in view, work, agents."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

from twin.model.centre.journal import Origin
from twin.model.centre.reference.mailbox import Timer
from twin.model.centre.world import NEVER

__all__ = ["Agent", "Incident", "Stage", "Task", "View"]


class View(Enum):
    """How an incident in view is being watched."""

    FROZEN = auto()
    """Its camera is not entitled: it accumulates nothing."""
    HELD = auto()
    ROTATING = auto()
    PATROLLED = auto()
    """A patrol shows its camera."""


@dataclass(slots=True, eq=False)
class Incident:
    """An incident whose view has not ended, or that still has a call to come."""

    row: int
    kind: int
    id: int
    commune: int
    camera: int
    arrival_ms: int
    leaves_ms: int
    threshold: float
    hazard: float = 0.0
    view: View = View.FROZEN
    clock_before: float = 0.0
    """Clock of the display state when it was placed there; instant of the exposure on a patrol."""
    placement: int = 0
    """Counts its placements: an entry of a heap made by an earlier one is stale."""
    in_view: bool = True
    was_entitled: bool = False
    task: Task | None = None
    exposure: Timer | None = None


class Stage(Enum):
    """Where the work of a task stands."""

    WORK = auto()
    """One stretch of work: every kind but the two below."""
    SHOW = auto()
    """A patrol shows the cameras of its commune."""
    QUALIFY = auto()
    LINE = auto()
    """Waits for a line to the police."""
    TALK = auto()
    FOLLOW = auto()
    """Follows the incident until the responder comes or nothing is left to see."""
    WRITE = auto()


@dataclass(slots=True, eq=False)
class Task:
    """Work that waits for an agent or is in the hands of one."""

    kind: int
    id: int
    commune: int
    order: int
    deadline_ms: int
    arrival_ms: int
    queued_ms: int
    origin: Origin
    stage: Stage
    remaining_ms: int = 0
    """Work left in the stage."""
    briefing_ms: int = 0
    """Cost of taking it up again, paid first."""
    row: int = NEVER
    """Row of the incident or of the requisition in its table."""
    camera: int = NEVER
    entitled: bool = False
    """Whether the incident was in view while its camera was entitled."""
    agent: Agent | None = None
    waiting: bool = False
    timer: Timer | None = None
    loss: Timer | None = None
    first_start_ms: int = NEVER
    stint_start_ms: int = 0
    alert_ms: int = NEVER
    requested_ms: int = NEVER
    work_ms: int = 0
    interruptions: int = 0
    cameras_passed: int = 0
    cameras_shown: int = 0


@dataclass(slots=True, eq=False)
class Agent:
    """The person in a seat during one shift."""

    seat: int
    pool: int
    watches: bool
    end_ms: int
    task: Task | None = None
    pausing: bool = False
    overtime: bool = False
    breaks_owed: deque[int] = field(default_factory=deque)
    """Lengths of the breaks that wait for the work in hand."""
    since_ms: int = 0
    """Start of the current spell."""

    @property
    def free(self) -> bool:
        """Neither at work nor on a break."""
        return self.task is None and not self.pausing
