"""Pages written from a stored run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from twin.cli.scenario import LibraryOption, NameArgument, SetOption

__all__ = ["report"]


def report(
    name: NameArgument,
    stress: Annotated[
        bool,
        typer.Option("--stress", help="The STRESS-DES checklist: what a reader needs to redo it."),
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Markdown; NAME-stress.md if none.")
    ] = None,
    runs: Annotated[Path, typer.Option("--runs", metavar="DIR", help="Folder of all runs.")] = Path(
        "runs"
    ),
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", min=0, help="Seed of the stored run.")
    ] = None,
    settings: SetOption = None,
    scenarios: LibraryOption = None,
) -> None:
    """Write a report on a stored run, in French; the levers and seed must be those of the run."""
    from twin.errors import InputError, MissingError
    from twin.files import atomic_write
    from twin.scenarios.library import load_library
    from twin.scenarios.schema import assignments
    from twin.scenarios.store import Run, identify
    from twin.sources.optional import optional_library

    if not stress:
        raise InputError("which report? --stress is the only one")
    optional_library("babel", "ui")
    from twin.reports.stress import stress_report

    library = load_library(scenarios)
    scenario = library[name].with_overrides(assignments(settings or []), "command line")
    identity = identify(name, scenario, library.experiment.seed if seed is None else seed)
    stored = Run.found(identity, runs) if (runs / identity.folder).exists() else None
    if stored is None or not stored.finished():
        levers = [word for each in settings or [] for word in ("--set", each)]
        asked = ["twin", "run", name, "--seed", str(identity.seed), "--out", str(runs), *levers]
        if scenarios is not None:
            asked += ["--scenarios", str(scenarios)]
        raise MissingError(
            f"{runs}: no run of {name} with these levers, data and seed; {shlex.join(asked)}"
        )
    path = out or Path(f"{name}-stress.md")
    try:
        atomic_write(path, stress_report(stored, library))
    except OSError as problem:
        raise InputError(f"{path}: cannot be written ({problem.strerror})") from None
    print(f"written: {path}")
