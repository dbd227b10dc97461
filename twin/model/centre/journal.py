"""What an engine leaves behind: three columnar tables; row order does not tell who wrote them."""

from __future__ import annotations

from array import array
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
camera was entitled to live viewing; for a repair, `start_ms` is when the crew took it up. Work
without a deadline has one beyond any horizon."""

SPELL_COLUMNS = ("seat", "from_ms", "to_ms", "state", "kind", "id")
"""One row per spell of presence; `kind` and `id` name the work, -1 when there is none."""

ATTENTION_COLUMNS = ("time_ms", "pool", "free", "entitled", "held", "rotating")
"""One row per change of what is displayed, in units of display."""

Ints = npt.NDArray[np.int64]

_BITS_OF_WORD = 64


class Columns:
    """A growing table of 64-bit integers: no Python object is kept per row.

    Examples
    --------
    >>> table = Columns(2)
    >>> table.add((2, 20)); table.add((1, 10))
    >>> table.rows().tolist()
    [[2, 20], [1, 10]]
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.values = array("q")

    def add(self, row: tuple[int, ...]) -> None:
        """Append one row."""
        self.values.extend(row)

    def rows(self) -> Ints:
        """The rows so far, shape (rows, width)."""
        return np.frombuffer(self.values, dtype=np.int64).reshape(-1, self.width)


@dataclass(frozen=True)
class Journal:
    """The record of one replication, each table in an order made of its own values."""

    tasks: pa.Table
    """`TASK_COLUMNS`, sorted by (kind, id)."""
    spells: pa.Table
    """`SPELL_COLUMNS`, sorted by all of them."""
    attention: pa.Table
    """`ATTENTION_COLUMNS`, sorted by (time, pool); rows of one instant in the order of rounds."""

    @classmethod
    def of(cls, tasks: Ints, spells: Ints, attention: Ints) -> Journal:
        """Journal of three tables of rows, in the order in which an engine wrote them.

        Examples
        --------
        >>> none = np.zeros((0, len(TASK_COLUMNS)), dtype=np.int64)
        >>> spells = np.array([[1, 0, 5, 0, -1, -1], [0, 0, 5, 0, -1, -1]])
        >>> Journal.of(none, spells, none[:, :6]).spells["seat"].to_pylist()
        [0, 1]
        """
        return cls(
            tasks=_sorted(TASK_COLUMNS, tasks, 2),
            spells=_sorted(SPELL_COLUMNS, spells, len(SPELL_COLUMNS)),
            attention=_sorted(ATTENTION_COLUMNS, attention, 2),
        )


def _sorted(names: tuple[str, ...], rows: Ints, criteria: int) -> pa.Table:
    """Arrow table sorted by its first columns, the first one being the first criterion."""
    order = _order(rows, criteria)
    columns = np.empty((len(names), len(rows)), dtype=np.int64)
    for k, column in enumerate(columns):
        rows[:, k].take(order, out=column, mode="clip")
    return pa.table(dict(zip(names, columns, strict=True)))


def _order(rows: Ints, criteria: int) -> Ints:
    """Stable order of the rows; two criteria that fit into one word are compared as one."""
    first, second = rows[:, 0], rows[:, 1]
    bits = int(second.max(initial=0)).bit_length()
    if first.min(initial=0) < 0 or second.min(initial=0) < 0:
        bits = _BITS_OF_WORD
    if int(first.max(initial=0)).bit_length() + bits < _BITS_OF_WORD:
        both = (first << bits) | second
        order = np.argsort(both)
        ordered = both.take(order)
        if (ordered[1:] != ordered[:-1]).all():
            return order
    return np.lexsort(rows.T[:criteria][::-1])
