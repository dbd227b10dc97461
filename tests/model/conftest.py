import shutil

import pytest

from twin.files import data_folder


@pytest.fixture
def own_data(tmp_path, monkeypatch):
    """A copy of the data folder that a test may change."""
    folder = shutil.copytree(data_folder(), tmp_path / "data")
    monkeypatch.setenv("CMSU_DATA", str(folder))
    return folder
