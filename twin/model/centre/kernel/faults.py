"""Faults, repairs and imposed outages, as they happen."""

from __future__ import annotations

from twin.model.centre.journal import Outcome
from twin.model.centre.kernel import agenda, cameras, patrols, work
from twin.model.centre.kernel.agenda import post
from twin.model.centre.kernel.compiled import compiled
from twin.model.centre.kernel.state import (
    C_DISCOVERED_MS,
    C_FAULT_MS,
    C_FAULTY,
    C_IMPOSED,
    C_INCIDENT,
    C_PAIR,
    C_PLACE,
    C_REPAIR_MS,
    C_REPAIR_START_MS,
    C_REPAIRS,
    CAMERA_WIDTH,
    I_NEXT,
    I_STATE,
    INCIDENT_WIDTH,
    P_DARK,
    PATROL_WIDTH,
    part,
)
from twin.model.centre.kernel.wall import PATROLLED
from twin.model.centre.rules import Phase
from twin.model.centre.world import NEVER

_FAULTS = int(Phase.FAULTS)
_DONE = int(Outcome.DONE)
_FAILED = 2


@compiled
def lives(r, camera):
    """Post the next fault of a camera, if one was drawn."""
    pair = r.camera[camera * CAMERA_WIDTH + C_PAIR]
    if pair < r.first_pair[camera + 1]:
        at_ms = r.now + r.up_ms[pair]
        post(r, at_ms, _FAULTS, camera, _FAILED, 0, agenda.FAILS, camera)


@compiled
def fails(r, camera):
    """A camera fails: nobody may know it."""
    state = part(r.camera, camera * CAMERA_WIDTH)
    was_dark = patrols.is_dark(r, camera)
    state[C_FAULTY] = 1
    state[C_REPAIR_MS] = r.repair_ms[state[C_PAIR]]
    state[C_PAIR] += 1
    state[C_FAULT_MS] = r.now
    state[C_DISCOVERED_MS], state[C_REPAIR_START_MS] = NEVER, NEVER
    state[C_PLACE] = r.dark_size
    r.dark[r.dark_size] = camera
    r.dark_size += 1
    r.wall_stirred = 1
    changes(r, camera, was_dark)
    if r.discovered_at_once:
        cameras.discover(r, camera)


@compiled
def imposes(r, camera, step):
    """An outage begins or ends: one more, or one less, that darkens the camera."""
    was_dark = patrols.is_dark(r, camera)
    r.camera[camera * CAMERA_WIDTH + C_IMPOSED] += step
    changes(r, camera, was_dark)


@compiled
def changes(r, camera, was_dark):
    """Tell the wall; whoever looked at a camera that goes dark loses sight of it."""
    cameras.review(r, camera)
    dark = patrols.is_dark(r, camera)
    r.patrol[r.camera_commune[camera] * PATROL_WIDTH + P_DARK] += int(dark) - int(was_dark)
    if dark and not was_dark:
        i = r.camera[camera * CAMERA_WIDTH + C_INCIDENT]
        while i != NEVER:
            incident = part(r.incident, i * INCIDENT_WIDTH)
            if incident[I_STATE] == PATROLLED:
                patrols.hide(r, i)
            i = incident[I_NEXT]
        work.loses_sight(r, camera)


@compiled
def repaired(r, camera):
    """A repair is over: the camera works until its next fault."""
    r.repairers_busy -= 1
    cameras.write_repair(r, camera, _DONE, r.now)
    state = part(r.camera, camera * CAMERA_WIDTH)
    state[C_REPAIRS] += 1
    state[C_FAULTY] = 0
    changes(r, camera, True)
    lives(r, camera)
