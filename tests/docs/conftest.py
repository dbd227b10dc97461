import shutil
from pathlib import Path

import pytest

from twin.files import data_folder


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a reader who follows a page: beside his scenarios, free to change."""
    folder = shutil.copytree(data_folder(), tmp_path / "data")
    monkeypatch.setenv("CMSU_DATA", str(folder))
    return folder
