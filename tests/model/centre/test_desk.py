"""Who takes what, when: queues, seats, interruptions, breaks and ends of shifts, to the ms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.model.centre.scene import (
    RULES,
    Call,
    Commune,
    Incident,
    Letter,
    Scene,
    Seat,
    Shift,
    Slot,
    play,
)
from twin.model.centre.journal import Outcome
from twin.model.centre.world import EndOfShift, Kind

ALWAYS = Seat((Shift(0, 1000),))


def times(scene: Scene, kind: Kind = Kind.REQUEST) -> list[tuple[int, int]]:
    """(start, end) of each task of a kind, in the order of its rows."""
    return [(row.start_ms, row.end_ms) for row in play(scene).of(kind)]


# Rounds


def test_an_agent_freed_in_the_millisecond_of_an_arrival_takes_it() -> None:
    scene = Scene(seats=(ALWAYS,), calls=(Call(at=10, work=5), Call(at=15, work=5)))
    assert times(scene) == [(10, 15), (15, 20)]


def test_patience_ends_before_the_agent_freed_in_the_same_millisecond_is_dispatched() -> None:
    scene = Scene(seats=(ALWAYS,), calls=(Call(at=0, work=10), Call(at=0, work=5, patience=10)))
    second = play(scene).task(Kind.REQUEST, 1)
    assert (second.outcome, second.start_ms, second.end_ms) == (Outcome.LOST, -1, 10)


def test_patience_zero_is_served_by_a_free_agent_and_lost_at_once_without_one() -> None:
    calls = (Call(at=10, work=5, patience=0), Call(at=10, work=5, patience=0))
    played = play(Scene(seats=(ALWAYS,), calls=calls))
    assert [row.outcome for row in played.of(Kind.REQUEST)] == [Outcome.DONE, Outcome.LOST]
    assert played.task(Kind.REQUEST, 1).end_ms == 10


def test_who_has_been_answered_has_no_patience_left_to_lose() -> None:
    seats = (Seat((Shift(0, 10),)), Seat((Shift(15, 1000),)))
    rules = RULES._replace(end_of_shift=EndOfShift.HAND_OVER)
    played = play(Scene(seats=seats, calls=(Call(at=5, work=10, patience=7),), rules=rules))
    assert played.task(Kind.REQUEST).end_ms == 20


def test_a_shift_that_starts_serves_the_arrival_of_its_millisecond_one_that_ends_does_not() -> None:
    leaving, coming = Seat((Shift(0, 10),)), Seat((Shift(10, 1000),))
    played = play(Scene(seats=(leaving, coming), calls=(Call(at=10, work=5),)))
    assert played.seat(0) == [(0, 10, "READY")]
    assert played.seat(1)[0] == (10, 15, "REQUEST")


def test_what_an_instant_triggers_at_the_same_instant_is_played_in_it() -> None:
    letters = (Letter(at=10, safeguard=5, extraction=0), Letter(at=10, safeguard=5, extraction=7))
    played = play(Scene(seats=(ALWAYS,), letters=letters))
    first, second = played.of(Kind.EXTRACTION)
    assert (first.start_ms, first.end_ms) == (20, 20)
    assert (second.start_ms, second.end_ms) == (20, 27)


# The queue


def test_a_better_class_goes_first_whatever_the_order_of_arrival() -> None:
    scene = Scene(
        seats=(ALWAYS,),
        calls=(Call(at=0, work=10), Call(at=3, work=10)),
        letters=(Letter(at=1, safeguard=10),),
        checks=(Slot(2, 900),),
        patrols=(Slot(2, 900),),
    )
    played = play(scene)
    kinds = [Kind.REQUEST, Kind.SAFEGUARD, Kind.PATROL, Kind.EXTRACTION, Kind.CHECK]
    assert [played.task(kind).start_ms for kind in kinds] == [0, 20, 30, 40, 40]
    assert played.task(Kind.REQUEST, 1).start_ms == 10


def test_in_a_class_the_first_deadline_goes_first_and_no_deadline_last() -> None:
    scene = Scene(
        communes=(Commune(window=0),),
        windows=(((0, 1000),),),
        seats=(ALWAYS,),
        calls=(Call(at=0, work=10),),
        incidents=(Incident(at=1, view=500, kind=Kind.NUISANCE, call=0, qualify=10),),
        letters=(
            Letter(at=2, safeguard=10, erased=800),
            Letter(at=3, safeguard=10, erased=700),
        ),
    )
    played = play(scene)
    assert [row.start_ms for row in played.of(Kind.SAFEGUARD)] == [20, 10]
    assert played.task(Kind.NUISANCE).start_ms == 30


def test_with_equal_deadlines_the_first_queued_goes_first_then_the_lowest_identifier() -> None:
    calls = (Call(at=0, work=10), Call(at=2, work=10), Call(at=1, work=10), Call(at=1, work=10))
    assert times(Scene(seats=(ALWAYS,), calls=calls)) == [(0, 10), (30, 40), (10, 20), (20, 30)]


def test_patience_is_not_a_deadline() -> None:
    calls = (Call(0, 10), Call(1, 10, patience=900), Call(2, 10, patience=50))
    assert times(Scene(seats=(ALWAYS,), calls=calls)) == [(0, 10), (10, 20), (20, 30)]


def test_extractions_go_by_due_date_and_are_never_lost() -> None:
    letters = (Letter(0, 5, extraction=10, due=90), Letter(0, 5, extraction=10, due=12))
    played = play(Scene(seats=(ALWAYS,), letters=letters))
    assert [(e.start_ms, e.end_ms) for e in played.of(Kind.EXTRACTION)] == [(20, 30), (10, 20)]
    assert [e.arrival_ms for e in played.of(Kind.EXTRACTION)] == [0, 0]
    assert {e.outcome for e in played.of(Kind.EXTRACTION)} == {Outcome.DONE}


# Seats


def test_the_lowest_numbered_free_seat_takes_the_work() -> None:
    seats = (Seat((Shift(5, 1000),)), ALWAYS, ALWAYS)
    calls = (Call(0, 20), Call(1, 20), Call(5, 20))
    played = play(Scene(seats=seats, calls=calls))
    assert [played.seat(i)[-2] for i in range(3)] == [
        (5, 25, "REQUEST"),
        (0, 20, "REQUEST"),
        (1, 21, "REQUEST"),
    ]


def test_a_named_role_takes_its_own_work_only() -> None:
    letters_only = Seat((Shift(0, 1000),), takes=frozenset({Kind.SAFEGUARD, Kind.EXTRACTION}))
    played = play(Scene(seats=(letters_only,), calls=(Call(0, 10),), letters=(Letter(5, 10),)))
    assert played.task(Kind.REQUEST).outcome == Outcome.CENSORED
    assert played.task(Kind.SAFEGUARD).start_ms == 5


def test_agents_serve_the_communes_they_are_habilitated_for() -> None:
    communes = (Commune(pool=0), Commune(pool=1))
    seats = (Seat((Shift(0, 1000),), pool=1), Seat((Shift(0, 1000),), pool=0))
    calls = (Call(0, 10, commune=0), Call(0, 10, commune=0), Call(0, 10, commune=1))
    played = play(Scene(communes=communes, seats=seats, calls=calls))
    assert [s[:2] for s in played.seat(0) if s[2] == "REQUEST"] == [(0, 10)]
    assert [s[:2] for s in played.seat(1) if s[2] == "REQUEST"] == [(0, 10), (10, 20)]


def test_the_wall_minimum_holds_for_the_last_classes_while_a_camera_is_entitled() -> None:
    watcher = Seat((Shift(0, 1000),), watches=True)
    scene = Scene(
        communes=(Commune(window=0),),
        windows=(((0, 50),),),
        seats=(watcher, watcher),
        checks=(Slot(0, 900), Slot(10, 900)),
        calls=(Call(20, 5), Call(20, 5)),
    )
    played = play(scene)
    assert [row.start_ms for row in played.of(Kind.CHECK)] == [0, 10]
    long = scene.communes[0]._replace(check=30)
    held = play(replace(scene, communes=(long,)))
    assert [row.start_ms for row in held.of(Kind.CHECK)] == [0, 35]
    assert [row.start_ms for row in held.of(Kind.REQUEST)] == [20, 20]
    one = play(replace(scene, seats=(watcher,)))
    assert [row.start_ms for row in one.of(Kind.CHECK)] == [50, 55]


def test_an_agent_who_does_not_watch_is_not_kept_at_the_wall() -> None:
    scene = Scene(
        communes=(Commune(window=0),), windows=(((0, 900),),), seats=(ALWAYS,), checks=(Slot(3, 9),)
    )
    assert play(scene).task(Kind.CHECK).start_ms == 3


# Interruptions


def test_work_of_a_strictly_lower_class_is_interrupted_and_resumed_at_a_cost() -> None:
    scene = Scene(
        seats=(ALWAYS,),
        letters=(Letter(0, 20),),
        calls=(Call(5, 10),),
        rules=RULES._replace(resume_ms=3),
    )
    played = play(scene)
    letter = played.task(Kind.SAFEGUARD)
    assert (letter.start_ms, letter.end_ms, letter.work_ms) == (0, 33, 23)
    assert letter.interruptions == 1
    assert played.seat(0)[:3] == [(0, 5, "SAFEGUARD"), (5, 15, "REQUEST"), (15, 33, "SAFEGUARD")]


def test_an_interruption_of_the_resumption_adds_its_cost_to_what_is_left_of_it() -> None:
    scene = Scene(
        seats=(ALWAYS,),
        letters=(Letter(0, 20),),
        calls=(Call(5, 10), Call(16, 10)),
        rules=RULES._replace(resume_ms=3),
    )
    letter = play(scene).task(Kind.SAFEGUARD)
    assert (letter.end_ms, letter.work_ms, letter.interruptions) == (46, 26, 2)


def test_anyone_may_resume_what_was_interrupted() -> None:
    seats = (ALWAYS, Seat((Shift(8, 1000),)))
    played = play(Scene(seats=seats, letters=(Letter(0, 20),), calls=(Call(5, 10),)))
    assert (8, 23, "SAFEGUARD") in played.seat(1)


def test_equal_classes_and_work_that_may_not_be_interrupted_wait() -> None:
    same_class = Scene(
        seats=(ALWAYS,), letters=(Letter(0, 20, erased=900), Letter(1, 5, erased=50))
    )
    assert times(same_class, Kind.SAFEGUARD) == [(0, 20), (20, 25)]
    rules = RULES._replace(interruptible=np.zeros(7, dtype=bool))
    scene = Scene(seats=(ALWAYS,), letters=(Letter(0, 20),), calls=(Call(1, 5),), rules=rules)
    assert times(scene) == [(20, 25)]


@pytest.mark.parametrize(
    ("name", "letters", "checks", "victim"),
    [
        ("lowest class", (Letter(1, 50),), (Slot(0, 900),), 0),
        ("latest start", (Letter(0, 50), Letter(1, 50)), (), 1),
        ("highest seat", (Letter(0, 50), Letter(0, 50)), (), 1),
    ],
)
def test_the_victim_is(
    name: str, letters: tuple[Letter, ...], checks: tuple[Slot, ...], victim: int
) -> None:
    scene = Scene(
        communes=(Commune(check=50),),
        seats=(ALWAYS, ALWAYS),
        letters=letters,
        checks=checks,
        calls=(Call(10, 5),),
    )
    assert (10, 15, "REQUEST") in play(scene).seat(victim)


def test_a_free_agent_is_preferred_to_a_victim() -> None:
    played = play(Scene(seats=(ALWAYS, ALWAYS), letters=(Letter(0, 20),), calls=(Call(5, 5),)))
    assert played.task(Kind.SAFEGUARD).interruptions == 0
    assert (5, 10, "REQUEST") in played.seat(1)


def test_who_is_interrupted_keeps_its_key() -> None:
    scene = Scene(seats=(ALWAYS,), letters=(Letter(0, 20), Letter(1, 20)), calls=(Call(5, 5),))
    assert times(scene, Kind.SAFEGUARD) == [(0, 25), (25, 45)]


# Losses and censoring


def test_without_anybody_everything_that_can_expire_expires() -> None:
    scene = Scene(
        communes=(Commune(window=0),),
        windows=(((0, 1000),),),
        calls=(Call(10, 5, patience=20), Call(10, 5)),
        letters=(Letter(10, 5, erased=300), Letter(10, 5, erased=10), Letter(10, 5)),
        patrols=(Slot(100, 200),),
        checks=(Slot(100, 240),),
        incidents=(Incident(at=50, view=30),),
    )
    played = play(scene)
    ends = {
        (Kind(row.kind).name, row.id % 2**32): (row.end_ms, Outcome(row.outcome).name)
        for row in played.tasks
    }
    assert ends == {
        ("POLICE", 0): (80, "UNSEEN"),
        ("REQUEST", 0): (30, "LOST"),
        ("REQUEST", 1): (-1, "CENSORED"),
        ("SAFEGUARD", 0): (300, "LOST"),
        ("SAFEGUARD", 1): (10, "LOST"),
        ("SAFEGUARD", 2): (-1, "CENSORED"),
        ("PATROL", 0): (200, "LOST"),
        ("CHECK", 0): (240, "LOST"),
    }
    assert played.spells == []
    assert {row.free for row in played.attention} == {0}


def test_work_in_hand_when_images_are_erased_is_saved_and_work_that_waits_is_not() -> None:
    scene = Scene(
        seats=(ALWAYS,),
        letters=(Letter(0, 20, erased=10), Letter(0, 20, erased=30)),
        calls=(Call(25, 10),),
    )
    first, second = play(scene).of(Kind.SAFEGUARD)
    assert (first.outcome, first.end_ms) == (Outcome.DONE, 20)
    assert (second.outcome, second.start_ms, second.end_ms) == (Outcome.LOST, 20, 30)


def test_the_end_of_a_slot_or_day_stops_the_work_in_hand() -> None:
    scene = Scene(
        communes=(Commune(cameras=5, check=50),),
        seats=(ALWAYS, ALWAYS),
        patrols=(Slot(0, 35),),
        checks=(Slot(0, 40),),
    )
    played = play(scene)
    patrol, check = played.task(Kind.PATROL), played.task(Kind.CHECK)
    assert (patrol.outcome, patrol.end_ms, patrol.shown) == (Outcome.LOST, 35, 3)
    assert (check.outcome, check.end_ms, check.work_ms) == (Outcome.LOST, 40, 40)


def test_a_patrol_that_ends_with_its_slot_is_made() -> None:
    scene = Scene(communes=(Commune(cameras=3),), seats=(ALWAYS,), patrols=(Slot(0, 30),))
    assert play(scene).task(Kind.PATROL).outcome == Outcome.DONE


def test_what_is_unfinished_at_the_end_is_censored_and_its_work_counted() -> None:
    played = play(Scene(horizon=100, seats=(ALWAYS,), calls=(Call(90, 10), Call(95, 10))))
    first, second = played.of(Kind.REQUEST)
    assert (first.outcome, first.end_ms, first.work_ms) == (Outcome.CENSORED, -1, 10)
    assert (second.outcome, second.start_ms, second.work_ms) == (Outcome.CENSORED, -1, 0)
    assert played.seat(0) == [(0, 90, "READY"), (90, 100, "REQUEST")]


def test_what_comes_at_the_end_of_the_horizon_or_later_does_not_come() -> None:
    assert play(Scene(horizon=100, calls=(Call(100, 10), Call(99, 10)))).task(Kind.REQUEST, 1)
    assert play(Scene(horizon=0, seats=(ALWAYS,), calls=(Call(0, 10),))).tasks == []


def test_every_kind_of_work_has_its_class() -> None:
    """One agent, everything at once: the order of the table of kinds."""
    scene = Scene(
        communes=(Commune(window=0),),
        windows=(((0, 1000),),),
        seats=(Seat((Shift(10, 1000),)),),
        incidents=(
            Incident(at=0, view=900, call=5, qualify=10),
            Incident(at=0, view=900, call=5, qualify=10, kind=Kind.NUISANCE),
        ),
        calls=(Call(0, 10),),
        letters=(Letter(0, 10, extraction=10, erased=900),),
        patrols=(Slot(0, 900),),
        checks=(Slot(0, 900),),
    )
    played = play(scene)
    assert sorted((row.start_ms, Kind(row.kind).name) for row in played.tasks) == [
        (10, "POLICE"),
        (20, "REQUEST"),
        (30, "SAFEGUARD"),
        (40, "NUISANCE"),
        (50, "PATROL"),
        (60, "EXTRACTION"),
        (70, "CHECK"),
    ]
