"""Replications on a Dask cluster of this machine: the same bytes, a killed worker or not."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from twin.errors import MissingError
from twin.scenarios.experiment import run, run_all
from twin.scenarios.library import Library

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def cluster() -> Iterator[object]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as started:
        yield started


def content(out: Path) -> dict[str, bytes]:
    files = (path for path in out.glob("*/*") if path.name != "machine.json")
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def test_a_killed_worker_changes_no_byte(cluster: object, library: Library, tmp_path: Path) -> None:
    both = {name: library[name] for name in ("tiny", "tiny_heavy")}
    asked = library.experiment.exactly(8)
    with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
        first, *_ = client.run(os.getpid).values()
    killed = []

    def kill_once(done: int, _: int) -> None:
        if done >= 4 and not killed:
            os.kill(first, signal.SIGKILL)
            killed.append(done)

    there = run_all(
        both,
        asked,
        out=tmp_path / "there",
        cluster=cluster.scheduler_address,
        progress=kill_once,
    )
    assert killed
    assert killed[0] < 16
    run_all(both, asked, out=tmp_path / "here")
    assert content(tmp_path / "there") == content(tmp_path / "here")
    assert len(content(tmp_path / "here")) == 2 * 9
    assert there["tiny"].stored.machine["workers"] == "cluster"


def test_workers_with_other_data_are_refused(
    cluster: object, library: Library, tmp_path: Path, own_data: Path
) -> None:
    with (own_data / "forfaits.csv").open("a") as stream:
        stream.write("\n")
    with pytest.raises(MissingError, match="other data or another version"):
        run(
            library["tiny"],
            library.experiment.exactly(2),
            name="tiny",
            out=tmp_path / "runs",
            cluster=cluster.scheduler_address,
        )


def test_a_cluster_without_workers_is_told(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin.scenarios.replay._CONNECT_S", 0.5)
    with (
        distributed.LocalCluster(
            n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as empty,
        pytest.raises(MissingError, match="no Dask cluster with workers"),
    ):
        run(
            library["tiny"],
            library.experiment.exactly(2),
            name="tiny",
            out=tmp_path / "runs",
            cluster=empty.scheduler_address,
        )
