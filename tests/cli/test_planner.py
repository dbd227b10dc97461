import json
from collections.abc import Callable
from pathlib import Path

import pytest

START = ("--weeks", 2, "--start", "2027-03-15", "--seconds", 20)


def test_seats_shows_presence_then_posts_then_the_stored_load(
    twin: Callable, scenarios: Path, tmp_path: Path
) -> None:
    of_tiny = ("tiny", "--scenarios", scenarios, "--out", tmp_path / "runs")
    answer = twin("seats", *of_tiny)
    assert answer.code == 0
    assert "2 agents in the room day and night\n  12.06 ETPT" in answer.out
    assert "507 k€ a year" in answer.out
    assert "no stored run" in answer.out
    assert "pas un avis juridique" in answer.out
    assert twin("run", *of_tiny, "--replications", 2, "--workers", 1).code == 0
    assert "stored run, Agents présents en moyenne: " in twin("seats", *of_tiny).out
    content = json.loads(twin("seats", *of_tiny, "--json").out)
    assert content["presence_etpt"]["unit"] == "ETPT"
    assert {row["indicator"] for row in content["load"]} >= {"agents_present", "hours_below_two"}


def test_twelve_hours_print_that_they_are_not_legal(twin: Callable, scenarios: Path) -> None:
    twelve = ["--set", "seats.pattern=two_by_twelve", "--set", "seats.operators.evening=null"]
    of_tiny = ("seats", "tiny", "--scenarios", scenarios, *twelve)
    refused = twin(*of_tiny)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "« non légal en l'état »" in refused.err
    answer = twin(*of_tiny, "--set", "seats.regime=custom")
    assert "pattern two_by_twelve: non légal en l'état\n" in answer.out


def test_a_roster_is_made_checked_and_played(
    twin: Callable, scenarios: Path, tmp_path: Path
) -> None:
    path = tmp_path / "plan.csv"
    of_tiny = ("tiny", "--scenarios", scenarios)
    made = twin("roster", "make", *of_tiny, "--agents", 9, *START, "--to", path)
    assert made.code == 0
    assert "conforme (pas un avis juridique)" in made.out
    assert path.with_suffix(".xlsx").stat().st_size > 1000
    assert twin("roster", "check", path).code == 0
    rows = path.read_text().splitlines()
    day = next(row for row in rows if ",A01," in row)
    path.write_text("\n".join([*rows, day.removesuffix("20") + "5"]) + "\n")
    checked = twin("roster", "check", path)
    assert checked.code == 1
    assert "A01 2027-" in checked.out
    assert "(décret 2000-815, art. 3 I)" in checked.out
    report = json.loads(twin("roster", "check", path, "--json").out)
    assert report["conforming"] is False
    assert report["rules"]["break"]["breaches"][0]["agent"] == "A01"
    path.write_text("\n".join(rows) + "\n")
    lever = ("--set", f"seats.roster={path}", "--set", "horizon.start=2027-03-16")
    run = twin("run", *of_tiny, *lever, "--replications", 1, "--workers", 1, "--out", tmp_path)
    assert run.code == 0


def test_part_time_agents_come_last(twin: Callable, scenarios: Path, tmp_path: Path) -> None:
    arguments = ("tiny", "--scenarios", scenarios, "--agents", 3, "--part-time", "1@50", *START)
    answer = twin("roster", "make", *arguments, "--to", tmp_path / "plan.csv", "--json")
    content = json.loads(answer.out)
    assert [(row["code"], row["share"]) for row in content["agents"]] == [
        ("A01", 1.0),
        ("A02", 1.0),
        ("A03", 0.5),
    ]
    assert content["unmet"] >= content["least_unmet"] > 0


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["make", "reference", "--agents", 3, "--start", "2027-01-05"], 2, "is not one"),
        (
            ["make", "reference", "--agents", 3, "--start", "2027-01-04", "--part-time", "4@80"],
            2,
            "4 of 3",
        ),
        (
            ["make", "reference", "--agents", 3, "--start", "2027-01-04", "--part-time", "1@120"],
            2,
            "4@80",
        ),
        (["check", "none.csv"], 3, "no such file"),
        (["check", "none.csv", "--regime", "ftp"], 2, 'did you mean "fpt"'),
    ],
)
def test_a_mistake_is_one_sentence(
    twin: Callable, arguments: list[object], code: int, sentence: str
) -> None:
    answer = twin("roster", *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert answer.err.count("\n") == 1
    assert sentence in answer.err
