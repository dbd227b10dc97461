"""Comparison of questions, and the page of the hypotheses."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Done
from twin.scenarios.compare import compare
from twin.scenarios.experiment import run_all
from twin.scenarios.library import load_library
from twin.ui.influence import SEARCH

PAGE = "from twin.ui.scenarios import show; show()"
HYPOTHESES = "from twin.ui.hypotheses import show; show()"


@pytest.fixture
def page(small: Path) -> AppTest:
    """The page, with sixteen replications of both scenarios."""
    library = load_library()
    run_all(dict(library.scenarios), library.experiment.exactly(16), out=small / "runs")
    found = AppTest.from_string(PAGE, default_timeout=30).run()
    assert not found.exception
    return found


def test_one_question_is_not_a_comparison(page: AppTest) -> None:
    page.multiselect[0].set_value(["Petite"]).run()
    assert not [each for each in page.subheader if "comparé" in each.value]


def test_two_questions_are_compared_as_the_command_does(page: AppTest, small: Path) -> None:
    library = load_library()
    page.multiselect[0].set_value(["Petite", "Chargée"]).run()
    assert not page.exception
    assert any(each.value == "Chargée, comparé à Petite" for each in page.subheader)
    results = run_all(dict(library.scenarios), library.experiment.exactly(16), out=small / "runs")
    found = compare(results)
    shown = next(each.value for each in page.table if "Repère" in each.value)
    assert len(shown) == len(found)
    assert shown["Source"].tolist() == [
        f"{each.replications} réplications communes, par paires" for each in found
    ]


def test_official_sources_are_a_lever_that_says_what_it_replaces() -> None:
    page = AppTest.from_string(HYPOTHESES, default_timeout=60).run()
    assert not page.exception
    page.toggle[0].set_value(True).run()
    assert not page.exception
    assert page.query_params["avec"] == "assumptions.sources=official"
    rows = page.table[0].value
    assert any("communes concernées" in what for what in rows["Quoi"])
    said = [each.value for each in page.markdown]
    assert sum("La constante des" in text for text in said) == 2
    page.toggle[0].set_value(False).run()
    assert "avec" not in page.query_params


def test_what_reverses_a_conclusion_is_shown() -> None:
    moved = {"key": "requisition_work_h", "label": "Durée", "unit": "h", "low": 0.5, "high": 11.6}
    moved |= {"central": 2.0, "at_low": 1.0, "at_central": 1.0, "at_high": 0.01, "swing": 0.99}
    other = moved | {"key": "held_share", "label": "Part", "at_high": 1.0, "swing": 0.0}
    flip = {"value": 5.1, "low": 4.3, "high": 5.8, "unit": "h", "kind": "Calculé", "source": "x"}
    reversals = [
        {"key": "requisition_work_h", "searched_to": 11.6, "value": flip},
        {"key": "held_share", "searched_to": 1.0, "value": None},
    ]
    found = {
        "central": {"requisition_in_time": 0.9997},
        "tornado": {"requisition_in_time": [moved, other]},
        "reversals": {"requisition_in_time>=0.95": reversals},
    }
    page = AppTest.from_string(HYPOTHESES, default_timeout=60)
    page.session_state["jobs"] = {SEARCH: Done(json.dumps(found))}
    page.run()
    assert not page.exception
    (table,) = (each.value for each in page.table)
    assert table["Renversée à"].tolist() == ["5,1\u00a0h"]
    assert table["Doute entre"].tolist() == ["4,3 à 5,8"]
    assert any("- Part" in each.value for each in page.markdown)
    assert any("La conclusion tient" in each.value for each in page.markdown)
