"""The display of each pool and the incidents in view on its cameras."""

from __future__ import annotations

import numpy as np

from twin.model.centre import attention
from twin.model.centre.kernel import heaps
from twin.model.centre.kernel.agenda import ALARM, cancel, post
from twin.model.centre.kernel.compiled import compiled, inlined
from twin.model.centre.kernel.state import (
    C_ENTITLED,
    C_INCIDENT,
    I_ENTITLED,
    I_NEXT,
    I_PREVIOUS,
    I_ROW,
    I_STATE,
    grown,
)
from twin.model.centre.rules import Phase
from twin.model.centre.world import NEVER

accumulated = inlined(attention.accumulated)
clock_at = inlined(attention.clock_at)
crossing_ms = inlined(attention.crossing_ms)
held_units = inlined(attention.held_units)
rotating_fraction = inlined(attention.rotating_fraction)
rotating_units = inlined(attention.rotating_units)
target_of = inlined(attention.target_of)

# State of an incident; HELD and ROTATING are also the clocks of a pool
HELD, ROTATING, FROZEN, PATROLLED = range(4)
CLOCKS = 2

_NOTICES = int(Phase.NOTICES)
_SIGN = np.int64(0x7FFF_FFFF_FFFF_FFFF)


@inlined
def _orderly(number):
    """An integer in the same order as the float it is made of."""
    bits = np.float64(number).view(np.int64)
    return bits if bits >= 0 else bits ^ _SIGN


@inlined
def clock(r, face):
    """Value now of a display clock."""
    return clock_at(r.base[face], r.rate[face], r.since_ms[face], r.now)


@compiled
def place(r, i):
    """Put an incident on the clock of the display state of its camera, if it has one."""
    incident = r.incident[i]
    row = incident[I_ROW]
    camera = r.in_camera[row]
    if not r.camera[camera, C_ENTITLED]:
        return
    pool = r.pool[r.camera_commune[camera]]
    state = HELD if r.unit_order[r.unit[camera]] < r.boundary[pool] else ROTATING
    face = pool * CLOCKS + state
    now = clock(r, face)
    incident[I_STATE] = state
    incident[I_ENTITLED] = 1
    r.clock_before[i] = now
    keys = r.incident_keys[i]
    keys[0] = _orderly(target_of(now, r.in_threshold[row], r.hazard[i]))
    keys[1], keys[2] = r.in_kind[row], r.in_id[row]
    r.wall_size[face] = heaps.push(
        r.walls[face], r.wall_size[face], r.wall_where, r.incident_keys, i
    )


@compiled
def lift(r, i):
    """Take an incident off its clock; it carries what it has accumulated."""
    incident = r.incident[i]
    if incident[I_STATE] > ROTATING:
        return
    face = r.pool[r.in_commune[incident[I_ROW]]] * CLOCKS + incident[I_STATE]
    r.hazard[i] = accumulated(r.hazard[i], clock(r, face), r.clock_before[i])
    incident[I_STATE] = FROZEN
    r.wall_size[face] = heaps.remove(
        r.walls[face], r.wall_size[face], r.wall_where, r.incident_keys, i
    )


@inlined
def enters(r, i):
    """An incident comes into the view of a camera."""
    incident = r.incident[i]
    camera = r.camera[r.in_camera[incident[I_ROW]]]
    first = camera[C_INCIDENT]
    incident[I_PREVIOUS], incident[I_NEXT] = NEVER, first
    if first != NEVER:
        r.incident[first, I_PREVIOUS] = i
    camera[C_INCIDENT] = i
    place(r, i)


@compiled
def forgets(r, i):
    """The incident is noticed, called in or gone: nobody has to discover it any more."""
    lift(r, i)
    incident = r.incident[i]
    before, after = incident[I_PREVIOUS], incident[I_NEXT]
    if before == NEVER:
        r.camera[r.in_camera[incident[I_ROW]], C_INCIDENT] = after
    else:
        r.incident[before, I_NEXT] = after
    if after != NEVER:
        r.incident[after, I_PREVIOUS] = before


@compiled
def _replace(r, camera):
    i = r.camera[camera, C_INCIDENT]
    while i != NEVER:
        if r.incident[i, I_STATE] != PATROLLED:
            lift(r, i)
            place(r, i)
        elif r.camera[camera, C_ENTITLED]:
            r.incident[i, I_ENTITLED] = 1
        i = r.incident[i, I_NEXT]


@compiled
def entitle(r, camera, entitled):
    """A camera gains or loses its right to live viewing."""
    if r.camera[camera, C_ENTITLED] == entitled:
        return
    unit = r.unit[camera]
    pool = r.pool[r.camera_commune[camera]]
    counted = r.entitled_in[unit] > 0
    r.entitled_in[unit] += 1 if entitled else -1
    if counted != (r.entitled_in[unit] > 0):
        step = -1 if counted else 1
        r.units[pool] += step
        if r.unit_order[unit] < r.boundary[pool]:
            r.units_below[pool] += step
    r.camera[camera, C_ENTITLED] = entitled
    _replace(r, camera)


@compiled
def shows(r, camera):
    """Whether somebody looks where the image of a camera belongs, even when it is dark."""
    pool = r.pool[r.camera_commune[camera]]
    if r.free[pool] * r.units_per_agent > r.held[pool]:
        return True
    for place in range(r.unit_order[r.unit[camera]], r.boundary[pool]):
        if r.entitled_in[r.unit_at[r.first_unit[pool] + place]]:
            return True
    return False


@inlined
def _move_boundary(r, pool):
    while r.units_below[pool] != r.held[pool]:
        grows = r.units_below[pool] < r.held[pool]
        if not grows:
            r.boundary[pool] -= 1
        unit = r.first_unit[pool] + r.boundary[pool]
        if grows:
            r.boundary[pool] += 1
        unit = r.unit_at[unit]
        if r.entitled_in[unit]:
            r.units_below[pool] += 1 if grows else -1
            for k in range(r.first_in_unit[unit], r.first_in_unit[unit + 1]):
                _replace(r, r.unit_cameras[k])


@compiled
def _set_alarm(r, face):
    """Have the first crossing of a clock noticed when it comes."""
    at_ms = NEVER
    if r.wall_size[face] and r.rate[face] > 0.0:
        i = r.walls[face, 0]
        target = target_of(r.clock_before[i], r.in_threshold[r.incident[i, I_ROW]], r.hazard[i])
        at_ms = crossing_ms(r.base[face], r.rate[face], r.since_ms[face], target, r.now)
    alarm = r.wall_alarm[face]
    if alarm != NEVER:
        if r.timer_keys[alarm, 0] == at_ms:
            return
        cancel(r, alarm)
        r.wall_alarm[face] = NEVER
    if at_ms != NEVER:
        r.wall_alarm[face] = post(r, at_ms, _NOTICES, face, 0, 0, ALARM, face, 0)


@compiled
def crosses_now(r, face):
    """Incident whose target a clock reaches now, or -1."""
    if r.wall_size[face] and r.rate[face] > 0.0:
        i = r.walls[face, 0]
        target = target_of(r.clock_before[i], r.in_threshold[r.incident[i, I_ROW]], r.hazard[i])
        if crossing_ms(r.base[face], r.rate[face], r.since_ms[face], target, r.now) == r.now:
            return i
    return NEVER


@inlined
def update(r, pool, free):
    """Show what `free` agents can watch, write it down, and set the alarms."""
    capacity = free * r.units_per_agent
    r.free[pool] = free
    r.held[pool] = held_units(r.units[pool], capacity, r.held_permille)
    r.rotating[pool] = rotating_units(r.units[pool], capacity, r.held[pool])
    _move_boundary(r, pool)
    face = pool * CLOCKS + ROTATING
    fraction = rotating_fraction(r.units[pool], r.held[pool], r.rotating[pool])
    rate = r.wall_hazard * fraction
    if rate != r.rate[face]:
        r.base[face] = clock(r, face)
        r.since_ms[face] = r.now
        r.rate[face] = rate
    _set_alarm(r, pool * CLOCKS + HELD)
    _set_alarm(r, face)
    row = r.last_row[pool]
    units, held, rotating = r.units[pool], r.held[pool], r.rotating[pool]
    if row[0] != free or row[1] != units or row[2] != held or row[3] != rotating:
        row[0], row[1], row[2], row[3] = free, units, held, rotating
        if r.attention_rows == len(r.attention_out):
            r.attention_out = grown(r.attention_out)
        out = r.attention_out[r.attention_rows]
        out[0], out[1], out[2], out[3], out[4], out[5] = r.now, pool, free, units, held, rotating
        r.attention_rows += 1
