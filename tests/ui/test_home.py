"""The first page, played without a browser on a scenario of two communes."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from twin.model.indicators import load_indicators
from twin.scenarios import library as libraries
from twin.scenarios.experiment import run
from twin.scenarios.library import load_library
from twin.ui.home import HEADLINES

PAGE = "from twin.ui.home import show; show()"


@pytest.fixture
def home(scenarios: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page, in a place whose library is the small one and whose runs hold an answer."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(libraries, "_SHIPPED", scenarios)
    library = load_library()
    run(library["tiny"], library.experiment.exactly(16), name="tiny", out=tmp_path / "runs")
    page = AppTest.from_string(PAGE, default_timeout=30).run()
    assert not page.exception
    return page


def test_five_figures_are_shown_with_their_nature_and_their_source(home: AppTest) -> None:
    labels = [load_indicators()[name].label for name in HEADLINES]
    written = [each.value for each in home.markdown]
    # Nobody calls and no letter comes within the day that two communes are played.
    assert [text for text in written if text in labels] == [labels[0], labels[1], labels[4]]
    assert sum("Calculé" in text for text in written) == len(home.subheader) == 3
    assert any("graine 7, 16 réplications" in each.value for each in home.caption)
    assert any("16 réplications sur 16" in each.value for each in home.caption)


def test_who_takes_part_is_a_map_and_a_table(home: AppTest) -> None:
    (table,) = home.dataframe
    assert table.value["Commune"].tolist() == ["Loos", "Ronchin"]
    assert table.value["Caméras"].tolist() == [3, 2]
    assert any("Carte des 2 communes" in each.value for each in home.caption)
