import json
from collections.abc import Callable
from pathlib import Path

import pytest

from twin.model.assumptions import load_assumptions

OPEN = ("write_min", "alerted_share", "minimum_agents")


@pytest.fixture
def question(scenarios: Path, tmp_path: Path) -> list[object]:
    """The tiny scenario with all but three assumptions decided, so that few points are played."""
    decided = [key for key in load_assumptions() if key not in OPEN]
    settings = [f"assumptions.{key}=central" for key in decided] + ["demand.city_deviation=0.001"]
    told = [part for setting in settings for part in ("--set", setting)]
    where = ["--scenarios", scenarios, "--out", tmp_path / "runs"]
    return ["tiny", *where, "--engine", "reference", "--workers", 1, *told]


def test_an_envelope_comes_before_the_interval_and_costs_nothing_again(
    twin: Callable, question: list[object], tmp_path: Path
) -> None:
    asked = ["envelope", *question, "--points", 4, "--replications", 2]
    answer = twin(*asked)
    assert answer.code == 0
    header = next(line for line in answer.out.splitlines() if line.startswith("indicator"))
    assert header.index("5-95 % of the draws") < header.index("95 % interval")
    assert "4 draws of 2 numbers, Latin hypercube, seed 7" in answer.out
    assert "1 at each draw, 2 at the central values" in answer.out
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*")}
    content = json.loads(twin(*asked, "--json").out)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*")} == files
    assert (content["points"], content["seed"]) == (4, 7)
    for row in content["indicators"]:
        for figure in (row["assumptions"], row["chance"]):
            assert figure["low"] <= figure["value"] <= figure["high"]
    assert "5 more of searches" in twin("runs", "--out", tmp_path / "runs").out


def test_what_moves_a_figure_and_what_reverses_a_conclusion(
    twin: Callable, question: list[object]
) -> None:
    conclusion = "hours_below_two<=8000"
    asked = ["sensitivity", *question, "--indicator", "working", "--conclusion", conclusion]
    asked += ["--trajectories", 2, "--per-point", 2]
    content = json.loads(twin(*asked, "--json").out)
    assert set(content) == {"central", "screening", "tornado", "reversals"}
    assert set(content["screening"]) == {"working", "hours_below_two"}
    first = content["tornado"]["hours_below_two"][0]
    assert (first["key"], first["low"], first["high"]) == ("minimum_agents", 1, 3)
    assert first["at_low"] < first["at_central"] <= first["at_high"]
    (flip,) = (
        each
        for each in content["reversals"][conclusion]
        if each["key"] == "minimum_agents" and each["value"]
    )
    assert flip["value"]["value"] in (1, 3)
    shown = twin(*asked).out
    assert "What reverses it" in shown
    assert "none within its range: alerted_share, write_min" in shown


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        (["envelope", "--workers", 0], "workers"),
        (["sensitivity"], "an indicator or a conclusion is needed"),
        (["sensitivity", "--indicator", "working_"], 'did you mean "working"'),
        (["sensitivity", "--conclusion", "working"], "write indicator>=number"),
        (["sensitivity", "--indicator", "working", "--trajectories", 1], "at least 2"),
        (["sensitivity", "--indicator", "working", "--days", 0], "horizon.days"),
    ],
)
def test_a_mistake_is_one_sentence(
    twin: Callable, question: list[object], tmp_path: Path, mistake: list[object], sentence: str
) -> None:
    verb, *options = mistake
    answer = twin(verb, *question, *options)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("twin: ")
    assert answer.err.count("\n") == 1
    assert sentence in answer.err
    assert not (tmp_path / "runs").exists()


def test_official_sources_only_says_what_changed(
    twin: Callable, scenarios: Path, tmp_path: Path
) -> None:
    asked = ["run", "tiny", "--scenarios", scenarios, "--out", tmp_path, "--workers", 1]
    asked += ["--replications", 1]
    with_all = json.loads(twin(*asked, "--json").out)
    assert "sources" not in with_all
    without = json.loads(twin(*asked, "--official-only", "--json").out)
    assert without["identity"]["identity"] != with_all["identity"]["identity"]
    lost = {each["what"]: each for each in without["sources"]["replaced"]}
    assert lost["minimum_agents"]["source"].startswith("Ville de Chalon")
    assert without["sources"]["remaining"] == []
    shown = twin(*asked, "--official-only").out
    assert "Press and partisan sources left out" in shown
    assert "Press and partisan" not in twin(*asked).out
