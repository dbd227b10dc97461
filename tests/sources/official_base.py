"""A small official base, written in every dialect that its producer has used."""

from __future__ import annotations

import csv
import gzip
import io
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from twin.files import data_folder
from twin.sources.facts import INDICATORS
from twin.sources.ssmsi import DISCONTINUED

OLD_LABELS = {
    "Vols de véhicule": "Vols de véhicules",
    "Escroqueries et fraudes aux moyens de paiement": "Escroqueries",
}


class Cell(NamedTuple):
    insee: str
    year: int
    indicator: str
    count: int | None


def unit(indicator: str) -> str:
    return {**INDICATORS, **DISCONTINUED}[indicator]


def new_table(cells: Sequence[Cell], code: str = "CODGEO_2026") -> tuple[list[str], list[list]]:
    header = [code, "annee", "indicateur", "unite_de_compte", "nombre", "taux_pour_mille"]
    header += ["est_diffuse", "insee_pop", "complement_info_nombre"]
    rows = [
        [c.insee, c.year, c.indicator, unit(c.indicator), c.count, None, state(c), 3549, None]
        for c in cells
    ]
    return header, rows


def old_table(cells: Sequence[Cell]) -> tuple[list[str], list[list]]:
    header = ["CODGEO_2024", "annee", "classe", "unité.de.compte", "valeur.publiée", "faits"]
    header += ["tauxpourmille", "complementinfoval", "POP", "LOG"]
    rows = []
    for c in cells:
        label = OLD_LABELS.get(c.indicator, c.indicator)
        row = [c.insee, c.year % 100, label, unit(c.indicator).lower(), state(c), c.count]
        rows.append([*row, 7.83177350511023e-03, 2.5, 3549, 308491.16])
    return header, rows


def state(cell: Cell) -> str:
    return "ndiff" if cell.count is None else "diff"


def text(table: tuple[list[str], list[list]], *, quoted: bool, decimals: str = "") -> str:
    def written(value: object) -> str:
        if value is None:
            return "NA"
        return str(value).replace(".", ",") if isinstance(value, float) else str(value)

    header, rows = table
    buffer = io.StringIO()
    writer = csv.writer(
        buffer,
        delimiter=";",
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
    )
    writer.writerow(header)
    number = next(i for i, name in enumerate(header) if name in ("nombre", "faits"))
    for row in rows:
        cells = [written(value) for value in row]
        if row[number] is not None:
            cells[number] += decimals
        writer.writerow(cells)
    return buffer.getvalue()


def parquet(path: Path, table: tuple[list[str], list[list]], *, floats: bool = False) -> None:
    header, rows = table
    columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
    arrays = {name: pa.array(values) for name, values in columns.items()}
    for name in ("indicateur", "classe"):
        if name in arrays:
            arrays[name] = arrays[name].dictionary_encode()
    for name in ("nombre", "faits"):
        if floats and name in arrays:
            arrays[name] = arrays[name].cast(pa.float64())
    pq.write_table(pa.table(arrays), path)


def write_bytes(path: Path, content: str, *, bom: bool = False, packed: bool = False) -> None:
    data = content.encode("utf-8-sig" if bom else "utf-8")
    path.write_bytes(gzip.compress(data) if packed else data)


DIALECTS: dict[str, Callable[[Path, Sequence[Cell]], None]] = {
    "since 2025, csv": lambda p, c: write_bytes(p, text(new_table(c), quoted=True)),
    "since 2025, csv.gz": lambda p, c: write_bytes(p, text(new_table(c), quoted=True), packed=True),
    "since 2025, bare, byte order mark": lambda p, c: write_bytes(
        p, text(new_table(c), quoted=False), bom=True
    ),
    "since 2025, decimal comma in counts": lambda p, c: write_bytes(
        p, text(new_table(c), quoted=True, decimals=",0")
    ),
    "since 2025, Windows lines": lambda p, c: write_bytes(
        p, text(new_table(c), quoted=True).replace("\n", "\r\n")
    ),
    "since 2025, code without a year": lambda p, c: write_bytes(
        p, text(new_table(c, "CODGEO"), quoted=True)
    ),
    "since 2025, parquet": lambda p, c: parquet(p, new_table(c)),
    "since 2025, parquet of floats": lambda p, c: parquet(p, new_table(c), floats=True),
    "until 2024, csv": lambda p, c: write_bytes(p, text(old_table(c), quoted=False), bom=True),
    "until 2024, csv.gz": lambda p, c: write_bytes(p, text(old_table(c), quoted=True), packed=True),
    "until 2024, parquet": lambda p, c: parquet(p, old_table(c)),
}


def facts_copy(tmp_path: Path) -> Path:
    """A copy of the facts that a test may spoil."""
    folder = tmp_path / "data"
    folder.mkdir()
    for pattern in ("*.csv", "datapackage.json", "communes_sets.yaml"):
        for file in data_folder().glob(pattern):
            shutil.copy(file, folder)
    return folder
