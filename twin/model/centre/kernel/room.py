"""The loop: timers in rounds, the tables of the outside world, and the end."""

from __future__ import annotations

from twin.model.centre.journal import Origin, Outcome
from twin.model.centre.kernel import (
    agenda,
    arrivals,
    cameras,
    desk,
    faults,
    patrols,
    wall,
    work,
)
from twin.model.centre.kernel.agenda import cancel, post, post_in_order, write_spell
from twin.model.centre.kernel.compiled import compiled
from twin.model.centre.kernel.state import (
    A_OVERTIME,
    ACT,
    AGENT_WIDTH,
    C_FAULTY,
    C_INCIDENT,
    CAMERA_WIDTH,
    I_ALARM,
    I_NEXT,
    INCIDENT_WIDTH,
    ORDER,
    PHASES,
    T_AGENT,
    T_STINT,
    T_WORK,
    TASK_WIDTH,
    TIMER_WIDTH,
    WHAT,
    part,
)
from twin.model.centre.rules import Phase
from twin.model.centre.world import NEVER, Kind

_FAULTS, _WINDOWS, _STARTS = int(Phase.FAULTS), int(Phase.WINDOWS), int(Phase.STARTS)
_ARRIVALS = int(Phase.ARRIVALS)
_POLICE, _REQUEST, _SAFEGUARD = int(Kind.POLICE), int(Kind.REQUEST), int(Kind.SAFEGUARD)
_CENSORED = int(Outcome.CENSORED)
_BY_PATROL = int(Origin.PATROL)
_RESTORED, _IMPOSED = 0, 1


@compiled
def opens(r):
    """Announce what the outside world will bring."""
    for act in range(agenda.OUTAGE + 1):
        _announce(r, act, 0)
    for camera in range(r.n_cameras):
        faults.lives(r, camera)
    for row in range(r.n_outages):
        camera, end_ms = r.out_camera[row], r.out_end[row]
        post(r, end_ms, _FAULTS, camera, _RESTORED, end_ms, agenda.RESTORED, camera)


@compiled
def play(r):
    """Play rounds to the end of the horizon, then censor; False if the journal is full before."""
    while r.agenda_size and r.agenda[0] < r.horizon_ms:
        # In one instant an agent ends one spell at most, and a display changes once a round.
        if r.spells_rows + r.n_shifts > r.spells_room:
            return False
        if r.attention_rows + r.pools > r.attention_room:
            return False
        now = r.agenda[0]
        r.now = now
        r.round = r.timer[r.agenda[1] * TIMER_WIDTH + ORDER] >> PHASES
        while r.agenda_size and r.agenda[0] == now:
            slot = r.agenda[1]
            timer = part(r.timer, slot * TIMER_WIDTH)
            if timer[ORDER] >> PHASES != r.round:
                break
            act, what = timer[ACT], timer[WHAT]
            cancel(r, slot)
            _ring(r, act, what)
        _close_round(r)
    r.now = r.horizon_ms
    _censor(r)
    return True


@compiled
def _close_round(r):
    """One dispatch, then one update of the display; where nothing stirred, both change nothing."""
    if r.desk_stirred:
        desk.dispatch(r)
    work.grant_lines(r)
    cameras.send_crew(r)
    if r.wall_stirred:
        for pool in range(r.pools):
            wall.update(r, pool)
        cameras.discover_on_display(r)
        r.wall_stirred = 0


@compiled
def _ring(r, act, what):
    """What a timer does."""
    if act <= agenda.OUTAGE:
        _table_row(r, act, what)
    elif act <= agenda.CALLED:
        _of_incidents(r, act, what)
    elif act == agenda.EXPIRES:
        work.expires(r, what)
    elif act == agenda.SLOT_OVER:
        work.slot_over(r, what)
    elif act == agenda.BREAK_DUE:
        desk.break_due(r, what)
    elif act == agenda.ENDS_SHIFT:
        desk.ends_shift(r, what)
    elif act == agenda.RETURNS:
        desk.returns(r, what)
    else:
        _of_cameras(r, act, what)


@compiled
def _of_incidents(r, act, i):
    if act == agenda.TASK_DUE:
        work.due(r, i)
    elif act == agenda.ALARM:
        arrivals.alarm(r, i)
    elif act == agenda.SEEN_ON_PATROL:
        r.incident[i * INCIDENT_WIDTH + I_ALARM] = NEVER
        arrivals.starts(r, i, _BY_PATROL)
    elif act == agenda.IMAGE_ENDS:
        r.incident[i * INCIDENT_WIDTH + I_ALARM] = NEVER
        patrols.hide(r, i)
    elif act == agenda.IMAGE_BEGINS:
        r.incident[i * INCIDENT_WIDTH + I_ALARM] = NEVER
        patrols.shows(r, i)
    elif act == agenda.LEAVES:
        arrivals.leaves(r, i)
    else:
        arrivals.called(r, i)


@compiled
def _of_cameras(r, act, camera):
    if act == agenda.FAILS:
        faults.fails(r, camera)
    elif act == agenda.DISCOVERED:
        cameras.discover(r, camera)
    elif act == agenda.REPAIRED:
        faults.repaired(r, camera)
    else:
        faults.imposes(r, camera, -1)


# Tables of the outside world, read row after row


@compiled
def _announce(r, act, row):
    """Post one row of a table of the outside world; it posts the next one when it is played.

    Rows belong to the first round of their instant, whenever they are posted.
    """
    if act == agenda.ENTERS:
        if row < r.n_incidents:
            post_in_order(r, r.in_time[row], _ARRIVALS, _POLICE, row, 0, act, row)
    elif act == agenda.PHONES:
        if row < r.n_asks:
            post_in_order(r, r.ask_time[row], _ARRIVALS, _REQUEST, row, 0, act, row)
    elif act == agenda.LETTER:
        if row < r.n_letters:
            post_in_order(r, r.let_time[row], _ARRIVALS, _SAFEGUARD, row, 0, act, row)
    elif act == agenda.OWES:
        if row < r.n_owed:
            post_in_order(r, r.owed_start[row], _ARRIVALS, r.owed_kind[row], row, 0, act, row)
    elif act == agenda.STARTS_SHIFT:
        while row < r.n_shifts and not r.present[row]:
            row += 1
        if row < r.n_shifts:
            seat, start_ms = r.shift_seat[row], r.shift_start[row]
            post_in_order(r, start_ms, _STARTS, seat, start_ms, 0, act, row)
    elif act == agenda.EDGE:
        if row < r.n_edges:
            window, is_open = r.edge_window[row], r.edge_opens[row]
            post_in_order(r, r.edge_ms[row], _WINDOWS, NEVER, window, is_open, act, row)
    elif row < r.n_outages:
        camera, end_ms = r.out_camera[row], r.out_end[row]
        post_in_order(r, r.out_start[row], _FAULTS, camera, _IMPOSED, end_ms, act, row)


@compiled
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
        r.window_open[window] = r.edge_opens[row]
        r.wall_stirred = 1
        for k in range(r.first_of_window[window], r.first_of_window[window + 1]):
            cameras.review(r, r.window_cameras[k])
    else:
        faults.imposes(r, r.out_camera[row], 1)


# The end


@compiled
def _censor(r):
    """Write down what the end of the horizon leaves unfinished."""
    for seat in range(r.n_seats):
        if r.agent_at[seat] != NEVER:
            write_spell(r, r.agent_at[seat])
    for t in range(r.tasks_used):
        task = part(r.task, t * TASK_WIDTH)
        a = task[T_AGENT]
        if a != NEVER:
            if r.agent[a * AGENT_WIDTH + A_OVERTIME]:
                write_spell(r, a)
            task[T_WORK] += r.now - task[T_STINT]
            work.write(r, t, _CENSORED)
    for q in range(r.pools * r.kinds):
        for k in range(r.queue_size[q]):
            work.write(r, work.queue_at(r, q)[2 * k + 1], _CENSORED)
    for camera in range(r.n_cameras):
        i = r.camera[camera * CAMERA_WIDTH + C_INCIDENT]
        while i != NEVER:
            arrivals.write_unseen(r, i, _CENSORED)
            i = r.incident[i * INCIDENT_WIDTH + I_NEXT]
        if r.camera[camera * CAMERA_WIDTH + C_FAULTY]:
            cameras.write_repair(r, camera, _CENSORED, NEVER)
