"""A library of shifts small enough to be searched many times."""

from pathlib import Path

import pytest
import yaml

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


INDICATORS = ("request_wait_p90", "call_to_alert_p90", "patrols_made", "police_noticed_all")


@pytest.fixture
def few_shifts(own_data: Path) -> Path:
    """Three shifts a day, every day or at the weekend, and few indicators to count."""
    path = own_data / "indicators.yaml"
    every = yaml.safe_load(path.read_text())["indicators"]
    path.write_text(yaml.safe_dump({"indicators": {name: every[name] for name in INDICATORS}}))
    path = own_data / "shift_library.yaml"
    path.write_text(LIBRARY)
    return path
