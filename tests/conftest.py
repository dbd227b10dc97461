"""A centre small enough to be replayed many times, and a data folder to change."""

import shutil
from pathlib import Path

import pytest

from twin.files import data_folder

SCENARIOS = """
experiment: {{seed: 7, replications: 3, max_replications: 6, precision: {{}}}}
base:
  horizon: {{start: 2027-01-04, days: 1}}
  communes: {{select: hypothesis_38, file: "{communes}"}}
  forfaits: {{rule: all_3, evening_window: "18:00-06:00"}}
  demand: {{kappa_police: 300, kappa_nuisance: 300}}
  seats:
    pattern: three_by_eight
    operators: {{day: 1, evening: 2, night: 1}}
    end_of_shift: hand_over
    wall_minimum: 1
    display_rule: mixed
    check_hour: "08:00"
  tariffs: voted_2025
overrides:
  crowded_night: {{seats: {{operators: {{night: 3}}}}}}
  heavy: {{assumptions: {{requisition_work_h: high}}}}
scenarios:
  tiny: {{label: Petite, description: Deux communes., overrides: []}}
  tiny_heavy: {{label: Chargée, description: Deux communes., overrides: [crowded_night, heavy]}}
"""


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    """A file of scenarios over two communes and five cameras."""
    communes = tmp_path / "communes.csv"
    communes.write_text(
        "insee,cameras,forfait,window,joined\n59360,3,3,00:00-24:00,\n59507,2,3,00:00-24:00,\n"
    )
    path = tmp_path / "scenarios.yaml"
    path.write_text(SCENARIOS.format(communes=communes))
    return path


@pytest.fixture
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the data folder that a test may change."""
    folder = shutil.copytree(data_folder(), tmp_path / "data")
    monkeypatch.setenv("CMSU_DATA", str(folder))
    return folder
