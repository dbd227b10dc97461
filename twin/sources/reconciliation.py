"""Our table against what was shown to the elected officials on 24 June 2025.

A total over the metropolis adds published cells only, so it depends on what is published. A trend
is therefore taken over the cells published in both of its years, and says how many they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from twin.errors import InputError
from twin.files import Row, read_rows
from twin.sources.facts import (
    AFD,
    FACTS_FILE,
    INDICATORS,
    PUBLISHED,
    read_communes,
    read_facts,
)
from twin.sources.ssmsi import DISCONTINUED, Base

__all__ = [
    "FIRST_YEAR",
    "SHOWN_YEAR",
    "CategoryLine",
    "Reconciliation",
    "Trend",
    "read_plenary",
    "reconcile",
    "trend",
]

SHOWN_YEAR = 2024
FIRST_YEAR = 2016
CLASSES = ("ville_centre", "ville_agglomeration", "ville_relais", "village_rural")
VEHICLE_THEFT = "Vols de véhicule"


@dataclass(frozen=True)
class CategoryLine:
    """One category of the plenary beside the indicator that corresponds to it.

    Attributes
    ----------
    shown, comparable : int
        Count shown, and the count of the same year under the definition our table uses: another
        one for the two categories replaced in July 2025.
    ours, cells, hidden : int
        Sum of our published cells, their number, and the number of those not published.
    """

    category: str
    indicator: str
    shown: int
    comparable: int
    ours: int
    cells: int
    hidden: int

    @property
    def difference(self) -> int:
        """Ours less what was shown, under one definition."""
        return self.ours - self.comparable


@dataclass(frozen=True)
class Trend:
    """Change of an indicator over the `cells` communes that publish it in both years.

    Attributes
    ----------
    scope : str
        ``all`` or an urban class.
    start, end : int
        Sums over those cells in `first` and `last`.
    shown_pct : float or None
        Change that the plenary announced for the same years.
    """

    indicator: str
    scope: str
    first: int
    last: int
    cells: int
    communes: int
    start: int
    end: int
    shown_pct: float | None = None

    @property
    def percent(self) -> float | None:
        """Change in percent, or None when the first year counts none."""
        return 100 * (self.end / self.start - 1) if self.start else None


@dataclass(frozen=True)
class Reconciliation:
    """Everything the comparison says; `older` is empty without a base of the older definition."""

    lines: tuple[CategoryLine, ...]
    announced: int
    long_trends: tuple[Trend, ...]
    short_trends: tuple[Trend, ...]
    older: tuple[Trend, ...]
    vehicle_theft: tuple[Trend, ...]

    @property
    def line_sum(self) -> int:
        """Sum of the categories shown."""
        return sum(line.shown for line in self.lines)

    @property
    def missing(self) -> int:
        """Facts announced in total that no category holds."""
        return self.announced - self.line_sum


def read_plenary(path: Path) -> list[Row]:
    """Rows of ``plenary_2024.csv``; blank numbers are None."""
    text = ("line", "category", "urban_class", "indicator", "definition")
    numbers = ("year", "count", "trend_pct", "count_new_definition")
    return read_rows(path, {**dict.fromkeys(text, str), **dict.fromkeys(numbers, _number)})


def reconcile(folder: Path, older: Base | None = None) -> Reconciliation:
    """Compare the facts of `folder` with what the plenary was shown.

    Parameters
    ----------
    folder : Path
        The data folder.
    older : Base, optional
        An official base that still counts "coups et blessures volontaires": it adds the trends
        under the definition that the plenary used.

    Examples
    --------
    >>> from twin.files import data_folder
    >>> reconcile(data_folder()).missing
    181
    """
    facts = read_facts(folder / FACTS_FILE)
    classes = read_communes(folder).set_index("insee")["urban_class"]
    rows = read_plenary(folder / "plenary_2024.csv")
    shown = {(row["indicator"], row["urban_class"]): row["trend_pct"] for row in rows}
    totals = {row["year"]: row["count"] for row in rows if row["line"] == "announced_total"}
    followed = [name for name in INDICATORS if name != AFD]
    before = SHOWN_YEAR - 1
    return Reconciliation(
        lines=tuple(_line(facts, row) for row in rows if row["line"] == "category"),
        announced=totals[SHOWN_YEAR],
        long_trends=tuple(trend(facts, name, FIRST_YEAR, SHOWN_YEAR) for name in followed),
        short_trends=tuple(
            trend(facts, name, before, SHOWN_YEAR, shown_pct=shown.get((name, "all")))
            for name in followed
        ),
        older=_older_trends(older) if older else (),
        vehicle_theft=tuple(
            trend(
                facts[facts["insee"].map(classes) == scope],
                VEHICLE_THEFT,
                before,
                SHOWN_YEAR,
                scope=scope,
                shown_pct=shown.get((VEHICLE_THEFT, scope)),
            )
            for scope in CLASSES
        ),
    )


def trend(
    facts: pd.DataFrame,
    indicator: str,
    first: int,
    last: int,
    *,
    scope: str = "all",
    shown_pct: float | None = None,
) -> Trend:
    """Change of `indicator` between two years, over the cells published in both.

    Raises
    ------
    InputError
        The table does not hold one of the years for this indicator.
    """
    rows = facts[(facts["indicator"] == indicator) & facts["year"].isin([first, last])]
    counts = rows.pivot(index="insee", columns="year", values="count")
    if not {first, last} <= set(counts.columns):
        raise InputError(f"{indicator}: the years {first} and {last} are needed")
    both = counts.dropna()
    start, end = int(both[first].sum()), int(both[last].sum())
    return Trend(indicator, scope, first, last, len(both), len(counts), start, end, shown_pct)


def _older_trends(older: Base) -> tuple[Trend, ...]:
    """Trends of the labels that `older` still holds, up to the year shown or its last one."""
    names = [name for name in DISCONTINUED if name in set(older.discontinued["indicator"])]
    if not names:
        raise InputError("the older base holds none of: " + ", ".join(DISCONTINUED))
    last = min(SHOWN_YEAR, int(older.discontinued["year"].max()))
    return tuple(
        trend(older.discontinued, name, first, last)
        for first in (FIRST_YEAR, last - 1)
        for name in names
    )


def _line(facts: pd.DataFrame, row: Row) -> CategoryLine:
    cells = facts[(facts["indicator"] == row["indicator"]) & (facts["year"] == row["year"])]
    published = cells[cells["status"] == PUBLISHED]
    return CategoryLine(
        row["category"],
        row["indicator"],
        shown=row["count"],
        comparable=row["count_new_definition"] or row["count"],
        ours=int(published["count"].sum()),
        cells=len(published),
        hidden=len(cells) - len(published),
    )


def _number(cell: str) -> int | None:
    return int(cell) if cell else None
