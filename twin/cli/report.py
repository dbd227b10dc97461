"""Pages, slides and workbooks written from a scenario's runs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.run import (
    CountOption,
    EngineName,
    EngineOption,
    WorkersOption,
    asked_experiment,
    asked_scenario,
    tell_compilation,
    worker_count,
)
from twin.cli.scenario import LibraryOption, NameArgument, SetOption

if TYPE_CHECKING:
    from twin.reports.message import Progress, Subject
    from twin.scenarios.library import Library
    from twin.scenarios.schema import Scenario

__all__ = ["report"]


def report(
    name: NameArgument,
    stress: Annotated[
        bool,
        typer.Option("--stress", help="The STRESS-DES checklist: what a reader needs to redo it."),
    ] = False,
    pptx: Annotated[
        bool, typer.Option("--pptx", help="Slides: one message each, with its number and envelope.")
    ] = False,
    xlsx: Annotated[
        bool, typer.Option("--xlsx", help="Workbook: assumptions, indicators, budget, communes.")
    ] = False,
    ethics: Annotated[
        bool, typer.Option("--ethics", help="One page for the ethics committee, as Markdown.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder; with --stress alone, the file."),
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="Show the communes' names, else masked.")
    ] = False,
    no_watermark: Annotated[
        bool, typer.Option("--no-watermark", help="Leave out of the slides that nobody has voted.")
    ] = False,
    runs: Annotated[Path, typer.Option("--runs", metavar="DIR", help="Folder of all runs.")] = Path(
        "runs"
    ),
    replications: CountOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = EngineName.KERNEL,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", min=0, help="Seed of the stored run.")
    ] = None,
    settings: SetOption = None,
    scenarios: LibraryOption = None,
) -> None:
    """Write reports on a scenario, in French.

    --stress reads a stored run, whose levers and seed must be those asked; the others play what is
    missing.
    """
    from twin.errors import InputError
    from twin.scenarios.library import load_library
    from twin.sources.optional import optional_library

    asked = [kind for kind, on in (("pptx", pptx), ("xlsx", xlsx), ("ethics", ethics)) if on]
    if not (stress or asked):
        raise InputError("which report? --stress, --pptx, --xlsx or --ethics")
    library = load_library(scenarios)
    scenario = asked_scenario(library, name, settings)
    experiment = asked_experiment(library.experiment, seed, replications)
    if stress:
        path = out if out and not asked else (out or Path()) / f"{name}-stress.md"
        _write(path, _stress(name, scenario, library, experiment.seed, runs, settings, scenarios))
    if not asked:
        return
    for module in ("babel", "openpyxl", "pptx", "vl_convert"):
        optional_library(module, "reports")
    from twin.reports.message import Subject

    label = library.recipes[name].label
    count = worker_count(workers)
    subject = Subject(name, label, scenario, experiment, runs, engine.value, count)
    for file, content in _documents(subject, asked, named=names, watermark=not no_watermark):
        _write((out or Path()) / file, content)


def _documents(
    subject: Subject, asked: list[str], *, named: bool, watermark: bool
) -> Iterator[tuple[str, bytes | str]]:
    """File name and content of each document, as it is ready; Ctrl-C ends it in one sentence."""
    from twin.cli.show import Bar

    tell_compilation(subject.engine)
    bar = Bar(subject.name, 1)
    try:
        for kind in asked:
            with bar:
                document = _document(
                    subject,
                    kind,
                    lambda _, done, wanted: bar.move(done, wanted),
                    named=named,
                    watermark=watermark,
                )
            yield document
    except KeyboardInterrupt:
        print("twin: interrupted, finished replications are kept", file=sys.stderr)
        raise typer.Exit(130) from None


def _document(
    subject: Subject, kind: str, progress: Progress, *, named: bool, watermark: bool
) -> tuple[str, bytes | str]:
    from twin.reports.ethics import ethics_report
    from twin.reports.message import played
    from twin.reports.messages import messages
    from twin.reports.slides import slides
    from twin.reports.workbook import workbook

    if kind == "xlsx":
        return f"{subject.name}.xlsx", workbook(subject, named=named, progress=progress)
    if kind == "ethics":
        return f"{subject.name}-ethics.md", ethics_report(subject, progress)
    stored, said = played(subject, progress).stored, messages(subject, progress)
    return f"{subject.name}.pptx", slides(subject, stored, said, named=named, watermark=watermark)


def _stress(
    name: str,
    scenario: Scenario,
    library: Library,
    seed: int,
    runs: Path,
    settings: list[str] | None,
    scenarios: Path | None,
) -> str:
    """Report on a run that is stored, or one sentence with the command that makes it."""
    from twin.errors import MissingError
    from twin.scenarios.store import Run, identify
    from twin.sources.optional import optional_library

    optional_library("babel", "ui")
    from twin.reports.stress import stress_report

    identity = identify(name, scenario, seed)
    stored = Run.found(identity, runs) if (runs / identity.folder).exists() else None
    if stored is None or not stored.finished():
        levers = [word for each in settings or [] for word in ("--set", each)]
        asked = ["twin", "run", name, "--seed", str(seed), "--out", str(runs), *levers]
        if scenarios is not None:
            asked += ["--scenarios", str(scenarios)]
        raise MissingError(
            f"{runs}: no run of {name} with these levers, data and seed; {shlex.join(asked)}"
        )
    return stress_report(stored, library)


def _write(path: Path, content: bytes | str) -> None:
    from twin.errors import InputError
    from twin.files import atomic_write

    try:
        atomic_write(path, content)
    except OSError as problem:
        raise InputError(f"{path}: cannot be written ({problem.strerror})") from None
    print(f"written: {path}")
