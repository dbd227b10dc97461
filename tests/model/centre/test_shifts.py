"""Breaks, ends of shifts and absences, to the millisecond."""

from __future__ import annotations

from tests.model.centre.scene import RULES, Call, Letter, Scene, Seat, Shift, play
from twin.model.centre.journal import Outcome
from twin.model.centre.world import EndOfShift, Kind

# Breaks


def shift_with(*breaks: tuple[int, int], end: int = 100) -> Seat:
    return Seat((Shift(0, end, breaks),))


def test_a_break_starts_when_due_and_lasts_its_length() -> None:
    played = play(Scene(seats=(shift_with((10, 20)),), calls=(Call(15, 5),)))
    assert played.seat(0)[:3] == [(0, 10, "READY"), (10, 30, "PAUSING"), (30, 35, "REQUEST")]


def test_a_break_waits_for_work_that_cannot_be_interrupted_and_keeps_its_full_length() -> None:
    played = play(Scene(seats=(shift_with((10, 20)),), calls=(Call(5, 10), Call(6, 5))))
    assert played.seat(0)[1:4] == [(5, 15, "REQUEST"), (15, 35, "PAUSING"), (35, 40, "REQUEST")]


def test_a_break_interrupts_the_rest() -> None:
    seats = (shift_with((10, 20)), Seat((Shift(12, 1000),)))
    rules = RULES._replace(resume_ms=2)
    played = play(Scene(seats=seats, letters=(Letter(5, 10),), rules=rules))
    assert played.seat(0)[1:3] == [(5, 10, "SAFEGUARD"), (10, 30, "PAUSING")]
    assert played.seat(1)[0] == (12, 19, "SAFEGUARD")


def test_a_break_that_no_longer_fits_is_dropped() -> None:
    played = play(Scene(seats=(shift_with((70, 20)),), calls=(Call(60, 21),)))
    assert "PAUSING" not in [state for _, _, state in played.seat(0)]
    played = play(Scene(seats=(shift_with((70, 20)),), calls=(Call(60, 20),)))
    assert (80, 100, "PAUSING") in played.seat(0)


def test_a_break_that_never_fitted_interrupts_nothing() -> None:
    played = play(Scene(seats=(shift_with((90, 20)),), letters=(Letter(80, 15),)))
    assert played.task(Kind.SAFEGUARD).interruptions == 0
    assert (80, 95, "SAFEGUARD") in played.seat(0)


def test_breaks_that_fall_due_together_follow_one_another() -> None:
    played = play(Scene(seats=(shift_with((10, 20), (15, 30)),)))
    assert played.seat(0) == [
        (0, 10, "READY"),
        (10, 30, "PAUSING"),
        (30, 60, "PAUSING"),
        (60, 100, "READY"),
    ]


def test_nobody_is_called_back_from_a_break() -> None:
    played = play(Scene(seats=(shift_with((10, 20)),), calls=(Call(12, 5, patience=3),)))
    assert played.task(Kind.REQUEST).outcome == Outcome.LOST


# Ends of shifts


def end_of(rule: EndOfShift) -> Scene:
    relieved = Seat((Shift(0, 50), Shift(50, 1000)))
    rules = RULES._replace(end_of_shift=rule, handover_ms=4)
    calls = (Call(40, 30), Call(45, 10))
    return Scene(seats=(relieved,), calls=calls, rules=rules)


def test_finish_works_on_as_overtime_beside_the_relief() -> None:
    played = play(end_of(EndOfShift.FINISH))
    assert played.task(Kind.REQUEST).end_ms == 70
    assert played.seat(0) == [
        (0, 40, "READY"),
        (40, 50, "REQUEST"),
        (50, 60, "REQUEST"),
        (50, 70, "REQUEST OVERTIME"),
        (60, 1000, "READY"),
    ]


def test_hand_over_puts_the_work_back_under_its_key_with_a_cost() -> None:
    played = play(end_of(EndOfShift.HAND_OVER))
    first, second = played.of(Kind.REQUEST)
    assert (first.end_ms, first.work_ms, first.interruptions) == (74, 34, 1)
    assert (second.start_ms, second.end_ms) == (74, 84)


def test_drop_leaves_it_undone() -> None:
    played = play(end_of(EndOfShift.DROP))
    first, second = played.of(Kind.REQUEST)
    assert (first.outcome, first.end_ms, first.work_ms) == (Outcome.DROPPED, 50, 10)
    assert (second.start_ms, second.end_ms) == (50, 60)


def test_overtime_takes_nothing_new() -> None:
    alone = Seat((Shift(0, 50),))
    played = play(Scene(seats=(alone,), calls=(Call(40, 30), Call(45, 10))))
    assert played.task(Kind.REQUEST).end_ms == 70
    assert played.task(Kind.REQUEST, 1).outcome == Outcome.CENSORED


def test_work_that_ends_with_the_shift_is_done() -> None:
    rules = RULES._replace(end_of_shift=EndOfShift.DROP)
    played = play(Scene(seats=(Seat((Shift(0, 50),)),), calls=(Call(40, 10),), rules=rules))
    assert played.task(Kind.REQUEST).outcome == Outcome.DONE


def test_an_absent_agent_leaves_the_seat_empty() -> None:
    seat = Seat((Shift(0, 50, present=False), Shift(50, 100)))
    played = play(Scene(seats=(seat,), calls=(Call(0, 10),)))
    assert played.seat(0)[0] == (50, 60, "REQUEST")
