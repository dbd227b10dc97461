"""What the reference engine costs: SimPy events per second, and the cost of a task under load."""

from __future__ import annotations

from functools import cache
from time import perf_counter

import numpy as np
import pytest
import simpy
from pytest_benchmark.fixture import BenchmarkFixture

from tests.model.centre.scene import (
    RULES,
    Call,
    Commune,
    Incident,
    Letter,
    Scene,
    Seat,
    Shift,
    Slot,
)
from twin.model.centre.journal import Journal
from twin.model.centre.reference import simulate
from twin.model.centre.world import EndOfShift, Kind
from twin.model.clock import MS_PER_DAY, MS_PER_H, MS_PER_MIN, MS_PER_S

pytestmark = pytest.mark.alone

DAYS = 14
COMMUNES, CAMERAS = 6, 10
EVENTS = 7_285
ROWS = (1_450, 1_347, 611)
"""Of the nominal demand; another count means another engine."""


@cache
def scene(demand: int) -> Scene:
    """Two weeks of six communes and sixty cameras before three seats around the clock."""
    rng = np.random.default_rng(2027)
    horizon = DAYS * MS_PER_DAY

    def instants(per_day: float) -> list[int]:
        return rng.integers(0, horizon, rng.poisson(demand * per_day * DAYS)).tolist()

    def length(mean_min: float) -> int:
        return 1 + int(rng.exponential(mean_min * MS_PER_MIN))

    thirds = range(0, horizon, 8 * MS_PER_H)
    shifts = tuple(
        Shift(at, at + 8 * MS_PER_H, ((at + 4 * MS_PER_H, 30 * MS_PER_MIN),)) for at in thirds
    )
    slots = [
        Slot(day + hour * MS_PER_H, day + (hour + 6) * MS_PER_H, commune)
        for day in range(0, horizon, MS_PER_DAY)
        for hour in (0, 6, 12, 18)
        for commune in range(COMMUNES)
    ]
    return Scene(
        horizon=horizon,
        communes=(Commune(cameras=CAMERAS, window=0, check=5 * MS_PER_MIN),) * COMMUNES,
        windows=(((0, horizon),),),
        seats=(Seat(shifts, watches=True),) * 3,
        incidents=tuple(
            Incident(
                at,
                view=length(8),
                camera=int(rng.integers(COMMUNES * CAMERAS)),
                kind=Kind.POLICE if rng.random() < 0.5 else Kind.NUISANCE,
                threshold=rng.exponential(),
                alerted=True,
                qualify=length(2),
                line=length(2),
                responder=length(10),
                write=length(3),
            )
            for at in instants(60)
        ),
        calls=tuple(
            Call(at, length(10), length(15), int(rng.integers(COMMUNES))) for at in instants(10)
        ),
        letters=tuple(
            Letter(
                at,
                length(20),
                length(120),
                erased=at + 10 * MS_PER_DAY,
                due=at + 7 * MS_PER_DAY,
                commune=int(rng.integers(COMMUNES)),
            )
            for at in instants(3)
        ),
        patrols=tuple(slots),
        checks=tuple(
            Slot(slot.start, slot.start + MS_PER_DAY // 2, slot.commune)
            for slot in slots
            if slot.start % MS_PER_DAY == 6 * MS_PER_H
        ),
        rules=RULES._replace(
            wall_hazard_per_ms=0.75 / (10 * MS_PER_MIN),
            patrol_hazard_per_ms=1.9 / (10 * MS_PER_MIN),
            resume_ms=MS_PER_MIN,
            handover_ms=2 * MS_PER_MIN,
            end_of_shift=int(EndOfShift.HAND_OVER),
            dwell_ms=20 * MS_PER_S,
        ),
    )


def rows(journal: Journal) -> tuple[int, int, int]:
    return (len(journal.tasks), len(journal.spells), len(journal.attention))


def test_events_per_second(benchmark: BenchmarkFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    centre, world = scene(1).centre, scene(1).world
    steps = []
    with monkeypatch.context() as counting:
        step = simpy.Environment.step
        counting.setattr(simpy.Environment, "step", lambda env: (steps.append(1), step(env)))
        simulate(centre, world)
    journal = benchmark.pedantic(simulate, (centre, world), rounds=5, warmup_rounds=1)
    benchmark.extra_info["events_per_s"] = len(steps) / benchmark.stats["min"]
    assert (len(steps), rows(journal)) == (EVENTS, ROWS)


def test_the_cost_of_a_task_under_three_times_the_demand() -> None:
    cost_s = {}
    for demand in (1, 3):
        centre, world = scene(demand).centre, scene(demand).world
        tasks = len(simulate(centre, world).tasks)
        cost_s[demand] = min(_duration_s(centre, world) for _ in range(3)) / tasks
    assert cost_s[3] <= 4 * cost_s[1]


def _duration_s(*inputs: object) -> float:
    start = perf_counter()
    simulate(*inputs)  # type: ignore[arg-type]
    return perf_counter() - start
