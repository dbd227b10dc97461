"""The stages of a task, lines to the police, what ends it and what it leaves."""

from __future__ import annotations

from twin.model.centre.journal import Origin, Outcome
from twin.model.centre.kernel import heaps, patrols
from twin.model.centre.kernel.agenda import EXPIRES, TASK_DUE, cancel, post, task_row
from twin.model.centre.kernel.agents import releases
from twin.model.centre.kernel.cameras import discover_all
from twin.model.centre.kernel.compiled import compiled, inlined
from twin.model.centre.kernel.state import (
    A_TASK,
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
    T_WORK,
    TASK_WIDTH,
    take_task,
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
    t = take_task(r)
    task = r.task[t]
    for k in range(TASK_WIDTH):
        task[k] = 0
    task[T_KIND], task[T_ID], task[T_COMMUNE] = kind, identity, commune
    task[T_CAMERA], task[T_ROW], task[T_AGENT] = NEVER, NEVER, NEVER
    task[T_TIMER], task[T_LOSS], task[T_START], task[T_ALERT] = NEVER, NEVER, NEVER, NEVER
    task[T_ARRIVAL], task[T_QUEUED], task[T_DEADLINE] = r.now, r.now, NO_DEADLINE
    task[T_ORIGIN], task[T_STAGE], task[T_REMAINING] = origin, stage, work_ms
    return t


@inlined
def forget_task(r, t):
    """Free the slot of a task that is written down."""
    r.task_free[r.tasks_free] = t
    r.tasks_free += 1


@compiled
def queue(r, t):
    """A task waits for an agent, under the same key however often it comes back."""
    task, keys = r.task[t], r.task_keys[t]
    kind = task[T_KIND]
    keys[0], keys[1], keys[2] = r.order[kind], task[T_DEADLINE], task[T_QUEUED]
    keys[3], keys[4] = task[T_ID], kind
    q = r.pool[task[T_COMMUNE]] * len(r.order) + kind
    r.queue_size[q] = heaps.push(r.queues[q], r.queue_size[q], r.queue_where, r.task_keys, t)


@inlined
def leave_queue(r, t):
    """A task waits no longer."""
    q = r.pool[r.task[t, T_COMMUNE]] * len(r.order) + r.task[t, T_KIND]
    r.queue_size[q] = heaps.remove(r.queues[q], r.queue_size[q], r.queue_where, r.task_keys, t)


@inlined
def is_waiting(r, t):
    """Whether a task is in a queue."""
    return r.queue_where[t] != NEVER


# Stages


@inlined
def _time(r, t, length_ms):
    task = r.task[t]
    at_ms = r.now + length_ms
    task[T_TIMER] = post(r, at_ms, _ENDS, task[T_KIND], task[T_ID], 0, TASK_DUE, t, 0)


@compiled
def go_on(r, t):
    """An agent works on a task, from where it stands, until something takes time."""
    task = r.task[t]
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
    task = r.task[t]
    task[T_TIMER] = NEVER
    if task[T_BRIEFING] > 0:
        task[T_BRIEFING] = 0
        go_on(r, t)
    elif next_stage(r, t):
        go_on(r, t)


@compiled
def next_stage(r, t):
    """Enter the stage after the one that is over; False when the task is done."""
    task = r.task[t]
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


@inlined
def _ask_for_a_line(r, t):
    task, keys = r.task[t], r.line_keys[t]
    keys[0], keys[1], keys[2] = r.now, task[T_ID], task[T_KIND]
    line = r.recipient[task[T_COMMUNE]]
    r.line_size[line] = heaps.push(
        r.line_queues[line], r.line_size[line], r.line_where, r.line_keys, t
    )


@inlined
def grant_lines(r):
    """Lines go to those who wait for one, by instant of request, then id."""
    for line in range(len(r.lines_free)):
        while r.line_size[line] and r.lines_free[line]:
            t = r.line_queues[line, 0]
            r.line_size[line] = heaps.pop(
                r.line_queues[line], r.line_size[line], r.line_where, r.line_keys
            )
            r.lines_free[line] -= 1
            r.task[t, T_ALERT] = r.now
            r.task[t, T_STAGE] = TALK
            r.task[t, T_REMAINING] = r.in_line[r.task[t, T_ROW]]
            go_on(r, t)


@compiled
def loses_sight(r, camera):
    """A camera goes dark: whoever follows an incident on it writes the main courante."""
    for a in range(len(r.agent)):
        t = r.agent[a, A_TASK]
        if t == NEVER:
            continue
        task = r.task[t]
        if task[T_STAGE] == FOLLOW and task[T_BRIEFING] == 0 and task[T_CAMERA] == camera:
            cancel(r, task[T_TIMER])
            due(r, t)


# Interruptions and ends


@compiled
def lay_down(r, t):
    """Whatever a task is at, stop it where it stands."""
    task = r.task[t]
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
        line = r.recipient[task[T_COMMUNE]]
        if r.line_where[t] != NEVER:
            r.line_size[line] = heaps.remove(
                r.line_queues[line], r.line_size[line], r.line_where, r.line_keys, t
            )
    elif task[T_STAGE] != FOLLOW:
        task[T_REMAINING] = left_ms


@compiled
def end(r, t, outcome):
    """A task is over, in the hands of an agent or waiting for one."""
    task = r.task[t]
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


@inlined
def _leads_to(r, t):
    """What finished work leads to."""
    kind, commune = r.task[t, T_KIND], r.task[t, T_COMMUNE]
    if kind == _SAFEGUARD:
        row = r.task[t, T_ROW]
        identity, arrival_ms = r.task[t, T_ID], r.task[t, T_ARRIVAL]
        after = new_task(r, _EXTRACTION, identity, commune, _LETTER, WORK, r.let_extraction[row])
        task = r.task[after]
        task[T_ROW], task[T_ARRIVAL], task[T_DEADLINE] = row, arrival_ms, r.let_due[row]
        queue(r, after)
    elif kind == _CHECK:
        discover_all(r, r.first_camera[commune], r.first_camera[commune + 1])


@inlined
def expires_after(r, t, delay_ms):
    """Patience or retention will end."""
    task = r.task[t]
    at_ms = r.now + delay_ms
    task[T_LOSS] = post(r, at_ms, _LOSSES, task[T_KIND], task[T_ID], 0, EXPIRES, t, 0)


@inlined
def expires(r, t):
    """Patience or retention ends: a task that has an agent is not lost, nor a served caller."""
    task = r.task[t]
    task[T_LOSS] = NEVER
    served = task[T_KIND] == _REQUEST and task[T_START] != NEVER
    if is_waiting(r, t) and not served:
        end(r, t, _LOST)


@inlined
def slot_over(r, t):
    """The slot of a patrol or the day of a health check ends: so does the work on it."""
    r.task[t, T_LOSS] = NEVER
    end(r, t, _LOST)


@compiled
def write(r, t, outcome):
    """One row in the table of tasks."""
    task = r.task[t]
    row = task_row(r)
    row[0], row[1], row[2] = task[T_KIND], task[T_ID], task[T_COMMUNE]
    row[3], row[4], row[5] = task[T_CAMERA], task[T_ARRIVAL], task[T_QUEUED]
    row[6] = task[T_START]
    row[7] = NEVER if outcome == _CENSORED else r.now
    row[8], row[9], row[10] = task[T_ALERT], task[T_DEADLINE], outcome
    row[11], row[12], row[13] = task[T_ORIGIN], task[T_WORK], task[T_INTERRUPTIONS]
    row[14], row[15] = task[T_SHOWN], task[T_ENTITLED]
    letter = task[T_KIND] == _SAFEGUARD or task[T_KIND] == _EXTRACTION
    row[16] = 1 if letter and r.let_useful[task[T_ROW]] else 0
