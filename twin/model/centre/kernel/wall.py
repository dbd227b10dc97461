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
    CAMERA_WIDTH,
    I_ENTITLED,
    I_NEXT,
    I_PREVIOUS,
    I_STATE,
    I_TARGET,
    INCIDENT_KEYS,
    INCIDENT_WIDTH,
    P_IN_VIEW,
    PATROL_WIDTH,
    part,
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
SHOWN_WIDTH = 4
"""Numbers of a row of attention besides its instant and pool."""

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


@inlined
def _pool_of(r, camera):
    return r.pool[r.camera_commune[camera]]


@inlined
def _heap(r, face):
    """Incidents on a clock, two words for each; the clocks of a pool have as much room."""
    return part(r.wall, 2 * r.first_on_wall[face])


@compiled
def place(r, i):
    """Put an incident on the clock of the display state of its camera, if it has one."""
    camera = r.in_camera[i]
    if not r.camera[camera * CAMERA_WIDTH + C_ENTITLED]:
        return
    pool = _pool_of(r, camera)
    state = HELD if r.unit_order[r.unit[camera]] < r.boundary[pool] else ROTATING
    face = pool * CLOCKS + state
    now = clock(r, face)
    incident = part(r.incident, i * INCIDENT_WIDTH)
    incident[I_STATE] = state
    incident[I_ENTITLED] = 1
    r.clock_before[i] = now
    incident[I_TARGET] = _orderly(target_of(now, r.in_threshold[i], r.hazard[i]))
    size = r.wall_size[face]
    r.wall_size[face] = heaps.push(
        _heap(r, face), size, i, r.incident, INCIDENT_WIDTH, INCIDENT_KEYS
    )
    r.wall_stirred = 1


@compiled
def lift(r, i):
    """Take an incident off its clock; it carries what it has accumulated."""
    incident = part(r.incident, i * INCIDENT_WIDTH)
    if incident[I_STATE] > ROTATING:
        return
    face = _pool_of(r, r.in_camera[i]) * CLOCKS + incident[I_STATE]
    r.hazard[i] = accumulated(r.hazard[i], clock(r, face), r.clock_before[i])
    incident[I_STATE] = FROZEN
    size = r.wall_size[face]
    r.wall_size[face] = heaps.remove(
        _heap(r, face), size, i, r.incident, INCIDENT_WIDTH, INCIDENT_KEYS
    )
    r.wall_stirred = 1


@compiled
def enters(r, i):
    """An incident comes into the view of a camera."""
    incident = part(r.incident, i * INCIDENT_WIDTH)
    camera = part(r.camera, r.in_camera[i] * CAMERA_WIDTH)
    first = camera[C_INCIDENT]
    incident[I_PREVIOUS], incident[I_NEXT] = NEVER, first
    if first != NEVER:
        r.incident[first * INCIDENT_WIDTH + I_PREVIOUS] = i
    camera[C_INCIDENT] = i
    r.patrol[r.in_commune[i] * PATROL_WIDTH + P_IN_VIEW] += 1
    place(r, i)


@compiled
def forgets(r, i):
    """The incident is noticed, called in or gone: nobody has to discover it any more."""
    lift(r, i)
    incident = part(r.incident, i * INCIDENT_WIDTH)
    before, after = incident[I_PREVIOUS], incident[I_NEXT]
    if before == NEVER:
        r.camera[r.in_camera[i] * CAMERA_WIDTH + C_INCIDENT] = after
    else:
        r.incident[before * INCIDENT_WIDTH + I_NEXT] = after
    if after != NEVER:
        r.incident[after * INCIDENT_WIDTH + I_PREVIOUS] = before
    r.patrol[r.in_commune[i] * PATROL_WIDTH + P_IN_VIEW] -= 1


@compiled
def _replace(r, camera):
    i = r.camera[camera * CAMERA_WIDTH + C_INCIDENT]
    while i != NEVER:
        incident = part(r.incident, i * INCIDENT_WIDTH)
        if incident[I_STATE] != PATROLLED:
            lift(r, i)
            place(r, i)
        elif r.camera[camera * CAMERA_WIDTH + C_ENTITLED]:
            incident[I_ENTITLED] = 1
        i = incident[I_NEXT]


@compiled
def entitle(r, camera, entitled):
    """A camera gains or loses its right to live viewing."""
    state = part(r.camera, camera * CAMERA_WIDTH)
    if state[C_ENTITLED] == entitled:
        return
    unit = r.unit[camera]
    pool = _pool_of(r, camera)
    counted = r.entitled_in[unit] > 0
    r.entitled_in[unit] += 1 if entitled else -1
    if counted != (r.entitled_in[unit] > 0):
        step = -1 if counted else 1
        r.units[pool] += step
        if r.unit_order[unit] < r.boundary[pool]:
            r.units_below[pool] += step
        r.desk_stirred = r.wall_stirred = 1
    state[C_ENTITLED] = entitled
    if state[C_INCIDENT] != NEVER:
        _replace(r, camera)


@compiled
def shows(r, camera):
    """Whether somebody looks where the image of a camera belongs, even when it is dark."""
    pool = _pool_of(r, camera)
    if r.free[pool] * r.units_per_agent > r.held[pool]:
        return True
    for place in range(r.unit_order[r.unit[camera]], r.boundary[pool]):
        if r.entitled_in[r.unit_at[r.first_unit[pool] + place]]:
            return True
    return False


@compiled
def _move_boundary(r, pool):
    below, held, boundary = r.units_below[pool], r.held[pool], r.boundary[pool]
    while below != held:
        grows = below < held
        if not grows:
            boundary -= 1
        unit = r.unit_at[r.first_unit[pool] + boundary]
        if grows:
            boundary += 1
        if r.entitled_in[unit]:
            below += 1 if grows else -1
            r.boundary[pool] = boundary
            for k in range(r.first_in_unit[unit], r.first_in_unit[unit + 1]):
                camera = r.unit_cameras[k]
                if r.camera[camera * CAMERA_WIDTH + C_INCIDENT] != NEVER:
                    _replace(r, camera)
    r.boundary[pool], r.units_below[pool] = boundary, below


@compiled
def _next_crossing_ms(r, face):
    """Instant at which a clock reaches what its next incident has to meet, or -1."""
    if r.wall_size[face] == 0 or r.rate[face] <= 0.0:
        return NEVER
    i = _heap(r, face)[1]
    target = target_of(r.clock_before[i], r.in_threshold[i], r.hazard[i])
    return crossing_ms(r.base[face], r.rate[face], r.since_ms[face], target, r.now)


@compiled
def _set_alarm(r, face):
    """Have the first crossing of a clock noticed when it comes."""
    at_ms = _next_crossing_ms(r, face)
    if r.alarm_ms[face] == at_ms:
        return
    if r.alarm_ms[face] != NEVER:
        cancel(r, r.wall_alarm[face])
    r.alarm_ms[face] = at_ms
    if at_ms != NEVER:
        r.wall_alarm[face] = post(r, at_ms, _NOTICES, face, 0, 0, ALARM, face)


@compiled
def crosses_now(r, face):
    """Incident whose target a clock reaches now, or -1."""
    return _heap(r, face)[1] if _next_crossing_ms(r, face) == r.now else NEVER


@compiled
def update(r, pool):
    """Show what free agents can watch, write it down, and set the alarms."""
    free = r.watching[pool]
    capacity = free * r.units_per_agent
    units = r.units[pool]
    held = held_units(units, capacity, r.held_permille)
    rotating = rotating_units(units, capacity, held)
    r.free[pool], r.held[pool] = free, held
    _move_boundary(r, pool)
    face = pool * CLOCKS + ROTATING
    rate = r.wall_hazard * rotating_fraction(units, held, rotating)
    if rate != r.rate[face]:
        r.base[face] = clock(r, face)
        r.since_ms[face] = r.now
        r.rate[face] = rate
    _set_alarm(r, pool * CLOCKS + HELD)
    _set_alarm(r, face)
    row = part(r.last_row, pool * SHOWN_WIDTH)
    if row[0] != free or row[1] != units or row[2] != held or row[3] != rotating:
        row[0], row[1], row[2], row[3] = free, units, held, rotating
        out, room = part(r.attention_out, r.attention_rows), r.attention_room
        out[0], out[room], out[2 * room] = r.now, pool, free
        out[3 * room], out[4 * room], out[5 * room] = units, held, rotating
        r.attention_rows += 1
