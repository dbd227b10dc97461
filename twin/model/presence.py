"""What the spells of the agents and the display say about a run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

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
    spells = _columns(journal.spells)
    length_ms = spells["to_ms"] - spells["from_ms"]
    in_state_ms = np.bincount(spells["state"], length_ms, len(SpellState)).astype(np.int64)
    overtime_ms = int(in_state_ms[SpellState.OVERTIME])
    on_duty_ms = int(in_state_ms.sum()) - overtime_ms
    years = centre.horizon_ms / (DAYS_PER_YEAR * MS_PER_DAY)

    def share(state: SpellState) -> float:
        return int(in_state_ms[state]) / on_duty_ms if on_duty_ms else np.nan

    return {
        "agents_present": on_duty_ms / centre.horizon_ms,
        "hours_below_two": _below_ms(spells, centre.horizon_ms, minimum_agents) / MS_PER_H / years,
        **{name: share(state) for name, state in _USES.items()},
        "overtime": overtime_ms / MS_PER_H / years,
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
    spells = _columns(journal.spells)
    hours = calendar.hour_of_week % _H_PER_DAY
    length_ms = np.bincount(hours, np.diff(calendar.edge_ms), _H_PER_DAY)
    present_ms = {"hour": np.zeros(_H_PER_DAY), "seat": np.zeros(seats)}
    spent_ms = {}
    for state in (SpellState.READY, *_USES.values()):
        rows = np.flatnonzero(spells["state"] == state)
        from_ms, to_ms, seat = (spells[name][rows] for name in ("from_ms", "to_ms", "seat"))
        in_hours = time_in(from_ms, to_ms, calendar.edge_ms)
        spent_ms[state, "hour"] = np.bincount(hours, in_hours, _H_PER_DAY)
        spent_ms[state, "seat"] = np.bincount(seat, to_ms - from_ms, seats)
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


def _columns(table: pa.Table) -> dict[str, Ints]:
    return {name: table[name].to_numpy() for name in table.column_names}


def _below_ms(spells: dict[str, Ints], horizon_ms: int, minimum_agents: float) -> int:
    """Time with fewer agents in the room than the minimum."""
    seat, from_ms, to_ms = spells["seat"], spells["from_ms"], spells["to_ms"]
    # Where a spell follows another of its seat at once, nobody comes and nobody leaves.
    follows = (seat[1:] == seat[:-1]) & (from_ms[1:] == to_ms[:-1])
    comes, leaves = from_ms[1:][~follows], to_ms[:-1][~follows]
    instants = np.concatenate([[0], from_ms[:1], comes, leaves, to_ms[-1:], [horizon_ms]])
    arrived = np.ones(len(from_ms[:1]) + len(comes))
    order = np.argsort(instants, kind="stable")
    present = np.cumsum(np.concatenate([[0], arrived, -arrived, [0]])[order])[:-1]
    length_ms = np.diff(instants[order])
    return int(length_ms[present < minimum_agents].sum())


def _longest_screen_ms(spells: dict[str, Ints], centre: Centre) -> int:
    """Longest presence of one agent without a pause: the screen clock."""
    on_duty = np.flatnonzero(spells["state"] != SpellState.OVERTIME)
    seat, from_ms, to_ms, state = (
        spells[name][on_duty] for name in ("seat", "from_ms", "to_ms", "state")
    )
    pausing = state == SpellState.PAUSING
    shifts = centre.shifts
    begun = shifts.start_ms >= 0
    of_spells = seat * centre.horizon_ms + from_ms
    of_shifts = shifts.seat[begun] * centre.horizon_ms + shifts.start_ms[begun]
    another = np.zeros(len(of_spells) + 1, dtype=np.bool_)
    place = np.searchsorted(of_spells, of_shifts)
    another[place[np.append(of_spells, NEVER)[place] == of_shifts]] = True
    another = another[:-1]
    another[1:] |= pausing[:-1]
    stretch = np.cumsum(another | pausing)
    return int(np.bincount(stretch[~pausing], (to_ms - from_ms)[~pausing]).max(initial=0))


def _availability(journal: Journal, centre: Centre) -> float:
    """Share of camera time without a fault; imposed outages are not the camera's."""
    tasks = _columns(journal.tasks)
    repairs = tasks["kind"] == Kind.REPAIR
    end_ms = np.where(tasks["end_ms"] == NEVER, centre.horizon_ms, tasks["end_ms"])
    dark_ms = int((end_ms - tasks["arrival_ms"])[repairs].sum())
    cameras = len(centre.cameras.commune)
    return 1 - dark_ms / (cameras * centre.horizon_ms) if cameras else np.nan


def _attention(journal: Journal, centre: Centre) -> float:
    """Minutes on display per hour and unit entitled to live viewing."""
    attention = _columns(journal.attention)
    order = np.argsort(attention["pool"], kind="stable")
    time_ms, pool, entitled, held, rotating = (
        attention[name][order] for name in ("time_ms", "pool", "entitled", "held", "rotating")
    )
    until_ms = np.append(time_ms[1:], centre.horizon_ms)
    until_ms[:-1][pool[1:] != pool[:-1]] = centre.horizon_ms
    length_ms = until_ms[: len(time_ms)] - time_ms
    entitled_ms = float((entitled * length_ms).sum())
    displayed_ms = float(((held + rotating) * length_ms).sum())
    return displayed_ms / entitled_ms * _MIN_PER_H if entitled_ms else np.nan


def _notice_gini(journal: Journal) -> float:
    """Gini index between communes of the noticed share of entitled police-class incidents."""
    tasks = _columns(journal.tasks)
    rows = (
        (tasks["kind"] == Kind.POLICE)
        & (tasks["entitled"] == 1)
        & (tasks["outcome"] != Outcome.CENSORED)
    )
    commune, origin = tasks["commune"][rows], tasks["origin"][rows]
    seen = np.bincount(commune)
    noticed = np.bincount(commune, np.isin(origin, [Origin.WALL, Origin.PATROL]))
    return gini(noticed[seen > 0] / seen[seen > 0]) if len(seen) else np.nan
