"""Third drawer: assumptions, each with its range, its source and its grade."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator
from scipy.special import ndtri

from twin.errors import InputError, did_you_mean
from twin.files import data_folder, load_yaml, validated

__all__ = ["Assumption", "Assumptions", "Choice", "Grade", "Sources", "load_assumptions"]

SOURCES = "sources"
"""Key that stands among the choices of a scenario beside those of the assumptions."""

_HIGH_QUANTILE = 0.95
"""Quantile of a normal or lognormal at its high end; its low end is the opposite one."""


class Grade(StrEnum):
    """Who says so."""

    OFFICIAL = "official"
    PRESS = "press"
    PARTISAN = "partisan"
    HYPOTHESIS = "hypothesis"


class Sources(StrEnum):
    """Which sources the numbers of a scenario may rest on."""

    ALL = "all"
    OFFICIAL = "official"

    def allow(self, grade: Grade) -> bool:
        """Whether a number of that grade is used."""
        return self is Sources.ALL or grade not in {Grade.PRESS, Grade.PARTISAN}


class Official(BaseModel):
    """What stands in for an assumption that rests on press or partisan sources."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    low: float | None = None
    """Low end; none: that of the assumption."""
    central: float
    """Value used instead."""
    high: float | None = None
    """High end; none: that of the assumption."""
    grade: Literal[Grade.OFFICIAL, Grade.HYPOTHESIS]
    """A hypothesis where no official source gives the number."""
    source: str
    """Where the values come from."""


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
    distribution: Literal["fixed", "uniform", "triangular", "lognormal", "normal"]
    """Shape between low and high when the range is sampled."""
    grade: Grade
    """Grade of the source of the central value."""
    source: str
    """Where the values come from; "hypothesis" when no source gives them."""
    confidence: Literal["high", "medium", "low"]
    """How far the source can be trusted for this use."""
    stage: Literal["run", "after"] = "run"
    """Whether a run reads it, or only what is computed from a run: posts, budget, network."""
    drawn_with: str | None = None
    """Assumption whose position in its range this one shares: several answers of one test."""
    official: Official | None = None
    """What stands in for it when press and partisan sources are left out."""

    @model_validator(mode="after")
    def _in_order(self) -> Assumption:
        if not self.low <= self.central <= self.high:
            raise ValueError("low <= central <= high does not hold")
        if self.grade is Grade.HYPOTHESIS and "hypothesis" not in self.source:
            raise ValueError('the source of a hypothesis must say "hypothesis"')
        self.by(Sources.OFFICIAL)
        return self

    def by(self, sources: Sources) -> Assumption:
        """Return the assumption as these sources give it.

        One that has no official stand-in stays what it is, with its grade.
        """
        if sources is Sources.ALL or self.official is None:
            return self
        given = self.official.model_dump(exclude_none=True)
        return Assumption(**self.model_dump(exclude={"official"}) | given)

    def quantile(self, share: float) -> float:
        """Value below which `share` of the draws lie.

        Uniform between the ends; triangular with its mode at the central value; normal or lognormal
        with the central value as its median and the ends as its 5 % and 95 % quantiles, so that
        each side has a spread of its own. A ``fixed`` assumption keeps its central value.

        Parameters
        ----------
        share : float
            Between 0 and 1, both excluded.

        Examples
        --------
        >>> hours = load_assumptions()["requisition_work_h"]
        >>> [round(hours.quantile(share), 6) for share in (0.05, 0.5, 0.95)]
        [0.5, 2.0, 11.6]
        """
        low, mode, high = self.low, self.central, self.high
        if self.distribution == "fixed" or low == high:
            return mode
        if self.distribution == "uniform":
            return low + share * (high - low)
        score = float(ndtri(share) / ndtri(_HIGH_QUANTILE))
        end = high if score > 0 else low
        if self.distribution == "lognormal":
            return mode * math.pow(end / mode, abs(score))
        if self.distribution == "normal":
            return mode + abs(score) * (end - mode)
        if share * (high - low) < mode - low:
            return low + math.sqrt(share * (high - low) * (mode - low))
        return high - math.sqrt((1 - share) * (high - low) * (high - mode))


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    assumptions: dict[str, Assumption]


Choice = Literal["low", "central", "high", "all", "official"] | float


class Assumptions:
    """Values of the assumptions for one scenario.

    Parameters
    ----------
    choices : mapping of str to {"low", "central", "high"} or float
        Departures from the central values. A number outside the range is allowed: a lever may
        go where the literature did not, and the identity of the run records it. The key ``sources``
        is "all" or "official": what the values that are not chosen, and the facts, rest on.

    Attributes
    ----------
    sources : Sources
    values : dict of str to float

    Examples
    --------
    >>> Assumptions({"requisition_work_h": "high"})["requisition_work_h"] > 2
    True
    >>> Assumptions({"sources": "official"})["evening_share"]
    0.5
    """

    def __init__(self, choices: Mapping[str, Choice] | None = None) -> None:
        chosen = dict(choices or {})
        self.sources = _sources(chosen.pop(SOURCES, Sources.ALL))
        table = {key: entry.by(self.sources) for key, entry in load_assumptions().items()}
        self.values = {key: entry.central for key, entry in table.items()}
        for key, choice in chosen.items():
            if key not in table:
                raise InputError(
                    f'unknown assumption "{key}"; {did_you_mean(key, [*table, SOURCES])}'
                )
            if choice in (Sources.ALL, Sources.OFFICIAL):
                raise InputError(f'{key}: "{choice}" is a choice of the key "{SOURCES}" only')
            self.values[key] = (
                float(getattr(table[key], choice)) if isinstance(choice, str) else float(choice)
            )

    def __getitem__(self, key: str) -> float:
        return self.values[key]


def load_assumptions(path: Path | None = None) -> dict[str, Assumption]:
    """Every assumption by key, from ``data/assumptions.yaml`` or another file of that shape."""
    return _load(path or data_folder() / "assumptions.yaml")


def _sources(choice: object) -> Sources:
    if choice not in tuple(Sources):
        raise InputError(f"{SOURCES}: {did_you_mean(str(choice), Sources)}")
    return Sources(str(choice))


@cache
def _load(path: Path) -> dict[str, Assumption]:
    return validated(_File, load_yaml(path), str(path)).assumptions
