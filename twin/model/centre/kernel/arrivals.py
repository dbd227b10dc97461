"""What arrives, and what it becomes: incidents, viewing requests, letters, work owed."""

from __future__ import annotations

from twin.model.centre.journal import Origin, Outcome
from twin.model.centre.kernel import agenda, cameras, patrols, wall, work
from twin.model.centre.kernel.agenda import post
from twin.model.centre.kernel.compiled import compiled
from twin.model.centre.kernel.state import (
    I_ALARM,
    I_ENTITLED,
    I_ID,
    I_IN_VIEW,
    I_KIND,
    I_STATE,
    I_TASK,
    I_WHERE,
    INCIDENT_WIDTH,
    T_ARRIVAL,
    T_CAMERA,
    T_DEADLINE,
    T_ENTITLED,
    T_LOSS,
    T_QUEUED,
    T_ROW,
    TASK_WIDTH,
    part,
)
from twin.model.centre.rules import LATE_CALL, Phase
from twin.model.centre.world import NEVER, Kind, ViewingRequests

_LOSSES, _ARRIVALS = int(Phase.LOSSES), int(Phase.ARRIVALS)
_POLICE, _REQUEST, _SAFEGUARD = int(Kind.POLICE), int(Kind.REQUEST), int(Kind.SAFEGUARD)
_PATROL = int(Kind.PATROL)
_UNSEEN, _LOST, _REFUSED = int(Outcome.UNSEEN), int(Outcome.LOST), int(Outcome.REFUSED)
_NONE, _WALL, _CALL = int(Origin.NONE), int(Origin.WALL), int(Origin.CALL)
_LETTER, _TIMETABLE = int(Origin.LETTER), int(Origin.TIMETABLE)
_IN_WINDOW, _ALWAYS = int(ViewingRequests.WINDOW), int(ViewingRequests.ALWAYS)


@compiled
def enters(r, i):
    """An incident comes into view."""
    incident = part(r.incident, i * INCIDENT_WIDTH)
    kind, identity = r.in_kind[i], r.in_id[i]
    incident[I_KIND], incident[I_ID], incident[I_STATE] = kind, identity, wall.FROZEN
    incident[I_WHERE], incident[I_TASK], incident[I_ALARM] = NEVER, NEVER, NEVER
    incident[I_ENTITLED], incident[I_IN_VIEW] = 0, 1
    r.hazard[i] = 0.0
    post(r, r.now + r.in_view[i], _LOSSES, kind, identity, 0, agenda.LEAVES, i)
    if r.in_call[i] != NEVER:
        post(r, r.now + r.in_call[i], _ARRIVALS, kind, identity, 0, agenda.CALLED, i)
    wall.enters(r, i)
    patrols.meets(r, i)


@compiled
def alarm(r, face):
    """A display clock reaches what the next incident on it had to meet."""
    r.alarm_ms[face] = NEVER
    r.wall_stirred = 1
    i = wall.crosses_now(r, face)
    while i != NEVER:
        starts(r, i, _WALL)
        i = wall.crosses_now(r, face)


@compiled
def leaves(r, i):
    """An incident leaves the view: unseen, if it still is."""
    incident = part(r.incident, i * INCIDENT_WIDTH)
    incident[I_IN_VIEW] = 0
    if incident[I_TASK] == NEVER:
        undisplay(r, i)
        write_unseen(r, i, _UNSEEN)


@compiled
def called(r, i):
    """Somebody calls about an incident: it starts now if it can still be watched."""
    incident = part(r.incident, i * INCIDENT_WIDTH)
    if incident[I_TASK] == NEVER:
        if incident[I_IN_VIEW] and cameras.is_entitled(r, r.in_camera[i]):
            starts(r, i, _CALL)
        else:
            identity = r.in_id[i] + LATE_CALL
            request(r, identity, r.in_commune[i], r.in_request[i], r.in_patience[i])


@compiled
def undisplay(r, i):
    """Nobody has to discover an incident any more."""
    patrols.hide(r, i)
    wall.forgets(r, i)


@compiled
def starts(r, i, origin):
    """An incident is noticed, or called in while it can be watched: it is work now."""
    undisplay(r, i)
    incident = part(r.incident, i * INCIDENT_WIDTH)
    kind = incident[I_KIND]
    stage, work_ms = work.QUALIFY, r.in_qualify[i]
    if kind != _POLICE:
        stage, work_ms = work.WORK, work_ms + r.in_write[i]
    t = work.new_task(r, kind, incident[I_ID], r.in_commune[i], origin, stage, work_ms)
    task = part(r.task, t * TASK_WIDTH)
    task[T_ARRIVAL], task[T_ROW], task[T_CAMERA] = r.in_time[i], i, r.in_camera[i]
    task[T_ENTITLED] = incident[I_ENTITLED]
    incident[I_TASK] = t
    work.queue(r, t)


@compiled
def write_unseen(r, i, outcome):
    """One row for an incident that nobody took up."""
    incident = part(r.incident, i * INCIDENT_WIDTH)
    kind, identity = incident[I_KIND], incident[I_ID]
    t = work.new_task(r, kind, identity, r.in_commune[i], _NONE, work.WORK, 0)
    task = part(r.task, t * TASK_WIDTH)
    task[T_ARRIVAL], task[T_QUEUED], task[T_CAMERA] = r.in_time[i], NEVER, r.in_camera[i]
    task[T_ENTITLED] = incident[I_ENTITLED]
    work.write(r, t, outcome)
    work.forget_task(r, t)


# Requests, requisitions, timetable


@compiled
def request(r, identity, commune, work_ms, patience_ms):
    """A viewing request, refused when the commune's forfait does not buy it now."""
    t = work.new_task(r, _REQUEST, identity, commune, _CALL, work.WORK, work_ms)
    bought = r.requests[commune]
    open_now = bought == _IN_WINDOW and cameras.is_window_open(r, commune)
    if bought != _ALWAYS and not open_now:
        r.task[t * TASK_WIDTH + T_QUEUED] = NEVER
        work.write(r, t, _REFUSED)
        work.forget_task(r, t)
        return
    if patience_ms != NEVER:
        work.expires_after(r, t, patience_ms)
    work.queue(r, t)


@compiled
def letter(r, row):
    """A requisition comes: its images are safeguarded, unless they are erased already."""
    commune, erased_ms = r.let_commune[row], r.let_erased[row]
    work_ms = r.let_safeguard[row]
    t = work.new_task(r, _SAFEGUARD, r.let_id[row], commune, _LETTER, work.WORK, work_ms)
    task = part(r.task, t * TASK_WIDTH)
    task[T_ROW], task[T_DEADLINE] = row, erased_ms
    if erased_ms <= r.now:
        task[T_QUEUED] = NEVER
        work.write(r, t, _LOST)
        work.forget_task(r, t)
        return
    work.expires_after(r, t, erased_ms - r.now)
    work.queue(r, t)


@compiled
def owes(r, row):
    """A patrol or a health check falls due; its slot is its deadline."""
    kind, commune, identity = r.owed_kind[row], r.owed_commune[row], r.owed_id[row]
    stage = work.SHOW if kind == _PATROL else work.WORK
    t = work.new_task(r, kind, identity, commune, _TIMETABLE, stage, r.check_ms[commune])
    task = part(r.task, t * TASK_WIDTH)
    task[T_DEADLINE] = r.owed_end[row]
    task[T_LOSS] = post(r, r.owed_end[row], _LOSSES, kind, identity, 0, agenda.SLOT_OVER, t)
    work.queue(r, t)
