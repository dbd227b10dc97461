"""What the spells of the agents and the display say about a run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin.model.calendar import Calendar
from twin.model.centre.journal import Journal, Origin, Outcome, SpellState
from twin.model.centre.world import NEVER, Centre, Kind
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H, MS_PER_MIN

__all__ = ["gini", "presence", "time_in", "use"]

_MIN_PER_H = MS_PER_H / MS_PER_MIN
_H_PER_DAY = 24
_USES = {
    "watching": SpellState.WATCHING,
    "working": SpellState.WORKING,
    "pausing": SpellState.PAUSING,
}

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
        **{name: share(state) for name, state in _USES.items()},
        "overtime": int(by_state.get(SpellState.OVERTIME, 0)) / MS_PER_H / years,
        "longest_screen": _longest_screen_ms(spells, centre) / MS_PER_H,
        "camera_availability": _availability(journal, centre),
        "attention_min_per_camera_hour": _attention(journal, centre),
        "notice_gini": _notice_gini(journal),
    }


def use(
    journal: Journal, seats: int, calendar: Calendar
) -> dict[tuple[str, str], dict[str, float]]:
    """Use of `seats` seats by civil hour ("00" to "23") and by seat (its number).

    Returns
    -------
    dict
        By (indicator, scope), the value of each key: "agents_present" and the shares of the
        presence spent "watching", "working" and "pausing", for the scopes "hour" and "seat".
    """
    spells = journal.spells.to_pandas()
    hours = calendar.hour_of_week % _H_PER_DAY
    length_ms = np.bincount(hours, np.diff(calendar.edge_ms), _H_PER_DAY)
    present_ms = {"hour": np.zeros(_H_PER_DAY), "seat": np.zeros(seats)}
    spent_ms = {}
    for state in (SpellState.READY, *_USES.values()):
        rows = spells[spells["state"] == state]
        from_ms, to_ms = rows["from_ms"].to_numpy(), rows["to_ms"].to_numpy()
        in_hours = time_in(from_ms, to_ms, calendar.edge_ms)
        spent_ms[state, "hour"] = np.bincount(hours, in_hours, _H_PER_DAY)
        spent_ms[state, "seat"] = np.bincount(rows["seat"], to_ms - from_ms, seats)
        for scope in present_ms:
            present_ms[scope] += spent_ms[state, scope]
    span_ms = {"hour": length_ms, "seat": np.full_like(present_ms["seat"], calendar.horizon_ms)}
    with np.errstate(invalid="ignore"):
        shown = {("agents_present", scope): present_ms[scope] / span_ms[scope] for scope in span_ms}
        shown |= {
            (name, scope): spent_ms[state, scope] / present_ms[scope]
            for name, state in _USES.items()
            for scope in span_ms
        }
    return {key: {f"{i:02d}": float(v) for i, v in enumerate(vs)} for key, vs in shown.items()}


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
