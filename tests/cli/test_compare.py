import json
from collections.abc import Callable
from pathlib import Path

import pytest

from twin.model.indicators import load_indicators
from twin.scenarios.compare import USUAL


@pytest.fixture
def asked(scenarios: Path, tmp_path: Path) -> list[object]:
    out = tmp_path / "runs"
    return ["--scenarios", scenarios, "--out", out, "--workers", 1, "--engine", "reference"]


def test_what_is_usually_compared_can_be_observed() -> None:
    known = load_indicators()
    assert {known[name].family for name in USUAL} == {"observable"}


def test_a_comparison_is_a_table_and_says_why_it_stopped(
    twin: Callable, asked: list[object]
) -> None:
    answer = twin("compare", "tiny", "tiny_heavy", *asked)
    assert (answer.code, answer.err) == (0, "")
    table, facts = answer.out.split("\n\n")
    assert table.startswith("tiny_heavy minus tiny")
    assert "Holm p" in table
    assert "the same in every" in table
    assert "tiny_heavy: the 3 replications asked, kept in " in facts
    assert facts.count("\n") == 5


def test_a_comparison_as_json_is_the_same_for_any_workers(
    twin: Callable, asked: list[object], tmp_path: Path
) -> None:
    wanted = ["--indicator", "agents_present", "--indicator", "police_alerts", "--json"]
    first = twin("compare", "tiny", "tiny_heavy", *asked, *wanted)
    elsewhere = ["--workers", 2, "--out", tmp_path / "elsewhere"]
    again = twin("compare", "tiny", "tiny_heavy", *asked, *wanted, *elsewhere)
    assert first.out == again.out
    content = json.loads(first.out)
    assert content["first"] == "tiny"
    (present, alerts) = content["differences"]
    assert (present["indicator"], present["replications"]) == ("agents_present", 3)
    assert present["verdict"].endswith("% higher")
    assert alerts["difference"]["low"] <= alerts["difference"]["value"]


def test_plans_are_ranked_by_name_or_by_lever(twin: Callable, asked: list[object]) -> None:
    question = ["--indicator", "agents_present", "--max", *asked]
    answer = twin("rank", "tiny", "tiny_heavy", *question)
    assert "tiny_heavy is the highest with probability" in answer.out
    varied = [
        "--vary", "seats.operators.night=1,2", "--vary", "assumptions.held_share=low,high",
        "--replications", 2, "--budget", 9, "--json",
    ]  # fmt: skip
    content = json.loads(twin("rank", "tiny", *question, *varied).out)
    assert list(content["labels"].values()) == [
        f"seats.operators.night={n} assumptions.held_share={end}"
        for n in (1, 2)
        for end in ("low", "high")
    ]
    assert "night=2" in content["labels"][content["plans"][0]["name"]]
    assert 8 <= content["spent"] <= 9


MISTAKES = [
    (["compare", "tiny"], "two scenarios or more"),
    (["compare", "tiny", "tinny"], 'did you mean "tiny"'),
    (["compare", "tiny", "tiny_heavy", "--indicator", "police_alert"], "police_alerts"),
    (["compare", "tiny", "tiny_heavy", "--set", "seats.relef=true"], "relief"),
    (["rank", "tiny", "--indicator", "working", "--min"], "two scenarios or more"),
    (["rank", "tiny", "--indicator", "work", "--min", "--vary", "seats.relief=true,false"], "work"),
    (["rank", "tiny", "--indicator", "working", "--min", "--vary", "seats"], "write block.lever"),
    (["rank", "tiny", "tiny_heavy", "--indicator", "working", "--min", "--budget", 2], "budget"),
]


@pytest.mark.parametrize(("mistake", "sentence"), MISTAKES)
def test_a_mistake_is_one_sentence_and_runs_nothing(
    twin: Callable, asked: list[object], tmp_path: Path, mistake: list[object], sentence: str
) -> None:
    answer = twin(*mistake, *asked)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert sentence in answer.err
    assert not (tmp_path / "runs").exists()


def test_a_cluster_that_does_not_answer_is_told(
    twin: Callable, asked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("twin.scenarios.replay._CONNECT_S", 0.2)
    answer = twin("compare", "tiny", "tiny_heavy", *asked, "--dask", "tcp://127.0.0.1:1")
    assert (answer.code, answer.out, answer.err.count("\n")) == (3, "", 1)
    assert "tcp://127.0.0.1:1: no Dask cluster" in answer.err


def test_the_cost_of_a_large_question_is_told(twin: Callable, scenarios: Path) -> None:
    question = ["scale", "tiny", "--communes", 4, "--cameras", 10, "--years", 2]
    asked = [*question, "--days", 1, 2, "--engine", "reference", "--scenarios", scenarios]
    content = json.loads(twin(*asked, "--replications", 50, "--count", 3, "--json").out)
    total, one = content["total"], content["replication"]
    spent = sum(one[f"{stage}_s"] for stage in ("world", "room", "indicators", "file"))
    assert total["core_hours"] == pytest.approx((150 * spent + 9 * one["prepare_s"]) / 3600)
    assert total["hours"] == pytest.approx((75 * spent + 6 * one["prepare_s"]) / 3600)
    assert total["kept_gb"] == pytest.approx(150 * one["file_bytes"] / 1e9)
    assert "150 replications: " in twin(*asked, "--replications", 150).out
    assert "two rising numbers" in twin(*asked, "--days", 2, 2).err
