from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def asked(scenarios: Path, tmp_path: Path) -> list[object]:
    return ["--scenarios", scenarios, "--stress", "--runs", tmp_path / "runs"]


def test_a_stored_run_becomes_a_page(twin: Callable, asked: list[object], tmp_path: Path) -> None:
    kept = ["--scenarios", asked[1], "--out", tmp_path / "runs", "--workers", 1]
    assert twin("run", "tiny", *kept, "--replications", 1, "--days", 2).code == 0
    page = tmp_path / "there" / "page.md"
    answer = twin("report", "tiny", *asked, "--set", "horizon.days=2", "--out", page)
    assert (answer.code, answer.out) == (0, f"written: {page}\n")
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Rapport STRESS-DES : Petite\n")
    assert "2 jours simulés par réplication" in text
    assert [path.name for path in page.parent.iterdir()] == ["page.md"]


def test_a_run_that_is_not_there_says_which_command_makes_it(
    twin: Callable, asked: list[object], tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    answer = twin("report", "tiny", *asked, "--seed", 5, "--set", "horizon.days=2", "--out", page)
    assert (answer.code, answer.out) == (3, "")
    assert answer.err.count("\n") == 1
    assert "twin run tiny --seed 5" in answer.err
    assert "--set horizon.days=2" in answer.err
    assert not page.exists()


def test_documents_are_written_together_in_one_folder(
    twin: Callable, asked: list[object], tmp_path: Path
) -> None:
    levers = ["--set", "horizon.days=2", "--replications", 1, "--engine", "reference"]
    kept = [*asked[:2], "--runs", tmp_path / "runs", "--workers", 1, *levers]
    folder = tmp_path / "there"
    answer = twin("report", "tiny", *kept, "--xlsx", "--ethics", "--out", folder)
    written = [f"written: {folder / name}" for name in ("tiny.xlsx", "tiny-ethics.md")]
    assert (answer.code, answer.out.splitlines()) == (0, written)
    assert {path.name for path in folder.iterdir()} == {"tiny.xlsx", "tiny-ethics.md"}
    page = (folder / "tiny-ethics.md").read_text(encoding="utf-8")
    assert "1 réplication" in page


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["tiny"], "--pptx"), (["tiny"], "--stress"), (["tinny", "--stress"], 'did you mean "tiny"')],
)
def test_a_mistake_is_one_sentence(
    twin: Callable, scenarios: Path, arguments: list[object], sentence: str
) -> None:
    answer = twin("report", *arguments, "--scenarios", scenarios)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert sentence in answer.err
