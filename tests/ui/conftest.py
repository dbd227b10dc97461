"""Places from which the pages are opened, and what they are given instead of long work."""

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import twin
from tests.conftest import SCENARIOS
from twin.planning.volumes import stage_volumes
from twin.scenarios import library as libraries
from twin.scenarios.experiment import run
from twin.scenarios.library import load_library
from twin.ui import answers, jobs
from twin.ui.tariffs_runs import REPLICATIONS

__all__ = ["Done", "Ended", "answered", "played", "small", "twin"]

COMMUNES = "insee,cameras,forfait,window,joined\n59360,3,3,00:00-24:00,\n59507,2,3,00:00-24:00,\n"


@dataclass(frozen=True)
class Done:
    """A job that has ended: what `twin.ui.jobs.Job` gives of it."""

    output: str
    folder: Path = Path()
    arguments: tuple[str, ...] = ()
    code: int = 0
    kept: bool = True


@pytest.fixture
def small(scenarios: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place whose library is the small one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(libraries, "_SHIPPED", scenarios)
    return tmp_path


class Ended(jobs.Job):
    """A job that ended with an answer written by hand, and started no process."""

    def __init__(self, arguments: Sequence[str], folder: Path, answer: object) -> None:
        self.arguments = tuple(arguments)
        self.folder = folder
        (folder / "stdout").write_text(json.dumps(answer), encoding="utf-8")

    @property
    def code(self) -> int:
        return 0


@pytest.fixture(scope="session")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a library, the sixteen replications and the stages of its first scenario."""
    folder = tmp_path_factory.mktemp("answered")
    (folder / "communes.csv").write_text(COMMUNES)
    (folder / "scenarios.yaml").write_text(SCENARIOS.format(communes=folder / "communes.csv"))
    library, out = load_library(folder / "scenarios.yaml"), folder / "runs"
    run(library["tiny"], library.experiment.exactly(16), name="tiny", out=out)
    stage_volumes(library["tiny"], library.experiment.exactly(REPLICATIONS), name="tiny", out=out)
    return folder


@pytest.fixture
def played(answered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place whose runs hold the answers already; what it plays, it plays in a thread."""
    shutil.copytree(answered / "runs", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(libraries, "_SHIPPED", answered / "scenarios.yaml")
    monkeypatch.setattr(answers, "_workers", lambda: ThreadPoolExecutor(1))
    return tmp_path
