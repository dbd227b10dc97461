import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.contracts import Figure, Kind
from twin.files import data_folder
from twin.model.indicators import load_indicators
from twin.reports.figures import (
    cells,
    changed_levers,
    figures,
    number,
    outdated,
    period,
    unseen,
)
from twin.scenarios.experiment import summary
from twin.scenarios.library import Library, load_library
from twin.scenarios.store import Run, identify

ROWS = [
    ("requisition_p50_days", "centre", "", 2.0, "days", "observable"),
    ("patrols_made", "centre", "", 0.5, "part", "observable"),
    ("patrols_made", "commune", "59360", 0.25, "part", "observable"),
    ("agents_present", "centre", "", 4.0, "agents", "observable"),
    ("notice_gini", "centre", "", 0.1, "indice", "model_only"),
]
COLUMNS = ["indicator", "scope", "key", "value", "unit", "family"]


@pytest.fixture
def library(scenarios: Path) -> Library:
    return load_library(scenarios)


@pytest.fixture
def stored(library: Library, tmp_path: Path) -> Run:
    return Run.opened(identify("tiny", library["tiny"], 7), tmp_path / "runs")


def replications(*changes: float) -> list[pd.DataFrame]:
    """Replications whose values are those of `ROWS` plus a change."""
    table = pd.DataFrame(ROWS, columns=COLUMNS)
    return [table.assign(value=table["value"] + change) for change in changes]


def test_a_figure_says_its_interval_and_where_it_comes_from(stored: Run) -> None:
    table = summary(replications(-0.01, 0.01))
    label = load_indicators()["patrols_made"].label
    figure = dict(figures(table, stored, "observable"))[label]
    half = 100 * 12.706204736 * 0.01
    assert (figure.value, figure.unit, figure.kind) == (pytest.approx(50), "%", Kind.COMPUTED)
    assert (figure.low, figure.high) == (pytest.approx(50 - half), pytest.approx(50 + half))
    assert figure.source == f"calcul {stored.folder.name}, graine 7, 2 réplications"


def test_families_are_apart_and_in_the_order_of_the_table(stored: Run) -> None:
    table = summary(replications(0, 1))
    order = list(load_indicators().values())
    for family, expected in (("observable", 3), ("model_only", 1)):
        labels = [label for label, _ in figures(table, stored, family)]
        assert len(labels) == expected
        known = [each.label for each in order if each.family == family]
        assert labels == [label for label in known if label in labels]
        assert unseen(table, family) == [label for label in known if label not in labels]


def test_one_replication_has_no_interval(stored: Run) -> None:
    for label, figure in figures(summary(replications(0)), stored, "observable"):
        assert figure.low == figure.value == figure.high
        assert figure.source.endswith(", 1 réplication")
        assert cells(label, figure)["Intervalle à 95 %"] == "—"


def test_what_was_not_seen_everywhere_says_so(stored: Run) -> None:
    first, second, third = replications(0, 0.1, 0.2)
    table = summary([first, second[second["indicator"] != "patrols_made"], third])
    sources = dict(figures(table, stored, "observable"))
    by_label = {label: figure.source.split(", ")[-1] for label, figure in sources.items()}
    assert by_label[load_indicators()["patrols_made"].label] == "2 réplications sur 3"
    assert by_label[load_indicators()["agents_present"].label] == "3 réplications"


def test_units_are_french(stored: Run) -> None:
    table = summary(replications(0, 0))
    found = {figure.unit: figure.value for _, figure in figures(table, stored, "observable")}
    assert found == {"jours": 2, "%": 50, "agents": 4}


def test_a_row_of_a_table_holds_what_the_figure_holds() -> None:
    figure = Figure(1234.5, 0.5, 2000, "h par an", Kind.COMPUTED, "calcul a, graine 7")
    assert cells("Heures", figure) == {
        "Indicateur": "Heures",
        "Valeur": "1\u202f234\u00a0h par an",
        "Intervalle à 95 %": "0,5 à 2\u202f000",
        "Nature": "Calculé",
        "Source": "calcul a, graine 7",
    }


@given(st.floats(-1e9, 1e9))
def test_numbers_are_french_and_close(value: float) -> None:
    text = number(value)
    assert set(text) <= set("-0123456789,\u202f")
    read = float(text.replace("\u202f", "").replace(",", "."))
    assert read == pytest.approx(value, rel=5.1e-3, abs=1e-300)
    assert text.count(",") <= 1


def test_the_period_is_whole_days(library: Library, stored: Run, tmp_path: Path) -> None:
    assert period(stored) == "du 04/01/2027 au 04/01/2027"
    month = library["tiny"].with_overrides({"horizon": {"days": 28}})
    longer = Run.opened(identify("tiny", month, 7), tmp_path / "runs")
    assert period(longer) == "du 04/01/2027 au 31/01/2027"


def test_changed_levers_are_named(library: Library, stored: Run, tmp_path: Path) -> None:
    assert changed_levers(stored, library["tiny"]) == []
    assert changed_levers(stored, library["tiny_heavy"]) == [
        "assumptions.requisition_work_h",
        "seats.operators.night",
    ]
    fewer = library["tiny"].with_overrides({"seats": {"operators": {"evening": None}}})
    assert changed_levers(stored, fewer) == ["seats.operators.evening"]


def test_a_run_of_other_data_or_another_model_is_outdated(
    library: Library, stored: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not outdated(stored, library)
    manifest = stored.folder / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps(content | {"engine": "another"}), encoding="utf-8")
    assert outdated(Run(stored.folder), library)
    folder = shutil.copytree(data_folder(), tmp_path / "data")
    with (folder / "indicators.yaml").open("a", encoding="utf-8") as file:
        file.write("# another word\n")
    monkeypatch.setenv("CMSU_DATA", str(folder))
    assert outdated(stored, library)
