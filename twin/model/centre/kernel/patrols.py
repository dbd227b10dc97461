"""Patrols under way, one per commune at most, and the incidents they show."""

from __future__ import annotations

from twin.model.centre import attention, rules
from twin.model.centre.kernel.agenda import IMAGE_BEGINS, IMAGE_ENDS, SEEN_ON_PATROL, cancel, post
from twin.model.centre.kernel.compiled import compiled, inlined
from twin.model.centre.kernel.state import (
    C_FAULTY,
    C_IMPOSED,
    C_INCIDENT,
    CAMERA_WIDTH,
    I_ALARM,
    I_ID,
    I_KIND,
    I_NEXT,
    I_SINCE,
    I_STATE,
    INCIDENT_WIDTH,
    P_DARK,
    P_FIRST,
    P_IN_VIEW,
    P_START,
    P_TASK,
    PATROL_WIDTH,
    T_COMMUNE,
    T_PASSED,
    T_SHOWN,
    TASK_WIDTH,
    part,
)
from twin.model.centre.kernel.wall import FROZEN, PATROLLED, clock_at, lift, place
from twin.model.centre.rules import Phase
from twin.model.centre.world import NEVER

notice_delay_ms = inlined(attention.notice_delay_ms)
cameras_passed = inlined(rules.cameras_passed)

_NOTICES, _WINDOWS = int(Phase.NOTICES), int(Phase.WINDOWS)
_ENDS, _BEGINS = 0, 1


@inlined
def is_dark(r, camera):
    """Whether a camera gives no image."""
    state = part(r.camera, camera * CAMERA_WIDTH)
    return state[C_FAULTY] != 0 or state[C_IMPOSED] > 0


@inlined
def length_ms(r, t):
    """Time that the cameras not yet passed take."""
    commune, passed = r.task[t * TASK_WIDTH + T_COMMUNE], r.task[t * TASK_WIDTH + T_PASSED]
    return (r.first_camera[commune + 1] - r.first_camera[commune] - passed) * r.dwell_ms


@compiled
def starts(r, t):
    """The patrol shows its cameras, from the first that it has not passed."""
    task = part(r.task, t * TASK_WIDTH)
    commune = task[T_COMMUNE]
    patrol = part(r.patrol, commune * PATROL_WIDTH)
    first = r.first_camera[commune] + task[T_PASSED]
    patrol[P_TASK], patrol[P_FIRST], patrol[P_START] = t, first, r.now
    if patrol[P_IN_VIEW]:
        for camera in range(first, r.first_camera[commune + 1]):
            i = r.camera[camera * CAMERA_WIDTH + C_INCIDENT]
            while i != NEVER:
                _schedule(r, i)
                i = r.incident[i * INCIDENT_WIDTH + I_NEXT]


@compiled
def stops(r, t):
    """The patrol ends or is interrupted: cameras it wholly passed in this stint, as a range."""
    task = part(r.task, t * TASK_WIDTH)
    commune = task[T_COMMUNE]
    patrol = part(r.patrol, commune * PATROL_WIDTH)
    first, end = patrol[P_FIRST], r.first_camera[commune + 1]
    if patrol[P_IN_VIEW]:
        for camera in range(first, end):
            i = r.camera[camera * CAMERA_WIDTH + C_INCIDENT]
            while i != NEVER:
                hide(r, i)
                i = r.incident[i * INCIDENT_WIDTH + I_NEXT]
    patrol[P_TASK] = NEVER
    passed = cameras_passed(r.now - patrol[P_START], r.dwell_ms, end - first)
    task[T_PASSED] += passed
    task[T_SHOWN] += passed
    if patrol[P_DARK]:
        for camera in range(first, first + passed):
            task[T_SHOWN] -= is_dark(r, camera)
    return first, first + passed


@compiled
def meets(r, i):
    """An incident comes into view: the patrol of its commune may still show it."""
    patrol = part(r.patrol, r.in_commune[i] * PATROL_WIDTH)
    if patrol[P_TASK] != NEVER and r.in_camera[i] >= patrol[P_FIRST]:
        _schedule(r, i)


@compiled
def _schedule(r, i):
    patrol = part(r.patrol, r.in_commune[i] * PATROL_WIDTH)
    begins_ms = patrol[P_START] + (r.in_camera[i] - patrol[P_FIRST]) * r.dwell_ms
    if begins_ms + r.dwell_ms <= r.now or begins_ms >= r.in_time[i] + r.in_view[i]:
        return
    if begins_ms <= r.now:
        shows(r, i)
    else:
        incident = part(r.incident, i * INCIDENT_WIDTH)
        kind, identity = incident[I_KIND], incident[I_ID]
        incident[I_ALARM] = post(r, begins_ms, _WINDOWS, kind, identity, _BEGINS, IMAGE_BEGINS, i)


@compiled
def shows(r, i):
    """The image of an incident's camera begins, unless it is dark."""
    camera = r.in_camera[i]
    if is_dark(r, camera):
        return
    patrol = part(r.patrol, r.in_commune[i] * PATROL_WIDTH)
    ends_ms = patrol[P_START] + (camera - patrol[P_FIRST] + 1) * r.dwell_ms
    lift(r, i)
    incident = part(r.incident, i * INCIDENT_WIDTH)
    incident[I_STATE], incident[I_SINCE] = PATROLLED, r.now
    at_ms = r.now + notice_delay_ms(r.in_threshold[i], r.hazard[i], r.patrol_hazard)
    kind, identity = incident[I_KIND], incident[I_ID]
    if at_ms <= ends_ms:
        alarm = post(r, at_ms, _NOTICES, kind, identity, _ENDS, SEEN_ON_PATROL, i)
    else:
        alarm = post(r, ends_ms, _WINDOWS, kind, identity, _ENDS, IMAGE_ENDS, i)
    incident[I_ALARM] = alarm


@compiled
def hide(r, i):
    """No image of a patrol shows an incident, nor will: it carries what it met to the wall."""
    incident = part(r.incident, i * INCIDENT_WIDTH)
    if incident[I_ALARM] != NEVER:
        cancel(r, incident[I_ALARM])
        incident[I_ALARM] = NEVER
    if incident[I_STATE] == PATROLLED:
        r.hazard[i] = clock_at(r.hazard[i], r.patrol_hazard, incident[I_SINCE], r.now)
        incident[I_STATE] = FROZEN
        place(r, i)
