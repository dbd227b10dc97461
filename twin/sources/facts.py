"""The table of recorded facts: its indicators, its states, how it is read, written and compared.

One row per commune, year and indicator. `published`: the count is given, 0 is a true zero.
`suppressed`: the producer hides it, which bounds nothing. `unknown`: neither is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from io import StringIO
from pathlib import Path

import pandas as pd

from twin.errors import InputError, did_you_mean
from twin.files import atomic_write, read_rows

__all__ = [
    "AFD",
    "COLUMNS",
    "FACTS_FILE",
    "FRAUD",
    "INDICATORS",
    "PUBLISHED",
    "STATUSES",
    "SUPPRESSED",
    "differences",
    "fact_table",
    "read_communes",
    "read_facts",
    "require_complete",
    "write_facts",
]

FACTS_FILE = "recorded_facts.csv"

VICTIM, OFFENCE, VEHICLE, SUSPECT = "Victime", "Infraction", "Véhicule", "Mis en cause"
FRAUD = "Escroqueries et fraudes aux moyens de paiement"
AFD = "Usage de stupéfiants (AFD)"

INDICATORS = {
    "Violences physiques intrafamiliales": VICTIM,
    "Violences physiques hors cadre familial": VICTIM,
    "Violences sexuelles": VICTIM,
    "Vols avec armes": OFFENCE,
    "Vols violents sans arme": OFFENCE,
    "Vols sans violence contre des personnes": "Victime entendue",
    "Cambriolages de logement": OFFENCE,
    "Vols de véhicule": VEHICLE,
    "Vols dans les véhicules": VEHICLE,
    "Vols d'accessoires sur véhicules": VEHICLE,
    "Destructions et dégradations volontaires": OFFENCE,
    "Usage de stupéfiants": SUSPECT,
    AFD: SUSPECT,
    "Trafic de stupéfiants": SUSPECT,
    FRAUD: VICTIM,
}
"""Unit of count of each indicator, in the words and the order of the producer since July 2025."""

PUBLISHED, SUPPRESSED, UNKNOWN = STATUSES = ("published", "suppressed", "unknown")
COLUMNS = ("insee", "year", "indicator", "unit", "count", "status")
KEY = ["insee", "year", "indicator"]


def fact_table(columns: dict[str, list[object]]) -> pd.DataFrame:
    """Table of facts from its six columns, sorted by commune, year and indicator.

    Parameters
    ----------
    columns : dict of str to list
        One list per name of `COLUMNS`; a count is an int, or None when it is not published.
    """
    table = pd.DataFrame(columns, columns=list(COLUMNS))
    table = table.astype({"year": "int64", "count": "Int64"})
    return table.sort_values(KEY, ignore_index=True)


def read_communes(folder: Path) -> pd.DataFrame:
    """Communes of ``communes.csv`` in `folder`: code, name, population, place, class and force.

    Examples
    --------
    >>> from twin.files import data_folder
    >>> int(read_communes(data_folder())["population"].sum())
    1194040
    """
    names = ("name", "urban_class", "urban_class_confidence")
    force = ("force", "force_confidence", "force_grade", "force_source")
    text = dict.fromkeys(("insee", *names, *force), str)
    numbers = {"population": int, "lat": float, "lon": float}
    return pd.DataFrame(read_rows(folder / "communes.csv", {**text, **numbers}))


def read_facts(path: Path) -> pd.DataFrame:
    """Table of facts held by a CSV file of the shape of ``recorded_facts.csv``.

    Raises
    ------
    InputError
        A column or a cell is not what it should be; the sentence gives the line.
    """
    rows = read_rows(
        path,
        {
            "insee": str,
            "year": int,
            "indicator": _among(INDICATORS),
            "unit": str,
            "count": lambda cell: int(cell) if cell else None,
            "status": _among(STATUSES),
        },
    )
    return fact_table({name: [row[name] for row in rows] for name in COLUMNS})


def write_facts(path: Path, facts: pd.DataFrame) -> None:
    """Write `facts` to `path` in one go: a reader sees the old table or the new one."""
    buffer = StringIO()
    facts.to_csv(buffer, columns=list(COLUMNS), index=False, lineterminator="\n")
    atomic_write(path, buffer.getvalue())


def require_complete(
    facts: pd.DataFrame, communes: Collection[str], years: Collection[int], where: str
) -> None:
    """Refuse a table that lacks a commune or an indicator in one of `years` or of its own.

    Raises
    ------
    InputError
        Some cells are missing; the sentence counts them and names the first.
    """
    all_years = sorted({*years, *facts["year"]})
    grid = pd.MultiIndex.from_product([communes, all_years, INDICATORS], names=KEY)
    missing = grid.difference(pd.MultiIndex.from_frame(facts[KEY]))
    if len(missing):
        insee, year, indicator = missing[0]
        raise InputError(
            f"{where}: {len(missing)} cells of {len(grid)} are missing ({len(communes)} communes,"
            f" {len(INDICATORS)} indicators, {all_years[0]}-{all_years[-1]}), first"
            f" {insee}, {year}, {indicator}"
        )


def differences(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Cells on which an official table and ours do not say the same.

    Returns
    -------
    DataFrame
        Columns ``insee, year, indicator, kind, ours, theirs``. Kinds: ``other count``;
        ``learnt`` (ours did not know, the file publishes or says that it is suppressed);
        ``other status`` (one publishes what the other suppresses); ``only ours``; ``only theirs``.
    """
    both = ours.merge(theirs, how="outer", on=KEY, suffixes=("_ours", "_theirs"), indicator=True)
    other_status = both["status_ours"] != both["status_theirs"]
    kind = pd.Series("", index=both.index)
    kind[both["count_ours"].ne(both["count_theirs"]).fillna(False)] = "other count"
    kind[other_status] = "other status"
    kind[other_status & (both["status_ours"] == UNKNOWN)] = "learnt"
    kind[both["_merge"] == "left_only"] = "only ours"
    kind[both["_merge"] == "right_only"] = "only theirs"
    shown = both.assign(kind=kind)
    for side in ("ours", "theirs"):
        shown[side] = shown[f"count_{side}"].astype("string").fillna(shown[f"status_{side}"])
    return shown.loc[kind != "", [*KEY, "kind", "ours", "theirs"]].reset_index(drop=True)


def _among(allowed: Collection[str]) -> Callable[[str], str]:
    def convert(cell: str) -> str:
        if cell not in allowed:
            raise ValueError(did_you_mean(cell, allowed))
        return cell

    return convert
