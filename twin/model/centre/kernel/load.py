"""Fill the state of the room from an engine's input."""

from __future__ import annotations

from twin.model.centre.journal import ATTENTION_COLUMNS, SPELL_COLUMNS, TASK_COLUMNS
from twin.model.centre.kernel.compiled import compiled, inlined
from twin.model.centre.kernel.state import (
    AGENT_WIDTH,
    C_INCIDENT,
    C_PAIR,
    C_PLACE,
    CAMERA_WIDTH,
    INCIDENT_WIDTH,
    PATROL_WIDTH,
    TASK_WIDTH,
    column,
    floats,
    free_slots,
    table,
)
from twin.model.centre.kernel.wall import CLOCKS, HELD
from twin.model.centre.world import NEVER

__all__ = ["load"]

_SLOTS = 4
"""Live things of a kind before their table first doubles: so few that every run sees it grow."""
_TIMER_WIDTH, _TIMER_KEYS = 3, 6
_TASK_KEYS, _LINE_KEYS, _INCIDENT_KEYS, _CREW_KEYS = 5, 3, 3, 2
_TASK_COLUMNS = len(TASK_COLUMNS)
_SPELL_COLUMNS = len(SPELL_COLUMNS)
_ATTENTION_COLUMNS = len(ATTENTION_COLUMNS)


@compiled
def load(r, centre, world, derived):
    """Fill every field of `r`."""
    _rules(r, centre, centre.rules)
    _places(r, centre, derived)
    _people(r, centre, derived)
    _incidents(r, world.incidents)
    _world(r, world, world.requests, world.requisitions)
    _live(r)
    _display(r)
    _faults(r)


@inlined
def _rules(r, centre, rules):
    r.horizon_ms = centre.horizon_ms
    r.order = rules.order
    r.interruptible = rules.interruptible
    r.wall_order = rules.wall_order
    r.wall_minimum = rules.wall_minimum
    r.units_per_agent = rules.units_per_agent
    r.held_permille = rules.held_permille
    r.wall_hazard = rules.wall_hazard_per_ms
    r.patrol_hazard = rules.patrol_hazard_per_ms
    r.resume_ms = rules.resume_ms
    r.handover_ms = rules.handover_ms
    r.end_of_shift = rules.end_of_shift
    r.dwell_ms = rules.dwell_ms
    r.lines = rules.lines
    r.crew = rules.crew
    r.discovered_at_once = rules.discovered_at_once


@inlined
def _places(r, centre, derived):
    r.pools = derived.pools
    r.code = centre.communes.code
    r.pool = centre.communes.pool
    r.recipient = centre.communes.recipient
    r.window = centre.communes.window
    r.requests = centre.communes.requests
    r.first_camera = centre.communes.first_camera
    r.check_ms = centre.communes.check_ms
    r.camera_commune = centre.cameras.commune
    r.edge_ms = centre.windows.edge_ms
    r.edge_window = centre.windows.window
    r.edge_opens = centre.windows.opens
    r.first_of_window = derived.first_of_window
    r.window_cameras = derived.window_cameras
    r.unit = derived.unit
    r.unit_at = derived.unit_at
    r.unit_order = derived.unit_order
    r.first_unit = derived.first_unit
    r.first_in_unit = derived.first_in_unit
    r.unit_cameras = derived.unit_cameras


@inlined
def _people(r, centre, derived):
    r.watches = centre.seats.watches
    r.takes = centre.seats.takes
    r.first_seat = derived.first_seat
    r.seats_of = derived.seats_of
    r.shift_seat = centre.shifts.seat
    r.shift_start = centre.shifts.start_ms
    r.shift_end = centre.shifts.end_ms
    r.first_break = derived.first_break
    r.break_due = centre.breaks.due_ms
    r.break_length = centre.breaks.length_ms
    r.owed_start = derived.owed_start
    r.owed_end = derived.owed_end
    r.owed_commune = derived.owed_commune
    r.owed_id = derived.owed_id
    r.owed_kind = derived.owed_kind


@inlined
def _incidents(r, incidents):
    r.in_time = incidents.time_ms
    r.in_kind = incidents.kind
    r.in_id = incidents.id
    r.in_commune = incidents.commune
    r.in_camera = incidents.camera
    r.in_view = incidents.view_ms
    r.in_threshold = incidents.threshold
    r.in_call = incidents.call_ms
    r.in_alerted = incidents.alerted
    r.in_qualify = incidents.qualify_ms
    r.in_line = incidents.line_ms
    r.in_responder = incidents.responder_ms
    r.in_write = incidents.write_ms
    r.in_request = incidents.request_ms
    r.in_patience = incidents.patience_ms


@inlined
def _world(r, world, requests, letters):
    r.ask_time = requests.time_ms
    r.ask_id = requests.id
    r.ask_commune = requests.commune
    r.ask_work = requests.work_ms
    r.ask_patience = requests.patience_ms
    r.let_time = letters.time_ms
    r.let_id = letters.id
    r.let_commune = letters.commune
    r.let_erased = letters.erased_ms
    r.let_due = letters.due_ms
    r.let_safeguard = letters.safeguard_ms
    r.let_extraction = letters.extraction_ms
    r.let_useful = letters.useful
    r.present = world.present
    r.first_pair = world.faults.first
    r.up_ms = world.faults.up_ms
    r.repair_ms = world.faults.repair_ms
    r.out_camera = world.outages.camera
    r.out_start = world.outages.start_ms
    r.out_end = world.outages.end_ms


@inlined
def _live(r):
    """Empty tables of live things, of timers and of the journal."""
    kinds = len(r.order)
    r.now, r.round = 0, NEVER
    r.timers = table(_SLOTS, _TIMER_WIDTH, 0)
    r.timer_keys = table(_SLOTS, _TIMER_KEYS, 0)
    r.timer_where = column(_SLOTS, NEVER)
    r.agenda, r.agenda_size = column(_SLOTS, 0), 0
    r.timer_free, r.timers_free = free_slots(0, _SLOTS, _SLOTS), _SLOTS
    r.task = table(_SLOTS, TASK_WIDTH, 0)
    r.task_keys = table(_SLOTS, _TASK_KEYS, 0)
    r.line_keys = table(_SLOTS, _LINE_KEYS, 0)
    r.queue_where = column(_SLOTS, NEVER)
    r.line_where = column(_SLOTS, NEVER)
    r.queues = table(r.pools * kinds, _SLOTS, 0)
    r.queue_size = column(r.pools * kinds, 0)
    r.line_queues = table(len(r.lines), _SLOTS, 0)
    r.line_size = column(len(r.lines), 0)
    r.lines_free = column(len(r.lines), 0)
    for line in range(len(r.lines)):
        r.lines_free[line] = r.lines[line]
    r.task_free, r.tasks_free = free_slots(0, _SLOTS, _SLOTS), _SLOTS
    r.incident = table(_SLOTS, INCIDENT_WIDTH, 0)
    r.incident_keys = table(_SLOTS, _INCIDENT_KEYS, 0)
    r.hazard, r.clock_before = floats(_SLOTS), floats(_SLOTS)
    r.wall_where = column(_SLOTS, NEVER)
    r.walls = table(r.pools * CLOCKS, _SLOTS, 0)
    r.wall_size = column(r.pools * CLOCKS, 0)
    r.incident_free, r.incidents_free = free_slots(0, _SLOTS, _SLOTS), _SLOTS
    r.agent = table(_SLOTS, AGENT_WIDTH, NEVER)
    r.agent_free, r.agents_free = free_slots(0, _SLOTS, _SLOTS), _SLOTS
    r.agent_at = column(len(r.watches), NEVER)
    r.tasks_out, r.tasks_rows = table(_SLOTS, _TASK_COLUMNS, 0), 0
    r.spells_out, r.spells_rows = table(_SLOTS, _SPELL_COLUMNS, 0), 0
    r.attention_out, r.attention_rows = table(_SLOTS, _ATTENTION_COLUMNS, 0), 0


@inlined
def _display(r):
    """Walls that show nothing yet."""
    r.window_open = column(len(r.first_of_window), 0)
    r.entitled_in = column(len(r.unit_at), 0)
    r.units, r.units_below = column(r.pools, 0), column(r.pools, 0)
    r.boundary, r.free = column(r.pools, 0), column(r.pools, 0)
    r.held, r.rotating = column(r.pools, 0), column(r.pools, 0)
    r.base, r.rate = floats(r.pools * CLOCKS), floats(r.pools * CLOCKS)
    for pool in range(r.pools):
        r.rate[pool * CLOCKS + HELD] = r.wall_hazard
    r.since_ms = column(r.pools * CLOCKS, 0)
    r.wall_alarm = column(r.pools * CLOCKS, NEVER)
    r.last_row = table(r.pools, _ATTENTION_COLUMNS - 2, NEVER)


@inlined
def _faults(r):
    """Cameras that work, and a crew at rest."""
    cameras = len(r.camera_commune)
    r.camera = table(cameras, CAMERA_WIDTH, 0)
    for camera in range(cameras):
        r.camera[camera, C_PLACE] = NEVER
        r.camera[camera, C_INCIDENT] = NEVER
        r.camera[camera, C_PAIR] = r.first_pair[camera]
    r.camera_keys = table(cameras, _CREW_KEYS, 0)
    r.crew_where = column(cameras, NEVER)
    r.crew_queue, r.crew_size = column(cameras, 0), 0
    r.repairers_busy = 0
    r.dark, r.dark_size = column(cameras, 0), 0
    r.patrol = table(len(r.code), PATROL_WIDTH, NEVER)
