"""What a task costs the kernel as the demand or the number of communes grows."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

from tests.bench.stopwatch import least_s
from twin.model.centre import kernel
from twin.model.territory import Territory
from twin.model.workload import sample_world
from twin.scenarios.experiment import Prepared, prepare
from twin.scenarios.library import load_scenario

__all__ = ["DEMANDS", "TERRITORIES", "Cost", "drawn", "of_communes", "of_demand"]

DEMANDS = (1, 2, 4, 7, 10)
TERRITORIES = (1, 2, 5, 10, 25)
"""Copies of the 38 communes of the reference scenario."""
_DAYS = 28
_CODES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Cost:
    """A run: how large it is, the tasks that came of it, and the processor time of each."""

    growth: str
    size: int
    tasks: int
    microseconds: float


def of_demand(times: int) -> Cost:
    """Cost of a task where everything that arrives does so `times` as often, in the same room."""
    prepared = prepare(load_scenario("reference").with_overrides({"horizon": {"days": _DAYS}}))
    louder = copy(prepared.demand)
    louder._per_camera = {kind: times * rate for kind, rate in louder._per_camera.items()}
    return _cost("demand", times, replace(prepared, demand=louder))


def of_communes(copies: int) -> Cost:
    """Cost of a task among copies of the communes of the reference, before the same room."""
    scenario = load_scenario("reference").with_overrides({"horizon": {"days": _DAYS}})
    communes = [
        replace(commune, insee=_CODES[number] + commune.insee[1:])
        for number in range(copies)
        for commune in prepare(scenario).territory.communes
    ]
    territory = Territory(tuple(sorted(communes, key=lambda commune: commune.insee)))
    return _cost("communes", len(communes), prepare(scenario, territory=territory))


def _cost(growth: str, size: int, prepared: Prepared) -> Cost:
    world = sample_world(
        prepared.centre,
        prepared.territory,
        prepared.calendar,
        prepared.demand,
        prepared.assumptions,
        plan=prepared.plan,
        seed=1,
        replication=1,
    )
    tasks = len(kernel.simulate(prepared.centre, world).tasks)
    taken_s = least_s(lambda: kernel.simulate(prepared.centre, world), 5)
    return Cost(growth, size, tasks, 1e6 * taken_s / tasks)


def drawn(costs: list[Cost], label: str, path: Path) -> None:
    """Write the picture of the costs, and of the multiple of log n that starts with them."""
    rows = pd.DataFrame(list(_points(costs)))
    chart = (
        alt.Chart(rows, width=420, height=240)
        .mark_line(point=True)
        .encode(
            alt.X("tasks:Q", title="tasks in four weeks (n)", scale=alt.Scale(type="log")),
            alt.Y("microseconds:Q", title="processor time per task (µs)"),
            alt.Color("curve:N", title=label),
        )
    )
    chart.save(path)


def _points(costs: list[Cost]) -> Iterator[dict[str, object]]:
    first = costs[0]
    for cost in costs:
        growth = np.log(cost.tasks) / np.log(first.tasks)
        yield {"tasks": cost.tasks, "microseconds": cost.microseconds, "curve": "kernel"}
        yield {"tasks": cost.tasks, "microseconds": first.microseconds * growth, "curve": "log n"}
