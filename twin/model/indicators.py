"""Indicators of one replication, as ``data/indicators.yaml`` describes them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, model_validator

from twin.errors import InputError, did_you_mean
from twin.files import data_folder, load_yaml, validated
from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar
from twin.model.centre.journal import TASK_COLUMNS, Journal, Origin, Outcome
from twin.model.centre.world import NEVER, Centre, Kind
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H, MS_PER_MIN
from twin.model.presence import presence, use
from twin.model.territory import Territory

__all__ = ["Indicator", "load_indicators", "measure", "selected"]

WHOLE_CENTRE = "centre"
"""The scope of an indicator over the whole centre; its key is empty."""

_NAMES = {"kind": Kind, "outcome": Outcome, "origin": Origin}
_KNOWN = {"known": True, "unknown": False}
_UNIT_MS = {"min": MS_PER_MIN, "h": MS_PER_H, "days": MS_PER_DAY}
_QUANTILES = {"p50": 0.5, "p90": 0.9}
_HOURS = np.array([f"{hour:02d}" for hour in range(24)])
_DERIVED = ("cameras", "settled", "in_time", "spent_ms", "lasted_ms")
"""Columns added to the table of tasks: cameras of the commune; over, or past its deadline when the
horizon ends; finished before its deadline; time that agents gave it; time from its arrival to its
end, or to that of the horizon."""
_SCOPES = {"presence": ("hour", "seat"), "tasks": ("commune", "forfait", "hour")}
"""Scopes that an indicator of spells, or of tasks, may be counted by."""
_FLAGS = ("entitled", "useful", "settled", "in_time")
_INSTANTS = tuple(name for name in TASK_COLUMNS if name.endswith("_ms") and name != "work_ms")
_ASKS = {
    "share": ("of",),
    "ratio": ("top", "bottom"),
    "h_per_year": ("top",),
    **dict.fromkeys(("mean", *_QUANTILES), ("from", "to")),
}
"""What each statistic asks for besides `where` and `by`."""

Condition = str | bool | list[str]


class Indicator(BaseModel):
    """One question put to the journal of a run."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    label: str
    """What it says, in French, as shown."""
    unit: str
    """Unit, in French; for a delay "min", "h" or "days", which also says how it is counted."""
    family: Literal["observable", "model_only"]
    """Whether the main courante of a real centre could confirm it."""
    statistic: Literal[
        "per_camera_year",
        "per_year",
        "h_per_year",
        "share",
        "mean",
        "p50",
        "p90",
        "ratio",
        "presence",
    ]
    """How rows become a number; "presence" is computed by name from spells and attention."""
    where: dict[str, Condition] = {}
    """Rows of the table of tasks that are counted."""
    of: dict[str, Condition] = {}
    """For a share, the rows that count as yes."""
    start: str | None = None
    """For a delay, the column of its first instant (``from`` in the file); rows that met only one
    of the two are left out."""
    end: str | None = None
    """For a delay, the column of its last instant (``to`` in the file)."""
    top: str | None = None
    """For a ratio, the column added up above the bar; for hours per year, the one added up."""
    bottom: str | None = None
    """For a ratio, the column added up below the bar."""
    by: tuple[Literal["commune", "forfait", "hour", "seat"], ...] = ()
    """Scopes besides the whole centre."""

    @model_validator(mode="before")
    @classmethod
    def _spell_delay(cls, content: Any) -> Any:
        """``from`` is a word of Python."""
        if not isinstance(content, dict):
            return content
        names = {"from": "start", "to": "end"}
        return {names.get(key, key): value for key, value in content.items()}

    @model_validator(mode="after")
    def _consistent(self) -> Indicator:
        keys = {"of": self.of, "from": self.start, "to": self.end}
        keys |= {"top": self.top, "bottom": self.bottom}
        asked = _ASKS.get(self.statistic, ())
        if tuple(name for name in keys if keys[name]) != asked:
            raise ValueError(
                f'the keys of "{self.statistic}" are: {", ".join(asked) or "none"}'
                f" (among {', '.join(keys)})"
            )
        scopes = _SCOPES["presence" if self.statistic == "presence" else "tasks"]
        if self.statistic == "presence" and self.where:
            raise ValueError('"presence" takes no "where"')
        for scope in self.by:
            if scope not in scopes:
                raise ValueError(f'"{self.statistic}" by "{scope}"; allowed: {", ".join(scopes)}')
        for column, condition in [*self.where.items(), *self.of.items()]:
            _check_condition(column, condition)
        for column in filter(None, (self.start, self.end)):
            _check_column(column, _INSTANTS)
        for column in filter(None, (self.top, self.bottom)):
            _check_column(column, (*TASK_COLUMNS, *_DERIVED))
        if self.start and self.unit not in _UNIT_MS:
            raise ValueError(f"unit of a delay: {did_you_mean(self.unit, _UNIT_MS)}")
        return self


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    indicators: dict[str, Indicator]


def load_indicators(path: Path | None = None) -> dict[str, Indicator]:
    """Every indicator by key, from ``data/indicators.yaml`` or another file of that shape.

    Examples
    --------
    >>> load_indicators()["patrols_made"].family
    'observable'
    """
    return _load(path or data_folder() / "indicators.yaml")


@cache
def _load(path: Path) -> dict[str, Indicator]:
    return validated(_File, load_yaml(path), str(path)).indicators


def measure(
    journal: Journal,
    centre: Centre,
    territory: Territory,
    calendar: Calendar,
    assumptions: Assumptions,
    indicators: dict[str, Indicator] | None = None,
) -> pd.DataFrame:
    """Value of each indicator in one replication.

    Parameters
    ----------
    journal : Journal
        What the engine wrote.
    centre, territory, calendar, assumptions
        What it was given; `territory` names the communes and their forfaits.
    indicators : dict, optional
        Those of ``data/indicators.yaml`` unless given.

    Returns
    -------
    DataFrame
        One row per (indicator, scope, key) that could be observed: columns ``indicator, scope,
        key, value, unit, family``, sorted. The scope of the whole centre is "centre", its key "".
        Delays that nobody met and shares of nothing have no row.
    """
    wanted = load_indicators() if indicators is None else indicators
    counter = _Counter(journal, centre, territory, calendar)
    by_name = presence(journal, centre, assumptions["minimum_agents"])
    by_use = use(journal, len(centre.seats.watches), calendar)
    rows = []
    for name, indicator in wanted.items():
        if indicator.statistic == "presence":
            if name not in by_name:
                raise InputError(
                    f'indicators: "{name}" is not computed; {did_you_mean(name, by_name)}'
                )
            found = [(WHOLE_CENTRE, "", by_name[name])]
            for scope in indicator.by:
                if (name, scope) not in by_use:
                    raise InputError(f'indicators: "{name}" is not counted by {scope}')
                found += [(scope, *row) for row in by_use[name, scope].items()]
        else:
            found = list(counter.values(indicator))
        rows += [(name, *row, indicator.unit, indicator.family) for row in found]
    table = pd.DataFrame(rows, columns=["indicator", "scope", "key", "value", "unit", "family"])
    known = table[table["value"].notna()]
    return known.sort_values(["indicator", "scope", "key"], ignore_index=True)


class _Counter:
    """The table of tasks with what is needed to count in it."""

    def __init__(
        self, journal: Journal, centre: Centre, territory: Territory, calendar: Calendar
    ) -> None:
        cameras = np.diff(centre.communes.first_camera)
        insee = np.array([commune.insee for commune in territory.communes])
        forfait = np.array([commune.forfait for commune in territory.communes])
        tasks = journal.tasks.to_pandas()
        commune = tasks["commune"].to_numpy()
        tasks["insee"] = insee[commune]
        tasks["forfait"] = forfait[commune]
        tasks["cameras"] = cameras[commune]
        hour = np.searchsorted(calendar.edge_ms, tasks["arrival_ms"], side="right") - 1
        tasks["hour"] = _HOURS[calendar.hour_of_week[hour] % len(_HOURS)]
        done = tasks["outcome"] == Outcome.DONE
        over = tasks["outcome"] != Outcome.CENSORED
        tasks["settled"] = over | (tasks["deadline_ms"] < centre.horizon_ms)
        tasks["in_time"] = done & (tasks["end_ms"] <= tasks["deadline_ms"])
        tasks["spent_ms"] = _spent_ms(journal, tasks)
        ended = tasks["end_ms"] != NEVER
        tasks["lasted_ms"] = tasks["end_ms"].where(ended, centre.horizon_ms) - tasks["arrival_ms"]
        self.tasks = tasks
        self.years = centre.horizon_ms / (DAYS_PER_YEAR * MS_PER_DAY)
        self.cameras = {
            WHOLE_CENTRE: pd.Series({"": cameras.sum()}),
            "commune": pd.Series(cameras, index=insee),
            "forfait": pd.Series(cameras).groupby(forfait).sum(),
            "hour": pd.Series(cameras.sum() / len(_HOURS), index=_HOURS),
        }

    def values(self, indicator: Indicator) -> Iterator[tuple[str, str, float]]:
        """Scope, key and value, for the whole centre and each asked scope."""
        rows = self.tasks[selected(self.tasks, indicator.where)]
        yield WHOLE_CENTRE, "", self._value(indicator, rows, float(self.cameras[WHOLE_CENTRE][""]))
        for scope in indicator.by:
            column = "insee" if scope == "commune" else scope
            groups = {str(key): group for key, group in rows.groupby(column)}
            for key, cameras in self.cameras[scope].items():
                group = groups.get(str(key), rows.iloc[:0])
                yield scope, str(key), self._value(indicator, group, float(cameras))

    def _value(self, indicator: Indicator, rows: pd.DataFrame, cameras: float) -> float:
        match indicator.statistic:
            case "per_year":
                return len(rows) / self.years
            case "h_per_year":
                return float(rows[indicator.top].sum()) / MS_PER_H / self.years
            case "per_camera_year":
                return _ratio(len(rows), cameras * self.years)
            case "share":
                return _ratio(selected(rows, indicator.of).sum(), len(rows))
            case "ratio":
                return _ratio(rows[indicator.top].sum(), rows[indicator.bottom].sum())
            case _:
                return _delay(indicator, rows)


def _spent_ms(journal: Journal, tasks: pd.DataFrame) -> pd.Series[int]:
    """Time that agents gave each task, over all the spells in which somebody had it in hand."""
    spells = journal.spells.to_pandas()
    length_ms = (spells["to_ms"] - spells["from_ms"]).groupby([spells["kind"], spells["id"]]).sum()
    named = pd.MultiIndex.from_frame(tasks[["kind", "id"]])
    return pd.Series(length_ms.reindex(named, fill_value=0).to_numpy(), index=tasks.index)


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below else np.nan


def _delay(indicator: Indicator, rows: pd.DataFrame) -> float:
    met = rows[(rows[indicator.start] != NEVER) & (rows[indicator.end] != NEVER)]
    if met.empty:
        return np.nan
    delay = (met[indicator.end] - met[indicator.start]).to_numpy() / _UNIT_MS[indicator.unit]
    if indicator.statistic == "mean":
        return float(delay.mean())
    return float(np.quantile(delay, _QUANTILES[indicator.statistic]))


def selected(rows: pd.DataFrame, where: dict[str, Condition]) -> pd.Series[bool]:
    """Which rows of a table of tasks meet every condition of an indicator."""
    selected = pd.Series(True, index=rows.index)
    for column, condition in where.items():
        if isinstance(condition, bool):
            selected &= rows[column].astype(bool) == condition
        elif isinstance(condition, str) and condition in _KNOWN:
            selected &= (rows[column] != NEVER) == _KNOWN[condition]
        else:
            names = [condition] if isinstance(condition, str) else condition
            selected &= rows[column].isin([int(_NAMES[column][name]) for name in names])
    return selected


def _check_column(column: str, allowed: tuple[str, ...]) -> None:
    if column not in allowed:
        raise ValueError(f'unknown column "{column}"; {did_you_mean(column, allowed)}')


def _check_condition(column: str, condition: Condition) -> None:
    _check_column(column, (*TASK_COLUMNS, *_DERIVED))
    if column not in _NAMES:
        if column in _FLAGS and not isinstance(condition, bool):
            raise ValueError(f'"{column}" can be asked true or false')
        if column not in _FLAGS and condition not in ("known", "unknown"):
            raise ValueError(f'"{column}" can be asked known or unknown')
        return
    for name in condition if isinstance(condition, list) else [str(condition)]:
        if name not in _NAMES[column].__members__:
            raise ValueError(
                f'unknown {column} "{name}"; {did_you_mean(name, _NAMES[column].__members__)}'
            )
