"""Queueing systems written as data for the engines of the centre: nothing in an engine knows them.

Servers are seats that do not watch, held from the first instant to the last without a break;
calls are viewing requests; a fleet of machines is a set of cameras.
"""

from __future__ import annotations

from typing import Any, TypeVar, get_args, get_type_hints

import numpy as np

from twin.model.centre.world import (
    NEVER,
    Breaks,
    Cameras,
    Centre,
    Checks,
    Communes,
    EndOfShift,
    Faults,
    Incidents,
    Kind,
    Outages,
    Patrols,
    Requests,
    Requisitions,
    Rules,
    Seats,
    Shifts,
    ViewingRequests,
    Windows,
    World,
)

__all__ = ["quiet", "room", "table"]

_WORK = len(Kind) - 1
"""Kinds of work of a seat: all but the repair of a camera."""

Table = TypeVar("Table", bound=tuple[Any, ...])


def table(columns_of: type[Table], rows: int, **columns: Any) -> Table:
    """Table of `rows` rows whose columns are 0, or what is given: a value or an array.

    Examples
    --------
    >>> table(Requests, 2, time_ms=[10, 20], id=np.arange(2), work_ms=5).work_ms.tolist()
    [5, 5]
    """
    zeros = {
        name: np.zeros(rows, get_args(get_args(hint)[1])[0])
        for name, hint in get_type_hints(columns_of).items()
    }
    given = {name: np.full_like(zeros[name], value) for name, value in columns.items()}
    return columns_of(**zeros | given)


def room(servers: int, horizon_ms: int, *, cameras: int = 0, crew: int = NEVER) -> Centre:
    """Centre that is `servers` interchangeable agents, each kind of work a class of its own.

    There is one commune; its `cameras` are always in their window and watched by nobody, and
    their faults are known at once to a crew of `crew`. Nothing is interrupted.

    Examples
    --------
    >>> len(room(3, 1000).shifts.seat)
    3
    """
    order = np.arange(_WORK)
    return Centre(
        horizon_ms=horizon_ms,
        communes=table(Communes, 1, code=1, requests=ViewingRequests.ALWAYS)._replace(
            first_camera=np.array([0, cameras])
        ),
        cameras=table(Cameras, cameras, rank=np.arange(cameras), unit=np.arange(cameras)),
        windows=table(Windows, 1, opens=True),
        seats=table(Seats, servers)._replace(takes=np.ones((servers, _WORK), dtype=np.bool_)),
        shifts=table(Shifts, servers, seat=np.arange(servers), end_ms=horizon_ms),
        breaks=table(Breaks, 0),
        patrols=table(Patrols, 0),
        checks=table(Checks, 0),
        rules=Rules(
            order=order,
            interruptible=np.zeros(_WORK, dtype=np.bool_),
            wall_order=_WORK,
            wall_minimum=0,
            units_per_agent=1,
            held_permille=0,
            wall_hazard_per_ms=0.0,
            patrol_hazard_per_ms=0.0,
            resume_ms=0,
            handover_ms=0,
            end_of_shift=EndOfShift.FINISH,
            dwell_ms=1,
            lines=np.ones(2, dtype=np.int64),
            crew=crew,
            discovered_at_once=True,
        ),
    )


def quiet(centre: Centre) -> World:
    """World in which everybody comes to work and nothing happens.

    Examples
    --------
    >>> quiet(room(3, 1000)).present.tolist()
    [True, True, True]
    """
    return World(
        incidents=table(Incidents, 0),
        requests=table(Requests, 0),
        requisitions=table(Requisitions, 0),
        present=np.ones(len(centre.shifts.seat), dtype=np.bool_),
        faults=table(Faults, 0)._replace(
            first=np.zeros(len(centre.cameras.commune) + 1, dtype=np.int64)
        ),
        outages=table(Outages, 0),
    )
