import json
from collections.abc import Callable
from pathlib import Path

import pytest

from twin.scenarios.store import engine_digest
from twin.validation import arithmetic, cases, proof
from twin.validation.case import Verdict
from twin.validation.proof import confidence


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three cases, played here, so that what a test changes is what is played."""
    kept = tuple(case for case in cases.cases() if case.number in (1, 9, 18))
    monkeypatch.setattr(proof, "cases", lambda: kept)
    monkeypatch.setattr(
        proof, "REPLICATIONS", {True: {"reference": 2, "kernel": 5}, False: {"kernel": 6}}
    )


@pytest.mark.usefixtures("few")
def test_a_person_reads_a_table(twin: Callable) -> None:
    answer = twin("validate", "--quick", "--workers", 1)
    assert (answer.code, answer.err) == (0, "")
    assert "| 1 | Erlang B, 10 erlangs, 14 lines | reference | blocked | 0.056819 |" in answer.out
    assert "| 9 | M/M/2//500, cameras and their crew | kernel | availability |" in answer.out
    assert "| 10 | Halfin-Whitt | arithmetic |" in answer.out
    assert "not run: 16," in answer.out
    assert "2 on the reference, 5 on the kernel; seed 1" in answer.out


@pytest.mark.usefixtures("few")
def test_a_machine_reads_the_same(twin: Callable) -> None:
    asked = ["validate", "--quick", "--engine", "kernel", "--workers", 1, "--json"]
    found, again, other = (json.loads(twin(*asked, *more).out) for more in ([], [], ["--seed", 2]))
    assert found["replications"] == {"kernel": 5}
    assert found["confidence"] == confidence(6)
    assert found["verdicts"] == again["verdicts"] != other["verdicts"]
    assert {row["number"] for row in found["verdicts"]} >= {1, 7, 9, 15, 18}
    assert all(
        row["agrees"] is (row["low"] <= row["value"] <= row["high"]) for row in found["verdicts"]
    )
    assert found["disagreeing"] == 0


@pytest.mark.usefixtures("few")
def test_a_disagreement_is_exit_code_1(twin: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [Verdict(10, "Halfin-Whitt", "arithmetic", "spare servers", 2.0, 1.0, 0.9, 1.1)]
    monkeypatch.setattr(arithmetic, "verdicts", lambda: wrong)
    answer = twin("validate", "--quick", "--engine", "kernel", "--workers", 1)
    assert answer.code == 1
    assert "0.90000 to 1.1000 | DISAGREES |" in answer.out
    assert answer.err == "twin: 1 of 7 verdicts disagrees\n"


def test_an_interruption_is_exit_code_130(twin: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(proof, "prove", stopped)
    answer = twin("validate", "--engine", "reference")
    assert (answer.code, answer.out) == (130, "")
    assert answer.err.startswith("twin: interrupted")


def test_published_values_are_written_as_json_holds_them(
    twin: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(proof, "cases", tuple)
    monkeypatch.setattr(proof, "confidence", lambda _: 0.99)
    path = tmp_path / "kept" / "validation.json"
    answer = twin("validate", "--quick", "--engine", "reference", "--json", "--save", path)
    assert answer.code == 0
    found = json.loads(path.read_text())
    assert found == json.loads(answer.out)
    assert found["engine"] == engine_digest()
    assert {row["engine"] for row in found["verdicts"]} == {"arithmetic"}


def test_an_unknown_engine_is_refused(twin: Callable) -> None:
    answer = twin("validate", "--engine", "abacus")
    assert answer.code == 2
    assert "kernel" in answer.err


def test_several_workers_change_no_figure(few: None) -> None:
    by_workers = [
        proof.prove(["reference"], quick=True, seed=3, workers=workers).verdicts
        for workers in (1, 2)
    ]
    assert by_workers[0] == by_workers[1]
