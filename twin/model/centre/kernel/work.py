"""The stages of a task, lines to the police, what ends it and what it leaves."""

from __future__ import annotations

from twin.model.centre.journal import Origin, Outcome
from twin.model.centre.kernel import heaps, patrols
from twin.model.centre.kernel.agenda import EXPIRES, TASK_DUE, cancel, post, task_row
from twin.model.centre.kernel.agents import releases
from twin.model.centre.kernel.cameras import discover_all
from twin.model.centre.kernel.compiled import compiled, inlined
from twin.model.centre.kernel.state import (
    I_TASK,
    INCIDENT_WIDTH,
    L_ASKED,
    L_ID,
    L_KIND,
    LINE_KEYS,
    LINE_WIDTH,
    T_AGENT,
    T_ALERT,
    T_ARRIVAL,
    T_BRIEFING,
    T_CAMERA,
    T_COMMUNE,
    T_DEADLINE,
    T_ENTITLED,
    T_ID,
    T_INTERRUPTIONS,
    T_KIND,
    T_LOSS,
    T_ORIGIN,
    T_QUEUED,
    T_REMAINING,
    T_ROW,
    T_SHOWN,
    T_STAGE,
    T_START,
    T_STINT,
    T_TIMER,
    T_WHERE,
    T_WORK,
    TASK_KEYS,
    TASK_WIDTH,
    part,
)
from twin.model.centre.rules import Phase
from twin.model.centre.world import NEVER, Kind

WORK, SHOW, QUALIFY, LINE, TALK, FOLLOW, WRITE = range(7)
"""Stages of a task."""

NO_DEADLINE = 1 << 62

_ENDS, _LOSSES = int(Phase.ENDS), int(Phase.LOSSES)
_DONE, _LOST = int(Outcome.DONE), int(Outcome.LOST)
_CENSORED = int(Outcome.CENSORED)
_REQUEST, _SAFEGUARD = int(Kind.REQUEST), int(Kind.SAFEGUARD)
_EXTRACTION, _CHECK = int(Kind.EXTRACTION), int(Kind.CHECK)
_LETTER = int(Origin.LETTER)


@compiled
def new_task(r, kind, identity, commune, origin, stage, work_ms):
    """A task that comes now, in its slot."""
    t = r.tasks_free
    if t == NEVER:
        t = r.tasks_used
        r.tasks_used += 1
    else:
        r.tasks_free = r.task[t * TASK_WIDTH + T_ROW]
    task = part(r.task, t * TASK_WIDTH)
    for k in range(TASK_WIDTH):
        task[k] = 0
    task[T_KIND], task[T_ID], task[T_COMMUNE] = kind, identity, commune
    task[T_WHERE], task[T_CAMERA], task[T_ROW], task[T_AGENT] = NEVER, NEVER, NEVER, NEVER
    task[T_TIMER], task[T_LOSS], task[T_START], task[T_ALERT] = NEVER, NEVER, NEVER, NEVER
    task[T_ARRIVAL], task[T_QUEUED], task[T_DEADLINE] = r.now, r.now, NO_DEADLINE
    task[T_ORIGIN], task[T_STAGE], task[T_REMAINING] = origin, stage, work_ms
    return t


@inlined
def forget_task(r, t):
    """Free the slot of a task that is written down."""
    r.task[t * TASK_WIDTH + T_ROW] = r.tasks_free
    r.tasks_free = t


@inlined
def queue_at(r, q):
    """Tasks of one kind that wait for the agents of one pool."""
    return part(r.queue, 2 * r.first_in_queue[q])


@inlined
def _queue_of(r, t):
    task = part(r.task, t * TASK_WIDTH)
    return r.pool[task[T_COMMUNE]] * r.kinds + task[T_KIND]


@compiled
def queue(r, t):
    """A task waits for an agent, under the same key however often it comes back."""
    q = _queue_of(r, t)
    size = r.queue_size[q]
    r.queue_size[q] = heaps.push(queue_at(r, q), size, t, r.task, TASK_WIDTH, TASK_KEYS)
    r.waiting[q // r.kinds] += 1
    r.desk_stirred = 1


@compiled
def leave_queue(r, t):
    """A task waits no longer."""
    q = _queue_of(r, t)
    size = r.queue_size[q]
    r.queue_size[q] = heaps.remove(queue_at(r, q), size, t, r.task, TASK_WIDTH, TASK_KEYS)
    r.waiting[q // r.kinds] -= 1


@inlined
def is_waiting(r, t):
    """Whether a task is in a queue."""
    return r.task[t * TASK_WIDTH + T_WHERE] != NEVER


# Stages


@compiled
def _time(r, t, length_ms):
    task = part(r.task, t * TASK_WIDTH)
    at_ms = r.now + length_ms
    task[T_TIMER] = post(r, at_ms, _ENDS, task[T_KIND], task[T_ID], 0, TASK_DUE, t)


@compiled
def go_on(r, t):
    """An agent works on a task, from where it stands, until something takes time."""
    task = part(r.task, t * TASK_WIDTH)
    while True:
        stage = task[T_STAGE]
        if task[T_BRIEFING] > 0:
            _time(r, t, task[T_BRIEFING])
            return
        if stage == LINE:
            _ask_for_a_line(r, t)
            return
        if stage == FOLLOW:
            until_ms = min(
                task[T_ALERT] + r.in_responder[task[T_ROW]],
                task[T_ARRIVAL] + r.in_view[task[T_ROW]],
            )
            if until_ms > r.now and not patrols.is_dark(r, task[T_CAMERA]):
                _time(r, t, until_ms - r.now)
                return
        elif stage == SHOW:
            patrols.starts(r, t)
            _time(r, t, patrols.length_ms(r, t))
            return
        elif task[T_REMAINING] > 0:
            _time(r, t, task[T_REMAINING])
            return
        if not next_stage(r, t):
            return


@compiled
def due(r, t):
    """The timer of a task rings: its briefing or its stage is over."""
    task = part(r.task, t * TASK_WIDTH)
    task[T_TIMER] = NEVER
    if task[T_BRIEFING] > 0:
        task[T_BRIEFING] = 0
        go_on(r, t)
    elif next_stage(r, t):
        go_on(r, t)


@compiled
def next_stage(r, t):
    """Enter the stage after the one that is over; False when the task is done."""
    task = part(r.task, t * TASK_WIDTH)
    row, stage = task[T_ROW], task[T_STAGE]
    task[T_REMAINING] = 0
    if stage == WORK or stage == SHOW or stage == WRITE:
        end(r, t, _DONE)
        return False
    if stage == QUALIFY and r.in_alerted[row]:
        if r.in_line[row]:
            task[T_STAGE] = LINE
        else:
            task[T_ALERT] = r.now
            task[T_STAGE] = FOLLOW
    elif stage == TALK:
        r.lines_free[r.recipient[task[T_COMMUNE]]] += 1
        task[T_STAGE] = FOLLOW
    else:
        task[T_STAGE] = WRITE
        task[T_REMAINING] = r.in_write[row]
    return True


@compiled
def _ask_for_a_line(r, t):
    task = part(r.task, t * TASK_WIDTH)
    i = task[T_ROW]
    keys = part(r.line, i * LINE_WIDTH)
    keys[L_ASKED], keys[L_ID], keys[L_KIND] = r.now, task[T_ID], task[T_KIND]
    line = r.recipient[task[T_COMMUNE]]
    size = r.line_size[line]
    r.line_size[line] = heaps.push(_line_at(r, line), size, i, r.line, LINE_WIDTH, LINE_KEYS)


@inlined
def _line_at(r, line):
    """Incidents that wait for a line to one recipient."""
    return part(r.line_queue, 2 * r.first_in_line[line])


@compiled
def _leave_line(r, line, i):
    size = r.line_size[line]
    r.line_size[line] = heaps.remove(_line_at(r, line), size, i, r.line, LINE_WIDTH, LINE_KEYS)


@compiled
def grant_lines(r):
    """Lines go to those who wait for one, by instant of request, then id."""
    for line in range(r.recipients):
        while r.line_size[line] and r.lines_free[line]:
            i = _line_at(r, line)[1]
            _leave_line(r, line, i)
            r.lines_free[line] -= 1
            t = r.incident[i * INCIDENT_WIDTH + I_TASK]
            task = part(r.task, t * TASK_WIDTH)
            task[T_ALERT], task[T_STAGE], task[T_REMAINING] = r.now, TALK, r.in_line[i]
            go_on(r, t)


@compiled
def loses_sight(r, camera):
    """A camera goes dark: whoever follows an incident on it writes the main courante."""
    for t in range(r.tasks_used):
        task = part(r.task, t * TASK_WIDTH)
        if task[T_AGENT] == NEVER or task[T_CAMERA] != camera:
            continue
        if task[T_STAGE] == FOLLOW and task[T_BRIEFING] == 0:
            cancel(r, task[T_TIMER])
            due(r, t)


# Interruptions and ends


@compiled
def lay_down(r, t):
    """Whatever a task is at, stop it where it stands."""
    task = part(r.task, t * TASK_WIDTH)
    left_ms = 0
    if task[T_TIMER] != NEVER:
        left_ms = cancel(r, task[T_TIMER]) - r.now
        task[T_TIMER] = NEVER
    task[T_WORK] += r.now - task[T_STINT]
    if task[T_BRIEFING] > 0:
        task[T_BRIEFING] = left_ms
    elif task[T_STAGE] == SHOW:
        first, last = patrols.stops(r, t)
        discover_all(r, first, last)
    elif task[T_STAGE] == LINE:
        _leave_line(r, r.recipient[task[T_COMMUNE]], task[T_ROW])
    elif task[T_STAGE] != FOLLOW:
        task[T_REMAINING] = left_ms


@compiled
def end(r, t, outcome):
    """A task is over, in the hands of an agent or waiting for one."""
    task = part(r.task, t * TASK_WIDTH)
    if task[T_AGENT] != NEVER:
        lay_down(r, t)
    elif is_waiting(r, t):
        leave_queue(r, t)
    if task[T_STAGE] == TALK:
        r.lines_free[r.recipient[task[T_COMMUNE]]] += 1
    if task[T_LOSS] != NEVER:
        cancel(r, task[T_LOSS])
        task[T_LOSS] = NEVER
    write(r, t, outcome)
    releases(r, t)
    if outcome == _DONE:
        _leads_to(r, t)
    forget_task(r, t)


@compiled
def _leads_to(r, t):
    """What finished work leads to."""
    task = part(r.task, t * TASK_WIDTH)
    kind, commune = task[T_KIND], task[T_COMMUNE]
    if kind == _SAFEGUARD:
        row, work_ms = task[T_ROW], r.let_extraction[task[T_ROW]]
        after = new_task(r, _EXTRACTION, task[T_ID], commune, _LETTER, WORK, work_ms)
        extraction = part(r.task, after * TASK_WIDTH)
        extraction[T_ROW], extraction[T_ARRIVAL] = row, task[T_ARRIVAL]
        extraction[T_DEADLINE] = r.let_due[row]
        queue(r, after)
    elif kind == _CHECK:
        discover_all(r, r.first_camera[commune], r.first_camera[commune + 1])


@compiled
def expires_after(r, t, delay_ms):
    """Patience or retention will end."""
    task = part(r.task, t * TASK_WIDTH)
    at_ms = r.now + delay_ms
    task[T_LOSS] = post(r, at_ms, _LOSSES, task[T_KIND], task[T_ID], 0, EXPIRES, t)


@compiled
def expires(r, t):
    """Patience or retention ends: a task that has an agent is not lost, nor a served caller."""
    task = part(r.task, t * TASK_WIDTH)
    task[T_LOSS] = NEVER
    served = task[T_KIND] == _REQUEST and task[T_START] != NEVER
    if is_waiting(r, t) and not served:
        end(r, t, _LOST)


@compiled
def slot_over(r, t):
    """The slot of a patrol or the day of a health check ends: so does the work on it."""
    r.task[t * TASK_WIDTH + T_LOSS] = NEVER
    end(r, t, _LOST)


@compiled
def write(r, t, outcome):
    """One row in the table of tasks."""
    task = part(r.task, t * TASK_WIDTH)
    room, out = r.tasks_room, task_row(r)
    kind = task[T_KIND]
    out[0], out[room], out[2 * room] = kind, task[T_ID], task[T_COMMUNE]
    out[3 * room], out[4 * room] = task[T_CAMERA], task[T_ARRIVAL]
    out[5 * room], out[6 * room] = task[T_QUEUED], task[T_START]
    out[7 * room] = NEVER if outcome == _CENSORED else r.now
    out[8 * room], out[9 * room], out[10 * room] = task[T_ALERT], task[T_DEADLINE], outcome
    out[11 * room], out[12 * room] = task[T_ORIGIN], task[T_WORK]
    out[13 * room], out[14 * room] = task[T_INTERRUPTIONS], task[T_SHOWN]
    out[15 * room] = task[T_ENTITLED]
    letter = kind == _SAFEGUARD or kind == _EXTRACTION
    out[16 * room] = r.let_useful[task[T_ROW]] if letter else 0
