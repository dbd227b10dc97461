"""What the spells of the agents and the display say about a run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin.model.centre.journal import Journal, Origin, Outcome, SpellState
from twin.model.centre.world import NEVER, Centre, Kind
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H, MS_PER_MIN

__all__ = ["gini", "presence", "time_in"]

_MIN_PER_H = MS_PER_H / MS_PER_MIN

Ints = npt.NDArray[np.int64]


def presence(journal: Journal, centre: Centre, minimum_agents: float) -> dict[str, float]:
    """Indicators of presence and attention, by the names of ``data/indicators.yaml``.

    Shares are of the time present within shifts; NaN where there is nothing to divide by.
    "hours_below_two" counts the time with fewer than `minimum_agents` in the room.
    """
    spells = journal.spells.to_pandas()
    spells["length_ms"] = spells["to_ms"] - spells["from_ms"]
    overtime = spells["state"] == SpellState.OVERTIME
    by_state = spells.groupby("state")["length_ms"].sum()
    on_duty_ms = int(spells.loc[~overtime, "length_ms"].sum())
    years = centre.horizon_ms / (DAYS_PER_YEAR * MS_PER_DAY)

    def share(state: SpellState) -> float:
        return int(by_state.get(state, 0)) / on_duty_ms if on_duty_ms else np.nan

    return {
        "agents_present": on_duty_ms / centre.horizon_ms,
        "hours_below_two": _below_ms(spells, centre.horizon_ms, minimum_agents) / MS_PER_H / years,
        "watching": share(SpellState.WATCHING),
        "working": share(SpellState.WORKING),
        "pausing": share(SpellState.PAUSING),
        "overtime": int(by_state.get(SpellState.OVERTIME, 0)) / MS_PER_H / years,
        "longest_screen": _longest_screen_ms(spells, centre) / MS_PER_H,
        "camera_availability": _availability(journal, centre),
        "attention_min_per_camera_hour": _attention(journal, centre),
        "notice_gini": _notice_gini(journal),
    }


def time_in(from_ms: Ints, to_ms: Ints, edge_ms: Ints) -> Ints:
    """Time covered by intervals between consecutive edges, counted as often as they overlap.

    Examples
    --------
    >>> time_in(np.array([0, 5]), np.array([10, 20]), np.array([0, 10, 30]))
    array([15, 10])
    """

    def until(instants: Ints) -> Ints:
        """Sum over the instants before each edge of the time since."""
        ordered = np.sort(instants)
        sums = np.concatenate([[0], np.cumsum(ordered)])
        before = np.searchsorted(ordered, edge_ms)
        return np.asarray(before * edge_ms - sums[before], dtype=np.int64)

    return np.diff(until(from_ms) - until(to_ms))


def gini(values: npt.NDArray[np.float64]) -> float:
    """Gini index of non-negative values: 0 when all are equal.

    Examples
    --------
    >>> gini(np.array([1.0, 1.0])), gini(np.array([0.0, 1.0]))
    (0.0, 0.5)
    """
    total = values.sum()
    if not total:
        return np.nan
    rank = np.arange(1, len(values) + 1)
    return float(
        2 * (rank * np.sort(values)).sum() / (len(values) * total) - (len(values) + 1) / len(values)
    )


def _below_ms(spells: pd.DataFrame, horizon_ms: int, minimum_agents: float) -> int:
    """Time with fewer agents in the room than the minimum."""
    instants = np.concatenate([[0], spells["from_ms"], spells["to_ms"], [horizon_ms]])
    steps = np.concatenate([[0], np.ones(len(spells)), -np.ones(len(spells)), [0]])
    order = np.argsort(instants, kind="stable")
    present = np.cumsum(steps[order])[:-1]
    length_ms = np.diff(instants[order])
    return int(length_ms[present < minimum_agents].sum())


def _longest_screen_ms(spells: pd.DataFrame, centre: Centre) -> int:
    """Longest presence of one agent without a pause: the screen clock."""
    shifts = pd.MultiIndex.from_arrays([centre.shifts.seat, centre.shifts.start_ms])
    rows = spells[spells["state"] != SpellState.OVERTIME].sort_values(["seat", "from_ms"])
    pausing = rows["state"] == SpellState.PAUSING
    another = pd.MultiIndex.from_frame(rows[["seat", "from_ms"]]).isin(shifts)
    stretch = (another | pausing | pausing.shift(fill_value=True)).cumsum()
    lengths = rows[~pausing].groupby(stretch)["length_ms"].sum()
    return int(lengths.max()) if len(lengths) else 0


def _availability(journal: Journal, centre: Centre) -> float:
    """Share of camera time without a fault; imposed outages are not the camera's."""
    repairs = journal.tasks.to_pandas().query("kind == @Kind.REPAIR")
    end_ms = repairs["end_ms"].where(repairs["end_ms"] != NEVER, centre.horizon_ms)
    dark_ms = int((end_ms - repairs["arrival_ms"]).sum())
    cameras = len(centre.cameras.commune)
    return 1 - dark_ms / (cameras * centre.horizon_ms) if cameras else np.nan


def _attention(journal: Journal, centre: Centre) -> float:
    """Minutes on display per hour and unit entitled to live viewing."""
    attention = journal.attention.to_pandas()
    length_ms = -attention.groupby("pool")["time_ms"].diff(-1)
    length_ms = length_ms.fillna(centre.horizon_ms - attention["time_ms"])
    entitled_ms = float((attention["entitled"] * length_ms).sum())
    displayed_ms = float(((attention["held"] + attention["rotating"]) * length_ms).sum())
    return displayed_ms / entitled_ms * _MIN_PER_H if entitled_ms else np.nan


def _notice_gini(journal: Journal) -> float:
    """Gini index between communes of the noticed share of entitled police-class incidents."""
    tasks = journal.tasks.to_pandas()
    rows = tasks[
        (tasks["kind"] == Kind.POLICE)
        & (tasks["entitled"] == 1)
        & (tasks["outcome"] != Outcome.CENSORED)
    ]
    noticed = rows["origin"].isin([Origin.WALL, Origin.PATROL])
    return gini(noticed.groupby(rows["commune"]).mean().to_numpy()) if len(rows) else np.nan
