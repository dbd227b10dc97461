from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vacances_scolaires_france import SchoolHolidayDates

from twin.errors import InputError
from twin.files import validated
from twin.model.calendar import PARIS, Calendar, Event, Horizon

H_MS = 3_600_000

horizons = st.builds(
    Horizon, start=st.dates(date(2000, 1, 1), date(2099, 12, 31)), days=st.integers(1, 45)
)
around_changes = st.builds(
    Horizon,
    start=st.sampled_from([date(2027, 3, 27), date(2027, 10, 30), date(2050, 3, 26)]),
    days=st.integers(1, 4),
)
clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))


def calendar_of(start: str, days: int) -> Calendar:
    return Calendar(Horizon(start=date.fromisoformat(start), days=days))


def flags_of_days(calendar: Calendar, flags: np.ndarray) -> list[date]:
    first = np.searchsorted(calendar.edge_ms, calendar.midnight_ms[:-1])
    return [
        calendar.horizon.start + timedelta(days=day)
        for day in range(calendar.horizon.days)
        if flags[first[day]]
    ]


@settings(deadline=None)
@given(horizons | around_changes)
def test_hours_partition_the_days_and_tell_the_civil_time(horizon):
    calendar = Calendar(horizon)
    assert set(np.diff(calendar.midnight_ms)) <= {23 * H_MS, 24 * H_MS, 25 * H_MS}
    assert set(np.diff(calendar.edge_ms)) == {H_MS}
    assert calendar.edge_ms[0] == calendar.midnight_ms[0] == 0
    assert calendar.edge_ms[-1] == calendar.midnight_ms[-1] == calendar.horizon_ms
    origin = datetime.combine(horizon.start, datetime.min.time(), tzinfo=PARIS).timestamp()
    civil = [datetime.fromtimestamp(origin + ms / 1000, PARIS) for ms in calendar.edge_ms[:-1]]
    assert calendar.hour_of_week.tolist() == [24 * at.weekday() + at.hour for at in civil]
    assert calendar.month.tolist() == [at.month - 1 for at in civil]
    assert calendar.day_index.tolist() == [(at.date() - horizon.start).days for at in civil]


@given(horizons | around_changes, clocks, clocks)
def test_a_window_and_its_complement_partition_the_horizon(horizon, start, end):
    calendar = Calendar(horizon)
    inside = calendar.intervals(f"{start}-{end}")
    outside = calendar.intervals(f"{end}-{start}") if start != end else []
    pieces = sorted(inside + outside)
    assert sum(end_ms - start_ms for start_ms, end_ms in pieces) == calendar.horizon_ms
    assert all(before[1] == after[0] for before, after in pairwise(pieces))
    for spans in (inside, outside):
        assert all(before[1] < after[0] for before, after in pairwise(spans))


@given(horizons | around_changes, st.integers(-2, 50), clocks, clocks)
def test_a_later_clock_is_never_an_earlier_instant(horizon, day, first, second):
    calendar = Calendar(horizon)
    early, late = sorted((first, second))
    assert calendar.at(day, early) <= calendar.at(day, late) <= calendar.at(day, "24:00")
    assert calendar.at(day, "24:00") == calendar.at(day + 1, "00:00")


@settings(max_examples=30)
@given(horizons, st.integers(0, 40), clocks)
def test_an_instant_reads_back_as_its_clock_unless_skipped(horizon, day, clock):
    calendar = Calendar(horizon)
    origin = datetime.combine(horizon.start, datetime.min.time(), tzinfo=PARIS).timestamp()
    read = datetime.fromtimestamp(origin + calendar.at(day, clock) / 1000, PARIS)
    skipped = calendar.at(day, "03:00") - calendar.at(day, "02:00") == 0
    expected = "03:00" if skipped and clock.startswith("02:") else clock
    assert f"{read:%H:%M}" == expected


def test_clock_changes():
    spring, autumn = calendar_of("2027-03-28", 1), calendar_of("2027-10-31", 1)
    assert (spring.horizon_ms, autumn.horizon_ms) == (23 * H_MS, 25 * H_MS)
    assert spring.at(0, "02:30") == spring.at(0, "03:00") == 2 * H_MS
    assert spring.intervals("02:00-03:00") == []
    assert autumn.intervals("02:00-03:00") == [(2 * H_MS, 4 * H_MS)]
    assert autumn.at(0, "02:30") == 2.5 * H_MS
    assert autumn.hour_of_week.tolist() == [144, 145, 146, *range(146, 168)]


def test_windows():
    week = calendar_of("2027-01-04", 2)
    evening = [(0, 6), (18, 30), (42, 48)]
    assert week.intervals("18:00-06:00") == [(a * H_MS, b * H_MS) for a, b in evening]
    for whole in ("00:00-24:00", "07:30-07:30", "12:00-12:00"):
        assert week.intervals(whole) == [(0, week.horizon_ms)]
    assert week.intervals("22:00-24:00") == [(22 * H_MS, 24 * H_MS), (46 * H_MS, 48 * H_MS)]
    assert week.moment_ms("2027-01-05 01:30") == 25.5 * H_MS
    assert week.moment_ms("2027-01-03 00:00") == -24 * H_MS


def test_public_holidays():
    year, last = calendar_of("2027-01-01", 365), calendar_of("2100-01-01", 365)
    days = flags_of_days(year, year.holiday)
    moving = {date(2027, 3, 29), date(2027, 5, 6), date(2027, 5, 17)}
    assert len(days) == 11
    assert {date(2027, 5, 1), date(2027, 7, 14), date(2027, 12, 25)} | moving < set(days)
    assert len(flags_of_days(last, last.holiday)) == 11


def test_school_holidays_are_those_of_zone_b():
    winter = calendar_of("2027-02-01", 60)
    days = flags_of_days(winter, winter.school_holiday)
    assert (days[0], days[-1]) == (date(2027, 2, 20), date(2027, 3, 7))
    assert winter.assumed_from is None


def test_school_holidays_after_the_last_published_year_repeat_it():
    last = max(SchoolHolidayDates().data)
    published, *repeated = (
        Calendar(Horizon(start=start, days=(date(start.year + 1, 9, 1) - start).days))
        for start in (date(year, 9, 1) for year in (last.year - 1, last.year, 2040))
    )
    assert published.assumed_from is None
    expected = {f"{day:%m-%d}" for day in flags_of_days(published, published.school_holiday)}
    for calendar in repeated:
        assert calendar.assumed_from == calendar.horizon.start
        days = flags_of_days(calendar, calendar.school_holiday)
        assert {f"{day:%m-%d}" for day in days} == expected


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"start": "2027-01-04", "days": 0}, "days: Input should be greater"),
        ({"start": "2027-01-04", "days": 36526}, "days: Input should be less"),
        ({"start": "2027-01-04", "days": True}, "days: Input should be a valid integer"),
        ({"start": "1999-12-31", "days": 1}, "start: Input should be greater than"),
        ({"start": "2100-12-31", "days": 2}, "the last day may not be after 2100-12-31"),
        ({"start": "2027-02-29", "days": 2}, "start: Input should be a valid date"),
        ({"start": "2027-01-04", "days": 2, "day": 2}, 'unknown key "day"; did you mean "days"?'),
    ],
)
def test_refused_horizons(content, sentence):
    with pytest.raises(InputError, match="horizon: ") as refusal:
        validated(Horizon, content, "horizon")
    assert sentence in str(refusal.value)


BRADERIE = {
    "name": "Braderie",
    "communes": ["59350"],
    "start": "2027-09-04 08:00",
    "end": "2027-09-05 23:00",
}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"start": "2027-09-04"}, 'write a day and a time as "YYYY-MM-DD HH:MM"'),
        ({"start": "2027-09-31 08:00"}, 'write a day and a time as "YYYY-MM-DD HH:MM"'),
        ({"start": "1027-09-03 08:00"}, 'write a day and a time as "YYYY-MM-DD HH:MM"'),
        ({"end": "2027-09-04 08:00"}, "the end 2027-09-04 08:00 is not after the start"),
        ({"communes": ["5935"]}, "communes"),
        ({"multiplier": "hgih"}, "multiplier"),
        ({"multiplier": -1}, "multiplier"),
        ({"until": "2027-09-04 08:00"}, 'unknown key "until"'),
    ],
)
def test_refused_events(change, sentence):
    assert validated(Event, BRADERIE, "event").multiplier == "central"
    with pytest.raises(InputError) as refusal:
        validated(Event, BRADERIE | change, "event")
    assert sentence in str(refusal.value)


@pytest.mark.parametrize("clock", ["6:00", "24:01", "25:00", "06:60", "0600", "", "06:00 "])
def test_refused_times(clock):
    with pytest.raises(InputError, match="is not a time of the day"):
        calendar_of("2027-01-04", 1).at(0, clock)
