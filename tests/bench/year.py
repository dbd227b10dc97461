"""One year of the reference scenario, step by step."""

from __future__ import annotations

from tests.bench.stopwatch import least_s
from twin.model.centre import kernel, reference
from twin.model.workload import sample_world
from twin.scenarios.experiment import prepare
from twin.scenarios.library import load_scenario

__all__ = ["measured"]


def measured(repeats: int = 7) -> dict[str, float]:
    """Processor seconds of each step, least of several; the reference is played twice."""
    prepared = prepare(load_scenario("reference"))
    centre = prepared.centre

    def world() -> object:
        return sample_world(
            centre,
            prepared.territory,
            prepared.calendar,
            prepared.demand,
            prepared.assumptions,
            plan=prepared.plan,
            seed=1,
            replication=1,
        )

    met = world()
    journal = kernel.simulate(centre, met)
    return {
        "world": least_s(world, repeats),
        "kernel": least_s(lambda: kernel.simulate(centre, met), repeats),
        "indicators": least_s(lambda: prepared.measured(journal), repeats),
        "reference": least_s(lambda: reference.simulate(centre, met), 2),
    }
