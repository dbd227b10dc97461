"""The page of the proofs: what is kept is shown, what is not is said."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from twin.planning import calibration
from twin.planning.calibration import Prediction, observed_centres
from twin.scenarios.experiment import run
from twin.scenarios.library import load_library
from twin.validation import cases, proof

PAGE = "from twin.ui.proofs import show; show()"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One case, played here."""
    kept = tuple(case for case in cases.cases() if case.number == 1)
    monkeypatch.setattr(proof, "cases", lambda: kept)
    monkeypatch.setattr(proof, "REPLICATIONS", {True: {"reference": 2}})


def opened() -> AppTest:
    page = AppTest.from_string(PAGE, default_timeout=30).run()
    assert not page.exception
    return page


def test_before_any_result_the_page_says_so_and_reconciles(small: Path) -> None:
    page = opened()
    assert sum("Aucun résultat enregistré" in each.value for each in page.info) == 2
    assert any("Aucun calcul" in each.value for each in page.info)
    lines, totals, trends = (table.value for table in page.table)
    assert "cambriolages" in lines["Catégorie"].tolist()
    assert totals["Valeur"].tolist()[-1] == "181\u00a0faits"
    assert "+33\u00a0%" in trends["Annoncé"].tolist() or "+33 %" in trends["Annoncé"].tolist()
    assert page.header[-1].value == "Ce que l'outil ne dit pas"
    assert list(small.glob("runs")) == []


@pytest.mark.usefixtures("few")
def test_known_answers_that_were_kept_are_shown(small: Path, twin: Callable) -> None:
    answer = twin("validate", "--quick", "--workers", 1, "--save", "runs/validation.json")
    assert answer.code == 0
    page = opened()
    counts = page.table[0].value
    assert counts["Valeur"][0] == counts["Valeur"][1]
    assert not page.warning
    verdicts = page.dataframe[0].value
    assert set(verdicts["Verdict"]) == {"retrouvée"}
    assert "moteur de référence" in set(verdicts["Joué par"])


@pytest.mark.usefixtures("few")
def test_known_answers_of_another_model_are_outdated(small: Path, twin: Callable) -> None:
    path = small / "runs" / "validation.json"
    twin("validate", "--quick", "--workers", 1, "--save", path)
    found = json.loads(path.read_text())
    found["verdicts"][0]["agrees"] = False
    path.write_text(json.dumps(found | {"engine": "another"}))
    page = opened()
    assert "périmés" in page.warning[0].value
    assert found["verdicts"][0]["quantity"] in page.error[0].value
    path.write_text("{")
    assert "validation.json" in opened().error[0].value


def test_predictions_stand_beside_what_was_published(
    small: Path, twin: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    centres = [each for each in observed_centres() if each.role == "prediction"]
    made = [Prediction(each, 2 * each.value, each.value, 3 * each.value) for each in centres]
    monkeypatch.setattr(calibration, "predict", lambda *_: made)
    libraries_reference(small)
    saved = ("--predict-only", "--save", "runs/predictions.json")
    assert twin("calibrate", *saved).code == 0
    as_json = json.loads(twin("calibrate", "--predict-only", "--json").out)
    assert as_json == json.loads((small / "runs" / "predictions.json").read_text())
    table = opened().dataframe[0].value
    assert len(table) == 2 * len(centres)
    assert {"Calculé", "Mesuré"} == set(table["Nature"])


def libraries_reference(place: Path) -> None:
    """`twin calibrate` starts from the scenario of that name."""
    path = place / "scenarios.yaml"
    path.write_text(path.read_text().replace("tiny:", "reference:"))


def test_the_report_of_a_run_is_offered(small: Path) -> None:
    library = load_library()
    run(library["tiny"], library.experiment.exactly(1), name="tiny", out=small / "runs")
    page = opened()
    assert page.selectbox[0].options[0].startswith("tiny-")
    assert len(page.get("download_button")) == 1
