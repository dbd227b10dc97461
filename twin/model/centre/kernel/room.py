"""The loop: timers in rounds, what arrives, and what it becomes."""

from __future__ import annotations

from twin.model.centre.journal import Origin, Outcome
from twin.model.centre.kernel import agenda, agents, cameras, desk, patrols, wall, work
from twin.model.centre.kernel.agenda import ACT, FIRST, SECOND, cancel, post, write_spell
from twin.model.centre.kernel.compiled import compiled, inlined
from twin.model.centre.kernel.state import (
    A_SHIFT,
    A_TASK,
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
    I_ALARM,
    I_CALL,
    I_ENTITLED,
    I_IN_VIEW,
    I_NEXT,
    I_ROW,
    I_STATE,
    I_TASK,
    INCIDENT_WIDTH,
    T_ARRIVAL,
    T_CAMERA,
    T_DEADLINE,
    T_ENTITLED,
    T_LOSS,
    T_QUEUED,
    T_ROW,
    T_STINT,
    T_WORK,
    take_incident,
)
from twin.model.centre.rules import LATE_CALL, Phase
from twin.model.centre.world import NEVER, Kind, ViewingRequests

_LOSSES, _FAULTS, _WINDOWS = int(Phase.LOSSES), int(Phase.FAULTS), int(Phase.WINDOWS)
_STARTS, _ARRIVALS = int(Phase.STARTS), int(Phase.ARRIVALS)
_POLICE, _REQUEST, _SAFEGUARD = int(Kind.POLICE), int(Kind.REQUEST), int(Kind.SAFEGUARD)
_PATROL = int(Kind.PATROL)
_UNSEEN, _LOST, _REFUSED = int(Outcome.UNSEEN), int(Outcome.LOST), int(Outcome.REFUSED)
_CENSORED, _DONE = int(Outcome.CENSORED), int(Outcome.DONE)
_NONE, _WALL, _BY_PATROL = int(Origin.NONE), int(Origin.WALL), int(Origin.PATROL)
_CALL, _LETTER, _TIMETABLE = int(Origin.CALL), int(Origin.LETTER), int(Origin.TIMETABLE)
_IN_WINDOW, _ALWAYS = int(ViewingRequests.WINDOW), int(ViewingRequests.ALWAYS)
_RESTORED, _IMPOSED, _FAILED = range(3)


@inlined
def play(r):
    """Play every round before the end of the horizon, then censor what is left."""
    _announce_all(r)
    while r.agenda_size:
        first = r.timer_keys[r.agenda[0]]
        now = first[0]
        if now >= r.horizon_ms:
            break
        r.now, r.round = now, first[1]
        while r.agenda_size:
            slot = r.agenda[0]
            if r.timer_keys[slot, 0] != now or r.timer_keys[slot, 1] != r.round:
                break
            cancel(r, slot)
            _ring(r, slot)
        _close_round(r)
    r.now = r.horizon_ms
    _censor(r)


@inlined
def _close_round(r):
    """One dispatch, then one update of the display."""
    desk.dispatch(r)
    work.grant_lines(r)
    cameras.send_crew(r)
    for pool in range(r.pools):
        wall.update(r, pool, agents.watching(r, pool))
    cameras.discover_on_display(r)


@inlined
def _ring(r, slot):
    """What a timer does; its slot is free already, and read before anything is posted."""
    act = r.timers[slot, ACT]
    first, second = r.timers[slot, FIRST], r.timers[slot, SECOND]
    if act <= agenda.OUTAGE:
        _table_row(r, act, first)
    elif act <= agenda.CALLED:
        _of_incidents(r, act, first, second, r.timer_keys[slot, 3], r.timer_keys[slot, 4])
    elif act == agenda.EXPIRES:
        work.expires(r, first)
    elif act == agenda.SLOT_OVER:
        work.slot_over(r, first)
    elif act == agenda.BREAK_DUE:
        desk.break_due(r, first, second)
    elif act == agenda.ENDS_SHIFT:
        desk.ends_shift(r, first)
    elif act == agenda.RETURNS:
        desk.returns(r, first, second)
    else:
        _of_cameras(r, act, first, second)


@inlined
def _of_incidents(r, act, i, stint, kind, identity):
    if act == agenda.TASK_DUE:
        work.due(r, i)
    elif act == agenda.ALARM:
        _alarm(r, i)
    elif act == agenda.SEEN_ON_PATROL:
        r.incident[i, I_ALARM] = NEVER
        _starts(r, i, _BY_PATROL)
    elif act == agenda.IMAGE_ENDS:
        r.incident[i, I_ALARM] = NEVER
        patrols.hide(r, i)
    elif act == agenda.IMAGE_BEGINS:
        row = r.incident[i, I_ROW]
        if r.in_kind[row] == kind and r.in_id[row] == identity:
            patrols.shows(r, i, stint)
    elif act == agenda.LEAVES:
        _leaves(r, i)
    else:
        _called(r, i)


@inlined
def _of_cameras(r, act, camera, second):
    if act == agenda.FAILS:
        _fails(r, camera)
    elif act == agenda.DISCOVERED:
        cameras.discover(r, camera)
    elif act == agenda.REPAIRED:
        _repaired(r, camera)
    else:
        _imposes(r, camera, second)


# Tables of the outside world, read row after row


@inlined
def _announce_all(r):
    for act in range(agenda.OUTAGE + 1):
        _announce(r, act, 0)
    for camera in range(len(r.camera)):
        _lives(r, camera)
    for row in range(len(r.out_camera)):
        camera, end_ms = r.out_camera[row], r.out_end[row]
        post(r, end_ms, _FAULTS, camera, _RESTORED, end_ms, agenda.RESTORED, camera, -1)


@compiled
def _announce(r, act, row):
    """Post one row of a table of the outside world; it posts the next one when it is played."""
    if act == agenda.ENTERS:
        if row < len(r.in_time):
            _post_row(r, r.in_time[row], _ARRIVALS, _POLICE, row, 0, act, row)
    elif act == agenda.PHONES:
        if row < len(r.ask_time):
            _post_row(r, r.ask_time[row], _ARRIVALS, _REQUEST, row, 0, act, row)
    elif act == agenda.LETTER:
        if row < len(r.let_time):
            _post_row(r, r.let_time[row], _ARRIVALS, _SAFEGUARD, row, 0, act, row)
    elif act == agenda.OWES:
        if row < len(r.owed_start):
            _post_row(r, r.owed_start[row], _ARRIVALS, r.owed_kind[row], row, 0, act, row)
    elif act == agenda.STARTS_SHIFT:
        while row < len(r.shift_seat) and not r.present[row]:
            row += 1
        if row < len(r.shift_seat):
            seat, start_ms = r.shift_seat[row], r.shift_start[row]
            _post_row(r, start_ms, _STARTS, seat, start_ms, 0, act, row)
    elif act == agenda.EDGE:
        if row < len(r.edge_ms):
            opens = 1 if r.edge_opens[row] else 0
            _post_row(r, r.edge_ms[row], _WINDOWS, NEVER, r.edge_window[row], opens, act, row)
    elif row < len(r.out_camera):
        camera, end_ms = r.out_camera[row], r.out_end[row]
        _post_row(r, r.out_start[row], _FAULTS, camera, _IMPOSED, end_ms, act, row)


@compiled
def _post_row(r, at_ms, phase, key_a, key_b, key_c, act, row):
    """Rows of tables belong to the first round of their instant, whenever they are posted."""
    round_before = r.round
    r.round = NEVER
    post(r, at_ms, phase, key_a, key_b, key_c, act, row, 0)
    r.round = round_before


@inlined
def _table_row(r, act, row):
    _announce(r, act, row + 1)
    if act == agenda.ENTERS:
        _enters(r, row)
    elif act == agenda.PHONES:
        _request(r, r.ask_id[row], r.ask_commune[row], r.ask_work[row], r.ask_patience[row])
    elif act == agenda.LETTER:
        _letter(r, row)
    elif act == agenda.OWES:
        _owes(r, row)
    elif act == agenda.STARTS_SHIFT:
        desk.starts_shift(r, row)
    elif act == agenda.EDGE:
        window = r.edge_window[row]
        r.window_open[window] = 1 if r.edge_opens[row] else 0
        for k in range(r.first_of_window[window], r.first_of_window[window + 1]):
            cameras.review(r, r.window_cameras[k])
    else:
        _imposes(r, r.out_camera[row], 1)


# Incidents


@inlined
def _enters(r, row):
    """An incident comes into view."""
    i = take_incident(r)
    incident = r.incident[i]
    for k in range(INCIDENT_WIDTH):
        incident[k] = 0
    incident[I_ROW], incident[I_IN_VIEW], incident[I_STATE] = row, 1, wall.FROZEN
    incident[I_TASK], incident[I_ALARM] = NEVER, NEVER
    r.hazard[i] = 0.0
    kind, identity = r.in_kind[row], r.in_id[row]
    leaves_ms = r.now + r.in_view[row]
    post(r, leaves_ms, _LOSSES, kind, identity, 0, agenda.LEAVES, i, 0)
    if r.in_call[row] != NEVER:
        incident[I_CALL] = 1
        at_ms = r.now + r.in_call[row]
        post(r, at_ms, _ARRIVALS, kind, identity, 0, agenda.CALLED, i, 0)
    wall.enters(r, i)
    patrols.meets(r, i)


@inlined
def _alarm(r, face):
    """A display clock reaches what the next incident on it had to meet."""
    r.wall_alarm[face] = NEVER
    i = wall.crosses_now(r, face)
    while i != NEVER:
        _starts(r, i, _WALL)
        i = wall.crosses_now(r, face)


@inlined
def _leaves(r, i):
    """An incident leaves the view: unseen, if it still is."""
    incident = r.incident[i]
    incident[I_IN_VIEW] = 0
    if incident[I_TASK] == NEVER:
        _undisplay(r, i)
        _write_unseen(r, i, _UNSEEN)
    _forget(r, i)


@inlined
def _called(r, i):
    """Somebody calls about an incident: it starts now if it can still be watched."""
    incident = r.incident[i]
    row = incident[I_ROW]
    incident[I_CALL] = 0
    if incident[I_TASK] == NEVER:
        if incident[I_IN_VIEW] and cameras.is_entitled(r, r.in_camera[row]):
            _starts(r, i, _CALL)
        else:
            identity = r.in_id[row] + LATE_CALL
            _request(r, identity, r.in_commune[row], r.in_request[row], r.in_patience[row])
    _forget(r, i)


@inlined
def _forget(r, i):
    """Free the slot of an incident out of view that has no call to come."""
    if not r.incident[i, I_IN_VIEW] and not r.incident[i, I_CALL]:
        r.incident_free[r.incidents_free] = i
        r.incidents_free += 1


@inlined
def _undisplay(r, i):
    patrols.hide(r, i)
    wall.forgets(r, i)


@compiled
def _starts(r, i, origin):
    """An incident is noticed, or called in while it can be watched: it is work now."""
    _undisplay(r, i)
    incident = r.incident[i]
    row = incident[I_ROW]
    kind = r.in_kind[row]
    stage, work_ms = work.QUALIFY, r.in_qualify[row]
    if kind != _POLICE:
        stage, work_ms = work.WORK, work_ms + r.in_write[row]
    t = work.new_task(r, kind, r.in_id[row], r.in_commune[row], origin, stage, work_ms)
    task = r.task[t]
    task[T_ARRIVAL], task[T_ROW], task[T_CAMERA] = r.in_time[row], row, r.in_camera[row]
    task[T_ENTITLED] = incident[I_ENTITLED]
    incident[I_TASK] = t
    work.queue(r, t)


@compiled
def _write_unseen(r, i, outcome):
    row = r.incident[i, I_ROW]
    t = work.new_task(r, r.in_kind[row], r.in_id[row], r.in_commune[row], _NONE, work.WORK, 0)
    task = r.task[t]
    task[T_ARRIVAL], task[T_QUEUED], task[T_CAMERA] = r.in_time[row], NEVER, r.in_camera[row]
    task[T_ENTITLED] = r.incident[i, I_ENTITLED]
    work.write(r, t, outcome)
    work.forget_task(r, t)


# Requests, requisitions, timetable


@compiled
def _request(r, identity, commune, work_ms, patience_ms):
    """A viewing request, refused when the commune's forfait does not buy it now."""
    t = work.new_task(r, _REQUEST, identity, commune, _CALL, work.WORK, work_ms)
    bought = r.requests[commune]
    open_now = bought == _IN_WINDOW and cameras.is_window_open(r, commune)
    if bought != _ALWAYS and not open_now:
        r.task[t, T_QUEUED] = NEVER
        work.write(r, t, _REFUSED)
        work.forget_task(r, t)
        return
    if patience_ms != NEVER:
        work.expires_after(r, t, patience_ms)
    work.queue(r, t)


@inlined
def _letter(r, row):
    """A requisition comes: its images are safeguarded, unless they are erased already."""
    commune, erased_ms = r.let_commune[row], r.let_erased[row]
    work_ms = r.let_safeguard[row]
    t = work.new_task(r, _SAFEGUARD, r.let_id[row], commune, _LETTER, work.WORK, work_ms)
    task = r.task[t]
    task[T_ROW], task[T_DEADLINE] = row, erased_ms
    if erased_ms <= r.now:
        task[T_QUEUED] = NEVER
        work.write(r, t, _LOST)
        work.forget_task(r, t)
        return
    work.expires_after(r, t, erased_ms - r.now)
    work.queue(r, t)


@inlined
def _owes(r, row):
    """A patrol or a health check falls due; its slot is its deadline."""
    kind, commune, identity = r.owed_kind[row], r.owed_commune[row], r.owed_id[row]
    stage = work.SHOW if kind == _PATROL else work.WORK
    t = work.new_task(r, kind, identity, commune, _TIMETABLE, stage, r.check_ms[commune])
    task = r.task[t]
    task[T_DEADLINE] = r.owed_end[row]
    task[T_LOSS] = post(r, r.owed_end[row], _LOSSES, kind, identity, 0, agenda.SLOT_OVER, t, 0)
    work.queue(r, t)


# Cameras


@compiled
def _lives(r, camera):
    """Post the next fault of a camera, if one was drawn."""
    pair = r.camera[camera, C_PAIR]
    if pair < r.first_pair[camera + 1]:
        at_ms = r.now + r.up_ms[pair]
        post(r, at_ms, _FAULTS, camera, _FAILED, 0, agenda.FAILS, camera, 0)


@inlined
def _fails(r, camera):
    state = r.camera[camera]
    was_dark = patrols.is_dark(r, camera)
    state[C_FAULTY] = 1
    state[C_REPAIR_MS] = r.repair_ms[state[C_PAIR]]
    state[C_PAIR] += 1
    state[C_FAULT_MS] = r.now
    state[C_DISCOVERED_MS], state[C_REPAIR_START_MS] = NEVER, NEVER
    state[C_PLACE] = r.dark_size
    r.dark[r.dark_size] = camera
    r.dark_size += 1
    _changes(r, camera, was_dark)
    if r.discovered_at_once:
        cameras.discover(r, camera)


@compiled
def _imposes(r, camera, step):
    was_dark = patrols.is_dark(r, camera)
    r.camera[camera, C_IMPOSED] += step
    _changes(r, camera, was_dark)


@compiled
def _changes(r, camera, was_dark):
    cameras.review(r, camera)
    if patrols.is_dark(r, camera) and not was_dark:
        i = r.camera[camera, C_INCIDENT]
        while i != NEVER:
            patrols.hide(r, i)
            i = r.incident[i, I_NEXT]
        work.loses_sight(r, camera)


@inlined
def _repaired(r, camera):
    r.repairers_busy -= 1
    cameras.write_repair(r, camera, _DONE, r.now)
    r.camera[camera, C_REPAIRS] += 1
    r.camera[camera, C_FAULTY] = 0
    cameras.review(r, camera)
    _lives(r, camera)


# The end


@inlined
def _censor(r):
    """Write down what the end of the horizon leaves unfinished."""
    for a in range(len(r.agent)):
        if r.agent[a, A_SHIFT] == NEVER:
            continue
        write_spell(r, a)
        t = r.agent[a, A_TASK]
        if t != NEVER:
            r.task[t, T_WORK] += r.now - r.task[t, T_STINT]
            work.write(r, t, _CENSORED)
    for q in range(len(r.queues)):
        for k in range(r.queue_size[q]):
            work.write(r, r.queues[q, k], _CENSORED)
    for camera in range(len(r.camera)):
        i = r.camera[camera, C_INCIDENT]
        while i != NEVER:
            _write_unseen(r, i, _CENSORED)
            i = r.incident[i, I_NEXT]
        if r.camera[camera, C_FAULTY]:
            cameras.write_repair(r, camera, _CENSORED, NEVER)
