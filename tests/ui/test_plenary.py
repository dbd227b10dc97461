"""The plenary's page, played without a browser on a scenario of two communes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from twin.reports.message import NOT_DELIBERATED
from twin.scenarios import library as libraries
from twin.scenarios.experiment import run
from twin.scenarios.library import load_library
from twin.ui import plenary

PAGE = "from twin.ui.plenary import show; show()"


@pytest.fixture
def page(scenarios: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page, in a place whose library is the small one and whose runs hold an answer."""

    def here(task: Callable[..., object], *given: object) -> object:
        return task(*given)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(libraries, "_SHIPPED", scenarios)
    monkeypatch.setattr(plenary, "worked", here)
    library = load_library()
    run(library["tiny"], library.experiment.exactly(2), name="tiny", out=tmp_path / "runs")
    shown = AppTest.from_string(PAGE, default_timeout=60).run()
    assert not shown.exception
    return shown


def test_one_screen_one_message_with_its_envelope_and_its_reversal(page: AppTest) -> None:
    assert page.title[0].value == "Plénière"
    assert page.header[0].value.startswith("Tenir 2 agents jour et nuit prend 12,1 ETPT")
    written = [each.value for each in page.markdown]
    assert any(text.startswith("**Enveloppe.**") for text in written)
    assert any(text.startswith("**Ce qui le renverserait.**") for text in written)
    assert sum("Calculé" in text for text in written) == plenary.PER_ROW


def test_a_lever_that_no_run_reads_changes_what_is_said(page: AppTest) -> None:
    before = page.header[0].value
    page.query_params["scenario"] = "tiny"
    page.query_params["avec"] = "tariffs.forfait_3_eur=1780"
    page.run()
    assert not page.exception
    assert page.header[0].value.startswith("Tenir 2 agents")
    assert page.header[0].value != before


def test_the_watermark_and_the_masks_are_there_until_they_are_switched_off(page: AppTest) -> None:
    assert [each.value for each in page.warning] == [f"**{NOT_DELIBERATED.capitalize()}.**"]
    assert not page.toggle(key="plenary_names").value
    page.toggle(key="plenary_watermark").set_value(False).run()
    assert not page.exception
    assert not page.warning


def test_what_the_tool_does_not_say_stands_with_the_figures_of_others(page: AppTest) -> None:
    page.segmented_control(key="plenary_screen").set_value("unsaid").run()
    assert page.header[0].value.startswith("Ce que l'outil ne dit pas")
    assert [each.value for each in page.subheader] == ["1,13\u00a0%", "50\u00a0réquisitions"]
    assert sum("Mesuré" in each.value for each in page.markdown) == 2


def test_three_documents_may_be_taken_away(page: AppTest) -> None:
    page.session_state["plenary_screen"] = "unsaid"
    page.button(key="plenary_prepare").click().run()
    assert not page.exception
    labels = [each.label for each in page.get("download_button")]
    assert labels == ["Diapositives", "Classeur", "Rapport au comité d'éthique"]
