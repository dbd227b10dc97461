"""Verbs of the facts: check, reconcile, import, verify, refresh."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from twin.sources.reconciliation import Reconciliation, Trend

__all__ = ["app"]

app = typer.Typer(help="The facts: check, compare, import, refresh.", no_args_is_help=True)
imports = typer.Typer(help="Read an official file into a table of ours.", no_args_is_help=True)
app.add_typer(imports, name="import")

SHOWN_CELLS = 20

OfficialFile = Annotated[
    Path, typer.Argument(help="Communal base of the SSMSI: csv, csv.gz or parquet, any edition.")
]


@app.command()
def check() -> None:
    """Validate every table and its description, then compare with the plenary of June 2025."""
    from twin.files import data_folder
    from twin.sources.package import check_package
    from twin.sources.reconciliation import reconcile
    from twin.sources.rules import RULES

    faults = check_package(data_folder())
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        typer.echo(f"{len(faults)} faults in {data_folder()}", err=True)
        raise typer.Exit(1)
    typer.echo(f"Every table is as described and the {len(RULES)} rules hold.")
    _print_reconciliation(reconcile(data_folder()))


@app.command(name="reconcile")
def reconcile_command(
    older: Annotated[
        Path | None,
        typer.Option(help="Official base that still counts coups et blessures volontaires."),
    ] = None,
) -> None:
    """Compare our facts with those shown to the elected officials on 24 June 2025."""
    from twin.files import data_folder
    from twin.sources.facts import read_communes
    from twin.sources.reconciliation import reconcile
    from twin.sources.ssmsi import read_base

    folder = data_folder()
    base = read_base(older, read_communes(folder)["insee"]) if older else None
    _print_reconciliation(reconcile(folder, base))


@imports.command(name="ssmsi")
def import_ssmsi(
    file: OfficialFile,
    out: Annotated[
        Path | None, typer.Option(help="Where to write; data/recorded_facts.csv by default.")
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--all", help="Every commune of the file, not only ours; needs --out.")
    ] = False,
) -> None:
    """Write the facts of an official base in the shape of recorded_facts.csv.

    Our own table is replaced by a complete edition only: each commune, indicator and year we hold.
    Indicators of an older definition go to a file of their own beside the other one.
    """
    from twin.files import data_folder
    from twin.sources.facts import (
        FACTS_FILE,
        read_communes,
        read_facts,
        require_complete,
        write_facts,
    )
    from twin.sources.ssmsi import read_base

    if everywhere and out is None:
        raise InputError("--all needs --out: our own table holds our communes only")
    communes = read_communes(data_folder())["insee"]
    base = read_base(file, None if everywhere else communes)
    if out is None:
        out = data_folder() / FACTS_FILE
        years = read_facts(out)["year"]
        require_complete(base.facts, communes, years, f"{file} (--out writes it elsewhere)")
    write_facts(out, base.facts)
    typer.echo(f"{len(base.facts)} cells written to {out}")
    if len(base.discontinued):
        apart = out.with_name(f"{out.stem}_discontinued{out.suffix}")
        write_facts(apart, base.discontinued)
        typer.echo(f"{len(base.discontinued)} cells of an older definition written to {apart}")


@app.command()
def verify(file: OfficialFile) -> None:
    """Show where an official base and our table do not say the same; exit code 1 if they differ.

    What the file publishes and we did not know is shown, and is not a disagreement.
    """
    from rich.console import Console

    from twin.files import data_folder
    from twin.sources.facts import FACTS_FILE, differences, read_communes, read_facts
    from twin.sources.ssmsi import read_base

    folder = data_folder()
    base = read_base(file, read_communes(folder)["insee"])
    found = differences(read_facts(folder / FACTS_FILE), base.facts)
    Console().print(_difference_table(found))
    if (found["kind"] != "learnt").any():
        raise typer.Exit(1)


@app.command()
def refresh() -> None:
    """Fetch the recorded facts and the outlines of the communes from the public services."""
    from rich.console import Console

    from twin.files import data_folder
    from twin.sources.refresh import public_client
    from twin.sources.refresh import refresh as fetch

    with public_client() as client:
        brought = fetch(data_folder(), client)
    Console().print(_difference_table(brought.changes))
    typer.echo(f"{brought.title}: written to {data_folder()}; note its date in datapackage.json")


def _difference_table(found: pd.DataFrame) -> Table:
    kinds = ", ".join(f"{count} {kind}" for kind, count in found["kind"].value_counts().items())
    table = _table(kinds or "no difference", "insee", "year", "indicator", "kind", "ours", "file")
    contradictions_first = found.sort_values(
        "kind", key=lambda kind: kind == "learnt", kind="stable"
    )
    for cell in contradictions_first.head(SHOWN_CELLS).to_dict("records"):
        table.add_row(*(str(value) for value in cell.values()))
    if len(found) > SHOWN_CELLS:
        table.caption = f"the first {SHOWN_CELLS} of {len(found)}"
    return table


def _print_reconciliation(found: Reconciliation) -> None:
    from rich.console import Console

    console = Console()
    console.print(_category_table(found))
    console.print(
        f"The 13 categories add to {found.line_sum:,}; {found.announced:,} were announced:"
        f" {found.missing} facts are in no category shown."
    )
    replaced = [line for line in found.lines if line.comparable != line.shown]
    for line in replaced:
        console.print(
            f"Counted otherwise since July 2025: {line.category},"
            f" {line.shown:,} -> {line.comparable:,}."
        )
    console.print(
        _trend_table("Trends, over the communes that publish both years", found.long_trends)
    )
    short = _trend_table("Trends beside those announced", found.short_trends)
    short.caption = "announced under the older definition: " + ", ".join(
        line.category for line in replaced
    )
    console.print(short)
    if found.older:
        console.print(_trend_table("Trends under the definition the plenary used", found.older))
    else:
        console.print(
            "No table of ours holds the older definition of violence (victims of 15 or more):\n"
            "twin data reconcile --older FILE reads it from an edition before July 2025.\n"
        )
    console.print(_trend_table("Vehicle theft by urban class", found.vehicle_theft))


def _category_table(found: Reconciliation) -> Table:
    table = _table(
        "Plenary of 24 June 2025 and our published cells, 2024",
        "category",
        "shown",
        "same definition",
        "ours",
        "difference",
        "cells",
        "not published",
    )
    for line in found.lines:
        table.add_row(
            line.category,
            f"{line.shown:,}",
            f"{line.comparable:,}" if line.comparable != line.shown else "",
            f"{line.ours:,}",
            f"{line.difference:+,}",
            str(line.cells),
            str(line.hidden),
        )
    return table


def _trend_table(title: str, trends: tuple[Trend, ...]) -> Table:
    table = _table(title, "indicator", "years", "cells", "from", "to", "change", "announced")
    for one in trends:
        table.add_row(
            one.indicator if one.scope == "all" else one.scope,
            f"{one.first}-{one.last}",
            f"{one.cells} of {one.communes}",
            f"{one.start:,}",
            f"{one.end:,}",
            "" if one.percent is None else f"{one.percent:+.1f} %",
            "" if one.shown_pct is None else f"{one.shown_pct:+} %",
        )
    return table


def _table(title: str, *columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    for column in columns:
        text = column in {"category", "indicator", "kind", "insee", "year", "years"}
        table.add_column(column, justify="left" if text else "right")
    return table
