"""The loop: timers in rounds, the tables of the outside world, and the end."""

from __future__ import annotations

from twin.model.centre.journal import Origin, Outcome
from twin.model.centre.kernel import (
    agenda,
    agents,
    arrivals,
    cameras,
    desk,
    faults,
    patrols,
    wall,
    work,
)
from twin.model.centre.kernel.agenda import ACT, FIRST, SECOND, cancel, post, write_spell
from twin.model.centre.kernel.compiled import compiled, inlined
from twin.model.centre.kernel.state import (
    A_SHIFT,
    A_TASK,
    C_FAULTY,
    C_INCIDENT,
    I_ALARM,
    I_NEXT,
    I_ROW,
    T_STINT,
    T_WORK,
)
from twin.model.centre.rules import Phase
from twin.model.centre.world import NEVER, Kind

_FAULTS, _WINDOWS, _STARTS = int(Phase.FAULTS), int(Phase.WINDOWS), int(Phase.STARTS)
_ARRIVALS = int(Phase.ARRIVALS)
_POLICE, _REQUEST, _SAFEGUARD = int(Kind.POLICE), int(Kind.REQUEST), int(Kind.SAFEGUARD)
_CENSORED = int(Outcome.CENSORED)
_BY_PATROL = int(Origin.PATROL)
_RESTORED, _IMPOSED = 0, 1


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
        arrivals.alarm(r, i)
    elif act == agenda.SEEN_ON_PATROL:
        r.incident[i, I_ALARM] = NEVER
        arrivals.starts(r, i, _BY_PATROL)
    elif act == agenda.IMAGE_ENDS:
        r.incident[i, I_ALARM] = NEVER
        patrols.hide(r, i)
    elif act == agenda.IMAGE_BEGINS:
        row = r.incident[i, I_ROW]
        if r.in_kind[row] == kind and r.in_id[row] == identity:
            patrols.shows(r, i, stint)
    elif act == agenda.LEAVES:
        arrivals.leaves(r, i)
    else:
        arrivals.called(r, i)


@inlined
def _of_cameras(r, act, camera, second):
    if act == agenda.FAILS:
        faults.fails(r, camera)
    elif act == agenda.DISCOVERED:
        cameras.discover(r, camera)
    elif act == agenda.REPAIRED:
        faults.repaired(r, camera)
    else:
        faults.imposes(r, camera, second)


# Tables of the outside world, read row after row


@inlined
def _announce_all(r):
    for act in range(agenda.OUTAGE + 1):
        _announce(r, act, 0)
    for camera in range(len(r.camera)):
        faults.lives(r, camera)
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
        arrivals.enters(r, row)
    elif act == agenda.PHONES:
        arrivals.request(r, r.ask_id[row], r.ask_commune[row], r.ask_work[row], r.ask_patience[row])
    elif act == agenda.LETTER:
        arrivals.letter(r, row)
    elif act == agenda.OWES:
        arrivals.owes(r, row)
    elif act == agenda.STARTS_SHIFT:
        desk.starts_shift(r, row)
    elif act == agenda.EDGE:
        window = r.edge_window[row]
        r.window_open[window] = 1 if r.edge_opens[row] else 0
        for k in range(r.first_of_window[window], r.first_of_window[window + 1]):
            cameras.review(r, r.window_cameras[k])
    else:
        faults.imposes(r, r.out_camera[row], 1)


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
            arrivals.write_unseen(r, i, _CENSORED)
            i = r.incident[i, I_NEXT]
        if r.camera[camera, C_FAULTY]:
            cameras.write_repair(r, camera, _CENSORED, NEVER)
