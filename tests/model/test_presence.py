import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.journals import centre, journal
from tests.model.rooms import days
from twin.model.centre.journal import Journal, Origin, Outcome, SpellState
from twin.model.centre.world import Kind
from twin.model.clock import MS_PER_DAY, MS_PER_H
from twin.model.presence import gini, presence, time_in, use

DAY = 24
FIVE_A_YEAR = 365 / 73
"""What happens once in 73 days, in cases a year."""

WATCHING, READY, WORKING, PAUSING, OVERTIME = SpellState


def said(
    tasks: list[dict[str, Any]] | None = None,
    spells_h: list[tuple[int, float, float, SpellState]] | None = None,
    *,
    attention_h: list[tuple[float, int, int, int, int]] | None = None,
    shifts_h: list[tuple[int, int, int]] | None = None,
    cameras: tuple[int, ...] = (2, 2),
    minimum: float = 2,
    horizon_h: int = DAY,
) -> dict[str, float]:
    """Presence in a journal whose instants are written in hours."""
    spells = [
        (seat, round(begin * MS_PER_H), round(end * MS_PER_H), state)
        for seat, begin, end, state in spells_h or []
    ]
    attention = [(round(time_h * MS_PER_H), *shown) for time_h, *shown in attention_h or []]
    shifts = [(seat, begin * MS_PER_H, end * MS_PER_H) for seat, begin, end in shifts_h or []]
    written: Journal = journal(tasks or [], spells, attention)
    room = centre(*cameras, horizon_ms=horizon_h * MS_PER_H, shifts=shifts)
    return presence(written, room, minimum)


def test_a_day_of_one_agent() -> None:
    found = said(
        spells_h=[
            (0, 6, 8, WATCHING),
            (0, 8, 9, WORKING),
            (0, 9, 10, PAUSING),
            (0, 10, 12, READY),
            (0, 12, 13, OVERTIME),
        ],
        shifts_h=[(0, 6, 12)],
    )
    per_year = 365
    assert found["agents_present"] == pytest.approx(6 / 24)
    assert found["watching"] == pytest.approx(2 / 6)
    assert found["working"] == pytest.approx(1 / 6)
    assert found["pausing"] == pytest.approx(1 / 6)
    assert found["overtime"] == pytest.approx(1 * per_year)
    assert found["hours_below_two"] == pytest.approx(24 * per_year)
    assert found["longest_screen"] == pytest.approx(3)


def test_nobody_at_all() -> None:
    found = said(cameras=())
    assert (found["agents_present"], found["overtime"], found["longest_screen"]) == (0, 0, 0)
    assert found["hours_below_two"] == pytest.approx(DAY * 365)
    absent = ("watching", "working", "pausing", "camera_availability", "notice_gini")
    assert all(np.isnan(found[name]) for name in (*absent, "attention_min_per_camera_hour"))


@pytest.mark.parametrize(
    ("minimum", "hours"),
    [(0, 0), (1, 6), (2, 6 + 8), (2.5, 24), (3, 24)],
)
def test_hours_below_the_minimum(minimum: float, hours: float) -> None:
    """One agent from 0 to 8, two from 8 to 18, of whom one leaves in overtime; then nobody."""
    found = said(
        spells_h=[
            (0, 0, 8, WATCHING),
            (0, 8, 18, WORKING),
            (1, 8, 17, PAUSING),
            (1, 17, 18, OVERTIME),
        ],
        minimum=minimum,
    )
    assert found["hours_below_two"] == pytest.approx(hours * 365)


def test_the_screen_clock_stops_at_pauses_and_between_agents() -> None:
    shifts = [(0, 0, 8), (0, 8, 16), (1, 8, 16)]
    without_pause = [(0, 0, 5, WATCHING), (0, 5, 8, WORKING), (0, 8, 15, WATCHING)]
    assert said(spells_h=without_pause, shifts_h=shifts)["longest_screen"] == pytest.approx(8)
    two_seats = [(0, 8, 12, WATCHING), (1, 8, 12, WATCHING)]
    assert said(spells_h=two_seats, shifts_h=shifts)["longest_screen"] == pytest.approx(4)
    paused = [(0, 8, 9, READY), (0, 9, 9.25, PAUSING), (0, 9.25, 11, WATCHING)]
    assert said(spells_h=paused, shifts_h=shifts)["longest_screen"] == pytest.approx(1.75)
    then_overtime = [(0, 0, 8, WATCHING), (0, 8, 10, OVERTIME)]
    assert said(spells_h=then_overtime, shifts_h=shifts)["longest_screen"] == pytest.approx(8)


def test_cameras_are_dark_from_the_fault_to_the_end_of_the_repair() -> None:
    fault = {"kind": Kind.REPAIR, "origin": Origin.FAULT}
    tasks = [
        fault | {"arrival_ms": 2 * MS_PER_H, "queued_ms": 5 * MS_PER_H, "end_ms": 8 * MS_PER_H},
        fault | {"arrival_ms": 18 * MS_PER_H, "outcome": Outcome.CENSORED},
        {"kind": Kind.CHECK, "end_ms": MS_PER_H},
    ]
    assert said(tasks)["camera_availability"] == pytest.approx(1 - (6 + 6) / (4 * 24))
    assert said()["camera_availability"] == 1


def test_attention_is_minutes_on_display_per_hour_owed() -> None:
    one_pool = [(0, 0, 4, 1, 1), (6, 0, 4, 0, 0), (12, 0, 0, 0, 0)]
    found = said(attention_h=one_pool)["attention_min_per_camera_hour"]
    assert found == pytest.approx(60 * (2 * 6) / (4 * 12))
    two_pools = [*one_pool, (0, 1, 2, 2, 0), (18, 1, 2, 0, 1)]
    found = said(attention_h=two_pools)["attention_min_per_camera_hour"]
    assert found == pytest.approx(60 * (2 * 6 + 2 * 18 + 1 * 6) / (4 * 12 + 2 * 24))


def test_rows_of_one_instant_count_by_the_last() -> None:
    found = said(attention_h=[(0, 0, 4, 4, 0), (0, 0, 4, 1, 0)])
    assert found["attention_min_per_camera_hour"] == pytest.approx(60 / 4)


def incident(commune: int, origin: Origin, **more: Any) -> dict[str, Any]:
    return {"kind": Kind.POLICE, "commune": commune, "origin": origin, "entitled": 1, **more}


def test_the_gini_index_compares_communes_by_their_noticed_share() -> None:
    even = [incident(0, Origin.WALL), incident(1, Origin.PATROL), incident(1, Origin.WALL)]
    assert said(even)["notice_gini"] == pytest.approx(0)
    one_sided = [incident(0, Origin.WALL), incident(1, Origin.CALL)]
    assert said(one_sided)["notice_gini"] == pytest.approx(0.5)
    never_entitled = [*even, incident(1, Origin.NONE, entitled=0)]
    unfinished = [*even, incident(1, Origin.NONE, outcome=Outcome.CENSORED)]
    other_kind = [*even, incident(1, Origin.NONE, kind=Kind.NUISANCE)]
    for tasks in (never_entitled, unfinished, other_kind):
        assert said(tasks)["notice_gini"] == pytest.approx(0)
    nobody_noticed = [incident(0, Origin.NONE, outcome=Outcome.UNSEEN)]
    assert np.isnan(said(nobody_noticed)["notice_gini"])


def test_hours_are_given_per_year() -> None:
    found = said(spells_h=[(0, 0, 1, OVERTIME)], horizon_h=73 * MS_PER_DAY // MS_PER_H)
    assert found["overtime"] == pytest.approx(FIVE_A_YEAR)


INSTANT = st.integers(0, 40)


@given(st.lists(st.tuples(INSTANT, INSTANT)), st.lists(INSTANT, min_size=2, unique=True))
def test_time_in_is_what_counting_finds(pairs: list[tuple[int, int]], edges: list[int]) -> None:
    intervals = [(min(pair), max(pair)) for pair in pairs]
    edges.sort()
    counted = [
        sum(begin <= instant < end for begin, end in intervals for instant in range(first, last))
        for first, last in pairwise(edges)
    ]
    begins, ends = np.array(intervals, dtype=np.int64).reshape(-1, 2).T
    assert time_in(begins, ends, np.array(edges)).tolist() == counted


NUMBER = st.floats(0, 1e6, allow_subnormal=False)


@given(st.lists(NUMBER, min_size=1).filter(any), st.floats(0.01, 100), st.randoms())
def test_gini_is_bounded_and_knows_neither_scale_nor_order(
    values: list[float], factor: float, random: Any
) -> None:
    index = gini(np.array(values))
    assert -1e-9 <= index <= 1 - 1 / len(values) + 1e-9
    shuffled = sorted(values, key=lambda _: random.random())
    assert gini(np.array(shuffled) * factor) == pytest.approx(index, abs=1e-9)


@given(st.lists(NUMBER, min_size=2, max_size=12).filter(any))
def test_gini_is_half_the_mean_relative_difference(values: list[float]) -> None:
    array = np.array(values)
    differences = np.abs(array[:, None] - array[None, :]).mean()
    assert gini(array) == pytest.approx(differences / (2 * array.mean()), abs=1e-9)


def test_use_is_told_by_hour_and_by_seat() -> None:
    calendar = days(1)
    hour_ms = calendar.horizon_ms // 24
    spells = [
        (0, 0, 2 * hour_ms, SpellState.WATCHING),
        (0, 2 * hour_ms, 3 * hour_ms, SpellState.WORKING),
        (1, hour_ms, 2 * hour_ms, SpellState.PAUSING),
        (1, 2 * hour_ms, 3 * hour_ms, SpellState.OVERTIME),
    ]
    found = use(journal([], spells), 3, calendar)
    assert [found["agents_present", "hour"][f"{hour:02d}"] for hour in range(4)] == [1, 2, 1, 0]
    assert found["watching", "hour"]["01"] == found["pausing", "hour"]["01"] == 0.5
    assert found["working", "hour"]["02"] == 1
    assert math.isnan(found["working", "hour"]["03"])
    assert found["watching", "seat"]["00"] == pytest.approx(2 / 3)
    assert found["pausing", "seat"]["01"] == 1
    assert found["agents_present", "seat"]["02"] == 0
