"""What the law says of working time: the table of ``data/working_time.yaml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from twin.files import data_folder, load_yaml, validated
from twin.model.cells import window_text
from twin.model.patterns import Regime

__all__ = ["Rule", "RuleName", "Rules", "WorkingTime", "load_working_time"]

RuleName = Literal[
    "daily_work",
    "daily_span",
    "daily_rest",
    "weekly_work",
    "mean_weekly_work",
    "weekly_rest",
    "break",
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Rule(_Strict):
    """One sentence of the law."""

    limit: float = Field(gt=0)
    """At most, or at least for a rest or a break."""
    unit: Literal["h", "min"]
    """Unit of the limit."""
    article: str
    """Where it is written."""
    words: str
    """What is limited, in French, as printed."""
    weeks: int = Field(default=1, ge=1)
    """For a mean, consecutive calendar weeks over which it is taken."""
    every_h: float | None = Field(default=None, gt=0)
    """For a break, work that gives right to one."""


class Rules(_Strict):
    """The rules of one regime."""

    label: str
    """What it is, in French, as shown."""
    legal: bool
    """Whether the law allows it as it stands."""
    not_checked: str
    """What the table leaves out, in French."""
    rules: dict[RuleName, Rule]
    """Rules by name."""


class Prudence(_Strict):
    """What a planner keeps to although the law does not ask it."""

    rolling_week_h: float
    """Work in any seven times 24 hours, beyond which a warning is printed."""
    longest_run_days: int
    """Days worked in a row."""
    longest_run_nights: int
    """Nights worked in a row."""


class WorkingTime(_Strict):
    """Content of ``data/working_time.yaml``."""

    premium_night: Annotated[str, AfterValidator(window_text)]
    """Hours paid the premium of the night."""
    working_day_h: float = Field(gt=0)
    """Length of a working day of training or leave."""
    regimes: dict[Regime, Rules]
    """Rules by regime."""
    prudence: Prudence
    """Limits that are not law."""


def load_working_time() -> WorkingTime:
    """Rules of ``data/working_time.yaml``.

    Examples
    --------
    >>> load_working_time().regimes["fpt"].rules["daily_rest"].limit
    11.0
    """
    return _working_time(data_folder() / "working_time.yaml")


@cache
def _working_time(path: Path) -> WorkingTime:
    return validated(WorkingTime, load_yaml(path), str(path))
