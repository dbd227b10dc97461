import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

TWIN = [sys.executable, "-c", "from twin.cli import main; main()"]


def content(out: Path) -> dict[str, bytes]:
    files = (path for path in out.glob("*/*") if path.name != "machine.json")
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


@pytest.fixture
def question(scenarios: Path, tmp_path: Path) -> list[object]:
    return ["run", "tiny", "--scenarios", scenarios, "--out", tmp_path / "runs"]


def test_workers_hash_seed_locale_and_time_zone_change_no_byte(
    twin: Callable, question: list[object], tmp_path: Path
) -> None:
    asked = [*question, "--replications", 2, "--tables", "--json"]
    here = json.loads(twin(*asked, "--workers", 1).out)
    there = [*asked, "--workers", 2, "--out", tmp_path / "there"]
    odd = {"PYTHONHASHSEED": "12345", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "C"}
    answer = subprocess.run(
        [*TWIN, *map(str, there)], env=os.environ | odd, capture_output=True, check=True
    )
    again = json.loads(answer.stdout)
    assert set(here) == {"identity", "stop", "indicators", "machine"}
    assert (here["identity"], here["indicators"]) == (again["identity"], again["indicators"])
    assert len(here["indicators"]) > 20
    assert (here["machine"]["workers"], again["machine"]["workers"]) == (1, 2)
    assert content(tmp_path / "runs") == content(tmp_path / "there")


def test_a_person_reads_indicators_by_family(twin: Callable, question: list[object]) -> None:
    answer = twin(*question, "--workers", 1)
    assert answer.code == 0
    observable, model_only = answer.out.split("Indicateurs de modèle, non vérifiables")
    assert "Agents présents en moyenne" in observable
    assert "Part détectée" in model_only
    assert "shorter than a year" in model_only
    assert "replications 3, seed 7" in model_only


def test_one_replication_has_no_interval(twin: Callable, question: list[object]) -> None:
    answer = twin(*question, "--replications", 1, "--workers", 1, "--json")
    rows = json.loads(answer.out)["indicators"]
    assert {row["low"] for row in rows} == {None}
    assert "no interval" in twin(*question, "--replications", 1, "--workers", 1).out


def test_days_seed_and_set_change_the_run(twin: Callable, question: list[object]) -> None:
    asked = [*question, "--replications", 1, "--workers", 1, "--json"]
    changes = [[], ["--days", 2], ["--seed", 8], ["--set", "assumptions.held_share=high"]]
    found = [json.loads(twin(*asked, *change).out)["identity"] for change in changes]
    assert len({each["identity"] for each in found}) == len(changes)
    assert found[1]["scenario"]["horizon"]["days"] == 2
    assert found[2]["seed"] == 8


def test_tables_are_kept_when_asked(twin: Callable, question: list[object], tmp_path: Path) -> None:
    twin(*question, "--replications", 1, "--workers", 1)
    (folder,) = (tmp_path / "runs").iterdir()
    assert list(folder.glob("*-tasks.parquet")) == []
    before = (folder / "replication-0001.parquet").read_bytes()
    twin(*question, "--replications", 1, "--workers", 1, "--tables")
    assert len(list(folder.glob("replication-0001-*.parquet"))) == 3
    assert (folder / "replication-0001.parquet").read_bytes() == before


MISTAKES = [
    (["--replications", 0], "replications"),
    (["--replications", -3], "replications"),
    (["--replications", 10_000_000], "replications"),
    (["--days", 0], "horizon.days"),
    (["--days", -1], "horizon.days"),
    (["--days", 10**9], "horizon.days"),
    (["--seed", -1], "seed"),
    (["--seed", 2**70], "seed"),
    (["--workers", 0], "workers"),
    (["--workers", 10**6], "workers"),
    (["--set", "seats.operators.nite=5"], 'did you mean "night"'),
    (["--set", "seats.pattern=three_by_ate"], 'did you mean "three_by_eight"'),
    (["--days", 3, "--set", "horizon.days=4"], "set twice"),
    (["--resume", "--replications", 3], "leave out --replications"),
]


@pytest.mark.parametrize(("mistake", "sentence"), MISTAKES)
def test_a_mistake_is_one_sentence_and_changes_nothing(
    twin: Callable, question: list[object], tmp_path: Path, mistake: list[object], sentence: str
) -> None:
    answer = twin(*question, *mistake)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("twin: ")
    assert answer.err.count("\n") == 1
    assert sentence in answer.err
    assert not (tmp_path / "runs").exists()


def test_resume_takes_the_number_from_the_run(
    twin: Callable, question: list[object], tmp_path: Path
) -> None:
    whole = json.loads(twin(*question, "--replications", 4, "--workers", 1, "--json").out)
    before = content(tmp_path / "runs")
    (lost,) = (tmp_path / "runs").glob("*/replication-0003.parquet")
    lost.unlink()
    assert "3 of 4" in twin("runs", "--out", tmp_path / "runs").out
    again = json.loads(twin(*question, "--resume", "--workers", 1, "--json").out)
    assert again["identity"]["replications"] == 4
    assert again["indicators"] == whole["indicators"]
    assert content(tmp_path / "runs") == before


def test_there_must_be_something_to_resume(twin: Callable, question: list[object]) -> None:
    answer = twin(*question, "--resume")
    assert answer.code == 3
    assert "no such run" in answer.err


def test_files_that_cannot_be_used_are_told(
    twin: Callable, question: list[object], tmp_path: Path
) -> None:
    (tmp_path / "plain").touch()
    for arguments, code, sentence in [
        (["--set", f"communes.file={tmp_path / 'none.csv'}"], 3, "none.csv: cannot be read"),
        (["--scenarios", tmp_path], 3, "cannot be read"),
        (["--out", tmp_path / "plain"], 4, "cannot be written"),
    ]:
        answer = twin(*question, *arguments)
        assert (answer.code, answer.out, answer.err.count("\n")) == (code, "", 1)
        assert sentence in answer.err


def test_a_stored_run_that_cannot_be_read_is_told(
    twin: Callable, question: list[object], tmp_path: Path
) -> None:
    twin(*question, "--replications", 1, "--workers", 1)
    (folder,) = (tmp_path / "runs").iterdir()
    (folder / "replication-0001.parquet").write_bytes(b"PAR1")
    answer = twin(*question, "--replications", 1, "--workers", 1)
    assert answer.code == 4
    assert "replication-0001.parquet: cannot be read" in answer.err


def test_ctrl_c_keeps_finished_replications(
    twin: Callable, question: list[object], tmp_path: Path
) -> None:
    long = [*question, "--replications", 500, "--workers", 2]
    process = subprocess.Popen(
        [*TWIN, *map(str, long)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Tests played in the background hand down an ignored Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    while len(list((tmp_path / "runs").glob("*/replication-*.parquet"))) < 2:
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert err.startswith("twin: interrupted, ")
    assert err.count("\n") == 1
    (folder,) = (tmp_path / "runs").iterdir()
    assert list(folder.glob(".*")) == []
    kept = len(list(folder.glob("replication-*.parquet")))
    assert 2 <= kept < 500
    assert f"{kept} of 500" in twin("runs", "--out", tmp_path / "runs").out


def test_communes_are_masked_in_exports_unless_asked(
    twin: Callable, question: list[object]
) -> None:
    asked = [*question, "--replications", 1, "--workers", 1, "--json"]
    masked, named = (json.loads(twin(*asked, *more).out) for more in ([], ["--names"]))
    keys = [
        {row["key"] for row in found["indicators"] if row["scope"] == "commune"}
        for found in (masked, named)
    ]
    assert all(key.startswith("commune ") for key in keys[0])
    assert all(key.startswith("59") for key in keys[1])
    assert len(keys[0]) == len(keys[1]) > 1
    assert masked["identity"] == named["identity"]
