"""From the named tuples of an engine's input to the state of the room, and back to a journal."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from twin.model.centre.journal import Journal
from twin.model.centre.kernel import room
from twin.model.centre.kernel.compiled import entry
from twin.model.centre.kernel.load import load
from twin.model.centre.kernel.state import new_room
from twin.model.centre.world import NEVER, Centre, Kind, World

__all__ = ["simulate"]

Ints = npt.NDArray[np.int64]

_NUMPY = {bool: np.bool_, int: np.integer, float: np.floating}


class Derived(NamedTuple):
    """What the compiled loop would otherwise have to look for."""

    first_break: Ints
    first_of_window: Ints
    window_cameras: Ints
    pools: int
    unit: Ints
    unit_at: Ints
    unit_order: Ints
    first_unit: Ints
    first_in_unit: Ints
    unit_cameras: Ints
    first_seat: Ints
    seats_of: Ints
    owed_start: Ints
    owed_end: Ints
    owed_commune: Ints
    owed_id: Ints
    owed_kind: Ints


def simulate(centre: Centre, world: World) -> Journal:
    """Play one replication with compiled code.

    Parameters and result are those of the reference engine; so is every value of the result.
    """
    tasks, spells, attention, rows = _run(_plain(centre), _plain(world), _derived(centre))
    return Journal.of(tasks[: rows[0]], spells[: rows[1]], attention[: rows[2]])


@entry
def _run(centre, world, derived):
    r = new_room()
    load(r, centre, world, derived)
    room.play(r)
    rows = (r.tasks_rows, r.spells_rows, r.attention_rows)
    return r.tasks_out, r.spells_out, r.attention_out, rows


def _plain(value: Any) -> Any:
    """The same named tuples, of one type whatever they were made of."""
    if isinstance(value, np.ndarray):
        return np.require(value, requirements=["C", "W"])
    if isinstance(value, tuple):
        return type(value)(*map(_plain, value))
    kind = next(kind for kind in (bool, int, float) if isinstance(value, (kind, _NUMPY[kind])))
    return kind(value)


def _derived(centre: Centre) -> Derived:
    communes, cameras = centre.communes, centre.cameras
    windows = 1 + max(communes.window.max(initial=NEVER), centre.windows.window.max(initial=NEVER))
    camera_window = communes.window[cameras.commune]
    camera_pool = communes.pool[cameras.commune]
    pools = 1 + max(communes.pool.max(initial=0), centre.seats.pool.max(initial=0))
    unit, unit_pool, unit_at = _units(cameras.unit, cameras.rank, camera_pool)
    first_unit = _firsts(unit_pool[unit_at], pools)
    place = np.empty(len(unit_at), dtype=np.int64)
    place[unit_at] = np.arange(len(unit_at)) - first_unit[unit_pool[unit_at]]
    owed, kinds = _owed(centre)
    return Derived(
        first_break=_firsts(centre.breaks.shift, len(centre.shifts.seat)),
        first_of_window=_firsts(camera_window[camera_window != NEVER], windows),
        window_cameras=_grouped(camera_window)[np.count_nonzero(camera_window == NEVER) :],
        pools=int(pools),
        unit=unit,
        unit_at=unit_at,
        unit_order=place,
        first_unit=first_unit,
        first_in_unit=_firsts(unit, len(unit_at)),
        unit_cameras=_grouped(unit),
        first_seat=_firsts(centre.seats.pool, pools),
        seats_of=_grouped(centre.seats.pool),
        owed_start=owed[:, 0].copy(),
        owed_end=owed[:, 1].copy(),
        owed_commune=owed[:, 2].copy(),
        owed_id=owed[:, 3].copy(),
        owed_kind=kinds,
    )


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


def _owed(centre: Centre) -> tuple[Ints, Ints]:
    """Patrols and health checks in one timetable, sorted by (start, kind, row)."""
    tables = ((Kind.PATROL, centre.patrols), (Kind.CHECK, centre.checks))
    rows = np.concatenate([np.stack(table, axis=1) for _, table in tables])
    kinds = np.concatenate([np.full(len(table.id), int(kind)) for kind, table in tables])
    order = np.lexsort((kinds, rows[:, 0]))
    return rows[order], kinds[order]
