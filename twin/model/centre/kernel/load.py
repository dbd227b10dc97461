"""The fields of the room, from an engine's input."""

from __future__ import annotations

from threading import local
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.model.centre.journal import ATTENTION_COLUMNS, SPELL_COLUMNS, TASK_COLUMNS
from twin.model.centre.kernel.agenda import TABLES
from twin.model.centre.kernel.state import (
    AGENT_WIDTH,
    C_CAMERA,
    C_INCIDENT,
    C_PAIR,
    C_PLACE,
    C_WHERE,
    CAMERA_WIDTH,
    FAULT_WIDTH,
    INCIDENT_WIDTH,
    LINE_WIDTH,
    P_TASK,
    PATROL_WIDTH,
    TASK_WIDTH,
    TIMER_WIDTH,
)
from twin.model.centre.kernel.wall import CLOCKS, HELD, SHOWN_WIDTH
from twin.model.centre.world import NEVER, Centre, Kind, World

__all__ = ["fields_of"]

Ints = npt.NDArray[np.int64]
Fields = dict[str, Any]

_HEAP_WIDTH = 2
"""Words of a place in a heap: the first key, and the slot."""
_COUNTS = (
    "now",
    "agenda_size",
    "timers_used",
    "tasks_used",
    "crew_size",
    "repairers_busy",
    "dark_size",
    "faults_ahead",
    "tasks_rows",
    "spells_rows",
    "attention_rows",
)
_of_thread = local()
_MORE = 8
"""Part of a table that is added to it, so that the next replication may be somewhat longer."""
_OF_POOLS = ("units", "units_below", "boundary", "free", "held", "rotating")


def fields_of(centre: Centre, world: World) -> Fields:
    """Every field of the room, by the names of `state.FIELDS`.

    Tables of live things have a row for each that could ever live at the same time; the system
    gives no memory to a row that nobody touches. The next replication of this thread writes over
    them.
    """
    plan = _rules(centre) | _places(centre) | _people(centre) | _owed(centre) | _outside(world)
    return plan | _live(plan) | _display(plan) | _cameras(plan)


def _rules(centre: Centre) -> Fields:
    rules = centre.rules
    numbers = (
        "wall_order",
        "wall_minimum",
        "units_per_agent",
        "held_permille",
        "resume_ms",
        "handover_ms",
        "end_of_shift",
        "dwell_ms",
        "crew",
        "discovered_at_once",
    )
    return {
        "horizon_ms": centre.horizon_ms,
        "kinds": len(rules.order),
        "recipients": len(rules.lines),
        **{name: int(getattr(rules, name)) for name in numbers},
        **{name: _ints(getattr(rules, name)) for name in ("order", "interruptible", "lines")},
        "wall_hazard": rules.wall_hazard_per_ms,
        "patrol_hazard": rules.patrol_hazard_per_ms,
    }


def _places(centre: Centre) -> Fields:
    communes, cameras, edges = centre.communes, centre.cameras, centre.windows
    pools = _pools(centre)
    windows = int(1 + max(communes.window.max(initial=NEVER), edges.window.max(initial=NEVER)))
    camera_window = communes.window[cameras.commune]
    unit, unit_pool, unit_at = _units(cameras.unit, cameras.rank, communes.pool[cameras.commune])
    first_unit = _firsts(unit_pool[unit_at], pools)
    unit_order = np.empty(len(unit_at), dtype=np.int64)
    unit_order[unit_at] = np.arange(len(unit_at)) - first_unit[unit_pool[unit_at]]
    return {
        **{name: _ints(column) for name, column in communes._asdict().items()},
        "pools": pools,
        "n_cameras": len(cameras.commune),
        "n_edges": len(edges.edge_ms),
        "camera_commune": _ints(cameras.commune),
        "edge_ms": _ints(edges.edge_ms),
        "edge_window": _ints(edges.window),
        "edge_opens": _ints(edges.opens),
        "first_of_window": _firsts(camera_window[camera_window != NEVER], windows),
        "window_cameras": _grouped(camera_window)[np.count_nonzero(camera_window == NEVER) :],
        "window_open": np.zeros(windows, dtype=np.int64),
        "unit": unit,
        "unit_at": unit_at,
        "unit_order": unit_order,
        "first_unit": first_unit,
        "first_in_unit": _firsts(unit, len(unit_at)),
        "unit_cameras": _grouped(unit),
    }


def _people(centre: Centre) -> Fields:
    seats, shifts, breaks = centre.seats, centre.shifts, centre.breaks
    return {
        "n_seats": len(seats.pool),
        "n_shifts": len(shifts.seat),
        "watches": _ints(seats.watches),
        "takes": _ints(seats.takes.ravel()),
        "seat_pool": _ints(seats.pool),
        "first_seat": _firsts(seats.pool, _pools(centre)),
        "seats_of": _grouped(seats.pool),
        "shift_seat": _ints(shifts.seat),
        "shift_start": _ints(shifts.start_ms),
        "shift_end": _ints(shifts.end_ms),
        "first_break": _firsts(breaks.shift, len(shifts.seat)),
        "break_shift": _ints(breaks.shift),
        "break_due": _ints(breaks.due_ms),
        "break_length": _ints(breaks.length_ms),
    }


def _pools(centre: Centre) -> int:
    last = max(centre.communes.pool.max(initial=0), centre.seats.pool.max(initial=0))
    return int(last) + 1


def _owed(centre: Centre) -> Fields:
    """Patrols and health checks in one timetable, sorted by (start, kind, row)."""
    tables = ((Kind.PATROL, centre.patrols), (Kind.CHECK, centre.checks))
    rows = np.concatenate([np.stack(table, axis=1) for _, table in tables])
    kinds = np.concatenate([np.full(len(table.id), int(kind)) for kind, table in tables])
    order = np.lexsort((kinds, rows[:, 0]))
    columns = dict(zip(centre.patrols._fields, rows[order].T, strict=True))
    return {
        "owed_start": _ints(columns["start_ms"]),
        "owed_end": _ints(columns["end_ms"]),
        "owed_commune": _ints(columns["commune"]),
        "owed_id": _ints(columns["id"]),
        "owed_kind": kinds[order],
        "n_owed": len(kinds),
    }


def _outside(world: World) -> Fields:
    columns = {
        f"{prefix}_{name.removesuffix('_ms')}": column
        for prefix, table in (
            ("in", world.incidents._asdict()),
            ("ask", world.requests._asdict()),
            ("let", world.requisitions._asdict()),
        )
        for name, column in table.items()
    }
    threshold = columns.pop("in_threshold")
    columns |= {
        "present": world.present,
        "first_pair": world.faults.first,
        "up_ms": world.faults.up_ms,
        "repair_ms": world.faults.repair_ms,
        "out_camera": world.outages.camera,
        "out_start": world.outages.start_ms,
        "out_end": world.outages.end_ms,
    }
    return {
        **{name: _ints(column) for name, column in columns.items()},
        "in_threshold": np.ascontiguousarray(threshold, dtype=np.float64),
        "n_incidents": len(world.incidents.id),
        "n_asks": len(world.requests.id),
        "n_letters": len(world.requisitions.id),
        "n_outages": len(world.outages.camera),
    }


def _live(plan: Fields) -> Fields:
    """Nothing yet, with room for all that may come."""
    pool, kinds, commune = plan["pool"], plan["kinds"], plan["in_commune"]
    incidents, asks, letters, owed = (
        plan[f"n_{name}"] for name in ("incidents", "asks", "letters", "owed")
    )
    tasks = 2 * incidents + asks + 2 * letters + owed
    queued = (
        (commune, plan["in_kind"]),
        (commune, np.full(incidents, int(Kind.REQUEST))),
        (plan["ask_commune"], np.full(asks, int(Kind.REQUEST))),
        (plan["let_commune"], np.full(letters, int(Kind.SAFEGUARD))),
        (plan["let_commune"], np.full(letters, int(Kind.EXTRACTION))),
        (plan["owed_commune"], plan["owed_kind"]),
    )
    queues = np.concatenate([pool[place] * kinds + kind for place, kind in queued])
    faces = np.concatenate([pool[commune] * CLOCKS + clock for clock in range(CLOCKS)])
    # Leaving, call and image of an incident, patience of its caller; patience, retention, slot;
    # work in hand, end, return and breaks of a shift; fault and discovery of a camera; outages.
    timers = 4 * incidents + asks + letters + owed + 3 * plan["n_shifts"] + len(plan["break_due"])
    timers += 2 * plan["n_cameras"] + 2 * plan["n_outages"] + CLOCKS * plan["pools"] + TABLES
    return {
        **dict.fromkeys(_COUNTS, 0),
        "round": NEVER,
        "timers_free": NEVER,
        "fault_timer": NEVER,
        "tasks_free": NEVER,
        "desk_stirred": 1,
        "wall_stirred": 1,
        "agenda": _room("agenda", timers, _HEAP_WIDTH),
        "timer": _room("timer", timers, TIMER_WIDTH),
        "task": _room("task", tasks, TASK_WIDTH),
        "queue": _room("queue", tasks, _HEAP_WIDTH),
        "first_in_queue": _firsts(queues, plan["pools"] * kinds),
        "queue_size": np.zeros(plan["pools"] * kinds, dtype=np.int64),
        "waiting": np.zeros(plan["pools"], dtype=np.int64),
        "incident": _room("incident", incidents, INCIDENT_WIDTH),
        "hazard": _room("hazard", incidents, 1).view(np.float64),
        "clock_before": _room("clock_before", incidents, 1).view(np.float64),
        "line": _room("line", incidents, LINE_WIDTH),
        "line_queue": _room("line_queue", incidents, _HEAP_WIDTH),
        "first_in_line": _firsts(plan["recipient"][commune], plan["recipients"]),
        "line_size": np.zeros(plan["recipients"], dtype=np.int64),
        "lines_free": plan["lines"].copy(),
        "wall": _room("wall", incidents, CLOCKS * _HEAP_WIDTH),
        "first_on_wall": _firsts(faces, plan["pools"] * CLOCKS),
        "agent": _room("agent", plan["n_shifts"], AGENT_WIDTH),
        "agent_at": np.full(plan["n_seats"], NEVER),
        "watching": np.zeros(plan["pools"], dtype=np.int64),
        **_table("tasks", len(TASK_COLUMNS), 1 + tasks + len(plan["up_ms"])),
        **_table("spells", len(SPELL_COLUMNS), 1 + tasks + plan["n_shifts"]),
        **_table("attention", len(ATTENTION_COLUMNS), tasks + plan["pools"]),
    }


def _display(plan: Fields) -> Fields:
    """Walls that show nothing yet."""
    pools, faces = plan["pools"], plan["pools"] * CLOCKS
    rate = np.zeros(faces)
    rate[HELD::CLOCKS] = plan["wall_hazard"]
    return {
        "entitled_in": np.zeros(len(plan["unit_at"]), dtype=np.int64),
        **{name: np.zeros(pools, dtype=np.int64) for name in _OF_POOLS},
        "base": np.zeros(faces),
        "rate": rate,
        "since_ms": np.zeros(faces, dtype=np.int64),
        "wall_size": np.zeros(faces, dtype=np.int64),
        "wall_alarm": np.full(faces, NEVER),
        "alarm_ms": np.full(faces, NEVER),
        "last_row": np.full(pools * SHOWN_WIDTH, NEVER),
    }


def _cameras(plan: Fields) -> Fields:
    """Cameras that work, a crew at rest, and no patrol under way."""
    camera = np.zeros((plan["n_cameras"], CAMERA_WIDTH), dtype=np.int64)
    camera[:, [C_WHERE, C_PLACE, C_INCIDENT]] = NEVER
    camera[:, C_CAMERA] = np.arange(len(camera))
    camera[:, C_PAIR] = plan["first_pair"][:-1]
    patrol = np.zeros((len(plan["code"]), PATROL_WIDTH), dtype=np.int64)
    patrol[:, P_TASK] = NEVER
    return {
        "camera": camera.ravel(),
        "crew_queue": _room("crew_queue", len(camera), _HEAP_WIDTH),
        "dark": _room("dark", len(camera), 1),
        "fault": _room("fault", len(camera), FAULT_WIDTH),
        "fault_queue": _room("fault_queue", len(camera), _HEAP_WIDTH),
        "patrol": patrol.ravel(),
    }


def _table(name: str, columns: int, rows: int) -> Fields:
    """A table of the journal, column after column."""
    return {f"{name}_out": _room(f"{name}_out", rows, columns), f"{name}_room": rows}


def _room(name: str, rows: int, width: int) -> Ints:
    """A table of anything, where this thread had it in the last replication if that is enough.

    The first use of memory costs more than what is written there.
    """
    words, tables = rows * width, vars(_of_thread)
    if name not in tables or len(tables[name]) < words:
        tables[name] = np.empty(words + words // _MORE, dtype=np.int64)
    table: Ints = tables[name][:words]
    return table


def _ints(column: npt.ArrayLike) -> Ints:
    return np.ascontiguousarray(column, dtype=np.int64)


def _units(unit: Ints, rank: Ints, pool: Ints) -> tuple[Ints, Ints, Ints]:
    """Units numbered from 0, their pools, and the units of each pool by their busiest camera."""
    _, number = np.unique(unit, return_inverse=True)
    count = number.max(initial=NEVER) + 1
    busiest = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(busiest, number, rank)
    unit_pool = np.zeros(count, dtype=np.int64)
    unit_pool[number] = pool
    return number.astype(np.int64), unit_pool, np.lexsort((busiest, unit_pool))


def _firsts(groups: Ints, count: int) -> Ints:
    """Place of the first member of each group among members sorted by group, and the total."""
    return np.concatenate([[0], np.cumsum(np.bincount(groups, minlength=count))]).astype(np.int64)


def _grouped(groups: Ints) -> Ints:
    return np.argsort(groups, kind="stable")
