"""Jobs: commands that are watched, stopped and left, and leave no process."""

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from twin.ui.jobs import Job

LONG = ["size", "tiny", "--target", "requisition_saved>=0.99", "--json", "--scenarios"]


@pytest.fixture
def long(scenarios: Path, tmp_path: Path) -> list[str]:
    """A command that would last minutes."""
    more = ["--out", str(tmp_path / "runs"), "--replications", "200", "--days", "364"]
    return [*LONG, str(scenarios), *more]


def group(pid: int) -> list[int]:
    """Living processes of a group."""
    found = []
    for each in psutil.process_iter(["status"]):
        try:
            if os.getpgid(each.pid) == pid and each.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(each.pid)
        except ProcessLookupError:
            continue
    return found


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while group(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not group(pid)


def test_a_job_that_ends_gives_what_it_printed() -> None:
    job = Job(["--version"])
    job._process.wait()
    assert job.kept
    assert job.output.startswith("0.")


def test_a_mistake_is_told() -> None:
    job = Job(["runs", "show", "nothing"])
    job._process.wait()
    assert job.code not in {0, None}
    assert not job.kept
    assert job.told


def test_progress_is_read_as_it_is_drawn() -> None:
    job = Job(["--version"])
    job._process.wait()
    (job.folder / "stderr").write_text(
        "twin: compiling\n\x1b[?25l\r\x1b[2Kcentre ━━━━╸━━━ 3/24 0:00:12"
        "\r\x1b[2K⠋ centre: plan 4/9",
        encoding="utf-8",
    )
    assert job.told == ["twin: compiling", "centre 3/24 0:00:12", "centre: plan 4/9"]
    assert job.count == (4, 9)


def test_a_stop_leaves_no_process(long: list[str]) -> None:
    job = Job(long)
    assert group(job.pid)
    job.stop(patience_s=5)
    assert job.code is not None
    assert gone(job.pid)


def test_a_job_that_nobody_holds_is_ended(long: list[str]) -> None:
    job = Job(long)
    pid, folder = job.pid, job.folder
    assert group(pid)
    del job
    gc.collect()
    assert gone(pid)
    assert not folder.exists()


def test_a_job_ends_with_its_server(long: list[str]) -> None:
    """Even when the server is killed and can do nothing more."""
    lines = ["import time", "from twin.ui.jobs import Job", f"job = Job({long!r})"]
    script = "; ".join([*lines, "print(job.pid, flush=True)", "time.sleep(60)"])
    server = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    pid = int(server.stdout.readline())
    assert group(pid)
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()
    assert gone(pid)
