"""The page of the streams: figures with the machine they hold for, jobs that others have ended."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.streams.test_campaign import ORIGIN, step_of
from tests.ui.conftest import Done
from twin.contracts import load_capacities
from twin.files import data_folder
from twin.streams.campaign.faults import FAULTS, FaultResult
from twin.streams.report import Campaign
from twin.ui.bench import FAULTS as SAID
from twin.ui.links import FAILURES, NETWORK

PAGE = "from twin.ui.flows import show; show()"
ASKED = ("network", "tiny", "--engine", "reference", "--json", "--names")


def page_of(jobs: dict[str, Done] | None = None) -> AppTest:
    page = AppTest.from_string(PAGE, default_timeout=30)
    page.session_state["jobs"] = jobs or {}
    page.run()
    assert not page.exception
    return page


def words(page: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "warning", "error", "subheader")
    return "\n".join(each.value for kind in kinds for each in page.get(kind))


def test_a_capacity_comes_with_its_machine_and_what_it_does_not_say(small: Path) -> None:
    page = page_of()
    assert "Capacité d'exemple" in page.info[0].value
    (pull, *_) = load_capacities(data_folder() / "capacity_example.json")
    said = words(page)
    assert pull.provenance.host in said
    assert all(item in said for item in pull.not_tested)
    measured, nodes = (page.table[place].value for place in (0, 1))
    assert set(measured["Nature"]) == {"Mesuré"}
    assert all(pull.provenance.host in source for source in [*measured["Source"], *nodes["Source"]])
    assert "Aucune mesure n'est enregistrée ici" in said


def test_more_streams_take_more_servers_and_another_type_is_extrapolated(small: Path) -> None:
    page = page_of()
    page.slider[0].set_value(155).run()
    assert page.table[1].value["Valeur"][0] == "2\u00a0nœuds"
    page.slider[0].set_value(156).run()
    assert page.table[1].value["Valeur"][0] == "3\u00a0nœuds"
    assert "extrapolé" not in words(page)
    page.selectbox[1].select("P6").run()
    assert "extrapolé" in words(page)


def test_the_network_names_what_fills_first(small: Path, twin: Callable) -> None:
    output = twin(*ASKED, "--draw", small / "map.json").out
    page = page_of({NETWORK: Done(output, small)})
    said = words(page)
    assert "Le premier à se remplir" in said
    assert "Résultats périmés" in said  # it was asked in other words
    links = next(each.value for each in page.table if "Lien" in each.value)
    assert any("Loos" in link for link in links["Lien"])
    assert len(page.get("vega_lite_chart")) == 2


def test_the_failures_name_the_worst(small: Path, twin: Callable) -> None:
    output = twin(*ASKED, "--failures", "--replications", 1, "--again", 0).out
    page = page_of({FAILURES: Done(output, small)})
    said = words(page)
    assert "**Celle qui coûte le plus en un an : site perdu, point d'agrégation de Loos.**" in said
    assert "Avec « Retour d'un site après un sinistre » à sa valeur basse" in said


def test_what_was_measured_here_holds_for_this_machine(small: Path) -> None:
    campaign = Campaign(small / "runs" / "streams")
    campaign.describe(ORIGIN)
    campaign.add("steps", step_of().row())
    campaign.add("steps", step_of(gaps=3, repeat=1).row())
    campaign.add("steps", step_of(rig_cpu=0.9, repeat=2).row())
    campaign.add("faults", FaultResult("killed", "P4", "pull", 40, {"back_s": 6.5}).row())
    page = page_of()
    assert f"**Ces mesures ne valent que pour** : {ORIGIN.host}" in words(page)
    verdicts = next(each.value for each in page.dataframe if "Verdict" in each.value)["Verdict"]
    assert [text.split(" :")[0] for text in verdicts] == ["tenu", "manqué", "invalide"]
    assert any("serveur tué" in str(each.value) for each in page.table)


def test_every_fault_has_a_name() -> None:
    assert list(SAID) == list(FAULTS)


@pytest.mark.parametrize("damaged", ["streams/campaign.json", "streams/capacity.json"])
def test_a_damaged_file_is_told(small: Path, damaged: str) -> None:
    path = small / "runs" / damaged
    path.parent.mkdir(parents=True)
    path.write_text("{")
    page = page_of()
    assert any(damaged in each.value for each in page.error)
