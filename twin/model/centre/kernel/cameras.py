"""Cameras: what makes one entitled, dark, discovered, and sent to the crew."""

from __future__ import annotations

from twin.model.centre import rules
from twin.model.centre.journal import Origin, Outcome
from twin.model.centre.kernel import heaps, wall
from twin.model.centre.kernel.agenda import DISCOVERED, REPAIRED, post, task_row
from twin.model.centre.kernel.compiled import compiled, inlined
from twin.model.centre.kernel.patrols import is_dark
from twin.model.centre.kernel.state import (
    C_DISCOVERED_MS,
    C_FAULT_MS,
    C_PLACE,
    C_REPAIR_MS,
    C_REPAIR_START_MS,
    C_REPAIRS,
    CAMERA_KEYS,
    CAMERA_WIDTH,
    part,
)
from twin.model.centre.rules import Phase
from twin.model.centre.world import NEVER, Kind

repair_id = inlined(rules.repair_id)

_FAULTS = int(Phase.FAULTS)
_RESTORED, _IMPOSED, _FAILED, _DISCOVERED, _REPAIRED = range(5)
_REPAIR = int(Kind.REPAIR)
_FAULT = int(Origin.FAULT)
_DONE = int(Outcome.DONE)


@inlined
def is_window_open(r, commune):
    """Whether a commune is in its live window now."""
    return r.window[commune] != NEVER and r.window_open[r.window[commune]] != 0


@inlined
def is_entitled(r, camera):
    """Whether a camera may be watched live now and gives an image."""
    return is_window_open(r, r.camera_commune[camera]) and not is_dark(r, camera)


@compiled
def review(r, camera):
    """Tell the wall whether a camera is entitled."""
    wall.entitle(r, camera, is_entitled(r, camera))


@compiled
def discover(r, camera):
    """Somebody sees that a camera has failed: it waits for the crew."""
    state = part(r.camera, camera * CAMERA_WIDTH)
    place = state[C_PLACE]
    if place == NEVER:
        return
    r.dark_size -= 1
    last = r.dark[r.dark_size]
    r.dark[place] = last
    r.camera[last * CAMERA_WIDTH + C_PLACE] = place
    state[C_PLACE], state[C_DISCOVERED_MS] = NEVER, r.now
    r.crew_size = heaps.push(r.crew_queue, r.crew_size, camera, r.camera, CAMERA_WIDTH, CAMERA_KEYS)


@compiled
def discover_all(r, first, end):
    """A health check or a patrol went through these cameras."""
    for k in range(r.dark_size - 1, -1, -1):
        if first <= r.dark[k] < end:
            discover(r, r.dark[k])


@compiled
def discover_on_display(r):
    """Dark images in the place of a camera are seen, once the display has been updated."""
    for k in range(r.dark_size):
        camera = r.dark[k]
        if is_window_open(r, r.camera_commune[camera]) and wall.shows(r, camera):
            post(r, r.now, _FAULTS, camera, _DISCOVERED, 0, DISCOVERED, camera)


@compiled
def send_crew(r):
    """Repairs start in the order of discovery, as many at once as the crew can."""
    while r.crew_size and (r.crew == NEVER or r.repairers_busy < r.crew):
        camera = r.crew_queue[1]
        r.crew_size = heaps.remove(
            r.crew_queue, r.crew_size, camera, r.camera, CAMERA_WIDTH, CAMERA_KEYS
        )
        r.repairers_busy += 1
        state = part(r.camera, camera * CAMERA_WIDTH)
        state[C_REPAIR_START_MS] = r.now
        at_ms = r.now + state[C_REPAIR_MS]
        post(r, at_ms, _FAULTS, camera, _REPAIRED, 0, REPAIRED, camera)


@compiled
def write_repair(r, camera, outcome, end_ms):
    """One row in the table of tasks."""
    state = part(r.camera, camera * CAMERA_WIDTH)
    commune = r.camera_commune[camera]
    number = camera - r.first_camera[commune]
    room, out = r.tasks_room, task_row(r)
    out[0], out[room] = _REPAIR, repair_id(r.code[commune], number, state[C_REPAIRS])
    out[2 * room], out[3 * room], out[4 * room] = commune, camera, state[C_FAULT_MS]
    out[5 * room], out[6 * room] = state[C_DISCOVERED_MS], state[C_REPAIR_START_MS]
    out[7 * room], out[8 * room], out[9 * room] = end_ms, NEVER, NEVER
    out[10 * room], out[11 * room] = outcome, _FAULT
    out[12 * room] = end_ms - state[C_REPAIR_START_MS] if outcome == _DONE else 0
    out[13 * room], out[14 * room], out[15 * room], out[16 * room] = 0, 0, 0, 0
