"""Tarifs, played without a browser on a scenario of two communes."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Ended
from twin.cli.finance_json import budget_document
from twin.model.budget.accounts import Budget
from twin.model.budget.risk import PERIMETERS
from twin.planning.finance import budget_of, risk_of, verdict_of
from twin.planning.volumes import stage_volumes
from twin.reports.accounts import accounts_table
from twin.reports.figures import number
from twin.scenarios.library import load_library
from twin.ui.question import Question
from twin.ui.tariffs_runs import REPLICATIONS, RISK, _risky

PAGE = "from twin.ui.tariffs import show; show()"


@pytest.fixture
def page(played: Path) -> AppTest:
    """The page, whose stages are stored."""
    shown = AppTest.from_string(PAGE, default_timeout=60).run()
    assert not shown.exception
    assert not shown.error
    return shown


def expected() -> Budget:
    """The budget of the scenario on the page."""
    library = load_library()
    experiment = library.experiment.exactly(REPLICATIONS)
    stages = stage_volumes(library["tiny"], experiment, name="tiny", out=Path("runs"))
    return budget_of(library["tiny"], stages)


def test_both_perimeters_are_side_by_side(page: AppTest) -> None:
    budget = expected()
    at = budget.years.index(2032)
    shown = [each.value for each in page.subheader if "k€" in each.value]
    results = [budget.perimeter(name).result[at] / 100_000 for name in PERIMETERS]
    assert shown == [f"{number(result)}\u00a0k€" for result in results]


def test_the_two_sides_of_each_section_are_equal(page: AppTest) -> None:
    budget = expected()
    table = accounts_table(budget.full)
    totals = table[table["Chapitre"].str.startswith("Total")].set_index(["Section", "Sens"])
    years = [str(year) for year in budget.years]
    for section in ("Fonctionnement", "Investissement"):
        spent, received = (totals.loc[(section, side), years] for side in ("dépenses", "recettes"))
        assert spent.tolist() == received.tolist()


def test_a_tariff_of_the_address_changes_the_budget_and_plays_nothing(page: AppTest) -> None:
    before = [each.value for each in page.subheader if "k€" in each.value]
    runs = sorted(str(path) for path in Path("runs").rglob("*"))
    page.query_params["scenario"] = ["tiny"]
    page.query_params["avec"] = ["tariffs.forfait_3_eur=990.5"]
    page.run()
    assert not page.exception
    assert [each.value for each in page.subheader if "k€" in each.value] != before
    assert sorted(str(path) for path in Path("runs").rglob("*")) == runs
    assert page.session_state["jobs"] == {}


def test_names_are_masked_unless_asked_for(page: AppTest) -> None:
    def names() -> list[str]:
        table = next(each.value for each in page.dataframe if "Commune" in each.value)
        return list(table["Commune"])

    assert all(name.startswith("commune ") for name in names())
    page.toggle[0].set_value(True).run()
    assert names() == ["Loos", "Ronchin"]
    assert any("n'a délibéré" in each.value for each in page.warning)


def test_draws_give_the_results_their_intervals(page: AppTest, tmp_path: Path) -> None:
    scenario, experiment = load_library()["tiny"], load_library().experiment
    stages = expected().stages
    risk = risk_of(scenario, stages, count=20, seed=experiment.seed)
    verdicts = [verdict_of(scenario, stages, perimeter=p, year=2032) for p in PERIMETERS]
    answer = budget_document(expected(), 2032, risk, verdicts, (), named=False)
    question = Question("tiny", "", (), scenario, experiment)
    page.session_state["jobs"] = {RISK: Ended(_risky(question, 2032), tmp_path, answer)}
    page.run()
    assert not page.exception
    intervals = [each.value for each in page.caption if each.value.startswith("Intervalle")]
    assert len(intervals) == 4
    assert all(" à " in each for each in intervals)
    drawn = next(each.value for each in page.table if "De 5 % à 95 % des tirages" in each.value)
    assert len(drawn) == 4
    assert not any("périmés" in each.value for each in page.warning)
    tornado = next(each.value for each in page.dataframe if "À la basse, k€" in each.value)
    assert len(tornado) == 10
