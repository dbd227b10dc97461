from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import InputError
from twin.model.patterns import load_patterns
from twin.model.rosters import Duty, as_csv, read_roster
from twin.model.working_time import check_roster, load_working_time

PARIS = ZoneInfo("Europe/Paris")
MONDAYS = [date(2026, 3, 9), date(2026, 10, 5), date(2026, 12, 7), date(2027, 1, 4)]
WEEKS = 12


def duty(day, clock, hours, agent="A01", *, break_min=None):
    """A duty from a civil time; its hours are elapsed."""
    hour, minute = map(int, clock.split(":"))
    start = datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)
    end = (start.astimezone(UTC) + timedelta(hours=hours)).astimezone(PARIS)
    breaks = 20 * int(hours // 6) if break_min is None else break_min
    return Duty(start, end, agent, "video_operator", "", breaks)


def week_of(monday, kind, agent):
    days = [monday + timedelta(days=i) for i in range(5)]
    if kind == "mornings":
        return [duty(day, "06:00", 8, agent) for day in days]
    if kind == "evenings":
        return [duty(day, "14:00", 8, agent) for day in days[:4]]
    return [duty(day, "22:00", 8, agent) for day in days[:3]] if kind == "nights" else []


@st.composite
def legal_rosters(draw):
    """Weeks by (agent, week) that any order of makes legal."""
    start = draw(st.sampled_from(MONDAYS))
    kinds = st.sampled_from(["mornings", "evenings", "nights", "off"])
    return {
        (f"A{number:02d}", start + timedelta(weeks=week)): draw(kinds)
        for number in range(1, 4)
        for week in range(WEEKS)
    }


def duties_of(weeks):
    return [
        each for (agent, monday), kind in weeks.items() for each in week_of(monday, kind, agent)
    ]


def breached(duties, regime="fpt"):
    return {
        name: found.breaches
        for name, found in check_roster(duties, regime).findings.items()
        if found.breaches
    }


def injections(agent, monday):
    """By rule, a week of one agent that breaches that rule and no other; its day and its figure."""
    days = [monday + timedelta(days=i) for i in range(7)]
    every_day = [duty(day, "08:00", 6, agent) for day in days]
    rests = [b.start.astimezone(UTC) - a.end.astimezone(UTC) for a, b in pairwise(every_day)]
    two_halves = [duty(days[1], "06:00", 4, agent), duty(days[1], "14:30", 4, agent)]
    return {
        "daily_work": ([duty(days[1], "08:00", 10.5, agent)], days[1], 10.5),
        "daily_span": (two_halves, days[1], 12.5),
        "daily_rest": (
            [duty(days[1], "14:00", 8, agent), duty(days[2], "06:00", 8, agent)],
            days[2],
            8,
        ),
        "weekly_work": ([duty(day, "06:00", 8.25, agent) for day in days[:6]], monday, 49.5),
        "weekly_rest": (every_day, monday, max(rests) / timedelta(hours=1)),
        "break": ([duty(days[1], "06:00", 8, agent, break_min=15)], days[1], 15),
    }


@settings(max_examples=25, deadline=None)
@given(legal_rosters())
def test_a_legal_roster_is_found_legal(weeks):
    report = check_roster(duties_of(weeks))
    assert report.conforming
    assert report.warnings == ()


@settings(max_examples=60, deadline=None)
@given(legal_rosters(), st.data())
def test_one_injected_breach_is_caught_and_only_that_one(weeks, data):
    agent, monday = data.draw(st.sampled_from(sorted(weeks)))
    rule, (injected, day, found) = data.draw(
        st.sampled_from(sorted(injections(agent, monday).items(), key=lambda item: item[0]))
    )
    around = {(agent, monday + timedelta(weeks=w)): "off" for w in (-1, 0, 1)}
    others = duties_of({key: around.get(key, kind) for key, kind in weeks.items()})
    assert breached(others) == {}
    caught = breached([*others, *injected])
    assert list(caught) == [rule]
    (breach,) = caught[rule]
    assert (breach.agent, breach.day) == (agent, day)
    assert breach.found == pytest.approx(found)


@settings(max_examples=20, deadline=None)
@given(legal_rosters(), st.sampled_from(["A01", "A02", "A03"]))
def test_a_mean_over_twelve_weeks_is_caught_although_no_week_is(weeks, agent):
    mondays = sorted({monday for _, monday in weeks})
    others = duties_of({key: kind for key, kind in weeks.items() if key[0] != agent})
    days = [monday + timedelta(days=i) for monday in mondays for i in range(5)]
    caught = breached([*others, *(duty(day, "07:00", 9, agent) for day in days)])
    assert list(caught) == ["mean_weekly_work"]
    assert caught["mean_weekly_work"] == ((agent, mondays[0], pytest.approx(45)),)


def test_three_nights_in_a_row_are_accepted_and_a_morning_after_a_night_is_refused():
    nights = [duty(date(2027, 1, day), "22:00", 8) for day in (5, 6, 7)]
    assert check_roster(nights).conforming
    caught = breached([*nights, duty(date(2027, 1, 8), "06:00", 8)])
    assert caught == {"daily_rest": (("A01", date(2027, 1, 8), 0.0),)}


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2027, 3, 27), 11.0), (date(2027, 5, 8), 12.0), (date(2027, 10, 30), 13.0)],
)
def test_a_night_of_the_clock_change_has_eleven_or_thirteen_hours(day, hours):
    start = datetime(day.year, day.month, day.day, 18, tzinfo=PARIS)
    night = Duty(start, start + timedelta(hours=12), "A01", "video_operator", "night", 40)
    report = check_roster([night], "custom")
    assert report.findings["daily_work"].worst == ("A01", day, hours)
    assert bool(report.findings["daily_work"].breaches) == (hours > 12)


def test_a_ten_hour_night_is_refused_when_the_clock_goes_back():
    nights = [
        Duty(
            datetime(2027, 10, day, 21, tzinfo=PARIS),
            datetime(2027, 10, day + 1, 7, tzinfo=PARIS),
            "A01",
            "video_operator",
            "night",
            20,
        )
        for day in (29, 30)
    ]
    assert breached(nights) == {"daily_work": (("A01", date(2027, 10, 30), 11.0),)}


def test_hours_of_a_night_belong_to_the_two_weeks_and_years_it_joins():
    nights = [duty(date(2028, 1, 2), "22:00", 8)]  # a Sunday
    worst = check_roster(nights).findings["weekly_work"].worst
    assert (worst.day, worst.found) == (date(2028, 1, 3) - timedelta(days=7), 2.0)
    nights = [duty(date(2026, 12, 28) + timedelta(days=i), "08:00", 8) for i in range(6)]
    assert check_roster(nights).findings["weekly_work"].worst.found == 48.0


@pytest.mark.parametrize(
    ("last", "first", "found"),
    [
        ("14:00", "14:00", (41.0, None)),  # Saturday 21:00 to Monday 14:00: the Sunday is whole
        ("16:00", "14:00", (39.0, None)),  # from 23:00, still a day before Monday
        ("18:00", "14:00", (23.0, 23.0)),  # from Sunday 01:00: not a day of that week is left
    ],
)
def test_a_weekly_rest_has_a_day_of_its_own_week(last, first, found):
    monday = date(2027, 1, 4)
    clocks = ["14:00", "14:00", "14:00", "14:00", "14:00", last, None, first]
    worked = [duty(monday + timedelta(days=i), clock, 7) for i, clock in enumerate(clocks) if clock]
    rest = check_roster(worked).findings["weekly_rest"]
    assert rest.worst.found == found[0]
    assert [breach.found for breach in rest.breaches] == ([found[1]] if found[1] else [])


def test_a_rolling_excess_is_a_warning_and_no_breach():
    wednesday = date(2027, 1, 6)
    report = check_roster(duty(wednesday + timedelta(days=i), "08:00", 9) for i in range(7))
    assert report.conforming  # 45 h and 18 h in the two calendar weeks
    assert report.warnings == (("A01", wednesday, 63.0),)


def test_a_short_roster_has_no_mean_to_look_at():
    report = check_roster(week_of(MONDAYS[0], "mornings", "A01"))
    assert report.findings["mean_weekly_work"].cases == 0
    assert check_roster([]).conforming


def test_the_labour_code_allows_a_longer_span():
    halves = [duty(MONDAYS[0], "06:00", 4), duty(MONDAYS[0], "14:30", 4)]
    assert list(breached(halves)) == ["daily_span"]
    assert breached(halves, "code_travail") == {}


def test_custom_is_never_conforming():
    report = check_roster([duty(MONDAYS[0], "07:00", 12)], "custom")
    assert not any(found.breaches for found in report.findings.values())
    assert not report.conforming


@pytest.mark.parametrize("name", sorted(load_patterns().patterns))
def test_every_pattern_keeps_to_the_day_of_its_regimes(name):
    pattern = load_patterns().patterns[name]
    breaks = load_patterns().breaks
    for shift in pattern.shifts.values():
        start, end = shift.window.split("-")
        hours = (int(end[:2]) - int(start[:2])) % 24 + (int(end[3:]) - int(start[3:])) / 60
        break_min = breaks.legal_min * (hours // breaks.legal_every_h)
        one = [duty(date(2027, 5, 4), start, hours, break_min=int(break_min))]
        for regime in load_working_time().regimes:
            assert (breached(one, regime) == {}) == (regime in pattern.regimes), (shift, regime)


def test_a_file_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "roster.csv"
    duties = [
        duty(date(2027, 10, 30), "22:00", 8),
        duty(date(2027, 10, 31), "02:30", 6),
        Duty(*duty(date(2027, 11, 1), "06:00", 8)[:2], "", "video_operator", "day", 20),
    ]
    path.write_text(as_csv(duties))
    assert read_roster(path) == duties
    assert "2027-10-30T22:00+02:00,2027-10-31T05:00+01:00,A01" in path.read_text()
    assert check_roster(duties).findings["daily_work"].cases == 2


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("2027-03-28 02:30,2027-03-28 08:00,A01,,,20", "line 2, column start: .*skips this time"),
        ("2027-10-31 02:30,2027-10-31 08:00,A01,,,20", "column start: .*comes twice"),
        ("2027-10-31 06:00,at noon,A01,,,20", "column end: .*an instant such as"),
        ("2027-10-31 06:00,2027-10-31 14:00,A01,,,x", "column break_min: .*a whole number"),
        ("2027-10-31 14:00,2027-10-31 06:00,A01,,,20", "A01 on 2027-10-31 14:00 lasts"),
    ],
)
def test_a_bad_line_is_one_sentence(tmp_path, line, sentence):
    path = tmp_path / "roster.csv"
    path.write_text(",".join(Duty._fields) + "\n" + line + "\n")
    with pytest.raises(InputError, match=sentence):
        read_roster(path)
    path.write_text(",".join(Duty._fields) + "\n")
    with pytest.raises(InputError, match="at least one duty"):
        read_roster(path)
