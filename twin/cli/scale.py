"""What a large question would cost, from what a few days of it cost here."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from twin.cli.run import EngineName, EngineOption, tell_compilation
from twin.cli.scenario import LibraryOption, NameArgument

__all__ = ["scale"]

SECONDS_PER_H = 3600


def scale(
    name: NameArgument,
    communes: Annotated[int, typer.Option("--communes", min=1, help="Communes of the centre.")],
    cameras: Annotated[int, typer.Option("--cameras", min=1, help="Cameras of the centre.")],
    years: Annotated[float, typer.Option("--years", min=0.01, help="Years per replication.")] = 1,
    replications: Annotated[int, typer.Option("--replications", min=1)] = 1,
    scenarios_asked: Annotated[
        int, typer.Option("--count", min=1, help="Scenarios of that size.")
    ] = 1,
    cores: Annotated[int, typer.Option("--cores", min=1, help="Cores that would play.")] = 2,
    days: Annotated[
        tuple[int, int], typer.Option("--days", metavar="NEAR FAR", help="Days played here.")
    ] = (28, 182),
    engine: EngineOption = EngineName.KERNEL,
    scenarios: LibraryOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Say what a question would cost: core-hours, hours, bytes kept, bytes held.

    A centre of that size is played here for a few days, twice each; its years are a line through
    both. Measure on a quiet machine: processor time also grows when caches are shared.
    """
    from rich.table import Table

    from twin.cli.show import console, number
    from twin.errors import InputError
    from twin.model.clock import DAYS_PER_YEAR
    from twin.planning.scale import measure_line
    from twin.scenarios.library import load_library

    if not 0 < days[0] < days[1]:
        raise InputError(f"--days {days[0]} {days[1]}: two rising numbers of days are expected")
    scenario = load_library(scenarios)[name]
    tell_compilation(engine.value)
    line = measure_line(scenario, communes, cameras, days, engine.value)
    asked = line.at(years * DAYS_PER_YEAR)
    tasks = scenarios_asked * replications
    # Every worker builds every centre, and so does, alone, the process that asks.
    shared_s = tasks * asked.replication_s + scenarios_asked * cores * asked.prepare_s
    alone_s = scenarios_asked * asked.prepare_s
    total = {
        "core_hours": (shared_s + alone_s) / SECONDS_PER_H,
        "hours": (shared_s / cores + alone_s) / SECONDS_PER_H,
        "kept_gb": tasks * asked.file_bytes / 1e9,
        "held_gb_per_worker": asked.held_bytes / 1e9,
    }
    if as_json:
        near, far = (asdict(cost) for cost in line.costs)
        content = {"near": near, "far": far, "replication": asdict(asked), "total": total}
        print(json.dumps({"days": days} | content, indent=1))
        return
    terminal = console()
    shown = (f"{days[0]} days", f"{days[1]} days", f"{number(years)} years")
    table = Table("one replication", *shown, box=None, pad_edge=False)
    near, far, whole = (asdict(cost) for cost in (*line.costs, asked))
    for stage in near:
        table.add_row(stage, *(number(each[stage]) for each in (near, far, whole)))
    terminal.print(table, "")
    terminal.print(
        f"{tasks:,} replications: {number(total['core_hours'])} core-hours, "
        f"{number(total['hours'])} hours on {cores} cores, {number(total['kept_gb'])} GB kept, "
        f"{number(total['held_gb_per_worker'])} GB held per worker and more while it measures",
        highlight=False,
        soft_wrap=True,
    )
