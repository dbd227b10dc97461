"""Every vintage of the official base reads as one table, and what is malformed says why."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.official_base import DIALECTS, Cell, new_table, parquet, text, unit
from twin.errors import InputError, MissingError
from twin.sources.facts import AFD, FRAUD, INDICATORS, fact_table
from twin.sources.ssmsi import DISCONTINUED, read_base

CELLS = [
    Cell("59005", 2024, "Vols de véhicule", None),
    Cell("59005", 2024, "Usage de stupéfiants", 12),
    Cell("59005", 2019, AFD, 0),
    Cell("59350", 2024, "Vols de véhicule", 1403),
    Cell("59350", 2023, FRAUD, 1812),
    Cell("01004", 2024, "Violences sexuelles", 6),
    Cell("2A004", 2024, "Vols d'accessoires sur véhicules", None),
    Cell("59350", 2016, "Vols sans violence contre des personnes", 9001),
]


def expected(cells: list[Cell]) -> pd.DataFrame:
    return fact_table(
        {
            "insee": [c.insee for c in cells],
            "year": [c.year for c in cells],
            "indicator": [c.indicator for c in cells],
            "unit": [unit(c.indicator) for c in cells],
            "count": [c.count for c in cells],
            "status": ["suppressed" if c.count is None else "published" for c in cells],
        }
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_reads_as_the_same_table(tmp_path: Path, dialect: str) -> None:
    DIALECTS[dialect](tmp_path / "base", CELLS)
    base = read_base(tmp_path / "base")
    pd.testing.assert_frame_equal(base.facts, expected(CELLS))
    assert base.discontinued.empty
    assert base.geography == (
        None if "without" in dialect else 2024 if "until" in dialect else 2026
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cells=st.lists(
        st.builds(
            Cell,
            insee=st.from_regex(r"[0-9][0-9AB][0-9]{3}", fullmatch=True),
            year=st.integers(2016, 2030),
            indicator=st.sampled_from([*INDICATORS, *DISCONTINUED]),
            count=st.none() | st.integers(0, 999_999),
        ),
        min_size=1,
        max_size=30,
        unique_by=lambda cell: cell[:3],
    ),
    dialect=st.sampled_from(sorted(DIALECTS)),
)
def test_what_is_written_is_what_is_read(tmp_path: Path, cells: list[Cell], dialect: str) -> None:
    DIALECTS[dialect](tmp_path / "base", cells)
    base = read_base(tmp_path / "base")
    today = [cell for cell in cells if cell.indicator in INDICATORS]
    before = [cell for cell in cells if cell.indicator in DISCONTINUED]
    pd.testing.assert_frame_equal(base.facts, expected(today))
    pd.testing.assert_frame_equal(base.discontinued, expected(before))


def test_an_older_definition_never_enters_the_new_one(tmp_path: Path) -> None:
    cells = [Cell("59350", 2023, name, 700) for name in DISCONTINUED] + CELLS
    DIALECTS["until 2024, csv"](tmp_path / "base", cells)
    base = read_base(tmp_path / "base")
    assert not base.facts["indicator"].str.contains("Violences physiques|Coups").any()
    assert set(base.discontinued["indicator"]) == set(DISCONTINUED)


def test_only_the_communes_asked_for_are_kept(tmp_path: Path) -> None:
    DIALECTS["since 2025, csv"](tmp_path / "base", CELLS)
    kept = read_base(tmp_path / "base", ["59350", "59599"]).facts
    assert set(kept["insee"]) == {"59350"}
    assert len(kept) == 3


GOOD = text(new_table(CELLS), quoted=True)
HEADER, FIRST = GOOD.splitlines()[:2]


def spoilt(old: str, new: str) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new, 1).encode()


MALFORMED = {
    "empty": (b"", "line 1: one column CODGEO"),
    "header only": (HEADER.encode(), "no row"),
    "workbook": (b"PK\x03\x04 and more", "a workbook; take the csv"),
    "département": (
        b'"Code_departement";"Code_region";"annee"\n"59";"32";"2024"\n',
        "a base by département or région; take the file titled COM",
    ),
    "old département": (
        "classe;annee;Code.département;Code.région;faits\n".encode(),
        "a base by département or région",
    ),
    "région": (b'"Code_region";"annee"\n', "a base by département or région"),
    "commas": (GOOD.replace(";", ",").encode(), "line 1: not valid CSV (';' expected"),
    "bare commas": (b"CODGEO_2026,annee,indicateur\n", "from the others by semicolons; 0 found"),
    "no code": (spoilt("CODGEO_2026", "commune"), "0 found in: commune, annee"),
    "two codes": (spoilt("taux_pour_mille", "CODGEO_2025"), "2 found in: CODGEO_2026"),
    "no count column": (spoilt('"nombre"', '"faits"'), 'one column "nombre" is expected, 0 found'),
    "column twice": (spoilt("insee_pop", "annee"), 'one column "annee" is expected, 2 found'),
    "mixed vocabularies": (spoilt("indicateur", "classe"), 'one column "faits" is expected'),
    "latin-1": (GOOD.encode("latin-1"), "not UTF-8 text (byte"),
    "cut archive": (gzip.compress(GOOD.encode())[:-20], "cut or damaged"),
    "damaged archive": (gzip.compress(GOOD.encode())[:40] + b"\0" * 60, "cut or damaged"),
    "not parquet": (b"PAR1 but nothing else PAR1", "cut or damaged"),
    "fewer cells": ((HEADER + '\n"59005";"2024"\n').encode(), "line 2: 2 cells, 9 expected"),
    "open quote": ((HEADER + '\n"59005";"2024\n').encode(), "line 2: not valid CSV"),
    "stray quote": ((HEADER + '\n"59"005";"2024"\n').encode(), "line 2: not valid CSV"),
    "long line": ((HEADER + "\n" + "x" * 20_000).encode(), "a line of 10000 characters"),
    "lost zero": (spoilt('"01004"', '"1004"'), 'line 7: "1004" is not an INSEE code'),
    "early year": (spoilt('"2016"', '"2015"'), 'line 9: "2015" is not a year from 2016 on'),
    "no year": (spoilt('"2016"', '"20l6"'), '"20l6" is not a year'),
    "other label": (
        spoilt("Violences sexuelles", "Violence sexuelle"),
        'unknown indicator "Violence sexuelle"; did you mean "Violences sexuelles"?',
    ),
    "national label": (spoilt("Violences sexuelles", "Homicides"), 'unknown indicator "Homicides"'),
    "other unit": (
        spoilt('"Victime entendue"', '"Victime"'),
        'is counted in "Victime entendue", not in "Victime"',
    ),
    "other status": (spoilt('"ndiff"', '"nondiff"'), 'unknown status "nondiff"; did you mean'),
    "negative": (spoilt('"1403"', '"-3"'), '"-3" is not a count'),
    "fraction": (spoilt('"1403"', '"12,5"'), '"12,5" is not a count'),
    "grouped": (spoilt('"1403"', '"1 403"'), '"1 403" is not a count'),
    "word": (spoilt('"1403"', '"beaucoup"'), '"beaucoup" is not a count'),
    "published without count": (spoilt('"1403"', '"NA"'), 'is "diff", yet there is no count'),
    "hidden with count": (
        spoilt('"Véhicule";"NA"', '"Véhicule";"4"'),
        'line 2: the status is "ndiff", yet there is the count 4',
    ),
    "cell twice": (
        (GOOD + FIRST + "\n").encode(),
        "59005, 2024, Vols de véhicule: this cell comes",
    ),
    "label renamed twice": (
        (GOOD + FIRST.replace("Vols de véhicule", "Vols de véhicules") + "\n").encode(),
        "this cell comes twice",
    ),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_gives_its_sentence(tmp_path: Path, case: str) -> None:
    content, sentence = MALFORMED[case]
    path = tmp_path / "base"
    path.write_bytes(content)
    with pytest.raises((InputError, MissingError)) as refused:
        read_base(path)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)
    assert [file.name for file in tmp_path.iterdir()] == ["base"]


def test_a_parquet_without_a_column_is_refused(tmp_path: Path) -> None:
    header, rows = new_table(CELLS)
    header[header.index("est_diffuse")] = "diffuse"
    parquet(tmp_path / "base", (header, rows))
    with pytest.raises(InputError, match='one column "est_diffuse" is expected, 0 found'):
        read_base(tmp_path / "base")


def test_a_file_without_our_communes_is_refused(tmp_path: Path) -> None:
    DIALECTS["since 2025, csv"](tmp_path / "base", CELLS)
    with pytest.raises(InputError, match="no row for the 1 communes asked for"):
        read_base(tmp_path / "base", ["59599"])


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such file"):
        read_base(tmp_path / "nowhere")
    with pytest.raises(MissingError, match="cannot be read"):
        read_base(tmp_path)
