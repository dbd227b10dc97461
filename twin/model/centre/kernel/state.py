"""The state of the room in arrays, behind one pointer that the compiled functions pass along.

Live things (tasks, incidents, agents, timers) are slots: rows of integers whose columns are named
here. A freed slot is used again, and a full table doubles.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numba import types
from numba.core import config
from numba.experimental import structref

from twin.model.centre.kernel.compiled import compiled
from twin.model.centre.world import NEVER

__all__ = [
    "Room",
    "column",
    "floats",
    "free_slots",
    "grown",
    "longer",
    "new_room",
    "table",
    "take_agent",
    "take_incident",
    "take_task",
]

# Columns of a task
T_KIND, T_ID, T_COMMUNE, T_CAMERA, T_ROW, T_ARRIVAL, T_QUEUED, T_DEADLINE = range(8)
T_ORIGIN, T_ENTITLED, T_STAGE, T_REMAINING, T_BRIEFING, T_AGENT, T_TIMER = range(8, 15)
T_LOSS, T_START, T_STINT, T_ALERT, T_WORK, T_INTERRUPTIONS, T_PASSED, T_SHOWN = range(15, 23)
TASK_WIDTH = 23

# Columns of an incident in view, or whose call is still to come
I_ROW, I_VIEW, I_STATE, I_TASK, I_ENTITLED, I_IN_VIEW, I_ALARM, I_SINCE, I_NEXT = range(9)
I_PREVIOUS, I_CALL = range(9, 11)
INCIDENT_WIDTH = 11

# Columns of an agent
A_SEAT, A_END, A_TASK, A_PAUSING, A_OVERTIME, A_SINCE, A_SHIFT, A_OWED, A_TAKEN = range(9)
AGENT_WIDTH = 9

# Columns of a patrol under way, one row per commune
P_TASK, P_FIRST, P_START, P_STINT = range(4)
PATROL_WIDTH = 4

# Columns of a camera
C_FAULTY, C_IMPOSED, C_PLACE, C_FAULT_MS, C_DISCOVERED_MS, C_REPAIR_START_MS = range(6)
C_REPAIRS, C_REPAIR_MS, C_PAIR, C_ENTITLED, C_INCIDENT = range(6, 11)
CAMERA_WIDTH = 11
"""``C_PLACE`` is its place among the cameras whose fault nobody knows."""

_FIELDS = {
    types.int64: """
        horizon_ms wall_order wall_minimum units_per_agent held_permille resume_ms handover_ms
        end_of_shift dwell_ms crew pools
        now round agenda_size timers_free tasks_free incidents_free agents_free crew_size
        repairers_busy dark_size tasks_rows spells_rows attention_rows
    """,
    types.float64: "wall_hazard patrol_hazard",
    types.boolean: "discovered_at_once",
    types.int64[::1]: """
        order lines
        code pool recipient window requests first_camera check_ms camera_commune
        edge_ms edge_window first_of_window window_cameras
        unit unit_at unit_order first_unit first_in_unit unit_cameras
        first_seat seats_of shift_seat shift_start shift_end first_break break_due break_length
        owed_start owed_end owed_commune owed_id owed_kind
        in_time in_kind in_id in_commune in_camera in_view in_call in_qualify in_line in_responder
        in_write in_request in_patience
        ask_time ask_id ask_commune ask_work ask_patience
        let_time let_id let_commune let_erased let_due let_safeguard let_extraction
        first_pair up_ms repair_ms out_camera out_start out_end
        agenda timer_where timer_free
        task_free queue_where line_where queue_size line_size lines_free
        incident_free wall_where wall_size agent_free agent_at
        window_open entitled_in units units_below boundary free held rotating since_ms wall_alarm
        crew_where crew_queue dark
    """,
    types.float64[::1]: "in_threshold hazard clock_before base rate",
    types.boolean[::1]: "interruptible edge_opens watches in_alerted let_useful present",
    types.int64[:, ::1]: """
        timers timer_keys task task_keys line_keys queues line_queues
        incident incident_keys walls agent camera camera_keys patrol last_row
        tasks_out spells_out attention_out
    """,
    types.boolean[:, ::1]: "takes",
}
"""Names by type, in the order of `load.py`: the rules, places and people of the centre; incidents
(in), phone requests (ask), letters (let), cameras of the world; then what lives in the room."""


class _RoomType(types.StructRef):
    """Type of the pointer; its fields are `_FIELDS`.

    Its name is in the name of every compiled function: a short one compiles much faster.
    """

    def __init__(self, fields: list[tuple[str, Any]]) -> None:
        super().__init__(fields)
        self.name = "Room"


structref.register(_RoomType)
Room = _RoomType([(name, kind) for kind, names in _FIELDS.items() for name in names.split()])

if config.DISABLE_JIT:  # type: ignore[attr-defined]

    def new_room() -> Any:
        """An empty room, as the interpreter sees it."""
        return SimpleNamespace()

else:

    @compiled
    def new_room():
        """An empty room."""
        return structref.new(Room)  # type: ignore[call-arg]


# Loops written out: the compiler takes seconds over each whole-array operation.


@compiled
def column(rows, value):
    """A column of `rows` times the same integer."""
    made = np.empty(rows, np.int64)
    for i in range(rows):
        made[i] = value
    return made


@compiled
def floats(rows):
    """A column of zeros."""
    made = np.empty(rows, np.float64)
    for i in range(rows):
        made[i] = 0.0
    return made


@compiled
def table(rows, width, value):
    """A table of the same integer."""
    made = np.empty((rows, width), np.int64)
    for i in range(rows):
        for j in range(width):
            made[i, j] = value
    return made


@compiled
def grown(old):
    """A table with twice the rows of `old`, which it begins with."""
    made = np.empty((2 * old.shape[0], old.shape[1]), np.int64)
    for i in range(made.shape[0]):
        for j in range(made.shape[1]):
            made[i, j] = old[i, j] if i < old.shape[0] else NEVER
    return made


@compiled
def wider(old):
    """A table with twice the columns of `old`, each row beginning as it did."""
    made = np.empty((old.shape[0], 2 * old.shape[1]), np.int64)
    for i in range(old.shape[0]):
        for j in range(old.shape[1]):
            made[i, j] = old[i, j]
    return made


@compiled
def longer(old):
    """A column twice as long as `old`, which it begins with."""
    made = column(2 * len(old), NEVER)
    for i in range(len(old)):
        made[i] = old[i]
    return made


@compiled
def longer_floats(old):
    """A column of floats twice as long as `old`, which it begins with."""
    made = floats(2 * len(old))
    for i in range(len(old)):
        made[i] = old[i]
    return made


@compiled
def free_slots(first, end, room):
    """Stack with place for `room` slots, holding those from `first` to `end`, the first on top."""
    made = column(room, NEVER)
    for i in range(end - first):
        made[i] = end - 1 - i
    return made


@compiled
def take_task(r):
    """A free slot for a task."""
    if r.tasks_free == 0:
        old = len(r.task)
        r.task = grown(r.task)
        r.task_keys = grown(r.task_keys)
        r.line_keys = grown(r.line_keys)
        r.queue_where = longer(r.queue_where)
        r.line_where = longer(r.line_where)
        r.queues = wider(r.queues)
        r.line_queues = wider(r.line_queues)
        r.task_free = free_slots(old, 2 * old, 2 * old)
        r.tasks_free = old
    r.tasks_free -= 1
    return r.task_free[r.tasks_free]


@compiled
def take_incident(r):
    """A free slot for an incident."""
    if r.incidents_free == 0:
        old = len(r.incident)
        r.incident = grown(r.incident)
        r.incident_keys = grown(r.incident_keys)
        r.hazard = longer_floats(r.hazard)
        r.clock_before = longer_floats(r.clock_before)
        r.wall_where = longer(r.wall_where)
        r.walls = wider(r.walls)
        r.incident_free = free_slots(old, 2 * old, 2 * old)
        r.incidents_free = old
    r.incidents_free -= 1
    return r.incident_free[r.incidents_free]


@compiled
def take_agent(r):
    """A free slot for an agent."""
    if r.agents_free == 0:
        old = len(r.agent)
        r.agent = grown(r.agent)
        r.agent_free = free_slots(old, 2 * old, 2 * old)
        r.agents_free = old
    r.agents_free -= 1
    return r.agent_free[r.agents_free]
