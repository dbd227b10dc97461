"""A library of shifts small enough to be searched many times."""

from pathlib import Path

import pytest

LIBRARY = """
longest_h: 10
usual_h: 8
first_start: "05:00"
last_start: "22:00"
start_every_h: 8
lengths_h: [8]
days:
  every_day: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]
  weekend: [saturday, sunday]
"""


@pytest.fixture
def few_shifts(own_data: Path) -> Path:
    """Three shifts a day, every day or at the weekend, in a data folder of its own."""
    path = own_data / "shift_library.yaml"
    path.write_text(LIBRARY)
    return path
