"""Run a scenario."""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.scenario import LibraryOption, NameArgument, SetOption

if TYPE_CHECKING:
    from twin.model.centre.engines import Engine
    from twin.scenarios.library import Library
    from twin.scenarios.schema import Experiment, Scenario

__all__ = [
    "CountOption",
    "DaskOption",
    "DaysOption",
    "EngineName",
    "EngineOption",
    "JsonOption",
    "OfficialOption",
    "OutOption",
    "SeedOption",
    "WorkersOption",
    "asked_experiment",
    "asked_scenario",
    "print_json",
    "run",
    "tell_compilation",
    "worker_count",
]


class EngineName(StrEnum):
    """Names of the engines, as the command line takes them."""

    KERNEL = "kernel"
    REFERENCE = "reference"


OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of all runs.")]
CountOption = Annotated[
    int | None,
    typer.Option(
        "--replications", metavar="N", help="Exactly this many, whatever the file's experiment."
    ),
]
DaysOption = Annotated[
    int | None, typer.Option("--days", metavar="D", help="Same as --set horizon.days=D.")
]
EngineOption = Annotated[
    EngineName,
    typer.Option("--engine", help="Who plays it: the same bytes; the reference needs no compiler."),
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="S", help="First entropy of every random stream.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="W", help="Replications played at once; every core by default."
    ),
]
DaskOption = Annotated[
    str | None,
    typer.Option(
        "--dask", metavar="ADDRESS", help="Play on a Dask cluster, as tcp://127.0.0.1:8786."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
OfficialOption = Annotated[
    bool,
    typer.Option(
        "--official-only", help="Without press and partisan sources; says what that replaces."
    ),
]


def run(
    name: NameArgument,
    replications: CountOption = None,
    days: DaysOption = None,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = EngineName.KERNEL,
    official_only: OfficialOption = False,
    settings: SetOption = None,
    scenarios: LibraryOption = None,
    out: OutOption = Path("runs"),
    as_json: JsonOption = False,
    names: Annotated[
        bool, typer.Option("--names", help="Show the communes' codes in the JSON, else masked.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="As many replications as the stored run was asked.")
    ] = False,
    tables: Annotated[
        bool, typer.Option("--tables", help="Keep the journal of each replication too.")
    ] = False,
    dask: DaskOption = None,
) -> None:
    """Run a scenario and print the centre's indicators.

    Replications already stored for the same scenario, data, engine and seed are never run again;
    Ctrl-C keeps the finished ones.
    """
    from twin.cli.show import document, show_result, show_sources, sources, watched
    from twin.scenarios import experiment as experiments
    from twin.scenarios.library import load_library

    library = load_library(scenarios)
    scenario = asked_scenario(library, name, settings, days, official_only)
    experiment = asked_experiment(library.experiment, seed, replications)
    if resume:
        experiment = _resumed(name, scenario, experiment, replications, out)
    tell_compilation(engine.value)
    with watched(name, experiment.replications) as bar:
        result = experiments.run(
            scenario,
            experiment,
            name=name,
            out=out,
            workers=worker_count(workers),
            engine=engine.value,
            progress=bar.move,
            keep_tables=tables,
            cluster=dask,
        )
    if as_json:
        print_json(document(result, named=names) | sources(scenario))
    else:
        show_result(result)
        show_sources(scenario)


def tell_compilation(*engines: Engine) -> None:
    """Say that the wait is the compiler's, when it is."""
    from twin.model.centre.engines import COMPILING, must_compile

    if any(map(must_compile, engines)):
        print(f"twin: {COMPILING}", file=sys.stderr)


def worker_count(asked: int | None) -> int:
    """Return the workers asked for, or one per core."""
    return (os.cpu_count() or 1) if asked is None else asked


def print_json(content: object) -> None:
    """Print values as JSON; what JSON has no number for is null."""
    from twin.files import plain

    print(json.dumps(plain(content), indent=1, ensure_ascii=False, allow_nan=False))


def asked_scenario(
    library: Library,
    name: str,
    settings: list[str] | None,
    days: int | None = None,
    official_only: bool = False,
) -> Scenario:
    """Return a scenario with what the command line changes of it."""
    from twin.scenarios.schema import assignments

    every = [*(settings or []), *([] if days is None else [f"horizon.days={days}"])]
    scenario = library[name].with_overrides(assignments(every), "command line")
    if not official_only:
        return scenario
    from twin.planning.official import official

    return official(scenario)


def asked_experiment(shipped: Experiment, seed: int | None, replications: int | None) -> Experiment:
    """Return the experiment with the seed and the number of replications of the command line."""
    from twin.files import validated
    from twin.scenarios.schema import Experiment

    given = {} if seed is None else {"seed": seed}
    experiment = validated(Experiment, shipped.model_dump() | given, "command line")
    return experiment if replications is None else experiment.exactly(replications)


def _resumed(
    name: str, scenario: Scenario, experiment: Experiment, replications: int | None, out: Path
) -> Experiment:
    from twin.errors import InputError
    from twin.scenarios.store import Run, identify

    if replications is not None:
        raise InputError("--resume goes on to the number asked before: leave out --replications")
    return experiment.exactly(Run.found(identify(name, scenario, experiment.seed), out).asked)
