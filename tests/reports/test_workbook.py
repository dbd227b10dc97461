import io
from typing import Any

import openpyxl
import pytest

from twin.contracts import mask
from twin.model.assumptions import load_assumptions
from twin.planning.finance import budget_of
from twin.reports.ethics import ethics_report
from twin.reports.message import NOT_DELIBERATED, Subject, staged
from twin.reports.workbook import workbook
from twin.scenarios.experiment import Result


def opened(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def rows(sheet: Any) -> list[dict[str, Any]]:
    heads, *values = sheet.iter_rows(values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in values]


@pytest.fixture(scope="module")
def book(subject: Subject) -> Any:
    return opened(workbook(subject))


def test_the_first_sheet_says_what_redoes_it(book: Any, result: Result) -> None:
    notes = dict(book["Lisez-moi"].iter_rows(values_only=True))
    assert notes["Avertissement"] == NOT_DELIBERATED
    assert notes["Identité du calcul"] == result.stored.manifest["identity"]
    assert (notes["Graine"], notes["Réplications"]) == (7, 2)
    assert notes["Licence du programme"] == "MIT"


def test_numbers_are_those_of_the_run_and_of_the_budget(
    book: Any, subject: Subject, result: Result
) -> None:
    shown = {row["Indicateur"]: row["Valeur"] for row in rows(book["Indicateurs"])}
    assert shown["Rondes faites en entier"] == pytest.approx(
        100 * result.values("patrols_made").mean()
    )
    accounts = budget_of(subject.scenario, staged(subject)).full
    held = [
        row["2030, €"]
        for row in rows(book["Budget"])
        if (row["Périmètre"], row["Section"], row["Sens"])
        == ("Coût complet", "fonctionnement", "dépense")
    ]
    i = accounts.years.index(2030)
    assert sum(held) == pytest.approx(accounts.total("operating", "expense")[i] / 100)
    assert {row["Clé"] for row in rows(book["Hypothèses"])} == set(load_assumptions())
    hours = {row["Heure"] for row in rows(book["Séries"])}
    assert len(hours) == 24


def test_communes_are_masked_unless_they_are_asked(book: Any, subject: Subject) -> None:
    masked = rows(book["Communes"])
    identity = staged(subject)[-1].identity
    assert {row["Commune"] for row in masked} == {
        mask(code, identity) for code in ("59360", "59507")
    }
    assert all(row["Code INSEE"] is row["Population"] is None for row in masked)
    named = rows(opened(workbook(subject, named=True))["Communes"])
    assert [row["Commune"] for row in named] == ["Loos", "Ronchin"]
    assert sum(row["Caméras"] for row in named) == sum(row["Caméras"] for row in masked) == 5


def test_no_cell_is_a_formula(book: Any) -> None:
    label = book["Lisez-moi"]["B4"]
    assert label.value == "=1+1 Petite (tiny)"
    assert label.quotePrefix
    assert not any(cell.data_type == "f" for sheet in book for row in sheet for cell in row)


def test_the_ethics_committee_reads_one_page(subject: Subject, result: Result) -> None:
    page = ethics_report(subject)
    assert page.startswith("# Comité d'éthique")
    assert "| Caméras raccordées | 5\u202fcaméras |" in page.replace("\u00a0", "\u202f")
    hours = (result.values("agents_present") * result.values("watching")).mean() * 8760
    assert f"{round(hours):,}".replace(",", "\u202f") in page
    assert "graine 7" in page
    assert not any(name in page for name in ("Loos", "Ronchin"))
