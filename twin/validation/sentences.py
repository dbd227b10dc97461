"""Sentences of the centre that have a known answer: repairs, interruption, attention, lines."""

from __future__ import annotations

from math import ceil, exp

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin.model.centre.journal import Origin, SpellState
from twin.model.centre.world import NEVER, Centre, Faults, Incidents, Kind, Patrols, World
from twin.model.clock import MS_PER_DAY, MS_PER_H, MS_PER_MIN
from twin.validation import formulas
from twin.validation.case import Case, Player, Sample
from twin.validation.draws import (
    called_in,
    calls,
    exponential,
    mean_number,
    poisson,
    wait_ms,
)
from twin.validation.worlds import quiet, room, table

__all__ = ["cases"]

Ints = npt.NDArray[np.int64]

_FLEET = 500
_CREW = 2
_UP_DAYS, _REPAIR_DAYS = 400, 1.5
_DAYS, _WARM_UP_DAYS = 7000, 500

_ARRIVALS = 3000
_WARM_UP = 500
"""Arrivals of a replication, and the first ones, which an empty room favours: not counted."""

_URGENT, _PATIENT, _RESUME = 0.3, 0.3, 0.25
"""Arrivals of each class per mean service, and cost of taking up again, in case 18."""

_WALL, _HELD, _SHOWN = 100, 10, 20
_HAZARD_PER_MIN, _CALLS_PER_MIN, _VIEW_MIN = 0.2, 0.05, 10
"""Cameras, those held and those shown at once; one incident, in case 19."""

_GAP_MIN, _NOTICE_PER_MIN = 2, 1
"""Case 20, for work of a minute."""

_CAMERAS = 50
_FAULTS_PER_MIN, _REPAIRS_PER_MIN = 1 / 60, 1 / 30
_LEAVING_PER_MIN, _WATCHED_PER_MIN = 0.1, 0.1
_HOURS, _WARM_UP_HOURS = 100, 10
"""Case 21."""

_TALKS, _LINES = 1.4, 2
"""Load in erlangs and lines of case 22."""

_DWELL_MIN, _SLOT_MIN, _SLOTS, _PATROL_PER_MIN = 1, 60, 3, 0.2
"""Image of a patrol, time between two, and how many meet an incident in case 23."""


def cases() -> list[Case]:
    """Cases 9 and 18 to 23."""
    fleet = formulas.machine_repair(_FLEET, _CREW, 1 / _UP_DAYS, 1 / _REPAIR_DAYS)
    put_down = formulas.interrupted(_URGENT, _PATIENT, 1, 1, _RESUME)
    retried = formulas.retrial(1 / _GAP_MIN, 1, _NOTICE_PER_MIN)
    return [
        Case(
            9,
            "M/M/2//500, cameras and their crew",
            {"availability": fleet.availability, "waiting for the crew": fleet.waiting},
            _fleet,
        ),
        Case(
            18,
            "M/M/1, interrupted and resumed at a cost",
            {
                "mean wait of the urgent": formulas.mean_wait(_URGENT, 1, 1),
                "mean wait of the others": put_down.mean_wait,
                "mean stay of the others": put_down.mean_stay,
            },
            _interruptions,
        ),
        Case(19, "a wall of 100 cameras, 20 images", _wall_values(), _wall),
        Case(
            20,
            "M/M/1 with retrials: one agent watches",
            {"in view, not yet noticed": retried, "share of time at work": 1 / _GAP_MIN},
            _one_watches,
        ),
        Case(21, "cameras that fail while watched", _frozen_values(), _frozen),
        Case(
            22,
            "M/M/2, the line to the police",
            {
                "waiting for a line": formulas.erlang_c(_TALKS, _LINES),
                "mean wait for it": formulas.mean_wait(_TALKS, 1, _LINES),
            },
            _line,
        ),
        Case(
            23,
            "a patrol an hour",
            {"noticed": 1 - exp(-_SLOTS * _DWELL_MIN * _PATROL_PER_MIN)},
            _patrols,
        ),
    ]


# Cameras and the crew


def _fleet(engine: Player, rng: np.random.Generator) -> Sample:
    """Cameras that fail every 400 days, mended in 1.5 days by a crew of two."""
    horizon_ms = _DAYS * MS_PER_DAY
    centre = room(0, horizon_ms, cameras=_FLEET, crew=_CREW)
    faults = _faults(
        rng, _FLEET, horizon_ms, _UP_DAYS * MS_PER_DAY, round(_REPAIR_DAYS * MS_PER_DAY)
    )
    repairs = engine(centre, quiet(centre)._replace(faults=faults)).tasks.to_pandas()
    started_ms = repairs.start_ms.where(repairs.start_ms != NEVER, horizon_ms)
    ended_ms = repairs.end_ms.where(repairs.end_ms != NEVER, horizon_ms)
    window = _WARM_UP_DAYS * MS_PER_DAY, horizon_ms
    return {
        "availability": 1 - mean_number(repairs.arrival_ms, ended_ms, *window) / _FLEET,
        "waiting for the crew": mean_number(repairs.queued_ms, started_ms, *window),
    }


def _faults(
    rng: np.random.Generator, cameras: int, horizon_ms: int, up_ms: int, repair_ms: int
) -> Faults:
    """Exponential up-times and repairs, more than the horizon can hold."""
    pairs = ceil(2 * horizon_ms / up_ms + 10)
    return Faults(
        first=np.arange(cameras + 1) * pairs,
        up_ms=exponential(rng, up_ms, cameras * pairs),
        repair_ms=exponential(rng, repair_ms, cameras * pairs),
    )


# Work


def _interruptions(engine: Player, rng: np.random.Generator) -> Sample:
    """One agent; incidents called in interrupt viewing requests."""
    time_ms = poisson(rng, MS_PER_MIN / (_URGENT + _PATIENT), _ARRIVALS)
    work_ms = exponential(rng, MS_PER_MIN, _ARRIVALS)
    urgent = rng.random(_ARRIVALS) < _URGENT / (_URGENT + _PATIENT)
    first, second = np.flatnonzero(urgent), np.flatnonzero(~urgent)
    centre = room(1, int(time_ms[-1] + 2 * work_ms.sum()), cameras=1)
    interruptible = np.zeros_like(centre.rules.interruptible)
    interruptible[Kind.REQUEST] = True
    resume_ms = round(_RESUME * MS_PER_MIN)
    centre = centre._replace(
        rules=centre.rules._replace(interruptible=interruptible, resume_ms=resume_ms)
    )
    world = quiet(centre)._replace(
        incidents=called_in(time_ms[first], first, work_ms[first]),
        requests=calls(time_ms[second], work_ms[second])._replace(id=second),
    )
    tasks = engine(centre, world).tasks.to_pandas()
    tasks = tasks[tasks.id >= _WARM_UP]
    waits_min = wait_ms(tasks).groupby(tasks.kind).mean() / MS_PER_MIN
    requests = tasks[tasks.kind == Kind.REQUEST]
    return {
        "mean wait of the urgent": float(waits_min[Kind.POLICE]),
        "mean wait of the others": float(waits_min[Kind.REQUEST]),
        "mean stay of the others": (requests.end_ms - requests.start_ms).mean() / MS_PER_MIN,
    }


def _line(engine: Player, rng: np.random.Generator) -> Sample:
    """An agent for each incident: they wait for one another at the telephone only."""
    time_ms = poisson(rng, MS_PER_MIN / _TALKS, _ARRIVALS)
    qualify_ms = exponential(rng, MS_PER_MIN, _ARRIVALS)
    centre = room(60, int(time_ms[-1] + 2 * qualify_ms.sum()), cameras=1)
    centre = centre._replace(rules=centre.rules._replace(lines=np.array([_LINES, _LINES])))
    incidents = called_in(time_ms, np.arange(_ARRIVALS), qualify_ms)._replace(
        alerted=np.ones(_ARRIVALS, dtype=np.bool_),
        line_ms=exponential(rng, MS_PER_MIN, _ARRIVALS),
    )
    tasks = engine(centre, quiet(centre)._replace(incidents=incidents)).tasks.to_pandas()
    waits_ms = (tasks.alert_ms - tasks.start_ms - qualify_ms)[_WARM_UP:]
    return {
        "waiting for a line": (waits_ms > 0).mean(),
        "mean wait for it": waits_ms.mean() / MS_PER_MIN,
    }


# Attention


def _watched(centre: Centre, *, works: bool, hazard_per_min: float, shown: int) -> Centre:
    """The same room whose seats watch `shown` images each, and take incidents or no work at all."""
    seats = centre.seats
    return centre._replace(
        seats=seats._replace(
            watches=np.ones_like(seats.watches), takes=np.full_like(seats.takes, works)
        ),
        rules=centre.rules._replace(
            units_per_agent=shown,
            held_permille=1000,
            wall_hazard_per_ms=hazard_per_min / MS_PER_MIN,
        ),
    )


def _in_view(
    time_ms: Ints, camera: int | Ints, view_ms: int | Ints, threshold: object
) -> Incidents:
    """Incidents about which nobody calls."""
    n = len(time_ms)
    return table(
        Incidents,
        n,
        time_ms=time_ms,
        id=np.arange(n),
        camera=camera,
        view_ms=view_ms,
        threshold=threshold,
        call_ms=NEVER,
    )


def _play(engine: Player, centre: Centre, world: World) -> pd.DataFrame:
    """What became of each incident, in their order."""
    tasks: pd.DataFrame = engine(centre, world).tasks.to_pandas()
    return tasks[tasks.kind == Kind.POLICE].reset_index(drop=True)


def _wall_hazards() -> dict[str, float]:
    fraction = (_SHOWN - _HELD) / (_WALL - _HELD)
    return {"held": _HAZARD_PER_MIN, "in turn": _HAZARD_PER_MIN * fraction}


def _wall_values() -> dict[str, float]:
    """A notice and a call race until the view ends."""
    values = {}
    for name, hazard in _wall_hazards().items():
        ends = hazard + _CALLS_PER_MIN
        started = (1 - exp(-ends * _VIEW_MIN)) / ends
        values[f"noticed, {name}"] = hazard * started
        values[f"called in, {name}"] = _CALLS_PER_MIN * started
    return values


def _wall(engine: Player, rng: np.random.Generator) -> Sample:
    """Two agents who only watch; half of the images stay on the busiest cameras."""
    time_ms = poisson(rng, MS_PER_MIN, _ARRIVALS)
    held = np.arange(_ARRIVALS) % 2 == 0
    camera = np.where(
        held, rng.integers(0, _HELD, _ARRIVALS), rng.integers(_HELD, _WALL, _ARRIVALS)
    )
    centre = room(2, int(time_ms[-1] + _VIEW_MIN * MS_PER_MIN + 1), cameras=_WALL)
    centre = _watched(centre, works=False, hazard_per_min=_HAZARD_PER_MIN, shown=_SHOWN // 2)
    centre = centre._replace(
        rules=centre.rules._replace(held_permille=1000 * _HELD // _SHOWN),
    )
    incidents = _in_view(
        time_ms, camera, _VIEW_MIN * MS_PER_MIN, rng.exponential(size=_ARRIVALS)
    )._replace(call_ms=exponential(rng, MS_PER_MIN / _CALLS_PER_MIN, _ARRIVALS))
    origin = _play(engine, centre, quiet(centre)._replace(incidents=incidents)).origin
    sample = {}
    for name, those in (("held", held), ("in turn", ~held)):
        sample[f"noticed, {name}"] = (origin[those] == Origin.WALL).mean()
        sample[f"called in, {name}"] = (origin[those] == Origin.CALL).mean()
    return sample


def _one_watches(engine: Player, rng: np.random.Generator) -> Sample:
    """Who works on an incident does not watch for the next one."""
    time_ms = poisson(rng, _GAP_MIN * MS_PER_MIN, _ARRIVALS)
    end_ms = int(time_ms[-1])
    centre = room(1, end_ms, cameras=1)
    centre = _watched(centre, works=True, hazard_per_min=_NOTICE_PER_MIN, shown=1)
    incidents = _in_view(time_ms, 0, end_ms, rng.exponential(size=_ARRIVALS))._replace(
        qualify_ms=exponential(rng, MS_PER_MIN, _ARRIVALS)
    )
    journal = engine(centre, quiet(centre)._replace(incidents=incidents))
    tasks, spells = journal.tasks.to_pandas(), journal.spells.to_pandas()
    noticed_ms = tasks.queued_ms.where(tasks.queued_ms != NEVER, end_ms)
    work = spells[spells.state == SpellState.WORKING]
    window = int(time_ms[_WARM_UP]), end_ms
    return {
        "in view, not yet noticed": mean_number(tasks.arrival_ms, noticed_ms, *window),
        "share of time at work": mean_number(work.from_ms, work.to_ms, *window),
    }


def _frozen_values() -> dict[str, float]:
    """From an incident's point of view, its camera goes dark and comes back until it leaves."""
    back = _REPAIRS_PER_MIN / (_REPAIRS_PER_MIN + _LEAVING_PER_MIN)
    ends = _WATCHED_PER_MIN + _LEAVING_PER_MIN + _FAULTS_PER_MIN * (1 - back)
    seen = _WATCHED_PER_MIN / ends
    up = _REPAIRS_PER_MIN / (_REPAIRS_PER_MIN + _FAULTS_PER_MIN)
    ever = up + (1 - up) * back
    return {"noticed": ever * seen, "ever watched": ever}


def _frozen(engine: Player, rng: np.random.Generator) -> Sample:
    """Every camera is watched while it works; its faults are known and mended at once."""
    horizon_ms = _HOURS * MS_PER_H
    time_ms = np.sort(rng.integers(_WARM_UP_HOURS * MS_PER_H, horizon_ms - MS_PER_H, _ARRIVALS))
    centre = _watched(
        room(1, horizon_ms, cameras=_CAMERAS),
        works=False,
        hazard_per_min=_WATCHED_PER_MIN,
        shown=_CAMERAS,
    )
    view_ms = exponential(rng, MS_PER_MIN / _LEAVING_PER_MIN, _ARRIVALS)
    camera = rng.integers(0, _CAMERAS, _ARRIVALS)
    up_ms, repair_ms = (round(MS_PER_MIN / rate) for rate in (_FAULTS_PER_MIN, _REPAIRS_PER_MIN))
    world = quiet(centre)._replace(
        incidents=_in_view(time_ms, camera, view_ms, rng.exponential(size=_ARRIVALS)),
        faults=_faults(rng, _CAMERAS, horizon_ms, up_ms, repair_ms),
    )
    tasks = _play(engine, centre, world)
    return {
        "noticed": (tasks.origin == Origin.WALL).mean(),
        "ever watched": tasks.entitled.mean(),
    }


def _patrols(engine: Player, rng: np.random.Generator) -> Sample:
    """An incident is in view during three patrols, whatever its start: three images of a minute."""
    cameras, slots = 10, 50
    slot_ms = _SLOT_MIN * MS_PER_MIN
    start_ms = np.arange(slots) * slot_ms
    centre = room(1, slots * slot_ms, cameras=cameras)
    centre = centre._replace(
        patrols=table(
            Patrols, slots, start_ms=start_ms, end_ms=start_ms + slot_ms, id=np.arange(slots)
        ),
        seats=centre.seats._replace(
            takes=np.arange(len(centre.rules.order))[None, :] == Kind.PATROL
        ),
        rules=centre.rules._replace(
            dwell_ms=_DWELL_MIN * MS_PER_MIN, patrol_hazard_per_ms=_PATROL_PER_MIN / MS_PER_MIN
        ),
    )
    view_ms = _SLOTS * slot_ms
    time_ms = np.sort(rng.integers(slot_ms, (slots - _SLOTS) * slot_ms, _ARRIVALS))
    incidents = _in_view(
        time_ms, rng.integers(0, cameras, _ARRIVALS), view_ms, rng.exponential(size=_ARRIVALS)
    )
    tasks = _play(engine, centre, quiet(centre)._replace(incidents=incidents))
    return {"noticed": (tasks.origin == Origin.PATROL).mean()}
