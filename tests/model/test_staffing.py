from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.rooms import LEVERS, days
from twin.model.assumptions import Assumptions
from twin.model.seats import SeatsLevers, build_plan
from twin.model.staffing import staffing, waterfall

YEAR = days(365, date(2027, 1, 4))
PAIR = {"operators": {"day": 2, "evening": 2, "night": 2}}
ALONE = {"supervisors": {}, "requisition_officers": 0}


def staff(assumptions=None, calendar=YEAR, **levers):
    values = Assumptions(assumptions)
    plan = build_plan(SeatsLevers(**LEVERS | ALONE | levers), calendar, values)
    return staffing(plan, calendar, values)


def etp(row):
    return {step.name: step.etp for step in row.steps}


@pytest.mark.parametrize(
    ("pattern", "operators", "assumptions", "gross", "etpt"),
    [
        ("three_by_eight", {"day": 1, "evening": 1, "night": 1}, {}, 5.451, 6.03),
        (
            "three_by_eight",
            {"day": 1, "evening": 1, "night": 1},
            {"annual_hours": 1450},
            6.041,
            6.68,
        ),
        ("evening_and_night", {"evening": 1, "night": 1}, {}, 2.726, 3.015),
        ("three_by_eight", PAIR["operators"], {}, 10.902, 12.06),
    ],
)
def test_published_etpt_of_a_seat(pattern, operators, assumptions, gross, etpt):
    (row,) = staff(assumptions, pattern=pattern, operators=operators).posts
    assert etp(row)["gross"] == pytest.approx(gross, abs=5e-4)
    assert row.etpt == pytest.approx(etpt, abs=5e-3)


def test_the_worked_example_of_apco():
    """Five seats on shifts of 8 h with breaks of 1 h, 2,080 h a year, 160 h of leave: 6.19."""
    values = Assumptions({"annual_hours": 2080, "absence_rate": 160 / 2080})
    steps = waterfall(5 * 2080 / 2080, values, breaks=1 / 8)
    assert next(step.etp for step in steps if step.name == "breaks") == pytest.approx(
        6.19, abs=5e-3
    )


def test_premiums_of_a_seat_day_and_night_are_the_3900_euros_of_the_decrees():
    (row,) = staff(operators={"day": 1, "evening": 1, "night": 1}).posts
    hours = row.hours
    assert hours.total == pytest.approx(8760)
    assert hours.night == pytest.approx(9 * 365)
    premium_eur = hours.night * (0.17 + 0.80) + (hours.sunday + hours.holiday) * 0.74
    assert premium_eur == pytest.approx(3900, rel=0.01)


def test_three_numbers_and_every_factor_between_them():
    (row,) = staff(**PAIR).posts
    assert [step.name for step in row.steps] == [
        "gross",
        "absence",
        "breaks",
        "handover",
        "training",
        "accreditation",
    ]
    assert row.etpt < row.budgeted_etp < row.posts
    assert row.posts == 14
    free = dict.fromkeys(
        ("continuing_training_h", "turnover_rate", "shift_handover_min", "vacancy_rate"), 0.0
    )
    (row,) = staff(free, **PAIR).posts
    assert row.budgeted_etp == row.etpt
    assert row.posts == 13


def test_a_relief_of_the_breaks_costs_their_share_of_the_presence():
    (row,) = staff({"break_relief_share": 1}, operators={"day": 1}).posts
    assert row.etpt / etp(row)["absence"] == pytest.approx(8 * 60 / (8 * 60 - 50))


def test_windows_that_overlap_pay_the_handover_themselves():
    free = staff(pattern="three_by_eight_with_overlap", **PAIR).posts[0]
    paid = staff(**PAIR).posts[0]
    assert etp(free)["handover"] == etp(free)["breaks"]
    assert etp(paid)["handover"] / etp(paid)["breaks"] == pytest.approx(1 + 10 / 480, rel=1e-3)
    assert free.hours.total == pytest.approx(paid.hours.total * 8.25 / 8)


def test_posts_of_the_other_functions():
    rows = staff(
        supervisors={"day": 1, "evening": 1, "night": 1}, technicians=1, operators={}
    ).posts
    assert [row.function for row in rows] == ["technician", "supervisor"]
    assert rows[1].etpt == pytest.approx(6.03, abs=5e-3)


def test_vacant_and_unaccredited_posts_are_still_to_be_created():
    whole = staff(**PAIR)
    short = staff(**PAIR, vacant_posts=3, unaccredited_posts=2)
    assert short.posts == whole.posts
    assert short.paid_etp == pytest.approx(whole.budgeted_etp - 3)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.sampled_from([1450, 1520, 1607]))
def test_etpt_add_up_and_grow_as_the_year_shrinks(day, night, annual_hours):
    values = {"annual_hours": annual_hours}
    week = days(7)
    both = staff(values, week, operators={"day": day, "night": night}).etpt
    one = staff(values, week, operators={"day": day}).etpt
    other = staff(values, week, operators={"night": night}).etpt
    assert both == pytest.approx(one + other)
    assert both >= staff({}, week, operators={"day": day, "night": night}).etpt
