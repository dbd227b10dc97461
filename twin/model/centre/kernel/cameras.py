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


@inlined
def review(r, camera):
    """Tell the wall whether a camera is entitled."""
    wall.entitle(r, camera, 1 if is_entitled(r, camera) else 0)


@compiled
def discover(r, camera):
    """Somebody sees that a camera has failed: it waits for the crew."""
    place = r.camera[camera, C_PLACE]
    if place == NEVER:
        return
    r.dark_size -= 1
    last = r.dark[r.dark_size]
    r.dark[place] = last
    r.camera[last, C_PLACE] = place
    r.camera[camera, C_PLACE] = NEVER
    r.camera[camera, C_DISCOVERED_MS] = r.now
    r.camera_keys[camera, 0], r.camera_keys[camera, 1] = r.now, camera
    r.crew_size = heaps.push(r.crew_queue, r.crew_size, r.crew_where, r.camera_keys, camera)


@compiled
def discover_all(r, first, end):
    """A health check or a patrol went through these cameras."""
    state = r.camera
    for camera in range(first, end):
        if state[camera, C_PLACE] != NEVER:
            discover(r, camera)


@inlined
def discover_on_display(r):
    """Dark images in the place of a camera are seen, once the display has been updated."""
    for k in range(r.dark_size):
        camera = r.dark[k]
        if is_window_open(r, r.camera_commune[camera]) and wall.shows(r, camera):
            post(r, r.now, _FAULTS, camera, _DISCOVERED, 0, DISCOVERED, camera, 0)


@inlined
def send_crew(r):
    """Repairs start in the order of discovery, as many at once as the crew can."""
    while r.crew_size and (r.crew == NEVER or r.repairers_busy < r.crew):
        camera = r.crew_queue[0]
        r.crew_size = heaps.pop(r.crew_queue, r.crew_size, r.crew_where, r.camera_keys)
        r.repairers_busy += 1
        r.camera[camera, C_REPAIR_START_MS] = r.now
        at_ms = r.now + r.camera[camera, C_REPAIR_MS]
        post(r, at_ms, _FAULTS, camera, _REPAIRED, 0, REPAIRED, camera, 0)


@compiled
def write_repair(r, camera, outcome, end_ms):
    """One row in the table of tasks."""
    state = r.camera[camera]
    commune = r.camera_commune[camera]
    number = camera - r.first_camera[commune]
    row = task_row(r)
    for k in range(len(row)):
        row[k] = 0
    row[0] = _REPAIR
    row[1] = repair_id(r.code[commune], number, state[C_REPAIRS])
    row[2], row[3], row[4] = commune, camera, state[C_FAULT_MS]
    row[5], row[6], row[7] = state[C_DISCOVERED_MS], state[C_REPAIR_START_MS], end_ms
    row[8], row[9] = NEVER, NEVER
    row[10], row[11] = outcome, _FAULT
    row[12] = end_ms - state[C_REPAIR_START_MS] if outcome == _DONE else 0
