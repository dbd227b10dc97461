"""Print the ratios of docs/performance.md and draw its pictures: ``python -m tests.bench``."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

from tests.bench import growth, queue, year

_PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


def _year() -> None:
    taken_s = year.measured()
    reference_s = taken_s["reference"]
    whole_s = taken_s["world"] + taken_s["kernel"] + taken_s["indicators"]
    print("| step | processor ms | SimPy engine alone, as a multiple |\n|---|---|---|")
    for name, value_s in taken_s.items():
        print(f"| {name} | {1e3 * value_s:,.0f} | {reference_s / value_s:,.0f} |")
    print(f"| world, kernel, indicators | {1e3 * whole_s:,.0f} | {reference_s / whole_s:,.0f} |\n")


def _queue() -> None:
    rates = {name: queue.customers_per_s(name) for name in queue.SIMULATORS}
    ours, _ = rates["kernel of the centre"]
    print("| simulator | customers per second | 95 % interval | kernel / this |\n|---|---|---|---|")
    for name, (mean, half) in rates.items():
        bounds = f"{mean - half:,.0f} to {mean + half:,.0f}"
        print(f"| {name} | {mean:,.0f} | {bounds} | {ours / mean:,.1f} |")
    print()


def _growth() -> None:
    curves = {
        "demand": [growth.of_demand(times) for times in growth.DEMANDS],
        "communes": [growth.of_communes(copies) for copies in growth.TERRITORIES],
    }
    print("| growth of | size | tasks in four weeks | µs per task |\n|---|---|---|---|")
    for name, costs in curves.items():
        for cost in costs:
            print(f"| {name} | {cost.size} | {cost.tasks:,} | {cost.microseconds:.2f} |")
        growth.drawn(costs, f"growth of {name}", _PICTURES / f"performance_{name}.svg")


if __name__ == "__main__":
    tools = ", ".join(f"{name} {version(name)}" for name in ("numba", "simpy", "ciw", "salabim"))
    print(f"Python {platform.python_version()}, {tools}\n")
    _year()
    _queue()
    _growth()
