import json
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def out(twin: Callable, scenarios: Path, tmp_path: Path) -> Path:
    """Folder of four runs: sound, interrupted, outdated, damaged; and an outdated search."""
    folder = tmp_path / "runs"
    asked = ["--scenarios", scenarios, "--replications", 2, "--workers", 1]
    for seed in (1, 2, 3, 4):
        twin("run", "tiny", *asked, "--out", folder, "--seed", seed)
    twin("run", "tiny", *asked, "--out", folder / "searches", "--seed", 5)
    of_seed = by_seed(folder)
    (of_seed[2] / "replication-0002.parquet").unlink()
    outdate(of_seed[3])
    (of_seed[4] / "manifest.json").write_text("{")
    (searched,) = (folder / "searches").iterdir()
    outdate(searched)
    return folder


def by_seed(folder: Path) -> dict[int, Path]:
    found = {path: json.loads(path.read_text()) for path in folder.glob("*/manifest.json")}
    return {content["seed"]: path.parent for path, content in found.items()}


def outdate(folder: Path) -> None:
    manifest = folder / "manifest.json"
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(content | {"engine": "another"}))


def states(listed: str) -> list[str]:
    return [line.split("MB")[1].strip() for line in listed.splitlines() if "MB " in line]


def test_every_run_is_listed_even_beside_a_damaged_one(twin: Callable, out: Path) -> None:
    listed = twin("runs", "--out", out).out
    assert listed == twin("runs", "list", "--out", out).out
    assert sorted(states(listed)) == ["", "", "damaged", "outdated"]
    assert "1 of 2" in listed
    assert "manifest.json: cannot be read (not valid JSON)" in listed
    assert "1 more of searches, 0.0 MB" in listed
    assert "outdated" in twin("runs", "list", "--searches", "--out", out).out


def test_nothing_is_removed_without_a_yes(twin: Callable, out: Path) -> None:
    before = sorted(out.rglob("*"))
    answer = twin("runs", "prune", "--out", out)
    assert answer.out.count("made with other data or another model") == 2
    assert "2 runs, 0.0 MB: nothing removed" in answer.out
    assert sorted(out.rglob("*")) == before


def test_what_is_removed_is_what_was_shown(twin: Callable, out: Path) -> None:
    answer = twin("runs", "prune", "--yes", "--out", out)
    assert "2 runs removed" in answer.out
    assert len(list(out.glob("*/manifest.json"))) == 3
    assert not list((out / "searches").iterdir())
    answer = twin("runs", "prune", "--interrupted", "--damaged", "--yes", "--out", out)
    assert "1 of 2 replications" in answer.out
    assert "damaged" in answer.out
    (left,) = out.glob("*/manifest.json")
    assert json.loads(left.read_text())["seed"] == 1
    assert twin("runs", "prune", "--damaged", "--yes", "--out", out).out == "no run to remove\n"


def test_a_folder_with_something_else_is_left_alone(twin: Callable, out: Path) -> None:
    (searched,) = (out / "searches").iterdir()
    (searched / "notes.txt").touch()
    before = sorted(searched.iterdir())
    answer = twin("runs", "prune", "--yes", "--out", out)
    assert answer.code == 4
    assert "no run writes notes.txt" in answer.err
    assert sorted(searched.iterdir()) == before


def test_an_empty_or_missing_folder_is_no_mistake(twin: Callable, tmp_path: Path) -> None:
    assert twin("runs", "--out", tmp_path / "none").code == 0
    assert twin("runs", "prune", "--out", tmp_path / "none").out == "no run to remove\n"
