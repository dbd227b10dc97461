"""The verbs of the facts, as a user meets them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from twin.cli.data import app
from twin.errors import InputError, MissingError
from twin.files import data_folder
from twin.sources.facts import FACTS_FILE, INDICATORS, read_facts

OFFICIAL = {
    "insee": "CODGEO_2026",
    "year": "annee",
    "indicator": "indicateur",
    "unit": "unite_de_compte",
    "count": "nombre",
    "status": "est_diffuse",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the facts, used as the data folder."""
    shutil.copytree(data_folder(), tmp_path / "data")
    monkeypatch.setenv("CMSU_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path / "data"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def official(path: Path, facts: pd.DataFrame) -> Path:
    """Write `facts` as the producer does; what we do not know is not published there."""
    states = {"published": "diff", "suppressed": "ndiff", "unknown": "ndiff"}
    table = facts.assign(status=facts["status"].map(states)).rename(columns=OFFICIAL)
    table.to_csv(path, sep=";", na_rep="NA", index=False, quoting=1)
    return path


def test_check_validates_and_reconciles(folder: Path) -> None:
    result = run("check")
    assert result.exit_code == 0, result.output
    assert "the 8 rules hold" in result.output
    assert "181 facts are in no category shown" in result.output
    assert "violences intrafamiliales, 3,959 -> 4,804" in result.output
    assert "autres coups et blessures, 2,986 -> 4,368" in result.output
    assert re.search(r"ville_relais .*15 of 15 .*\+32\.9 % +\+33 %", result.output)


def test_the_documentation_shows_what_is_printed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "112")
    page = Path(__file__).parents[2] / "docs" / "data.md"
    pasted = page.read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]
    printed = run("check").output
    assert [line.rstrip() for line in printed.splitlines() if line.strip()] == [
        line for line in pasted.splitlines() if line
    ]


def test_check_says_no_with_exit_code_1(folder: Path) -> None:
    path = folder / "transport_2024.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",54,", ",53,"), encoding="utf-8")
    result = run("check")
    assert result.exit_code == 1
    assert "transport_2024.csv: one whole of [100] % and parts of 99 %" in result.output
    assert "1 faults in" in result.output


def test_reconcile_reads_the_older_definition(folder: Path, tmp_path: Path) -> None:
    older = tmp_path / "older.csv"
    rows = ["CODGEO_2024;annee;classe;unité.de.compte;valeur.publiée;faits"]
    rows += [
        f"59350;{year};Autres coups et blessures volontaires;victime;diff;{count}"
        for year, count in ((16, 1000), (23, 1250), (24, 1300))
    ]
    older.write_text("\n".join(rows), encoding="utf-8")
    result = run("reconcile", "--older", older)
    assert result.exit_code == 0, result.output
    assert "Trends under the definition the plenary used" in result.output
    assert "+30.0 %" in result.output
    assert "+4.0 %" in result.output
    assert "--older FILE" not in result.output


def test_an_import_replaces_our_table(folder: Path, tmp_path: Path) -> None:
    ours = read_facts(folder / FACTS_FILE)
    later = ours.assign(count=ours["count"] + 1)
    result = run("import", "ssmsi", official(tmp_path / "base.csv", later))
    assert result.exit_code == 0, result.output
    assert "14250 cells written to" in result.output
    written = read_facts(folder / FACTS_FILE)
    assert (written["status"] != "unknown").all()
    assert written["count"].sum() == ours["count"].sum() + ours["count"].notna().sum()


def test_an_import_elsewhere_keeps_an_older_definition_apart(folder: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.csv"
    base.write_text(
        "CODGEO_2024;annee;classe;unité.de.compte;valeur.publiée;faits\n"
        "59350;23;Coups et blessures volontaires;victime;diff;3000\n"
        "59350;23;Vols de véhicules;véhicule;diff;1200\n"
        "75056;23;Vols de véhicules;véhicule;diff;9000\n",
        encoding="utf-8",
    )
    before = (folder / FACTS_FILE).read_bytes()
    assert run("import", "ssmsi", base, "--out", tmp_path / "ours.csv").exit_code == 0
    assert run("import", "ssmsi", base, "--out", tmp_path / "all.csv", "--all").exit_code == 0
    header = "insee,year,indicator,unit,count,status\n"
    lille = "59350,2023,Vols de véhicule,Véhicule,1200,published\n"
    paris = "75056,2023,Vols de véhicule,Véhicule,9000,published\n"
    assert (tmp_path / "ours.csv").read_text(encoding="utf-8") == header + lille
    assert (tmp_path / "all.csv").read_text(encoding="utf-8") == header + lille + paris
    assert "Coups et blessures" in (tmp_path / "all_discontinued.csv").read_text(encoding="utf-8")
    assert (folder / FACTS_FILE).read_bytes() == before


REFUSED = {
    "missing file": (["nowhere.csv"], MissingError, "no such file"),
    "one commune short": (["short.csv"], InputError, "150 cells of 14250 are missing"),
    "one indicator short": (["narrow.csv"], InputError, "950 cells of 14250 are missing"),
    "everywhere without a place": (["whole.csv", "--all"], InputError, "--all needs --out"),
    "spoilt row": (["spoilt.csv"], InputError, 'line 2: "many" is not a count'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_import_changes_nothing(folder: Path, tmp_path: Path, case: str) -> None:
    ours = read_facts(folder / FACTS_FILE)
    whole = official(tmp_path / "whole.csv", ours)
    official(tmp_path / "short.csv", ours[ours["insee"] != "59350"])
    official(tmp_path / "narrow.csv", ours[ours["indicator"] != next(iter(INDICATORS))])
    lines = whole.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace('"NA"', '"many"')
    (tmp_path / "spoilt.csv").write_text("\n".join(lines), encoding="utf-8")
    words, kind, sentence = REFUSED[case]
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    result = run("import", "ssmsi", tmp_path / words[0], *words[1:])
    assert isinstance(result.exception, kind)
    assert sentence in str(result.exception)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_verify_shows_what_an_official_file_says_otherwise(folder: Path, tmp_path: Path) -> None:
    ours = read_facts(folder / FACTS_FILE)
    result = run("verify", official(tmp_path / "same.csv", ours))
    assert result.exit_code == 0, result.output
    assert "5139 learnt" in result.output
    lille = (ours["insee"] == "59350") & (ours["year"] == 2025)
    other = ours.assign(count=ours["count"].mask(lille, ours["count"] + 10))
    result = run("verify", official(tmp_path / "other.csv", other))
    assert result.exit_code == 1
    assert "5139 learnt, 15 other count" in result.output
    assert "the first 20 of 5154" in result.output


def test_refresh_without_internet_is_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    client = httpx.Client(transport=httpx.MockTransport(away))
    monkeypatch.setattr("twin.sources.refresh.public_client", lambda: client)
    before = (folder / FACTS_FILE).read_bytes()
    result = run("refresh")
    assert isinstance(result.exception, MissingError)
    assert "is there an internet connection?" in str(result.exception)
    assert (folder / FACTS_FILE).read_bytes() == before


def test_naming_the_verbs_loads_nothing_heavy() -> None:
    code = "import sys, twin.cli.data; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"pandas", "numpy", "pyarrow", "httpx", "frictionless"} & set(loaded)
