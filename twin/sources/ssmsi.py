"""The producer's communal base of recorded crime, whatever its vintage, as one table.

Each edition changed something: column names (``classe``, ``faits`` until 2024; ``indicateur``,
``nombre`` since 2025), years of two digits, labels, units in lower case, ``NA`` quoted or bare, a
byte order mark, csv, csv.gz or parquet. What an edition counts differently is kept apart: the
"coups et blessures volontaires" of persons of 15 or more, which two broader indicators replaced
in July 2025, never enter the table that holds these.
"""

from __future__ import annotations

import csv
import gzip
import re
import unicodedata
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import IO, NamedTuple

import pandas as pd
from pyarrow import ArrowException, parquet

from twin.errors import InputError, MissingError, did_you_mean
from twin.sources.facts import COLUMNS, FRAUD, INDICATORS, PUBLISHED, SUPPRESSED, fact_table

__all__ = ["DISCONTINUED", "Base", "read_base"]

DISCONTINUED = {
    "Coups et blessures volontaires": "Victime",
    "Coups et blessures volontaires intrafamiliaux": "Victime",
    "Autres coups et blessures volontaires": "Victime",
}
"""Labels that no edition uses since July 2025, with their unit."""

RENAMED = {"Vols de véhicules": "Vols de véhicule", "Escroqueries": FRAUD}
LABELS = {**{label: label for label in (*INDICATORS, *DISCONTINUED)}, **RENAMED}
UNITS = {**INDICATORS, **DISCONTINUED}
STATES = {"diff": PUBLISHED, "ndiff": SUPPRESSED}

SINCE_2025 = ("annee", "indicateur", "unite_de_compte", "nombre", "est_diffuse")
UNTIL_2024 = ("annee", "classe", "unite_de_compte", "faits", "valeur_publiee")
"""Columns read in each vocabulary, plain letters, in the order of `_Cells`."""

MISSING = {"", "NA", "nan"}
INSEE_LENGTH = 5
MAX_TEXT = 3_000_000_000
MAX_LINE = 10_000
BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Base:
    """What one official file says.

    Attributes
    ----------
    facts, discontinued : DataFrame
        Columns ``insee, year, indicator, unit, count, status``: the indicators of today, and
        those that an older definition counted.
    geography : int or None
        Year of the communal geography, when the name of the code column gives it.
    """

    facts: pd.DataFrame
    discontinued: pd.DataFrame
    geography: int | None


class _Cells(NamedTuple):
    """One row as the file writes it."""

    line: int
    insee: str
    year: str
    label: str
    unit: str
    number: str
    state: str


class _Layout(NamedTuple):
    """Where each part of a row stands in the file."""

    width: int
    geography: int | None
    positions: tuple[int, ...]


def read_base(path: Path, communes: Collection[str] | None = None) -> Base:
    """Facts of an official communal base, in today's words.

    Parameters
    ----------
    path : Path
        CSV separated by semicolons, the same compressed by gzip, or parquet, as published.
    communes : collection of str, optional
        INSEE codes to keep; every commune by default.

    Raises
    ------
    InputError
        The file is not a communal base, or one of its rows cannot be understood.
    MissingError
        There is no such file.
    """
    kept = None if communes is None else frozenset(communes)
    with _opened(path) as (layout, rows):
        tables = _tables(path, rows, kept)
    if not any(len(table) for table in tables):
        what = "no row" if kept is None else f"no row for the {len(kept)} communes asked for"
        raise InputError(f"{path}: {what}")
    return Base(*tables, layout.geography)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[_Layout, Iterable[_Cells]]]:
    """Layout and rows of `path`; what can go wrong while they are read becomes one sentence."""
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
            stream.seek(0)
            if magic.startswith(b"PK"):
                raise InputError(
                    f"{path}: a workbook; take the csv, csv.gz or parquet file titled COM"
                )
            if magic == b"PAR1":
                yield _parquet(path, stream)
            elif magic.startswith(b"\x1f\x8b"):
                yield _text(path, gzip.GzipFile(fileobj=stream))
            else:
                yield _text(path, stream)
    except FileNotFoundError:
        raise MissingError(f"{path}: no such file") from None
    except UnicodeDecodeError as problem:
        raise InputError(f"{path}: not UTF-8 text (byte {problem.start})") from None
    except (EOFError, zlib.error, gzip.BadGzipFile, ArrowException):
        raise InputError(f"{path}: the file is cut or damaged") from None
    except OSError as problem:
        raise MissingError(f"{path}: cannot be read ({problem.strerror or problem})") from None


def _text(path: Path, stream: IO[bytes] | gzip.GzipFile) -> tuple[_Layout, Iterator[_Cells]]:
    reader = csv.reader(_lines(path, stream), delimiter=";", strict=True)
    try:
        header = next(reader, [])
    except csv.Error as problem:
        raise InputError(f"{path}, line 1: not valid CSV ({problem})") from None
    layout = _layout(path, header)
    return layout, _csv_rows(path, reader, layout)


def _lines(path: Path, stream: IO[bytes] | gzip.GzipFile) -> Iterator[str]:
    """Lines of a text, within bounds that a published file never meets."""
    size = 0
    with TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        while line := text.readline(MAX_LINE):
            size += len(line)
            if len(line) == MAX_LINE or size > MAX_TEXT:
                raise InputError(
                    f"{path}: a line of {MAX_LINE} characters or more than {MAX_TEXT} in all"
                )
            yield line


def _csv_rows(path: Path, reader: Iterator[list[str]], layout: _Layout) -> Iterator[_Cells]:
    line = 1
    try:
        for line, cells in enumerate(reader, start=2):
            if len(cells) != layout.width:
                raise InputError(
                    f"{path}, line {line}: {len(cells)} cells, {layout.width} expected"
                )
            yield _Cells(line, *(cells[position] for position in layout.positions))
    except csv.Error as problem:
        raise InputError(f"{path}, line {line + 1}: not valid CSV ({problem})") from None


def _parquet(path: Path, stream: IO[bytes]) -> tuple[_Layout, Iterator[_Cells]]:
    file = parquet.ParquetFile(stream)
    names = file.schema_arrow.names
    layout = _layout(path, names)
    return layout, _parquet_rows(file, [names[position] for position in layout.positions])


def _parquet_rows(file: parquet.ParquetFile, names: list[str]) -> Iterator[_Cells]:
    line = 1
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=names):
        columns = (batch.column(name).to_pylist() for name in names)
        for cells in zip(*columns, strict=True):
            line += 1
            yield _Cells(line, *("" if cell is None else str(cell) for cell in cells))


def _layout(path: Path, header: list[str]) -> _Layout:
    names = [_plain(name) for name in header]
    if {"code_departement", "code_region"} & set(names):
        raise InputError(
            f"{path}, line 1: a base by département or région; take the file titled COM"
        )
    codes = [i for i, name in enumerate(names) if re.fullmatch(r"codgeo(_\d{4})?", name)]
    if len(codes) != 1:
        found = ", ".join(header)[:80] or "nothing"
        raise InputError(
            f"{path}, line 1: one column CODGEO or CODGEO_<year> is expected, separated from"
            f" the others by semicolons; {len(codes)} found in: {found}"
        )
    vocabulary = UNTIL_2024 if "classe" in names else SINCE_2025
    for name in vocabulary:
        if names.count(name) != 1:
            raise InputError(
                f'{path}, line 1: one column "{name}" is expected, {names.count(name)} found;'
                f" {did_you_mean(name, names)}"
            )
    year = names[codes[0]].removeprefix("codgeo").removeprefix("_")
    places = (codes[0], *(names.index(name) for name in vocabulary))
    return _Layout(len(header), int(year) if year else None, places)


def _plain(name: str) -> str:
    """Column name in small letters, without accents, its parts joined by underscores."""
    letters = unicodedata.normalize("NFKD", name.strip()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", letters.lower())


def _tables(
    path: Path, rows: Iterable[_Cells], kept: frozenset[str] | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Facts of today's indicators and of the discontinued ones, `kept` communes only."""
    today: dict[str, list[object]] = {name: [] for name in COLUMNS}
    before: dict[str, list[object]] = {name: [] for name in COLUMNS}
    for cells in rows:
        if len(cells.insee) != INSEE_LENGTH:
            raise InputError(
                f'{path}, line {cells.line}: "{cells.insee}" is not an INSEE code of 5 characters'
            )
        if kept is None or cells.insee in kept:
            try:
                fact = _fact(cells)
            except ValueError as problem:
                raise InputError(f"{path}, line {cells.line}: {problem}") from None
            table = before if fact[2] in DISCONTINUED else today
            for name, value in zip(COLUMNS, fact, strict=True):
                table[name].append(value)
    return _without_repetition(path, today), _without_repetition(path, before)


def _fact(cells: _Cells) -> tuple[str, int, str, str, int | None, str]:
    """One row in today's words; ``ValueError`` says what cannot be understood."""
    if cells.label not in LABELS:
        raise ValueError(f'unknown indicator "{cells.label}"; {did_you_mean(cells.label, LABELS)}')
    indicator = LABELS[cells.label]
    unit = UNITS[indicator]
    if cells.unit.casefold() != unit.casefold():
        raise ValueError(f'"{indicator}" is counted in "{unit}", not in "{cells.unit}"')
    if cells.state not in STATES:
        raise ValueError(f'unknown status "{cells.state}"; {did_you_mean(cells.state, STATES)}')
    count = _count(cells.number)
    if (count is None) == (STATES[cells.state] == PUBLISHED):
        has = "no count" if count is None else f"the count {count}"
        raise ValueError(f'the status is "{cells.state}", yet there is {has}')
    return cells.insee, _year(cells.year), indicator, unit, count, STATES[cells.state]


@cache
def _year(text: str) -> int:
    if re.fullmatch(r"1[6-9]|[2-9]\d|20(1[6-9]|[2-9]\d)", text):
        return 2000 + int(text[-2:])
    raise ValueError(f'"{text}" is not a year from 2016 on, of four digits or two')


@cache
def _count(text: str) -> int | None:
    """Whole number, which some editions write with decimals, or None when it is missing."""
    if text in MISSING:
        return None
    if re.fullmatch(r"\d{1,9}([.,]0+)?", text):
        return int(re.split("[.,]", text)[0])
    raise ValueError(f'"{text}" is not a count (a whole number, 0 or more, or NA)')


def _without_repetition(path: Path, columns: dict[str, list[object]]) -> pd.DataFrame:
    table = fact_table(columns)
    again = table[table.duplicated(["insee", "year", "indicator"])]
    if len(again):
        insee, year, indicator = again.iloc[0][["insee", "year", "indicator"]]
        raise InputError(f"{path}: {insee}, {year}, {indicator}: this cell comes twice")
    return table
