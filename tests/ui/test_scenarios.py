import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from twin.model.indicators import load_indicators
from twin.reports.figures import cells, figures
from twin.scenarios.experiment import Result, run, summary
from twin.scenarios.library import load_library

PAGE = "from twin.ui.scenarios import show; show()"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place from which `make app` is called."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def result(folder: Path, scenarios: Path) -> Result:
    """A run of two replications of two communes, kept under the name of a shipped scenario."""
    tiny = load_library(scenarios)["tiny"]
    experiment = load_library(scenarios).experiment.exactly(2)
    return run(tiny, experiment, name="reference", out=folder / "runs")


def opened() -> AppTest:
    page = AppTest.from_string(PAGE, default_timeout=30).run()
    assert not page.exception
    return page


def words(page: AppTest) -> Iterator[str]:
    """Everything that is written outside tables."""
    for kind in ("title", "header", "subheader", "caption", "markdown", "info", "warning", "error"):
        yield from (each.value for each in page.get(kind))


def test_the_page_answers_before_any_run(folder: Path) -> None:
    page = opened()
    assert [each.value for each in page.header] == [
        "Questions gardées pendant cette visite",
        "Comparer",
        "Scénarios proposés",
        "Calculs enregistrés",
    ]
    (scenarios,) = page.table
    recipes = load_library().recipes
    assert scenarios.value["Scénario"].tolist() == [each.label for each in recipes.values()]
    assert scenarios.value["Nom"].tolist() == [f"`{name}`" for name in recipes]
    assert "Aucun calcul" in page.info[0].value
    assert list(folder.iterdir()) == []


def test_a_stored_run_is_shown_by_its_figures(result: Result) -> None:
    page = opened()
    _, observable, model_only = page.table
    table = summary([result.stored.indicators(number) for number in (1, 2)])
    for shown, family in ((observable, "observable"), (model_only, "model_only")):
        rows = [cells(*each) for each in figures(table, result.stored, family)]
        assert len(rows) > 2
        assert shown.value.to_dict("records") == rows
    assert [each.value for each in page.subheader] == [
        "Indicateurs observables",
        "Indicateurs de modèle",
    ]
    assert any("« Indicateur de modèle, non vérifiable »" in text for text in words(page))
    assert any("communes.file" in each.value for each in page.info)
    assert not page.warning


def test_every_indicator_is_a_figure_or_said_to_be_without_case(result: Result) -> None:
    page = opened()
    shown = [label for table in page.table[1:] for label in table.value["Indicateur"]]
    absent = [each.value for each in page.caption if each.value.startswith("Sans aucun cas")]
    listed = [label for text in absent for label in re.split(" : | ; ", text.rstrip("."))[1:]]
    labels = [indicator.label for indicator in load_indicators().values()]
    assert sorted(shown + listed) == sorted(labels)


def test_no_number_is_written_outside_the_figures(result: Result) -> None:
    """But days, the level of the interval, and the words of indicators and scenarios."""
    granted = [r"\d\d/\d\d/\d{4}", "95 %", *(each.label for each in load_indicators().values())]
    granted += [each.description for each in load_library().recipes.values()]
    known = re.compile(
        "|".join(re.escape(text) if text != granted[0] else text for text in granted)
    )
    assert [text for text in words(opened()) if re.search(r"\d", known.sub("", text))] == []


def test_another_run_may_be_chosen(result: Result, folder: Path, scenarios: Path) -> None:
    library = load_library(scenarios)
    other = run(
        library["tiny_heavy"], library.experiment.exactly(1), name="tiny", out=folder / "runs"
    )
    page = opened()
    chosen = page.selectbox[1]
    assert chosen.options == [result.stored.folder.name, other.stored.folder.name]
    chosen.select(other.stored.folder.name).run()
    assert not page.exception
    assert "pas dans la liste" in page.warning[0].value
    sources = {source for table in page.table[1:] for source in table.value["Source"]}
    assert sources == {f"calcul {other.stored.folder.name}, graine 7, 1 réplication"}
    assert {cell for table in page.table[1:] for cell in table.value["Intervalle à 95 %"]} == {"—"}


def test_an_unfinished_run_says_so(result: Result) -> None:
    result.stored.record(5, 1, {})
    assert any("inachevé" in each.value for each in opened().warning)
    for path in result.stored.folder.glob("replication-*.parquet"):
        path.unlink()
    page = opened()
    assert any("Aucune réplication" in each.value for each in page.info)
    assert len(page.table) == 1


def test_results_of_other_data_are_outdated(result: Result) -> None:
    manifest = result.stored.folder / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('"engine": "', '"engine": "0'), encoding="utf-8")
    assert any("périmés" in each.value for each in opened().warning)


@pytest.mark.parametrize("name", ["manifest.json", "replication-0001.parquet"])
def test_a_damaged_run_is_told(result: Result, name: str) -> None:
    (result.stored.folder / name).write_bytes(b"{")
    page = AppTest.from_string(
        f"from twin.ui.shown import told\nwith told(): {PAGE.replace('; ', ';')}"
    )
    assert name in page.run().error[0].value


def test_a_question_is_kept_opened_and_taken_away(folder: Path) -> None:
    page = AppTest.from_string(PAGE, default_timeout=30)
    page.query_params["scenario"] = "prudent"
    page.query_params["avec"] = ["seats.operators.night=6"]
    page.run()
    page.text_input[0].input("Nuit renforcée")
    page.button[1].click().run()
    assert not page.exception
    page.selectbox[0].select("reference").run()
    assert page.query_params["scenario"] == "reference"
    (opening,) = [button for button in page.button if button.label == "Ouvrir"]
    opening.click().run()
    assert page.query_params["scenario"] == "prudent"
    assert page.query_params["avec"] == "seats.operators.night=6"
