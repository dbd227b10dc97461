"""The integer programme against brute force, and its laws."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import InputError
from twin.model.calendar import Calendar, Horizon
from twin.model.clock import MS_PER_H
from twin.planning.covering import (
    HOURS,
    OFFICER,
    OPERATOR,
    Cut,
    ShiftType,
    WeekPlan,
    cover,
    load_library,
    more_than,
)

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FEW = (
    ShiftType(OPERATOR, "00:00-08:00", DAYS),
    ShiftType(OPERATOR, "08:00-16:00", DAYS),
    ShiftType(OPERATOR, "08:00-14:00", DAYS[:5]),
    ShiftType(OPERATOR, "16:00-00:00", DAYS),
    ShiftType(OPERATOR, "18:00-00:00", DAYS[4:6]),
    ShiftType(OFFICER, "08:30-17:00", DAYS[:5], False),
)


def seats_by_third(levels):
    """Operators by third of the day, the same every day."""
    return np.tile(np.repeat(np.array(levels, dtype=float), 8), 7)


def cheapest(least, cuts, most=3):
    """Fewest seat-hours over every combination of at most `most` seats a shift."""
    hours = np.array([kind.hours for kind in FEW])
    covered = np.array([kind.covered() for kind in FEW])
    operator = np.array([kind.function == OPERATOR for kind in FEW])
    best = np.inf
    for seats in product(range(most + 1), repeat=len(FEW)):
        held = np.array(seats)[:, np.newaxis] * covered
        if (held.sum(axis=0) > most).any() or (held[operator].sum(axis=0) < least).any():
            continue
        by_function = {OPERATOR: held[operator].sum(axis=0), OFFICER: held[~operator].sum(axis=0)}
        if all(
            sum(float(w @ by_function[f]) for f, w in c.weights.items()) >= c.level for c in cuts
        ):
            best = min(best, float(hours @ seats))
    return best


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=3, max_size=3), st.integers(0, 300), st.booleans())
def test_the_programme_finds_what_brute_force_finds(levels, asked, officers_count):
    least = seats_by_third(levels)
    weights = {OPERATOR: np.ones(HOURS)} | ({OFFICER: np.ones(HOURS)} if officers_count else {})
    cuts = [Cut(weights, float(asked))]
    plan = cover(FEW, least, cuts, most=3)
    assert plan.hours == cheapest(least, cuts)
    assert (plan.coverage(OPERATOR) >= least).all()
    assert sum(float(w @ plan.coverage(f)) for f, w in weights.items()) >= asked


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=3, max_size=3),
    st.lists(st.integers(0, 2), min_size=3, max_size=3),
    st.integers(0, 60),
)
def test_asking_for_more_never_costs_less(levels, more, step):
    least = seats_by_third(levels)
    plan = cover(FEW, least)
    cut = more_than(plan, {OPERATOR: np.ones(HOURS)}, step)
    assert cover(FEW, least, [cut]).hours >= plan.hours + step
    assert cover(FEW, least + seats_by_third(more)).hours >= plan.hours


def test_what_no_shift_covers_is_refused_in_one_sentence():
    with pytest.raises(InputError, match="do not cover the week with 2 seats"):
        cover(FEW, np.full(HOURS, 3.0), most=2)


def test_among_plans_of_one_cost_the_fewest_seats_at_once_are_taken():
    plan = cover(load_library(), np.ones(HOURS), [Cut({OPERATOR: np.ones(HOURS)}, 168 + 56)])
    assert plan.hours == 224
    assert plan.coverage(OPERATOR).max() == 2


def test_every_shift_of_the_library_is_legal_and_plays_the_hours_it_counts():
    library = load_library()
    assert len(library) == len(set(library)) == 4 * 5 * 24 + 1
    fortnight = Calendar(Horizon(start="2027-02-01", days=14))
    for kind in (*library[::37], library[-1]):
        per_shift = kind.hours / len(kind.weekdays)
        assert 6 <= per_shift <= 10
        held = np.zeros(HOURS)
        for start, end in kind.seated(1).occurrences(fortnight):
            for minute in range(start, min(end, fortnight.horizon_ms), MS_PER_H // 2):
                if minute >= 7 * 24 * MS_PER_H:
                    held[minute // MS_PER_H % HOURS] += 0.5
        assert kind.covered().sum() == kind.hours
        assert (held == kind.covered()).all()


def test_a_plan_within_another_never_has_more_seats():
    day, night = FEW[1], FEW[0]
    plan = WeekPlan.of({day: 2, night: 1})
    assert plan.changed(day).within(plan)
    assert not plan.within(plan.changed(day))
    assert plan.changed(day, FEW[2]).within(plan)
    assert not WeekPlan.of({FEW[-1]: 1}).within(plan)


def test_a_library_of_longer_days_than_the_decree_is_refused(few_shifts):
    few_shifts.write_text(few_shifts.read_text().replace("[8]", "[8, 12]"))
    with pytest.raises(InputError, match=r"shifts of \[12\] h are longer than the 10 h"):
        load_library()
