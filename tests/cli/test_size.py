import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.planning.conftest import few_shifts  # noqa: F401
from twin.scenarios.library import load_library

CALLS = ["--set", "assumptions.requests_per_camera_year=20000"]
WAIT = ["--target", "request_wait_p90_min<=2"]
pytestmark = pytest.mark.usefixtures("few_shifts")


@pytest.fixture
def asked(scenarios: Path, tmp_path: Path) -> list[object]:
    question = ["tiny", "--scenarios", scenarios, "--out", tmp_path / "runs", "--days", 7]
    return [*question, "--replications", 3, "--workers", 1, *CALLS]


def test_a_person_reads_seats_posts_cost_and_what_each_shift_is_for(
    twin: Callable, asked: list[object], tmp_path: Path
) -> None:
    answer = twin("size", *asked, *WAIT, "--most", 8)
    assert answer.code == 0
    for words in (
        "request_wait_p90<=2",
        "Operators by day and hour",
        "without one of these seats",
        "ETPT",
        "binding hours of request_wait_p90<=2: ",
        "replications played",
        "meets every target; no shift can lose a seat",
    ):
        assert words in answer.out
    assert not list((tmp_path / "runs").glob("size_*"))
    assert list((tmp_path / "runs" / "searches").glob("size_tiny-*"))


def test_the_saved_plan_is_a_scenario_that_plays_as_it_was_sized(
    twin: Callable, asked: list[object], tmp_path: Path
) -> None:
    file = tmp_path / "sized.yaml"
    answer = json.loads(twin("size", *asked, *WAIT, "--most", 8, "--save", file, "--json").out)
    assert answer["confirmed"] is True
    scenario = load_library(file)["tiny_sized"]
    assert scenario.horizon.days == 1
    assert scenario.seats.relief
    rows = [row.model_dump(mode="json") for row in scenario.seats.shifts]
    assert rows == answer["shifts"]
    held = sum(sum(day) for day in answer["by_hour"]["video_operator"])
    assert held == answer["seat_hours_a_week"]
    played = twin("run", "tiny_sized", "--scenarios", file, "--out", tmp_path, "--workers", 1)
    assert played.code == 0
    agents = ("--agents", 20, "--weeks", 2, "--start", "2027-01-04", "--seconds", 5)
    to = tmp_path / "roster.csv"
    made = twin("roster", "make", "tiny_sized", "--scenarios", file, *agents, "--to", to)
    assert made.code == 0
    assert {shift["window"] for shift in answer["shifts"]} >= {
        line.split(",")[4].split(" ")[0] for line in to.read_text().splitlines()[1:]
    }


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--target", "request_wait_p9<=2"], 2, 'did you mean "request_wait_p90"'),
        (["--target", "call_to_alert_p90<=0.1", "--most", 8], 1, "cannot be met: 8 operators"),
        ([*WAIT, "--budget", 9e5, "--save", "x.yaml"], 2, "leave out --budget"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(
    twin: Callable, asked: list[object], options: list[object], code: int, sentence: str
) -> None:
    answer = twin("size", *asked, *options)
    assert answer.code == code
    assert sentence in answer.err
    assert answer.err.count("\n") == 1


def test_a_target_on_the_model_alone_is_solved_at_three_ends(
    twin: Callable, asked: list[object]
) -> None:
    target = ["--target", "police_noticed_all<=0.99", "--most", 4]
    words = twin("size", *asked, *target).out
    assert words.count("indicateur de modèle, non vérifiable") == 3
    for end in ("low", "central", "high"):
        assert f"held_share, top_decile_share, police_view_min, nuisance_view_min at {end}" in words


def test_a_budget_gives_a_front_that_it_can_pay(twin: Callable, asked: list[object]) -> None:
    budget = ["--budget", 900_000, "--most", 8]
    answer = json.loads(twin("size", *asked, *WAIT, *budget, "--json").out)
    costs = [plan["payroll"]["eur_per_year"]["value"] for plan in answer["front"]]
    assert len(costs) > 1
    assert max(costs) <= 900_000
    assert "EUR a year" in twin("size", *asked, *WAIT, *budget).out


def test_ctrl_c_keeps_the_best_plan(
    twin: Callable, asked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("twin.planning.sizing._Search.checked", stopped)
    answer = twin("size", *asked, *WAIT, "--most", 8)
    assert answer.code == 130
    assert "Operators by day and hour" in answer.out
    assert "not checked in fresh worlds yet" in answer.out
    assert "interrupted, what was played is kept" in answer.err


def test_pooling_is_compared_way_by_way(twin: Callable, asked: list[object]) -> None:
    shared = [*asked, "--sectors", 2, "--most", 3, "--target", "request_wait_p90_min<=30"]
    shared += ["--show", "patrols_made"]
    answer = json.loads(twin("pooling", *shared, "--json").out)
    assert [way["way"] for way in answer] == ["pooled", "sectors_2", "one_commune_at_a_time"]
    assert set(answer[0]["values"]) == {"request_wait_p90", "patrols_made"}
    words = twin("pooling", *shared).out
    assert "less pooled, in the same worlds" in words
    assert "pooled: meets every target" in words or "pooled: does not show" in words
    wrong = twin("pooling", *asked, "--show", "patrols_mad")
    assert (wrong.code, 'did you mean "patrols_made"' in wrong.err) == (2, True)
