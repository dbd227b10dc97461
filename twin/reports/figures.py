"""The figures of a stored run, and what must be said beside them, in French."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Literal

import pandas as pd
from babel.dates import format_date
from babel.numbers import format_decimal

from twin.contracts import Figure, Kind
from twin.model.indicators import load_indicators
from twin.scenarios.library import Library
from twin.scenarios.schema import Scenario
from twin.scenarios.store import Run, identify

__all__ = [
    "SHOWN_AS",
    "Family",
    "cells",
    "changed_levers",
    "chosen_figures",
    "day",
    "figures",
    "interval",
    "number",
    "outdated",
    "period",
    "unseen",
]

Family = Literal["observable", "model_only"]

LOCALE = "fr_FR"
SIGNIFICANT_DIGITS = 3
WHOLE_FROM = 1_000
"""Numbers are shown whole from here on."""

SHOWN_AS = {"part": ("%", 100.0), "days": ("jours", 1.0)}
"""Units of the indicators that a reader is shown otherwise, and by what they are multiplied."""


def figures(table: pd.DataFrame, stored: Run, family: Family) -> list[tuple[str, Figure]]:
    """Whole-centre indicators of one family, with their labels, in the order of their table.

    Parameters
    ----------
    table : DataFrame
        Indicators over the replications: `twin.scenarios.experiment.summary`.
    stored : Run
        The run they were computed from; the source of each figure names it.

    Returns
    -------
    list of (label, Figure)
        Low and high are the 95 % interval between replications, or the value when a single one was
        seen. Indicators without a value are not there: see `unseen`.
    """
    of_family = [key for key, each in load_indicators().items() if each.family == family]
    return chosen_figures(table, stored, of_family)


def chosen_figures(
    table: pd.DataFrame, stored: Run, names: Iterable[str]
) -> list[tuple[str, Figure]]:
    """Whole-centre indicators of these names that had a value; see `figures`."""
    rows, known = _of_centre(table), load_indicators()
    finished = max((row["n"] for row in rows.values()), default=0)
    return [
        (known[name].label, _figure(rows[name], stored, finished)) for name in names if name in rows
    ]


def unseen(table: pd.DataFrame, family: Family) -> list[str]:
    """Labels of the indicators of one family that had no case in any replication."""
    rows = _of_centre(table)
    known = load_indicators().items()
    return [each.label for key, each in known if each.family == family and key not in rows]


def cells(label: str, figure: Figure) -> dict[str, str]:
    """One row of a table that people read.

    Examples
    --------
    >>> figure = Figure(1234.5, 0.5, 2000, "h par an", Kind.COMPUTED, "calcul a, graine 7")
    >>> cells("Heures", figure)["Intervalle à 95 %"]
    '0,5 à 2\u202f000'
    """
    return {
        "Indicateur": label,
        "Valeur": f"{number(figure.value)}\u00a0{figure.unit}",
        "Intervalle à 95 %": interval(figure),
        "Nature": figure.kind.value,
        "Source": figure.source,
    }


def interval(figure: Figure) -> str:
    """Ends of the interval of a figure, or a dash when it has none."""
    alone = figure.low == figure.high
    return "—" if alone else f"{number(figure.low)} à {number(figure.high)}"


def number(value: float) -> str:
    """Write a number as a French reader expects it, with three significant digits.

    Examples
    --------
    >>> [number(value) for value in (0.012345, 12, 345.67, 1234567.8)]
    ['0,0123', '12', '346', '1\u202f234\u202f568']
    """
    whole = abs(value) >= WHOLE_FROM
    shown = round(value) if whole else float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return format_decimal(shown, locale=LOCALE, decimal_quantization=False)


def period(stored: Run) -> str:
    """First and last day simulated, as "du 04/01/2027 au 31/01/2027"."""
    horizon = stored.manifest["scenario"]["horizon"]
    first = date.fromisoformat(horizon["start"])
    last = first + timedelta(days=horizon["days"] - 1)
    start, end = (format_date(day, "dd/MM/yyyy", locale=LOCALE) for day in (first, last))
    return f"du {start} au {end}"


def day(iso: str) -> str:
    """Write a date as a French reader expects it.

    Examples
    --------
    >>> day("2027-01-04")
    '04/01/2027'
    """
    return format_date(date.fromisoformat(iso), "dd/MM/yyyy", locale=LOCALE)


def changed_levers(stored: Run, scenario: Scenario) -> list[str]:
    """Levers and assumptions that differ between a run and a scenario, as ``block.lever``."""
    return sorted(_differences(stored.manifest["scenario"], scenario.resolved()))


def outdated(stored: Run, library: Library) -> bool:
    """Whether the data or the model are no longer those of the run."""
    manifest = stored.manifest
    # Data and engine are the same part of the identity of every scenario.
    today = identify(manifest["name"], next(iter(library.scenarios.values())), manifest["seed"])
    return (manifest["data"], manifest["engine"]) != (today.data, today.engine)


def _of_centre(table: pd.DataFrame) -> dict[str, dict[Hashable, Any]]:
    centre = table[table["scope"] == "centre"]
    return {row["indicator"]: row for row in centre.to_dict("records")}


def _figure(row: Mapping[Hashable, Any], stored: Run, finished: int) -> Figure:
    unit, factor = SHOWN_AS.get(row["unit"], (row["unit"], 1.0))
    value, low, high = (factor * row[name] for name in ("mean", "low", "high"))
    if math.isnan(low):
        low = high = value
    seen = f"{row['n']} réplication{'s' if row['n'] > 1 else ''}"
    among = "" if row["n"] == finished else f" sur {finished}"
    source = f"calcul {stored.folder.name}, graine {stored.manifest['seed']}, {seen}{among}"
    return Figure(value, low, high, unit, Kind.COMPUTED, source)


def _differences(ours: object, theirs: object, path: str = "") -> Iterator[str]:
    if not (isinstance(ours, Mapping) and isinstance(theirs, Mapping)):
        if ours != theirs:
            yield path
        return
    for key in {**ours, **theirs}:
        yield from _differences(ours.get(key), theirs.get(key), f"{path}.{key}".lstrip("."))
