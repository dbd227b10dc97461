"""Patrols under way, one per commune at most, and the incidents they show."""

from __future__ import annotations

from twin.model.centre import attention, rules
from twin.model.centre.kernel.agenda import IMAGE_BEGINS, IMAGE_ENDS, SEEN_ON_PATROL, cancel, post
from twin.model.centre.kernel.compiled import compiled, inlined
from twin.model.centre.kernel.state import (
    C_FAULTY,
    C_IMPOSED,
    C_INCIDENT,
    I_ALARM,
    I_IN_VIEW,
    I_NEXT,
    I_ROW,
    I_SINCE,
    I_STATE,
    I_TASK,
    P_FIRST,
    P_START,
    P_STINT,
    P_TASK,
    T_COMMUNE,
    T_PASSED,
    T_SHOWN,
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
    return r.camera[camera, C_FAULTY] != 0 or r.camera[camera, C_IMPOSED] > 0


@inlined
def length_ms(r, t):
    """Time that the cameras not yet passed take."""
    commune = r.task[t, T_COMMUNE]
    cameras = r.first_camera[commune + 1] - r.first_camera[commune]
    return (cameras - r.task[t, T_PASSED]) * r.dwell_ms


@inlined
def starts(r, t):
    """The patrol shows its cameras, from the first that it has not passed."""
    commune = r.task[t, T_COMMUNE]
    stint = r.patrol[commune]
    stint[P_TASK] = t
    stint[P_FIRST] = r.first_camera[commune] + r.task[t, T_PASSED]
    stint[P_START] = r.now
    stint[P_STINT] += 1
    state = r.camera
    for camera in range(stint[P_FIRST], r.first_camera[commune + 1]):
        i = state[camera, C_INCIDENT]
        while i != NEVER:
            _schedule(r, commune, i)
            i = r.incident[i, I_NEXT]


@compiled
def stops(r, t):
    """The patrol ends or is interrupted: cameras it wholly passed in this stint, as a range."""
    commune = r.task[t, T_COMMUNE]
    stint = r.patrol[commune]
    first, end = stint[P_FIRST], r.first_camera[commune + 1]
    state = r.camera
    for camera in range(first, end):
        i = state[camera, C_INCIDENT]
        while i != NEVER:
            hide(r, i)
            i = r.incident[i, I_NEXT]
    stint[P_TASK] = NEVER
    passed = cameras_passed(r.now - stint[P_START], r.dwell_ms, end - first)
    shown = 0
    for camera in range(first, first + passed):
        if state[camera, C_FAULTY] == 0 and state[camera, C_IMPOSED] == 0:
            shown += 1
    r.task[t, T_PASSED] += passed
    r.task[t, T_SHOWN] += shown
    return first, first + passed


@inlined
def meets(r, i):
    """An incident comes into view: the patrol of its commune may still show it."""
    row = r.incident[i, I_ROW]
    commune = r.in_commune[row]
    if r.patrol[commune, P_TASK] != NEVER and r.in_camera[row] >= r.patrol[commune, P_FIRST]:
        _schedule(r, commune, i)


@compiled
def _schedule(r, commune, i):
    row = r.incident[i, I_ROW]
    stint = r.patrol[commune]
    begins_ms = stint[P_START] + (r.in_camera[row] - stint[P_FIRST]) * r.dwell_ms
    if begins_ms + r.dwell_ms <= r.now or begins_ms >= r.in_time[row] + r.in_view[row]:
        return
    if begins_ms <= r.now:
        shows(r, i, stint[P_STINT])
    else:
        key_a, key_b = r.in_kind[row], r.in_id[row]
        post(r, begins_ms, _WINDOWS, key_a, key_b, _BEGINS, IMAGE_BEGINS, i, stint[P_STINT])


@compiled
def shows(r, i, stint_number):
    """The image of an incident's camera begins, if the patrol and the incident are still there."""
    incident = r.incident[i]
    row = incident[I_ROW]
    stint = r.patrol[r.in_commune[row]]
    over = stint[P_TASK] == NEVER or stint[P_STINT] != stint_number
    camera = r.in_camera[row]
    if over or incident[I_TASK] != NEVER or not incident[I_IN_VIEW] or is_dark(r, camera):
        return
    ends_ms = stint[P_START] + (camera - stint[P_FIRST] + 1) * r.dwell_ms
    lift(r, i)
    incident[I_STATE] = PATROLLED
    incident[I_SINCE] = r.now
    at_ms = r.now + notice_delay_ms(r.in_threshold[row], r.hazard[i], r.patrol_hazard)
    kind, identity = r.in_kind[row], r.in_id[row]
    if at_ms <= ends_ms:
        alarm = post(r, at_ms, _NOTICES, kind, identity, _ENDS, SEEN_ON_PATROL, i, 0)
    else:
        alarm = post(r, ends_ms, _WINDOWS, kind, identity, _ENDS, IMAGE_ENDS, i, 0)
    incident[I_ALARM] = alarm


@compiled
def hide(r, i):
    """End of an image, if there is one: the incident carries what it met back to the wall."""
    incident = r.incident[i]
    if incident[I_STATE] != PATROLLED:
        return
    if incident[I_ALARM] != NEVER:
        cancel(r, incident[I_ALARM])
        incident[I_ALARM] = NEVER
    r.hazard[i] = clock_at(r.hazard[i], r.patrol_hazard, incident[I_SINCE], r.now)
    incident[I_STATE] = FROZEN
    place(r, i)
