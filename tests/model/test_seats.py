from collections import Counter
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.rooms import LEVERS, days
from twin.errors import InputError
from twin.files import validated
from twin.model.assumptions import Assumptions
from twin.model.centre.world import Kind
from twin.model.clock import MS_PER_H, MS_PER_MIN
from twin.model.patterns import load_patterns
from twin.model.seats import SeatsLevers, build_plan, seated_shifts
from twin.model.staffing import staffing

OPERATOR = {"function": "video_operator", "window": "08:00-16:00", "seats": 1}
CHANGES = [date(2027, 1, 4), date(2027, 3, 26), date(2027, 10, 29)]


def plan_of(calendar=None, assumptions=None, **levers):
    block = SeatsLevers(**LEVERS | levers)
    return build_plan(block, calendar or days(7), Assumptions(assumptions))


def open_hours(plan, function="video_operator"):
    of_function = np.array([name == function for name in plan.functions])[plan.shifts.seat]
    return (plan.shifts.end_ms - plan.shifts.start_ms)[of_function].sum() / MS_PER_H


@st.composite
def levers(draw):
    pattern = draw(st.sampled_from(sorted(load_patterns().patterns)))
    shifts = st.sampled_from(sorted(load_patterns().patterns[pattern].shifts))
    counts = st.dictionaries(shifts, st.integers(0, 6))
    counted = {"operators": draw(counts), "supervisors": draw(counts)}
    return {"pattern": pattern, "regime": "custom", **counted}


@settings(max_examples=40, deadline=None)
@given(levers(), st.sampled_from(CHANGES), st.integers(1, 4))
def test_shifts_are_sorted_inside_the_horizon_and_never_two_on_a_seat(chosen, start, count):
    calendar = days(count, start)
    plan = plan_of(calendar, **chosen)
    seat, start_ms, end_ms = plan.shifts
    assert (np.lexsort((seat, start_ms)) == np.arange(len(seat))).all()
    assert (start_ms >= 0).all()
    assert (end_ms <= calendar.horizon_ms).all()
    assert (start_ms < end_ms).all()
    for one in range(len(plan.names)):
        mine = seat == one
        assert (start_ms[mine][1:] >= end_ms[mine][:-1]).all()


def as_shifts(**chosen):
    """The same levers with every seat said shift by shift."""
    block = SeatsLevers(**LEVERS | chosen)
    counts = {"pattern": None, "operators": {}, "supervisors": {}, "requisition_officers": 0}
    rows = [row.model_dump() for row in seated_shifts(block)]
    return chosen | counts | {"shifts": rows}


@settings(max_examples=40, deadline=None)
@given(levers(), st.sampled_from(CHANGES), st.booleans())
def test_a_pattern_said_shift_by_shift_is_the_same_plan(chosen, start, relief):
    posts = {"relief": relief, "vacant_posts": 1, "unaccredited_posts": 1}
    chosen |= posts if sum(chosen["operators"].values()) > 3 else {}
    calendar = days(5, start)
    plan, other = plan_of(calendar, **chosen), plan_of(calendar, **as_shifts(**chosen))
    assert (plan.names, plan.functions) == (other.names, other.functions)
    for table in ("seats", "shifts", "breaks"):
        for column, same in zip(getattr(plan, table), getattr(other, table), strict=True):
            assert np.array_equal(column, same)


def test_free_shifts_share_a_seat_when_they_never_meet():
    def row(window, *weekdays, function="video_operator"):
        return {"window": window, "weekdays": weekdays, "function": function, "seats": 1}

    rows = [
        row("20:00-06:00", "friday"),
        row("06:00-14:00", "saturday"),
        row("05:00-11:00", "saturday"),
        row("22:00-04:00", "sunday", "monday"),
    ]
    plan = plan_of(days(14), **as_shifts() | {"shifts": rows})
    assert plan.names == ("video_operator/0/1", "video_operator/1/1")
    assert Counter(plan.shifts.seat.tolist()) == {0: 9, 1: 2}


@settings(max_examples=40, deadline=None)
@given(levers(), st.sampled_from(CHANGES))
def test_every_instant_has_the_operators_of_the_lever(chosen, start):
    calendar = days(3, start)
    plan = plan_of(calendar, **chosen)
    shifts = load_patterns().patterns[chosen["pattern"]].shifts
    operator = np.array([name == "video_operator" for name in plan.functions], dtype=bool)
    for instant in range(MS_PER_H // 2, calendar.horizon_ms, MS_PER_H):
        on = (plan.shifts.start_ms <= instant) & (instant < plan.shifts.end_ms)
        expected = sum(
            count
            for name, count in chosen["operators"].items()
            for begin, end in calendar.intervals(shifts[name].window)
            if begin <= instant < end
        )
        assert operator[plan.shifts.seat[on]].sum() == expected


@settings(max_examples=40, deadline=None)
@given(levers(), st.sampled_from(CHANGES))
def test_breaks_lie_in_their_shift_and_no_stretch_on_screen_exceeds_the_rule(chosen, start):
    plan = plan_of(days(3, start), **chosen)
    rules = load_patterns().breaks
    shift, due_ms, length_ms = plan.breaks
    assert (np.lexsort((due_ms, shift)) == np.arange(len(shift))).all()
    for one, end_ms in enumerate(plan.shifts.end_ms):
        resumed = plan.shifts.start_ms[one]
        if resumed == 0:  # a shift cut by the horizon may have paused just before
            resumed = min(due_ms[shift == one], default=end_ms)
        for due, length in zip(due_ms[shift == one], length_ms[shift == one], strict=True):
            assert due >= resumed
            assert due - resumed <= rules.longest_stretch_h * MS_PER_H
            resumed = due + length
        assert end_ms - resumed <= rules.longest_stretch_h * MS_PER_H


@pytest.mark.parametrize(
    ("hours", "lengths"), [(2, []), (4, [15]), (6, [15, 20]), (8, [15, 20, 15])]
)
def test_the_statutory_break_takes_the_place_of_one_relief(hours, lengths):
    pauses = load_patterns().breaks.timetable(hours * MS_PER_H, 0.5)
    assert sorted(length // MS_PER_MIN for _, length in pauses) == sorted(lengths)


def test_breaks_of_one_row_are_staggered():
    plan = plan_of(operators={"day": 5}, supervisors={}, requisition_officers=0)
    first = [plan.breaks.due_ms[plan.breaks.shift == shift].min() for shift in range(5)]
    assert np.diff(first).min() >= 5 * MS_PER_MIN


def test_the_night_that_began_before_the_horizon_starts_at_zero_and_keeps_its_breaks():
    plan = plan_of(days(2), operators={"night": 1}, supervisors={}, requisition_officers=0)
    hours = [(a / MS_PER_H, b / MS_PER_H) for a, b in zip(*plan.shifts[1:], strict=True)]
    assert hours == [(0, 6), (22, 30), (46, 48)]
    whole = plan.breaks.due_ms[plan.breaks.shift == 1] - 22 * MS_PER_H
    cut = plan.breaks.due_ms[plan.breaks.shift == 0] + 2 * MS_PER_H
    assert list(cut) == [due for due in whole if due >= 2 * MS_PER_H]


def test_overlapping_windows_are_held_on_seats_of_their_own():
    operators = {"day": 2, "evening": 2, "night": 2, "peak": 1}
    plan = plan_of(pattern="three_by_eight_and_peak", operators=operators)
    assert [name for name in plan.names if name.startswith("video_operator")] == [
        "video_operator/0/1",
        "video_operator/0/2",
        "video_operator/1/1",
    ]


def test_requisition_officers_keep_office_hours_on_working_days():
    plan = plan_of(
        days(14, date(2026, 12, 21)), operators={}, supervisors={}, requisition_officers=2
    )
    opened = Counter((plan.shifts.start_ms // (24 * MS_PER_H)).tolist())
    assert opened == dict.fromkeys([0, 1, 2, 3, 7, 8, 9, 10], 2)
    assert set((plan.shifts.start_ms % (24 * MS_PER_H) / MS_PER_H).tolist()) == {8.5}
    assert not plan.seats.watches.any()


def test_requisition_officers_are_chosen_first_and_supervisors_last():
    assert plan_of().functions == (
        "requisition_officer",
        "video_operator",
        "video_operator",
        "video_operator",
        "supervisor",
    )


def test_a_supervisor_watches_or_not():
    for function, watches in (("supervisor", False), ("watching_supervisor", True)):
        plan = plan_of(supervisor_function=function)
        assert plan.seats.watches[plan.functions.index(function)] == watches


@pytest.mark.parametrize("relief", [False, True])
def test_vacant_posts_empty_their_annual_hours_in_rotation(relief):
    year = days(364)
    values = Assumptions()
    full, plan = plan_of(year), plan_of(year, vacant_posts=3, relief=relief)
    share = 1 - values["absence_rate"] if relief else 1
    lost = open_hours(full) - open_hours(plan)
    assert lost == pytest.approx(3 * values["annual_hours"] * share * 364 / 365, rel=0.01)
    before, after = (Counter(p.shifts.seat.tolist()) for p in (full, plan))
    kept = {full.names[seat]: after[seat] / before[seat] for seat in before}
    operators = [part for name, part in kept.items() if name.startswith("video_operator")]
    assert max(operators) - min(operators) < 0.02
    assert kept["requisition_officer/0/1"] == kept["supervisor/0/1"] == 1


def test_posts_not_accredited_are_present_and_do_nothing():
    year = days(364)
    full, plan = plan_of(year), plan_of(year, unaccredited_posts=2)
    assert open_hours(plan) + open_hours(plan, "trainee") == open_hours(full)
    assert open_hours(plan, "trainee") == pytest.approx(2 * 1607 * 364 / 365, rel=0.01)
    trainees = np.array([name == "trainee" for name in plan.functions])
    assert not plan.seats.watches[trainees].any()
    assert not plan.seats.takes[trainees].any()


def test_a_further_seat_renames_none():
    assert set(plan_of().names) < set(plan_of(operators={"day": 2, "evening": 4, "night": 2}).names)


def test_nobody_is_a_plan():
    plan = plan_of(operators={}, supervisors={}, requisition_officers=0)
    assert plan.names == ()
    assert plan.seats.takes.shape == (0, 7)
    assert len(plan.shifts.seat) == len(plan.breaks.shift) == 0


@pytest.mark.parametrize(
    ("levers", "sentence"),
    [
        ({"pattern": "three_by_eigth"}, r'seats.pattern: .*did you mean "three_by_eight"'),
        ({"operators": {"nigth": 2}}, r'seats.operators: .*did you mean "night"'),
        ({"supervisors": {"peak": 1}}, r"seats.supervisors: .*allowed: day, evening, night"),
        (
            {"vacant_posts": 30},
            r"30 vacant and 0 unaccredited posts are more than the 12\.\d posts",
        ),
        ({"operators": {}, "vacant_posts": 1}, r"more than the 0\.0 posts"),
        (
            {"pattern": None, "operators": {}, "supervisors": {}, "requisition_officers": 0}
            | {"shifts": [OPERATOR | {"function": "video_operater"}]},
            r'seats.shifts: .*did you mean "video_operator"',
        ),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_one_sentence(levers, sentence):
    with pytest.raises(InputError, match=sentence):
        plan_of(**levers)


@pytest.mark.parametrize(
    ("levers", "sentence"),
    [
        ({"operators": {"day": -1}}, "seats: operators.day: .*greater than or equal to 0"),
        ({"end_of_shift": "leave"}, "seats: end_of_shift: .*'finish', 'hand_over' or 'drop'"),
        ({"check_hour": "4h"}, "seats: check_hour: "),
        ({"pattern": None}, "seats: content: a pattern is expected, or shifts"),
        ({"shifts": [OPERATOR]}, "shifts replaces pattern, operators, supervisors, requisition_"),
        ({"shifts": [OPERATOR | {"window": "6h"}]}, "shifts.0.window: a window such as"),
        ({"shifts": [OPERATOR | {"seat": 2}]}, 'unknown key "shifts.0.seat".*"seats"'),
        ({"wall_minimun": 2}, 'seats: unknown key "wall_minimun"; did you mean "wall_minimum"'),
    ],
)
def test_a_lever_that_cannot_be_is_refused_in_one_sentence(levers, sentence):
    with pytest.raises(InputError, match=sentence):
        validated(SeatsLevers, LEVERS | levers, "seats")


def test_twelve_hours_exist_in_regime_custom_only():
    for regime in ("fpt", "code_travail"):
        with pytest.raises(InputError, match="two_by_twelve is « non légal en l'état » in regime"):
            plan_of(pattern="two_by_twelve", operators={}, supervisors={}, regime=regime)
    plan = plan_of(pattern="two_by_twelve", operators={"day": 1}, supervisors={}, regime="custom")
    assert open_hours(plan) == 7 * 12


def test_a_technician_keeps_office_hours_and_only_checks():
    plan = plan_of(days(2), technicians=1)
    assert open_hours(plan, "technician") == 2 * 8.5
    takes = plan.seats.takes[plan.functions.index("technician")]
    assert [Kind(kind) for kind in np.flatnonzero(takes)] == [Kind.CHECK]


ROSTER = """start,end,agent,function,shift,break_min
2027-01-03T22:00+01:00,2027-01-04T06:00+01:00,A03,video_operator,night,20
2027-01-04T06:00+01:00,2027-01-04T14:00+01:00,A01,video_operator,day,20
2027-01-04T06:00+01:00,2027-01-04T14:00+01:00,A02,trainee,day,20
2027-01-04T13:30+01:00,2027-01-04T22:00+01:00,A04,video_operator,evening,20
2027-01-04T22:00+01:00,2027-01-05T06:00+01:00,,video_operator,night,20
2027-01-05T06:00+01:00,2027-01-05T14:00+01:00,A01,video_operator,day,20
"""


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(ROSTER)
    return path


def test_a_roster_is_played_in_place_of_the_operators(roster):
    plan = plan_of(days(2), roster=roster, supervisors={}, requisition_officers=0)
    assert plan.names == ("video_operator/0/1", "video_operator/0/2", "trainee/0/1")
    rows = zip(plan.agents, plan.shifts.seat, *plan.shifts[1:], strict=True)
    assert [(agent, int(seat), a / MS_PER_H, b / MS_PER_H) for agent, seat, a, b in rows] == [
        ("A03", 0, 0, 6),
        ("A01", 0, 6, 14),
        ("A02", 2, 6, 14),
        ("A04", 1, 13.5, 22),
        ("A01", 0, 30, 38),
    ]
    assert len(plan.breaks.shift) == 3 + 3 * 3 + 2  # the night keeps what is after midnight


def test_the_posts_of_a_plan_are_those_of_its_seats_not_of_its_roster(roster):
    values, week = Assumptions(), days(2)
    rostered, plan = plan_of(week, roster=roster), plan_of(week)
    assert staffing(rostered, week, values) == staffing(plan, week, values)


@pytest.mark.parametrize(
    ("levers", "count", "sentence"),
    [
        ({}, 3, "goes from 2027-01-03 to 2027-01-05, which does not cover .* to 2027-01-06"),
        ({"vacant_posts": 1}, 2, "already says who is there"),
    ],
)
def test_a_roster_that_cannot_be_played_is_refused(roster, levers, count, sentence):
    with pytest.raises(InputError, match=sentence):
        plan_of(days(count), roster=roster, **levers)


def test_a_roster_names_functions_that_exist(roster):
    roster.write_text(ROSTER.replace("trainee", "trainer"))
    with pytest.raises(InputError, match='unknown name "trainer"; did you mean "trainee"'):
        plan_of(days(2), roster=roster)


def test_a_pattern_is_an_entry(own_data):
    patterns = own_data / "shift_patterns.yaml"
    entry = 'half_day: {label: Matin, reference: hypothesis, shifts: {am: {window: "08:00-12:00"}}}'
    patterns.write_text(patterns.read_text().replace("patterns:\n", f"patterns:\n  {entry}\n", 1))
    plan = plan_of(days(2), pattern="half_day", operators={"am": 1}, supervisors={})
    assert open_hours(plan) == 8


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("shift_patterns.yaml", '"06:00-14:00"', '"06:00-25:00"', "day.window: a window such as"),
        ("shift_patterns.yaml", "[monday", "[mondy", "office_hours.weekdays.0: .*'monday'"),
        ("shift_patterns.yaml", "relief_min: 15", "relief_min: 0", "breaks.relief_min: .*than 0"),
        ("functions.yaml", "[safeguard,", "[safegard,", 'did you mean "safeguard"'),
        ("functions.yaml", "watches: true", "watch: true", "video_operator.watch"),
    ],
)
def test_a_bad_standard_type_is_refused_in_one_sentence(own_data, file, old, new, sentence):
    path = own_data / file
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=sentence):
        plan_of()
