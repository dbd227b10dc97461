"""What an engine leaves behind: three columnar tables; row order does not tell who wrote them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = [
    "ATTENTION_COLUMNS",
    "SPELL_COLUMNS",
    "TASK_COLUMNS",
    "Columns",
    "Journal",
    "Origin",
    "Outcome",
    "SpellState",
]


class Outcome(IntEnum):
    """How a task ended."""

    DONE = 0
    UNSEEN = 1
    """The incident left the view before anyone noticed it."""
    LOST = 2
    """Patience, slot, retention or day ended first."""
    DROPPED = 3
    """Left undone at the end of a shift."""
    REFUSED = 4
    """The commune's forfait does not buy it."""
    CENSORED = 5
    """Unfinished at the end of the horizon: kept out of shares."""


class Origin(IntEnum):
    """How a task came to the desk."""

    NONE = 0
    """It never did."""
    WALL = 1
    PATROL = 2
    CALL = 3
    LETTER = 4
    TIMETABLE = 5
    FAULT = 6


class SpellState(IntEnum):
    """What an agent does during a spell of presence."""

    WATCHING = 0
    READY = 1
    """Free, at a seat that does not watch."""
    WORKING = 2
    PAUSING = 3
    OVERTIME = 4
    """Working after the end of the shift."""


TASK_COLUMNS = (
    "kind",
    "id",
    "commune",
    "camera",
    "arrival_ms",
    "queued_ms",
    "start_ms",
    "end_ms",
    "alert_ms",
    "deadline_ms",
    "outcome",
    "origin",
    "work_ms",
    "interruptions",
    "shown",
    "entitled",
    "useful",
)
"""One row per task. `arrival_ms`: entering the view, phone call, letter, slot start or fault;
`queued_ms`: notice, call, order to the desk or discovery; instants that never came are -1. `shown`
counts the cameras a patrol showed; `entitled` says whether an incident was ever in view while its
camera was entitled to live viewing; for a repair, `start_ms` is when the crew took it up."""

SPELL_COLUMNS = ("seat", "from_ms", "to_ms", "state", "kind", "id")
"""One row per spell of presence; `kind` and `id` name the work, -1 when there is none."""

ATTENTION_COLUMNS = ("time_ms", "pool", "free", "entitled", "held", "rotating")
"""One row per change of what is displayed, in units of display."""

Ints = npt.NDArray[np.int64]


class Columns:
    """A growing table of 64-bit integers: no Python object is kept per row.

    Examples
    --------
    >>> table = Columns(("a", "b"))
    >>> table.add((2, 20)); table.add((1, 10))
    >>> table.sorted(("a",)).to_pydict()
    {'a': [1, 2], 'b': [10, 20]}
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.values = array("q")

    def add(self, row: tuple[int, ...]) -> None:
        """Append one row, in the order of the names."""
        self.values.extend(row)

    def sorted(self, keys: Sequence[str]) -> pa.Table:
        """Arrow table sorted by `keys`, the first one being the first criterion."""
        rows = np.frombuffer(self.values, dtype=np.int64).reshape(-1, len(self.names))
        columns = {name: rows[:, i] for i, name in enumerate(self.names)}
        order = np.lexsort([columns[key] for key in reversed(keys)])
        return pa.table({name: column[order] for name, column in columns.items()})


@dataclass(frozen=True)
class Journal:
    """The record of one replication, each table in an order made of its own values."""

    tasks: pa.Table
    """`TASK_COLUMNS`, sorted by (kind, id)."""
    spells: pa.Table
    """`SPELL_COLUMNS`, sorted by (seat, from, to, state)."""
    attention: pa.Table
    """`ATTENTION_COLUMNS`, sorted by (time, pool)."""

    @classmethod
    def of(cls, tasks: Columns, spells: Columns, attention: Columns) -> Journal:
        """Journal of three growing tables."""
        return cls(
            tasks=tasks.sorted(("kind", "id")),
            spells=spells.sorted(("seat", "from_ms", "to_ms", "state", "kind", "id")),
            attention=attention.sorted(("time_ms", "pool")),
        )
