"""The room as compiled code sees it: named numbers and tables behind one pointer.

The interpreter allocates every table, and writes its address in a header of one word per field;
compiled code reads and writes, counts no references and allocates nothing. A row of a table is a
pointer to its first column, and the columns are named here.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils, config
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    infer_getattr,
    intrinsic,
    lower_getattr_generic,
    lower_setattr_generic,
    models,
    register_model,
)

__all__ = ["FIELDS", "assign", "new_header", "number_in", "part", "room_at"]

# A thing that waits in a heap begins with its place there, then with the keys that order it.

# Columns of a timer: its keys are the instant, round and phase, and three codes
AT, ORDER, KEY_A, KEY_B, KEY_C, ACT, WHAT = range(1, 8)
TIMER_WIDTH, TIMER_KEYS = 8, 5
PHASES = 3
"""Bits of a phase in ``ORDER``, below those of the round."""

# Columns of a task: queued by deadline, instant of joining and identifier
T_WHERE, T_DEADLINE, T_QUEUED, T_ID, T_KIND, T_COMMUNE, T_CAMERA, T_ROW = range(8)
T_ARRIVAL, T_ORIGIN, T_ENTITLED, T_STAGE, T_REMAINING, T_BRIEFING, T_AGENT = range(8, 15)
T_TIMER, T_LOSS, T_START, T_STINT, T_ALERT, T_WORK, T_INTERRUPTIONS = range(15, 22)
T_PASSED, T_SHOWN = range(22, 24)
TASK_WIDTH, TASK_KEYS = 24, 3

# Columns of an incident, by row of the world: on a wall by target, kind and identifier
I_WHERE, I_TARGET, I_KIND, I_ID, I_STATE, I_TASK, I_ENTITLED, I_IN_VIEW = range(8)
I_ALARM, I_SINCE, I_NEXT, I_PREVIOUS = range(8, 12)
INCIDENT_WIDTH, INCIDENT_KEYS = 12, 3

# Columns of an incident that waits for a line: since when, identifier, kind
L_WHERE, L_ASKED, L_ID, L_KIND = range(4)
LINE_WIDTH, LINE_KEYS = 4, 3

# Columns of a camera: waits for the crew by discovery, then number
C_WHERE, C_DISCOVERED_MS, C_CAMERA, C_FAULTY, C_IMPOSED, C_PLACE, C_FAULT_MS = range(7)
C_REPAIR_START_MS, C_REPAIRS, C_REPAIR_MS, C_PAIR, C_ENTITLED, C_INCIDENT = range(7, 13)
CAMERA_WIDTH, CAMERA_KEYS = 13, 2
"""``C_PLACE`` is its place among the cameras whose fault nobody knows."""

# Columns of the next fault of a camera: they wait by instant, round and phase, then camera
F_WHERE, F_AT, F_ORDER, F_CAMERA = range(4)
FAULT_WIDTH, FAULT_KEYS = 4, 3

# Columns of an agent, by row of the plan: one for each shift
A_SEAT, A_END, A_TASK, A_PAUSING, A_OVERTIME, A_SINCE, A_OWED, A_TAKEN, A_FREE = range(9)
AGENT_WIDTH = 9

# Columns of a commune: the patrol under way, dark cameras, incidents nobody has discovered
P_TASK, P_FIRST, P_START, P_DARK, P_IN_VIEW = range(5)
PATROL_WIDTH = 5

_FIELDS = {
    types.int64: """
        horizon_ms wall_order wall_minimum units_per_agent held_permille resume_ms handover_ms
        end_of_shift dwell_ms crew discovered_at_once pools kinds recipients
        n_cameras n_seats n_shifts n_edges n_owed n_incidents n_asks n_letters n_outages
        tasks_room spells_room attention_room
        now round desk_stirred wall_stirred agenda_size timers_used timers_free tasks_used
        tasks_free crew_size repairers_busy dark_size faults_ahead fault_timer
        tasks_rows spells_rows attention_rows
    """,
    types.float64: "wall_hazard patrol_hazard",
    types.CPointer(types.int64): """
        order interruptible lines
        code pool recipient window requests first_camera check_ms camera_commune
        edge_ms edge_window edge_opens first_of_window window_cameras
        unit unit_at unit_order first_unit first_in_unit unit_cameras
        watches takes seat_pool first_seat seats_of
        shift_seat shift_start shift_end first_break break_shift break_due break_length
        owed_start owed_end owed_commune owed_id owed_kind
        in_time in_kind in_id in_commune in_camera in_view in_call in_alerted in_qualify in_line
        in_responder in_write in_request in_patience
        ask_time ask_id ask_commune ask_work ask_patience
        let_time let_id let_commune let_erased let_due let_safeguard let_extraction let_useful
        present first_pair up_ms repair_ms out_camera out_start out_end
        agenda timer task queue first_in_queue queue_size waiting
        incident line line_queue first_in_line line_size lines_free
        wall first_on_wall wall_size agent agent_at watching
        camera crew_queue dark fault fault_queue patrol
        window_open entitled_in units units_below boundary free held rotating since_ms
        wall_alarm alarm_ms last_row tasks_out spells_out attention_out
    """,
    types.CPointer(types.float64): "in_threshold hazard clock_before base rate",
}
FIELDS = {name: kind for kind, names in _FIELDS.items() for name in names.split()}
"""Type of each field: sizes and numbers; the plan, its incidents (in), phone requests (ask) and
letters (let), each table by columns; then what lives in the room."""

_PLACE = {name: word for word, name in enumerate(FIELDS)}
_WORD = 8


class _RoomType(types.Opaque):
    """Type of the pointer to a header."""


ROOM = _RoomType("Room")

register_model(_RoomType)(models.OpaqueModel)


@infer_getattr
class _Fields(AttributeTemplate):
    key = _RoomType

    def generic_resolve(self, typ: Any, attr: str) -> Any:  # type: ignore[override]
        return FIELDS.get(attr)


def _field(context: Any, builder: Any, room: Any, name: str) -> Any:
    kind = context.get_value_type(FIELDS[name])
    return cgutils.pointer_add(builder, room, _WORD * _PLACE[name], kind.as_pointer())


@lower_getattr_generic(_RoomType)  # type: ignore[untyped-decorator]
def _get(context: Any, builder: Any, typ: Any, room: Any, name: str) -> Any:
    value = builder.load(_field(context, builder, room, name))
    if isinstance(FIELDS[name], types.CPointer):
        # No table moves while compiled code runs: its address is read once.
        value.set_metadata("invariant.load", builder.module.add_metadata([]))
    return value


@lower_setattr_generic(_RoomType)  # type: ignore[untyped-decorator]
def _set(context: Any, builder: Any, sig: Any, args: Any, name: str) -> None:
    room, value = args
    casted = context.cast(builder, value, sig.args[1], FIELDS[name])
    builder.store(casted, _field(context, builder, room, name))


if config.DISABLE_JIT:  # type: ignore[attr-defined]

    def new_header() -> Any:
        """A room without anything in it, as the interpreter sees it."""
        return SimpleNamespace()

    def assign(header: Any, fields: dict[str, Any]) -> None:
        """Set fields of a room."""
        vars(header).update(fields)

    def number_in(header: Any, name: str) -> int:
        """A number that the room has arrived at."""
        return int(getattr(header, name))

    def room_at(header: Any) -> Any:
        """The room of a header."""
        return header

    def part(table: Any, first: int) -> Any:
        """A table from its `first` number on."""
        return table[first:]

else:

    def new_header() -> Any:
        """A word per field: an integer, the bits of a float or the address of a table."""
        return np.zeros(len(FIELDS), dtype=np.int64)

    def assign(header: Any, fields: dict[str, Any]) -> None:
        """Set fields of a room; the tables have to outlive it."""
        for name, value in fields.items():
            kind, place = FIELDS[name], _PLACE[name]
            if isinstance(kind, types.CPointer):
                header[place] = value.ctypes.data
            elif kind is types.float64:
                header.view(np.float64)[place] = value
            else:
                header[place] = value

    def number_in(header: Any, name: str) -> int:
        """A number that the room has arrived at."""
        return int(header[_PLACE[name]])

    @intrinsic
    def room_at(typingctx, header):
        """The room of a header."""

        def codegen(context, builder, signature, args):
            array = context.make_array(signature.args[0])(context, builder, args[0])
            return builder.bitcast(array.data, cgutils.voidptr_t)

        return ROOM(header), codegen

    @intrinsic
    def part(typingctx, table, first):
        """A table from its `first` number on."""

        def codegen(context, builder, signature, args):
            return builder.gep(args[0], [args[1]])

        return table(table, types.int64), codegen
