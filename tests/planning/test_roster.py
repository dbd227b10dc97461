from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from tests.model.rooms import LEVERS
from twin.errors import InputError, MissingError
from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar, Horizon
from twin.model.patterns import load_patterns
from twin.model.rosters import as_csv
from twin.model.seats import SeatsLevers
from twin.model.working_time import check_roster, load_working_time
from twin.planning import roster
from twin.planning.cycles import find_cycle, whole_part
from twin.planning.roster import Agent, loads, make_roster
from twin.planning.roster_workbook import roster_workbook
from twin.scenarios.library import load_scenario
from twin.sources.optional import optional_library

ONE_SEAT = {"day": 1, "evening": 1, "night": 1}
SPRING, AUTUMN = date(2027, 3, 15), date(2027, 10, 18)
"""Two weeks from either meet a clock change."""


@pytest.fixture(autouse=True)
def little_effort(monkeypatch):
    monkeypatch.setattr(roster, "_EFFORT", 0.5)


def roster_of(count, start=SPRING, weeks=4, part_time=0, seconds=20, **levers):
    agents = [
        Agent(f"A{i:02d}", 0.5 if i > count - part_time else 1.0) for i in range(1, count + 1)
    ]
    return make_roster(
        SeatsLevers(**LEVERS | {"operators": ONE_SEAT, "supervisors": {}} | levers),
        Calendar(Horizon(start=start, days=7 * weeks)),
        Assumptions(),
        agents,
        seconds=seconds,
    )


@pytest.fixture(scope="module")
def small():
    return roster_of(6, weeks=6)


def test_every_need_is_in_the_roster_met_or_not(small):
    needs = Counter((duty.start, duty.shift) for duty in small.duties)
    assert len(needs) == 3 * 42 + 1  # the first night begins the day before
    assert set(needs.values()) == {1}
    assert small.unmet == sum(not duty.agent for duty in small.duties) == small.least_unmet == 0


def test_what_the_solver_makes_the_checker_finds_legal_and_prudent(small):
    report = check_roster(small.duties)
    assert report.conforming
    assert report.warnings == ()


def test_nights_weekends_and_duties_are_shared(small):
    rows = loads(small)
    for of in ("duties", "nights", "weekends"):
        values = [getattr(row, of) for row in rows]
        assert max(values) - min(values) <= 1, of
    assert max(row.hours for row in rows) <= 1607 * 42 / 365


@pytest.mark.parametrize(
    ("count", "levers", "unmet"),
    [
        (6, {"pattern": "evening_and_night", "operators": {"evening": 1, "night": 1}}, 0),
        (9, {"start": AUTUMN, "weeks": 2, "pattern": "ten_hours_day_and_night"}, 1),
        (
            7,
            {"pattern": "two_by_twelve", "regime": "custom", "operators": {"day": 1, "night": 1}},
            0,
        ),
        (8, {"part_time": 2, "weeks": 2}, 0),
        (4, {}, 85 - 4 * 15),
    ],
)
def test_rosters_keep_to_the_law_and_say_what_they_lack(count, levers, unmet):
    """A night of ten hours lasts eleven when the clock goes back: nobody may hold it."""
    made = roster_of(count, **levers)
    report = check_roster(made.duties, levers.get("regime", "fpt"))
    assert not any(found.breaches for found in report.findings.values())
    assert report.warnings == ()
    assert (made.unmet, made.least_unmet) == (unmet, unmet)


SIZED = (
    {"window": "06:00-14:00", "seats": 1},
    {"window": "14:00-22:00", "weekdays": ("sunday", "friday", "saturday"), "seats": 1},
    {"window": "14:00-22:00", "weekdays": ("friday", "saturday", "sunday"), "seats": 1},
    {"window": "22:00-06:00", "seats": 1, "holidays": False},
    {"window": "09:00-17:00", "seats": 0},
    {"window": "08:00-16:00", "function": "supervisor", "seats": 2},
)


def test_the_shifts_of_a_sized_plan_are_rostered_by_window():
    """Operators' seats of a list of shifts; Easter Monday, 29 March 2027, has no night."""
    shifts = [{"function": "video_operator"} | shift for shift in SIZED]
    levers = {"pattern": None, "operators": {}, "supervisors": {}, "requisition_officers": 0}
    made = roster_of(8, **levers, shifts=shifts)
    report = check_roster(made.duties)
    assert not any(found.breaches for found in report.findings.values())
    assert (made.unmet, made.least_unmet) == (0, 0)
    assert Counter(duty.shift for duty in made.duties) == {
        "06:00-14:00": 28,
        "14:00-22:00 fri sat sun": 2 * 12,
        "22:00-06:00 but holidays": 28,
    }
    assert made.nights == {"22:00-06:00 but holidays"}
    assert date(2027, 3, 29) not in {d.start.date() for d in made.duties if d.start.hour == 22}
    with pytest.raises(InputError, match="no video operator's seat"):
        roster_of(8, operators={"day": 0})


@pytest.mark.alone
def test_24_agents_for_12_weeks_are_found_within_the_minute(monkeypatch):
    """Ended by itself: the clock, a minute, did not stop it."""
    monkeypatch.undo()
    operators = load_scenario("reference").seats.operators
    made = roster_of(24, date(2027, 1, 4), 12, operators=operators, seconds=60)
    assert made.ended
    assert (made.unmet, made.least_unmet) == (0, 0)
    assert check_roster(made.duties).conforming


def test_the_same_call_gives_the_same_roster(small):
    again = roster_of(6, weeks=6)
    assert small.ended
    assert as_csv(again.duties) == as_csv(small.duties)


def test_no_time_leaves_the_cyclic_weeks():
    levers = SeatsLevers(**LEVERS | {"operators": ONE_SEAT})
    calendar = Calendar(Horizon(start=SPRING, days=28))
    agents = [Agent(f"A{i:02d}", 1.0) for i in range(1, 7)]
    made = make_roster(levers, calendar, Assumptions(), agents, seconds=0.0)
    assert not made.ended
    assert 0 < made.unmet < len(made.duties)
    assert check_roster(made.duties).conforming


def test_a_line_gives_every_day_its_seats_and_repeats_itself():
    law = load_working_time()
    shifts = load_patterns().patterns["three_by_eight"].shifts
    length, held = whole_part({"day": 4, "evening": 5, "night": 4}, 24, 24, 12, 1.0)
    line = find_cycle(
        shifts,
        held,
        length,
        24 // length,
        law.regimes["fpt"].rules,
        law.prudence,
        nights=frozenset({"night"}),
        seed=1,
    )
    for weekday in range(7):
        on = Counter(line.shift(agent, 0, weekday) for agent in range(length))
        assert {name: on[name] for name in held} == held
    assert line.shift(1, 4, 2) == line.shift(0, 5, 2) == line.shift(5, 6, 2)


def test_a_workbook_says_who_what_and_whether_it_is_legal(small, tmp_path):
    openpyxl = optional_library("openpyxl", "rosters")
    short = replace(
        small, duties=tuple(d._replace(agent="") for d in small.duties[:1]) + small.duties[1:]
    )
    path = tmp_path / "roster.xlsx"
    path.write_bytes(roster_workbook(short, check_roster(short.duties), "Planning d'essai"))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Lisez-moi", "Planning", "Agents", "Non couverts", "Règles"]
    assert [book["Agents"].cell(row, 1).value for row in (2, 7)] == ["A01", "A06"]
    grid = list(book["Planning"].iter_rows(min_row=2, min_col=2, values_only=True))
    assert sum(cell is not None for row in grid for cell in row) == 126
    assert book["Non couverts"].max_row == 2
    notes = [row[0] for row in book["Lisez-moi"].iter_rows(values_only=True)]
    assert "Verdict : conforme" in notes
    assert any("pas un avis juridique" in note for note in notes)


@pytest.mark.parametrize(
    ("count", "levers", "sentence"),
    [
        (6, {"start": date(2027, 3, 16)}, "whole weeks from a Monday: 2027-03-16 is not one"),
        (0, {}, "agents: at least one"),
        (6, {"pattern": "three"}, "seats.pattern: unknown name"),
        (6, {"pattern": "two_by_twelve"}, "non légal en l'état"),
    ],
)
def test_a_question_that_cannot_be_is_one_sentence(count, levers, sentence):
    with pytest.raises(InputError, match=sentence):
        roster_of(count, **levers)


def test_a_missing_solver_is_one_sentence(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ortools.sat.python.cp_model", None)
    with pytest.raises(MissingError, match=r"cp_model is not installed: .*\[rosters\]"):
        roster_of(6)
