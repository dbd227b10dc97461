"""Effectifs, played without a browser on a scenario of two communes."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Ended
from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar, Horizon
from twin.model.rosters import as_csv
from twin.planning.first_screen import first_screen
from twin.planning.roster import Agent, make_roster
from twin.reports.figures import number
from twin.scenarios.library import load_library
from twin.ui import staff_roster, staff_sizing

PAGE = "from twin.ui.staff import show; show()"
MONDAY = date(2027, 1, 4)


@pytest.fixture
def page(played: Path) -> AppTest:
    shown = AppTest.from_string(PAGE, default_timeout=60).run()
    assert not shown.exception
    assert not shown.error
    return shown


def words(page: AppTest) -> str:
    kinds = ("header", "subheader", "markdown", "caption", "success", "warning", "error", "info")
    return "\n".join(each.value for kind in kinds for each in page.get(kind))


def test_presence_comes_first_and_is_the_planning_function_s(page: AppTest) -> None:
    screen = first_screen(load_library()["tiny"])
    assert [each.value for each in page.header][:2] == [
        "Leviers",
        "Ce que coûte la seule présence",
    ]
    assert f"**{screen.agents} agents**" in words(page)
    first = page.subheader[0].value
    assert first == f"{number(screen.presence_etpt.value)}\u00a0ETPT"


def test_the_waterfall_ends_at_the_budgeted_etp(page: AppTest) -> None:
    screen = first_screen(load_library()["tiny"])
    table = next(each.value for each in page.dataframe if "Étape" in each.value)
    assert table["Ensemble"].iloc[-1] == pytest.approx(screen.budgeted_etp.value, abs=0.01)
    assert table["Ensemble"].is_monotonic_increasing


def test_seats_of_the_week_are_those_of_the_levers(page: AppTest) -> None:
    table = next(each.value for each in page.dataframe if "Jour" in each.value)
    assert table["Jour"].tolist()[0] == "lundi"
    assert table[["0 h", "7 h", "15 h", "23 h"]].to_numpy().tolist() == [[1, 1, 2, 1]] * 7


def test_a_lever_moves_the_question_and_back(page: AppTest) -> None:
    night = next(each for each in page.number_input if each.label == "nuit")
    night.set_value(3)
    page.button[0].click().run()
    assert page.query_params["avec"] == "seats.operators.night=3"
    next(each for each in page.number_input if each.label == "nuit").set_value(1)
    next(each for each in page.button if each.label == "Appliquer").click().run()
    assert "avec" not in page.query_params


def test_a_plan_is_shown_with_what_it_reaches(page: AppTest, tmp_path: Path) -> None:
    page.session_state["jobs"] = {staff_sizing.JOB: Ended(["size", "tiny"], tmp_path, PLAN)}
    page.run()
    assert not page.exception
    assert "Vérifié avec la graine 8" in words(page)
    table = next(each.value for each in page.table if "Cible" in each.value)
    assert table["Cible"][0].endswith("au moins 99\u00a0%")
    assert table["Atteinte"].tolist() == ["oui"]
    people = next(e.value for e in page.table if "Étendue des hypothèses" in e.value)
    assert "ETPT" in people["Indicateur"].tolist()[0]


def test_a_front_is_a_chart_and_a_table_from_the_cheapest(page: AppTest, tmp_path: Path) -> None:
    plans = [
        {
            "seat_hours_a_week": hours,
            "payroll": PLAN["payroll"] | {"eur_per_year": figure(1_000 * hours, "€ par an")},
            "targets": PLAN["targets"],
        }
        for hours in (500, 336)
    ]
    answer = {key: PLAN[key] for key in ("days", "start", "seed", "replications", "interrupted")}
    answer |= {"budget_eur": 600_000, "front": plans}
    page.session_state["jobs"] = {staff_sizing.JOB: Ended(["size", "tiny"], tmp_path, answer)}
    page.run()
    assert not page.exception
    table = next(e.value for e in page.dataframe if "Cibles atteintes" in e.value)
    assert table["Masse salariale, k€ par an"].tolist() == [336, 500]
    assert any("2 plans qu'aucun autre ne domine, de 336 à 500 k€" in e.value for e in page.caption)


def test_results_of_another_question_are_said_out_of_date(page: AppTest, tmp_path: Path) -> None:
    other = ["size", "tiny_heavy"]
    page.session_state["jobs"] = {staff_sizing.JOB: Ended(other, tmp_path, PLAN)}
    page.run()
    assert "Résultats périmés" in words(page)


def test_a_roster_is_checked_article_by_article(page: AppTest, tmp_path: Path) -> None:
    scenario = load_library()["tiny"]
    made = make_roster(
        scenario.seats,
        Calendar(Horizon(start=MONDAY, days=14)),
        Assumptions(scenario.assumptions),
        [Agent(f"A{i:02d}", 1.0) for i in range(1, 8)],
        seconds=2,
    )
    (tmp_path / staff_roster.FILE).write_text(as_csv(made.duties), encoding="utf-8")
    (tmp_path / staff_roster.FILE).with_suffix(".xlsx").write_bytes(b"a workbook")
    answer = {"unmet": made.unmet, "least_unmet": made.least_unmet, "proven": True, "ended": True}
    answer["agents"] = []
    job = Ended(["roster", "make", "tiny"], tmp_path, answer)
    page.session_state["jobs"] = {staff_roster.JOB: job}
    page.run()
    assert not page.exception
    assert "**Conforme**" in words(page)
    assert "pas un avis juridique" in words(page)
    law = next(each.value for each in page.table if "Article" in each.value)
    assert len(law) == 7
    assert f"**{made.unmet} vacations non couvertes**" in words(page)


def test_a_week_begins_on_monday() -> None:
    assert staff_roster._monday(MONDAY + timedelta(days=6)) == MONDAY


def figure(value: float, unit: str) -> dict[str, object]:
    ends = {"low": value, "high": value + 1}
    return {"value": value, **ends, "unit": unit, "kind": "Calculé", "source": "ce test"}


PLAN: dict[str, Any] = {
    "days": 28,
    "start": "2027-01-04",
    "seed": 7,
    "replications": 5,
    "confirmed": True,
    "checked_with_seed": 8,
    "targets": [
        {
            "target": "requisition_saved>=0.99",
            "met": True,
            "replications": 5,
            "value": 1.0,
            "low": 1.0,
            "high": 1.0,
        }
    ],
    "by_hour": {"video_operator": [[2.0] * 24] * 7, "requisition_officer": [[0.0] * 24] * 7},
    "payroll": {
        "etpt": figure(12.1, "ETPT"),
        "posts": figure(13, "postes"),
        "eur_per_year": figure(500_000, "€ par an"),
    },
    "shifts": [
        {
            "function": "video_operator",
            "window": "22:00-06:00",
            "weekdays": ["monday"],
            "seats": 2,
        }
    ],
    "without_one_seat": [
        {
            "function": "video_operator",
            "window": "22:00-06:00",
            "weekdays": ["monday"],
            "outcome": "breaks a target",
        }
    ],
    "interrupted": False,
}
