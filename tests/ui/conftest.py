"""What pages are given in place of long work."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import twin
from twin.scenarios import library as libraries

__all__ = ["Done", "small", "twin"]


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
