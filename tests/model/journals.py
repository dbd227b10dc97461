"""Journals written by hand, and as much of a centre as the indicators read."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from twin.model.centre.journal import (
    ATTENTION_COLUMNS,
    SPELL_COLUMNS,
    TASK_COLUMNS,
    Journal,
    Origin,
    Outcome,
)
from twin.model.centre.world import NEVER, Cameras, Centre, Communes, Seats, Shifts

_TASK = dict.fromkeys(TASK_COLUMNS, 0) | {
    "camera": NEVER,
    "queued_ms": NEVER,
    "start_ms": NEVER,
    "end_ms": NEVER,
    "alert_ms": NEVER,
    "deadline_ms": NEVER,
    "outcome": Outcome.DONE,
    "origin": Origin.NONE,
}


def journal(
    tasks: Iterable[dict[str, Any]] = (),
    spells: Iterable[tuple[int, ...]] = (),
    attention: Iterable[tuple[int, int, int, int, int]] = (),
) -> Journal:
    """Journal of tasks, of (seat, from, to, state), of (time, pool, entitled, held, rotating).

    A spell may end with the kind and the number of its work. What a task does not say is 0, or -1
    for an instant; tasks are numbered.
    """
    return Journal.of(
        _rows(
            TASK_COLUMNS,
            [
                [(_TASK | {"id": i} | task)[name] for name in TASK_COLUMNS]
                for i, task in enumerate(tasks)
            ],
        ),
        _rows(SPELL_COLUMNS, [[*spell, NEVER, NEVER][: len(SPELL_COLUMNS)] for spell in spells]),
        _rows(
            ATTENTION_COLUMNS,
            [[time_ms, pool, 0, *shown] for time_ms, pool, *shown in attention],
        ),
    )


def centre(*cameras: int, horizon_ms: int, shifts: Iterable[tuple[int, int, int]] = ()) -> Centre:
    """Centre of communes with these numbers of cameras, and of shifts (seat, start, end)."""
    blank = {name: np.zeros(0, dtype=np.int64) for name in Centre._fields}
    of_communes = Communes(*[blank["communes"]] * len(Communes._fields))
    of_cameras = Cameras(*[blank["cameras"]] * len(Cameras._fields))
    columns = _rows(Shifts._fields, [list(shift) for shift in shifts]).T
    return Centre(
        **blank  # type: ignore[arg-type]
        | {
            "horizon_ms": horizon_ms,
            "communes": of_communes._replace(first_camera=np.cumsum([0, *cameras])),
            "cameras": of_cameras._replace(commune=np.repeat(np.arange(len(cameras)), cameras)),
            "seats": Seats(*[np.zeros(1 + max(columns[0], default=0))] * len(Seats._fields)),
            "shifts": Shifts(*columns),
        }
    )


def _rows(names: tuple[str, ...], rows: list[list[int]]) -> np.ndarray:
    return np.array(rows, dtype=np.int64).reshape(-1, len(names))
