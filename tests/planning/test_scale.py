from dataclasses import asdict
from pathlib import Path

import pytest

from twin.planning.scale import Cost, Line, measure_cost
from twin.scenarios.library import load_library

SHORT = Cost(1, 2, 3, 4, 0.1, 1000, 100)


def test_a_line_goes_through_what_was_measured() -> None:
    long = Cost(2, 3, 7, 4, 0.1, 1000, 400)
    line = Line((10, 30), (SHORT, long))
    assert (line.at(10), line.at(30)) == (SHORT, long)
    assert line.at(50) == Cost(3, 4, 11, 4, 0.1, 1000, 700)
    assert line.at(50).replication_s == pytest.approx(19.1)


def test_noise_does_not_make_days_cheaper() -> None:
    line = Line((1, 2), (SHORT, Cost(*(value / 2 for value in asdict(SHORT).values()))))
    assert line.at(100).replication_s == line.costs[1].replication_s


def test_a_larger_centre_is_played_with_as_many_cameras_per_seat(scenarios: Path) -> None:
    tiny = load_library(scenarios)["tiny"]
    small = measure_cost(tiny, communes=2, cameras=5, days=1, engine="reference")
    large = measure_cost(tiny, communes=7, cameras=50, days=1, engine="reference")
    assert large.held_bytes > 3 * small.held_bytes
    assert large.file_bytes > small.file_bytes > 0
    assert large.replication_s > 0
