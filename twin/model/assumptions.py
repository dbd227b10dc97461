"""Third drawer: assumptions, each with its range, its source and its grade."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from twin.errors import InputError, did_you_mean
from twin.files import data_folder, load_yaml, validated

__all__ = ["Assumption", "Assumptions", "Grade", "load_assumptions"]


class Grade(StrEnum):
    """Who says so."""

    OFFICIAL = "official"
    PRESS = "press"
    PARTISAN = "partisan"
    HYPOTHESIS = "hypothesis"


class Assumption(BaseModel):
    """One uncertain number of the world."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    label: str
    """What it is, in French, as shown."""
    unit: str
    """Unit of the three values."""
    low: float
    """Low end of the plausible range."""
    central: float
    """Value used unless a scenario says otherwise."""
    high: float
    """High end of the plausible range."""
    distribution: Literal["fixed", "uniform", "triangular", "lognormal"]
    """Shape between low and high when the range is sampled."""
    grade: Grade
    """Grade of the source of the central value."""
    source: str
    """Where the values come from; "hypothesis" when no source gives them."""
    confidence: Literal["high", "medium", "low"]
    """How far the source can be trusted for this use."""
    stage: Literal["run", "after"] = "run"
    """Whether a run reads it, or only what is computed from a run: posts, budget, network."""

    @model_validator(mode="after")
    def _in_order(self) -> Assumption:
        if not self.low <= self.central <= self.high:
            raise ValueError("low <= central <= high does not hold")
        if self.grade is Grade.HYPOTHESIS and "hypothesis" not in self.source:
            raise ValueError('the source of a hypothesis must say "hypothesis"')
        return self


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    assumptions: dict[str, Assumption]


Choice = Literal["low", "central", "high"] | float


class Assumptions:
    """Values of the assumptions for one scenario.

    Parameters
    ----------
    choices : mapping of str to {"low", "central", "high"} or float
        Departures from the central values. A number outside the range is allowed: a lever may
        go where the literature did not, and the identity of the run records it.

    Examples
    --------
    >>> Assumptions({"requisition_work_h": "high"})["requisition_work_h"] > 2
    True
    """

    def __init__(self, choices: Mapping[str, Choice] | None = None) -> None:
        table = load_assumptions()
        self.values = {key: entry.central for key, entry in table.items()}
        for key, choice in (choices or {}).items():
            if key not in table:
                raise InputError(f'unknown assumption "{key}"; {did_you_mean(key, table)}')
            self.values[key] = (
                float(getattr(table[key], choice)) if isinstance(choice, str) else float(choice)
            )

    def __getitem__(self, key: str) -> float:
        return self.values[key]


def load_assumptions(path: Path | None = None) -> dict[str, Assumption]:
    """Every assumption by key, from ``data/assumptions.yaml`` or another file of that shape."""
    return _load(path or data_folder() / "assumptions.yaml")


@cache
def _load(path: Path) -> dict[str, Assumption]:
    return validated(_File, load_yaml(path), str(path)).assumptions
