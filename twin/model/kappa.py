"""The calibrated constants of the demand, read for the assumptions of a scenario.

kappa answers "how many incidents in view there must have been for an observed room to notice what
it reported". The answer moves with what is assumed of the room, so the calibration keeps it at both
ends of each assumption that moves it, and a scenario gets the kappa of its own assumptions:

    kappa = central x product over assumptions of (kappa_end / central) ** position

where position is 0 at the assumption's central value and 1 at the end it is moved to. Another
detection probability counts as the reference time that gives the same hazard.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, PositiveFloat

from twin.errors import MissingError
from twin.files import data_folder, load_yaml, validated
from twin.model.assumptions import Assumptions, load_assumptions
from twin.model.detection import equivalent_view_min

__all__ = ["Calibration", "Constant", "Ends", "calibrated", "load_calibration"]


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Ends(_Block):
    """A constant with one assumption moved to either end of its range."""

    low: PositiveFloat
    high: PositiveFloat


class Constant(_Block):
    """One calibrated constant, per camera and year."""

    central: PositiveFloat
    """With every assumption at its central value."""
    low: PositiveFloat
    """Least value when the assumptions move one at a time."""
    high: PositiveFloat
    """Greatest value when the assumptions move one at a time."""
    ends: dict[str, Ends]
    """Value at both ends of each assumption that was moved."""


class Calibration(_Block):
    """What `twin calibrate` writes."""

    note: str
    """How it was made."""
    seed: int
    """Seed of the runs."""
    replications: int
    """Simulated years per evaluation."""
    kappa_police: Constant
    """Police-class incidents in view per camera and year, in the calibration city."""
    kappa_nuisance: Constant
    """Nuisances in view per camera and year, in the calibration city."""


def load_calibration() -> Calibration:
    """Content of ``data/derived/calibration.json``."""
    return _load(data_folder() / "derived" / "calibration.json")


@cache
def _load(path: Path) -> Calibration:
    if not path.exists():
        raise MissingError(f"{path}: no such file; run `twin calibrate` or set the kappa levers")
    return validated(Calibration, load_yaml(path), str(path))


def calibrated(name: Literal["kappa_police", "kappa_nuisance"], assumptions: Assumptions) -> float:
    """Constant of a class for the assumptions of a scenario.

    Examples
    --------
    >>> police = load_calibration().kappa_police
    >>> calibrated("kappa_police", Assumptions()) == police.central
    True
    >>> at_end = calibrated("kappa_police", Assumptions({"held_share": "low"}))
    >>> math.isclose(at_end, police.ends["held_share"].low)
    True
    """
    constant: Constant = getattr(load_calibration(), name)
    ranges = load_assumptions()
    kappa = constant.central
    values = assumptions.values | {"reference_view_min": equivalent_view_min(assumptions)}
    for key, ends in constant.ends.items():
        value, centre = values[key], ranges[key].central
        if value == centre:
            continue
        end, at_end = (
            (ranges[key].low, ends.low) if value < centre else (ranges[key].high, ends.high)
        )
        position = (value - centre) / (end - centre) if end != centre else 0.0
        kappa *= math.pow(at_end / constant.central, position)
    return kappa
