"""Queues that do not change with time, played by agents who answer calls."""

from __future__ import annotations

from math import log1p, sqrt

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin.model.centre.journal import Journal, Outcome, SpellState
from twin.model.centre.world import NEVER, Kind, Requisitions
from twin.model.clock import MS_PER_H, MS_PER_MIN, MS_PER_S
from twin.validation import formulas
from twin.validation.case import Case, Player, Sample, of_each
from twin.validation.draws import (
    called_in,
    calls,
    exponential,
    mean_number,
    play_calls,
    poisson,
    wait_ms,
)
from twin.validation.worlds import quiet, room, table

__all__ = ["LOADS", "cases"]

Ints = npt.NDArray[np.int64]

_CALLS = 3000
_WARM_UP = 500
"""Calls of a replication, and the first ones, which an empty room favours: not counted."""

_AGENTS = 14
_CLASSES = {Kind.POLICE: 2, Kind.REQUEST: 3, Kind.SAFEGUARD: 4}
"""Arrivals per mean service in case 5, the first class first."""

LOADS = {"acute": 8.14549, "rehabilitation": 9.71822}
LOADS["pooled"] = sum(LOADS.values())
"""Patients in stroke wards (Monks et al. 2016, BMC Health Services Research 16:530), in erlangs."""
_WARDS = {
    f"{ward}, {beds} beds": (LOADS[ward], beds)
    for ward, beds in (("acute", 10), ("rehabilitation", 12), ("pooled", 22), ("pooled", 26))
}


def cases() -> list[Case]:
    """Cases 1 to 6 and 11."""
    erlang_a = formulas.erlang_a(100 / 30, 1 / 3, 1 / 5, _AGENTS)
    waits = formulas.priority_waits([*_CLASSES.values()], 1, 12)
    full = (formulas.erlang_b(load, beds) for load, beds in _WARDS.values())
    return [
        Case(
            1, "Erlang B, 10 erlangs, 14 lines", {"blocked": formulas.erlang_b(10, _AGENTS)}, _loss
        ),
        Case(
            2,
            "Erlang C, 10 erlangs, 14 agents",
            {
                "waiting": formulas.erlang_c(10, _AGENTS),
                "answered in 20 s": formulas.service_level(100 / 30, 1 / 3, _AGENTS, 20 / 60),
            },
            _delay,
        ),
        Case(
            3,
            "M/M/3, 10 per h, 4 per h each",
            {
                "waiting": formulas.erlang_c(10 / 4, 3),
                "mean wait (h)": formulas.mean_wait(10, 4, 3),
            },
            _three_servers,
        ),
        Case(
            4,
            "Erlang A, the calls of 2, patience 5 min",
            {
                "waiting": erlang_a.waiting,
                "abandoning": erlang_a.abandoning,
                "occupancy": erlang_a.occupancy,
                "mean wait (min)": erlang_a.mean_wait,
            },
            _abandonment,
        ),
        Case(
            5,
            "M/M/12, three classes, nothing interrupted",
            of_each("mean wait (services) of class", range(1, 4), waits),
            _priorities,
        ),
        Case(
            6,
            "M/G/1, load 0.8",
            {
                "mean wait (services), cv 0": formulas.pollaczek_khinchine(0.8, 0),
                "mean wait (services), cv 1.5": formulas.pollaczek_khinchine(0.8, 1.5),
            },
            _single_server,
        ),
        Case(11, "stroke wards, Erlang B", of_each("refused:", _WARDS, full), _wards),
    ]


def _loss(engine: Player, rng: np.random.Generator) -> Sample:
    """A caller without patience is dispatched or lost at once."""
    tasks, _ = _call_centre(engine, rng, patience_ms=0)
    return {"blocked": (tasks.outcome == Outcome.LOST).mean()}


def _delay(engine: Player, rng: np.random.Generator) -> Sample:
    tasks, _ = _call_centre(engine, rng)
    waits_ms = wait_ms(tasks)
    return {
        "waiting": (waits_ms > 0).mean(),
        "answered in 20 s": (waits_ms <= 20 * MS_PER_S).mean(),
    }


def _abandonment(engine: Player, rng: np.random.Generator) -> Sample:
    patience_ms = exponential(rng, 5 * MS_PER_MIN, _CALLS)
    tasks, journal = _call_centre(engine, rng, patience_ms)
    waits_ms = wait_ms(tasks)
    spells = journal.spells.to_pandas()
    work = spells[spells.state == SpellState.WORKING]
    window = tasks.arrival_ms.iloc[0], tasks.arrival_ms.iloc[-1]
    return {
        "waiting": (waits_ms > 0).mean(),
        "abandoning": (tasks.outcome == Outcome.LOST).mean(),
        "occupancy": mean_number(work.from_ms, work.to_ms, *window) / _AGENTS,
        "mean wait (min)": waits_ms.mean() / MS_PER_MIN,
    }


def _call_centre(
    engine: Player, rng: np.random.Generator, patience_ms: int | Ints = NEVER
) -> tuple[pd.DataFrame, Journal]:
    """100 calls per 30 minutes, 3 minutes each, 14 agents."""
    time_ms = poisson(rng, 30 * MS_PER_MIN / 100, _CALLS)
    work_ms = exponential(rng, 3 * MS_PER_MIN, _CALLS)
    return _answered(engine, _AGENTS, time_ms, work_ms, patience_ms)


def _three_servers(engine: Player, rng: np.random.Generator) -> Sample:
    work_ms = exponential(rng, MS_PER_H / 4, _CALLS)
    tasks, _ = _answered(engine, 3, poisson(rng, MS_PER_H / 10, _CALLS), work_ms)
    waits_ms = wait_ms(tasks)
    return {"waiting": (waits_ms > 0).mean(), "mean wait (h)": waits_ms.mean() / MS_PER_H}


def _single_server(engine: Player, rng: np.random.Generator) -> Sample:
    sd = sqrt(log1p(1.5 * 1.5))
    lognormal_ms = np.ceil(MS_PER_MIN * rng.lognormal(-sd * sd / 2, sd, _CALLS)).astype(np.int64)
    services = {"cv 0": np.full(_CALLS, MS_PER_MIN), "cv 1.5": lognormal_ms}
    sample = {}
    for name, work_ms in services.items():
        tasks, _ = _answered(engine, 1, poisson(rng, MS_PER_MIN / 0.8, _CALLS), work_ms)
        sample[f"mean wait (services), {name}"] = wait_ms(tasks).mean() / MS_PER_MIN
    return sample


def _wards(engine: Player, rng: np.random.Generator) -> Sample:
    """A patient is a call: no bed, no patience."""
    refused = []
    for load, beds in _WARDS.values():
        time_ms = poisson(rng, MS_PER_H / load, _CALLS)
        tasks, _ = _answered(engine, beds, time_ms, exponential(rng, MS_PER_H, _CALLS), 0)
        refused.append((tasks.outcome == Outcome.LOST).mean())
    return of_each("refused:", _WARDS, refused)


def _answered(
    engine: Player, servers: int, time_ms: Ints, work_ms: Ints, patience_ms: int | Ints = NEVER
) -> tuple[pd.DataFrame, Journal]:
    """Play calls until the last one is over; what became of those after the warm-up."""
    centre = room(servers, int(time_ms[-1] + work_ms.sum()) + 1)
    tasks, journal = play_calls(engine, centre, calls(time_ms, work_ms, patience_ms))
    return tasks[_WARM_UP:], journal


def _priorities(engine: Player, rng: np.random.Generator) -> Sample:
    """Incidents called in, viewing requests and letters: a mean service of an hour."""
    rates = np.array([*_CLASSES.values()])
    time_ms = poisson(rng, MS_PER_H / rates.sum(), _CALLS)
    work_ms = exponential(rng, MS_PER_H, _CALLS)
    group = rng.choice(len(rates), _CALLS, p=rates / rates.sum())
    police, request, letter = (np.flatnonzero(group == i) for i in range(len(rates)))
    centre = room(12, int(time_ms[-1] + work_ms.sum()) + 1, cameras=1)
    world = quiet(centre)._replace(
        incidents=called_in(time_ms[police], police, work_ms[police]),
        requests=calls(time_ms[request], work_ms[request])._replace(id=request),
        requisitions=table(
            Requisitions,
            len(letter),
            time_ms=time_ms[letter],
            id=letter,
            erased_ms=centre.horizon_ms,
            safeguard_ms=work_ms[letter],
        ),
    )
    tasks = engine(centre, world).tasks.to_pandas()
    waits_h = wait_ms(tasks[tasks.id >= _WARM_UP]) / MS_PER_H
    mean_h = waits_h.groupby(tasks.kind).mean()
    return of_each("mean wait (services) of class", range(1, 4), mean_h[[*_CLASSES]])
