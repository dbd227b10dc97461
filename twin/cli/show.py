"""What the terminal shows of a run: a bar while it goes, tables when it is done."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from twin.files import digest
from twin.model.indicators import load_indicators
from twin.scenarios.experiment import Result
from twin.scenarios.store import Run

__all__ = ["Bar", "document", "mask", "show_result", "show_runs"]

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


def document(result: Result, *, named: bool) -> dict[str, Any]:
    """Return a run as JSON values; an interval that does not exist is null.

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
        "indicators": [
            {key: None if value != value else value for key, value in row.items()}  # noqa: PLR0124
            for row in table.to_dict(orient="records")
        ],
        "machine": result.stored.machine,
    }


def mask(insee: str, identity: str) -> str:
    """Name of a commune in an export: the same throughout a run, another in the next."""
    return f"commune {digest(identity, insee)[:6]}"


def show_result(result: Result) -> None:
    """Print the centre's indicators by family, then what the run is."""
    console = _console()
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
        console.print(table, "")
    for line in _facts(result):
        console.print(line, highlight=False, soft_wrap=True)


def show_runs(stored: Iterable[Run]) -> None:
    """Print the stored runs, an unfinished one as "7 of 20"."""
    table = Table("run", "seed", "days", "replications", box=None, pad_edge=False)
    for run in stored:
        days = run.manifest["scenario"]["horizon"]["days"]
        count = f"{len(run.finished())} of {run.asked}"
        table.add_row(run.folder.name, str(run.manifest["seed"]), str(days), count)
    _console().print(table)


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH_OF_A_FILE)


def _cells(row: Mapping[Hashable, Any] | None, replications: int) -> tuple[str, str]:
    """Mean and interval as shown; a value not seen in every replication says in how many."""
    if row is None:
        return "not seen", ""
    seen = "" if row["n"] == replications else f" (seen in {row['n']} of {replications})"
    interval = "" if math.isnan(row["low"]) else f"{_number(row['low'])} to {_number(row['high'])}"
    return _number(row["mean"]), f"{interval}{seen}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _facts(result: Result) -> Iterator[str]:
    manifest = result.stored.manifest
    horizon = manifest["scenario"]["horizon"]
    yield f"{manifest['name']}: {horizon['days']} days from {horizon['start']}"
    if horizon["days"] < DAYS_OF_A_YEAR:
        yield "shorter than a year: figures per year are this period's pace, not a year's total"
    if result.replications == 1:
        yield "one replication: no interval can be given"
    yield f"replications {result.replications}, seed {manifest['seed']}"
    yield f"identity {manifest['identity']}, kept in {result.stored.folder}"
