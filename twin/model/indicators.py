"""Indicators of one replication, as ``data/indicators.yaml`` describes them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
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
_HOURS = 24
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
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


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
        shown = (indicator.unit, indicator.family)
        rows += [(name, *row, *shown) for row in found if not math.isnan(row[-1])]
    columns = ["indicator", "scope", "key", "value", "unit", "family"]
    return pd.DataFrame(sorted(rows), columns=columns)


class _Counter:
    """The table of tasks by columns, with what is needed to count in it."""

    def __init__(
        self, journal: Journal, centre: Centre, territory: Territory, calendar: Calendar
    ) -> None:
        cameras = np.diff(centre.communes.first_camera)
        insee = [commune.insee for commune in territory.communes]
        self.forfaits, self.forfait = np.unique(
            [commune.forfait for commune in territory.communes], return_inverse=True
        )
        self.calendar = calendar
        self.years = centre.horizon_ms / (DAYS_PER_YEAR * MS_PER_DAY)
        self.tasks = tasks = {name: journal.tasks[name].to_numpy() for name in TASK_COLUMNS}
        over = tasks["outcome"] != Outcome.CENSORED
        in_time = tasks["end_ms"] <= tasks["deadline_ms"]
        tasks["cameras"] = cameras[tasks["commune"]]
        tasks["settled"] = over | (tasks["deadline_ms"] < centre.horizon_ms)
        tasks["in_time"] = (tasks["outcome"] == Outcome.DONE) & in_time
        tasks["spent_ms"] = _spent_ms(journal, tasks)
        ended_ms = np.where(tasks["end_ms"] != NEVER, tasks["end_ms"], centre.horizon_ms)
        tasks["lasted_ms"] = ended_ms - tasks["arrival_ms"]
        self.first_of_kind = np.searchsorted(tasks["kind"], np.arange(len(Kind) + 1))
        self.keys = {
            WHOLE_CENTRE: [""],
            "commune": insee,
            "forfait": list(map(str, self.forfaits)),
            "hour": [f"{hour:02d}" for hour in range(_HOURS)],
        }
        self.cameras = {
            WHOLE_CENTRE: cameras.sum(keepdims=True),
            "commune": cameras,
            "forfait": np.bincount(self.forfait, cameras, len(self.forfaits)),
            "hour": np.full(_HOURS, cameras.sum() / _HOURS),
        }

    def values(self, indicator: Indicator) -> Iterator[tuple[str, str, float]]:
        """Scope, key and value, for the whole centre and each asked scope."""
        rows = self._rows(indicator.where)
        for scope in (WHOLE_CENTRE, *indicator.by):
            values = self._values(indicator, rows, self._group(scope, rows), self.cameras[scope])
            for key, value in zip(self.keys[scope], values.tolist(), strict=True):
                yield scope, key, value

    def _rows(self, where: dict[str, Condition]) -> Ints:
        """Rows that meet every condition; the table is sorted by kind."""
        kinds = {Kind[name] for name in _names(where["kind"])} if "kind" in where else set(Kind)
        first = self.first_of_kind
        rows = np.concatenate([np.arange(first[kind], first[kind + 1]) for kind in sorted(kinds)])
        return rows[self._meets(rows, {key: where[key] for key in where if key != "kind"})]

    def _meets(self, rows: Ints, where: dict[str, Condition]) -> Flags:
        return selected({column: self.tasks[column][rows] for column in ("kind", *where)}, where)

    def _group(self, scope: str, rows: Ints) -> Ints:
        """Place of each row among the keys of a scope."""
        if scope == WHOLE_CENTRE:
            return np.zeros(len(rows), dtype=np.int64)
        if scope == "hour":
            edge_ms, arrival_ms = self.calendar.edge_ms, self.tasks["arrival_ms"][rows]
            hour = np.searchsorted(edge_ms, arrival_ms, side="right") - 1
            return np.asarray(self.calendar.hour_of_week[hour] % _HOURS, dtype=np.int64)
        commune: Ints = self.tasks["commune"][rows]
        return commune if scope == "commune" else self.forfait[commune]

    def _values(self, indicator: Indicator, rows: Ints, group: Ints, cameras: Floats) -> Floats:
        """Value of each group; NaN where there is nothing to divide by."""

        def total(weights: npt.NDArray[Any] | None = None) -> Floats:
            return np.bincount(group, weights, len(cameras)).astype(np.float64)

        match indicator.statistic:
            case "per_year":
                return total() / self.years
            case "h_per_year":
                return total(self.tasks[str(indicator.top)][rows]) / MS_PER_H / self.years
            case "per_camera_year":
                return _ratio(total(), cameras * self.years)
            case "share":
                return _ratio(total(self._meets(rows, indicator.of)), total())
            case "ratio":
                top, bottom = (self.tasks[str(each)] for each in (indicator.top, indicator.bottom))
                return _ratio(total(top[rows]), total(bottom[rows]))
            case _:
                return self._delays(indicator, rows, group, len(cameras))

    def _delays(self, indicator: Indicator, rows: Ints, group: Ints, groups: int) -> Floats:
        start, end = (self.tasks[str(each)][rows] for each in (indicator.start, indicator.end))
        met = (start != NEVER) & (end != NEVER)
        delay = (end - start) / _UNIT_MS[indicator.unit]
        values = np.full(groups, np.nan)
        for key in range(groups):
            of_key = delay[met & (group == key)]
            if len(of_key):
                quantile = _QUANTILES.get(indicator.statistic)
                values[key] = of_key.mean() if quantile is None else np.quantile(of_key, quantile)
        return values


def selected(tasks: Mapping[str, npt.ArrayLike], where: dict[str, Condition]) -> Flags:
    """Which rows of a table of tasks meet every condition of an indicator.

    Parameters
    ----------
    tasks : mapping of str to array_like
        Columns of the same length, "kind" and those of `where` among them.
    """
    meets = np.ones(len(np.asarray(tasks["kind"])), dtype=np.bool_)
    for column, condition in where.items():
        values = np.asarray(tasks[column])
        if isinstance(condition, bool):
            meets &= values.astype(bool) == condition
        elif isinstance(condition, str) and condition in _KNOWN:
            meets &= (values != NEVER) == _KNOWN[condition]
        else:
            meets &= np.isin(values, [int(_NAMES[column][name]) for name in _names(condition)])
    return meets


def _spent_ms(journal: Journal, tasks: Mapping[str, npt.NDArray[Any]]) -> Floats:
    """Time that agents gave each task, over all the spells in which somebody had it in hand."""
    spells = {name: journal.spells[name].to_numpy() for name in ("from_ms", "to_ms", "kind", "id")}
    span = 1 + max(tasks["id"].max(initial=0), spells["id"].max(initial=0))
    named = tasks["kind"] * span + tasks["id"]
    worked = spells["kind"] * span + spells["id"]
    order = np.argsort(worked)  # Neighbours are found much faster than what lies far apart.
    worked = worked[order]
    place = np.searchsorted(named, worked)
    known = np.append(named, NEVER)[place] == worked
    length_ms = (spells["to_ms"] - spells["from_ms"])[order[known]]
    return np.bincount(place[known], length_ms, len(named)).astype(np.float64)


def _ratio(above: Floats, below: Floats) -> Floats:
    ratio: Floats = np.full(len(below), np.nan)
    np.divide(above, below, out=ratio, where=below != 0)
    return ratio


def _names(condition: Condition) -> list[str]:
    return condition if isinstance(condition, list) else [str(condition)]


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
    for name in _names(condition):
        if name not in _NAMES[column].__members__:
            raise ValueError(
                f'unknown {column} "{name}"; {did_you_mean(name, _NAMES[column].__members__)}'
            )
