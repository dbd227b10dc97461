from pathlib import Path

import pytest

from twin.scenarios.library import Library, load_library


@pytest.fixture
def library(scenarios: Path) -> Library:
    return load_library(scenarios)
