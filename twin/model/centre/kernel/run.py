"""One replication: allocate the room, play it, and hand over its journal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.model.centre.journal import Journal
from twin.model.centre.kernel import room
from twin.model.centre.kernel.compiled import entry
from twin.model.centre.kernel.load import Fields, fields_of
from twin.model.centre.kernel.state import assign, new_header, number_in, room_at
from twin.model.centre.world import NEVER, Centre, World

__all__ = ["simulate"]

_GROWING = ("spells", "attention")
"""Tables whose length nothing bounds: they double when they are full, between two rounds."""


def simulate(centre: Centre, world: World) -> Journal:
    """Play one replication with compiled code.

    Parameters and result are those of the reference engine; so is every value of the result.
    """
    fields, header = fields_of(centre, world), new_header()
    assign(header, fields)
    while not _play(header):
        for name in _GROWING:
            larger = _twice(name, fields)
            fields |= larger
            assign(header, larger)
    return Journal.of(*(_rows(name, fields, header) for name in ("tasks", *_GROWING)))


@entry
def _play(header):
    r = room_at(header)
    if r.round == NEVER:
        room.opens(r)
    return room.play(r)


def _twice(name: str, fields: Fields) -> Fields:
    """A table with twice the room, which it begins with; columns are far apart."""
    old = fields[f"{name}_out"].reshape(-1, fields[f"{name}_room"])
    larger = np.concatenate([old, np.empty_like(old)], axis=1)
    return {f"{name}_out": larger.ravel(), f"{name}_room": larger.shape[1]}


def _rows(name: str, fields: Fields, header: object) -> npt.NDArray[np.int64]:
    columns: npt.NDArray[np.int64] = fields[f"{name}_out"].reshape(-1, fields[f"{name}_room"])
    return columns[:, : number_in(header, f"{name}_rows")].T
