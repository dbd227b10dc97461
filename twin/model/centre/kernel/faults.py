"""Faults, repairs and imposed outages, as they happen."""

from __future__ import annotations

from twin.model.centre.journal import Outcome
from twin.model.centre.kernel import agenda, cameras, heaps, patrols, work
from twin.model.centre.kernel.agenda import cancel, order_at, post_in_order
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
    F_AT,
    F_CAMERA,
    F_ORDER,
    FAULT_KEYS,
    FAULT_WIDTH,
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
    """Have the next fault of a camera wait among the others, if one was drawn."""
    pair = r.camera[camera * CAMERA_WIDTH + C_PAIR]
    if pair < r.first_pair[camera + 1]:
        fault = part(r.fault, camera * FAULT_WIDTH)
        fault[F_AT], fault[F_CAMERA] = r.now + r.up_ms[pair], camera
        fault[F_ORDER] = order_at(r, fault[F_AT], _FAULTS)
        r.faults_ahead = heaps.push(
            r.fault_queue, r.faults_ahead, camera, r.fault, FAULT_WIDTH, FAULT_KEYS
        )
        if r.fault_queue[1] == camera:
            if r.fault_timer != NEVER:
                cancel(r, r.fault_timer)
            _announce(r)


@compiled
def _announce(r):
    """Set a timer for the first fault alone: a thousand others would slow every timer down."""
    r.fault_timer = NEVER
    if r.faults_ahead:
        camera = r.fault_queue[1]
        fault = part(r.fault, camera * FAULT_WIDTH)
        at_ms, order = fault[F_AT], fault[F_ORDER]
        r.fault_timer = post_in_order(r, at_ms, order, camera, _FAILED, 0, agenda.FAILS, camera)


@compiled
def fails(r, camera):
    """A camera fails: nobody may know it."""
    r.faults_ahead = heaps.remove(
        r.fault_queue, r.faults_ahead, camera, r.fault, FAULT_WIDTH, FAULT_KEYS
    )
    _announce(r)
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
