"""Look after the stored runs: list them, remove those that nothing will read again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.run import OutOption

if TYPE_CHECKING:
    from twin.scenarios.store import Run

__all__ = ["app"]

app = typer.Typer(
    help="List the stored runs, or remove the useless ones.", invoke_without_command=True
)


@app.callback()
def runs(context: typer.Context, out: OutOption = Path("runs")) -> None:
    """List the stored runs."""
    if context.invoked_subcommand is None:
        list_(out)


@app.command("list")
def list_(
    out: OutOption = Path("runs"),
    searches: Annotated[
        bool, typer.Option("--searches", help="The variants that searches played.")
    ] = False,
) -> None:
    """List the stored runs: scenario, seed, days, finished replications, size, state."""
    from rich.table import Table

    from twin.cli.show import console
    from twin.scenarios.store import SEARCHES, damaged_runs, size, stored_runs

    terminal = console()
    shelf = out / SEARCHES if searches else out
    table = Table("run", "seed", "days", "replications", "size", "", box=None, pad_edge=False)
    for run in stored_runs(shelf):
        days = run.manifest["scenario"]["horizon"]["days"]
        count = f"{len(run.finished())} of {run.asked}"
        state = "outdated" if run.outdated else ""
        cells = (run.folder.name, str(run.manifest["seed"]), str(days), count)
        table.add_row(*cells, _megabytes(size(run.folder)), state)
    for folder in damaged_runs(shelf):
        table.add_row(folder.name, "", "", "", _megabytes(size(folder)), "damaged")
    terminal.print(table)
    for sentence in damaged_runs(shelf).values():
        terminal.print(f"damaged: {sentence}", highlight=False, soft_wrap=True)
    if not searches and (found := list((out / SEARCHES).glob("*/manifest.json"))):
        total = _megabytes(sum(size(path.parent) for path in found))
        terminal.print(f"{len(found)} more of searches, {total}: twin runs list --searches")


@app.command()
def prune(
    out: OutOption = Path("runs"),
    interrupted: Annotated[
        bool, typer.Option("--interrupted", help="Also runs with fewer replications than asked.")
    ] = False,
    damaged: Annotated[
        bool, typer.Option("--damaged", help="Also runs whose manifest cannot be read.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
) -> None:
    """Remove the runs whose data or model are no longer today's, searches included.

    Shows them first, then asks. Without a terminal to ask, and without --yes, nothing is removed.
    """
    from twin.scenarios.store import SEARCHES, damaged_runs, remove, size, stored_runs

    useless: dict[Path, str] = {}
    for shelf in (out, out / SEARCHES):
        for run in stored_runs(shelf):
            if reasons := ", ".join(_reasons(run, interrupted)):
                useless[run.folder] = reasons
        useless |= dict.fromkeys(damaged_runs(shelf) if damaged else (), "damaged")
    for folder, reason in useless.items():
        print(f"{folder}: {reason}, {_megabytes(size(folder))}")
    if not useless:
        print("no run to remove")
        return
    total = _megabytes(sum(map(size, useless)))
    if not yes and not sys.stdin.isatty():
        print(f"{len(useless)} runs, {total}: nothing removed, --yes removes them")
        return
    if yes or typer.confirm(f"Remove these {len(useless)} runs, {total}?"):
        for folder in useless:
            remove(folder)
        print(f"{len(useless)} runs removed, {total}")


def _reasons(run: Run, interrupted: bool) -> Iterator[str]:
    if run.outdated:
        yield "made with other data or another model"
    if interrupted and run.interrupted:
        yield f"{len(run.finished())} of {run.asked} replications"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
