"""What the terminal shows of a run: a bar while it goes, tables when it is done."""

from __future__ import annotations

import math
import sys
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from twin.contracts import mask
from twin.model.indicators import load_indicators
from twin.planning.official import is_official, remaining, replaced
from twin.scenarios.experiment import Result
from twin.scenarios.schema import Scenario

__all__ = [
    "Bar",
    "console",
    "document",
    "number",
    "show_result",
    "show_sources",
    "sources",
    "watched",
]

FAMILIES = {
    "observable": "What a real centre's main courante could confirm",
    "model_only": "Indicateurs de modèle, non vérifiables",
}
WIDTH_OF_A_FILE = 120
"""Columns printed when nobody's terminal sets them."""

DAYS_OF_A_YEAR = 364
"""Whole weeks: a horizon below it does not see every season."""


class Bar(Progress):
    """Replications finished and wanted, drawn on stderr when it is a terminal.

    Attributes
    ----------
    done, wanted : int
    """

    def __init__(self, label: str, wanted: int) -> None:
        console = Console(stderr=True)
        super().__init__(
            TextColumn(label),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.done, self.wanted = 0, wanted
        self._drawn = self.add_task("", total=wanted)

    def move(self, done: int, wanted: int) -> None:
        """Show that `done` of `wanted` replications are finished."""
        self.done, self.wanted = done, wanted
        self.update(self._drawn, completed=done, total=wanted)


@contextmanager
def watched(label: str, wanted: int, kept: str = "replications kept") -> Iterator[Bar]:
    """Show a bar; Ctrl-C says how many `kept`, and exits with 130."""
    bar = Bar(label, wanted)
    try:
        with bar:
            yield bar
    except KeyboardInterrupt:
        print(f"twin: interrupted, {bar.done} of {bar.wanted} {kept}", file=sys.stderr)
        raise typer.Exit(130) from None


def document(result: Result, *, named: bool) -> dict[str, Any]:
    """Return a run as values that are printed as JSON.

    Communes are masked unless `named`: a hypothetical scenario is no claim about any of them.
    """
    manifest = result.stored.manifest
    table = result.indicators
    if not named:
        communes = table["scope"] == "commune"
        masks = [mask(key, manifest["identity"]) for key in table.loc[communes, "key"]]
        table = table.assign(
            key=table["key"].mask(communes, pd.Series(masks, table.index[communes]))
        )
    return {
        "identity": {"replications": result.replications} | manifest,
        "stop": vars(result.stop),
        "indicators": table.to_dict(orient="records"),
        "machine": result.stored.machine,
    }


def show_result(result: Result) -> None:
    """Print the centre's indicators by family, then what the run is and why it stopped."""
    terminal = console()
    rows = result.indicators.to_dict(orient="records")
    centre = {row["indicator"]: row for row in rows if row["scope"] == "centre"}
    for family, title in FAMILIES.items():
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        table.add_column("indicator")
        table.add_column("mean", justify="right")
        table.add_column("95 % interval", justify="right")
        table.add_column("unit")
        for key, indicator in load_indicators().items():
            if indicator.family == family:
                mean, interval = _cells(centre.get(key), result.replications)
                table.add_row(indicator.label, mean, interval, indicator.unit)
        terminal.print(table, "")
    for line in _facts(result):
        terminal.print(line, highlight=False, soft_wrap=True)


def sources(scenario: Scenario) -> dict[str, Any]:
    """Return what a scenario loses without press and partisan sources, as JSON values."""
    if not is_official(scenario):
        return {}
    lost = [asdict(each) for each in replaced(scenario)]
    return {"sources": {"replaced": lost, "remaining": [*map(str, remaining(scenario))]}}


def show_sources(scenario: Scenario) -> None:
    """Print what leaving press and partisan sources out changes, and what still rests on them."""
    if not is_official(scenario):
        return
    table = Table(title="Press and partisan sources left out", title_justify="left", box=None)
    for column in ("what", "with them", "without", "rests on"):
        table.add_column(column, overflow="fold")
    for each in replaced(scenario):
        table.add_row(each.what, each.before, each.after, each.source)
    terminal = console()
    terminal.print("", table, "")
    terminal.print("Still resting on press or partisan sources", style="italic")
    for sentence in remaining(scenario):
        terminal.print(f"- {sentence}", highlight=False, soft_wrap=True)


def console(*, highlight: bool = True) -> Console:
    """Terminal, or a file of a stated width."""
    terminal = Console(highlight=highlight)
    return terminal if terminal.is_terminal else Console(width=WIDTH_OF_A_FILE, highlight=highlight)


def _cells(row: Mapping[Hashable, Any] | None, replications: int) -> tuple[str, str]:
    """Mean and interval as shown; a value not seen in every replication says in how many."""
    if row is None:
        return "not seen", ""
    seen = "" if row["n"] == replications else f" (seen in {row['n']} of {replications})"
    interval = "" if math.isnan(row["low"]) else f"{number(row['low'])} to {number(row['high'])}"
    return number(row["mean"]), f"{interval}{seen}"


def number(value: float) -> str:
    """Write a number with three significant digits, whole from a thousand on."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _facts(result: Result) -> Iterator[str]:
    manifest = result.stored.manifest
    horizon = manifest["scenario"]["horizon"]
    yield f"{result.name}: {horizon['days']} days from {horizon['start']}"
    if horizon["days"] < DAYS_OF_A_YEAR:
        yield "shorter than a year: figures per year are this period's pace, not a year's total"
    if result.replications == 1:
        yield "one replication: no interval can be given"
    if manifest["scenario"]["seats"]["regime"] == "custom":
        yield "seats.regime: custom, non légal en l'état"
    yield f"replications {result.replications}, seed {manifest['seed']}; {result.stop.sentence}"
    yield f"identity {manifest['identity']}, kept in {result.stored.folder}"
