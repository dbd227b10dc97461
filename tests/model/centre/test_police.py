"""Police-class incidents at the desk: qualification, line, follow-up, writing, to the ms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.model.centre.scene import (
    RULES,
    Commune,
    Incident,
    Outage,
    Played,
    Scene,
    Seat,
    Shift,
    play,
)
from twin.model.centre.journal import Outcome
from twin.model.centre.world import EndOfShift, Kind

AGENT = Seat((Shift(0, 1000),))
QUALIFIED = Incident(at=0, view=100, call=0, qualify=5, write=3)
ALERTED = QUALIFIED._replace(alerted=True, responder=20)
ON_LINE = ALERTED._replace(line=10)


def room(*incidents: Incident, agents: int = 1, **changes: Any) -> Scene:
    """Agents who do not watch; two communes of one camera each, always in their window."""
    scene = Scene(
        communes=(Commune(window=0), Commune(window=0, recipient=1)),
        windows=(((0, 1000),),),
        seats=(AGENT,) * agents,
        incidents=incidents,
    )
    return replace(scene, **changes)


def alerts(played: Played) -> list[int]:
    """Alert instant of each incident, in the order of its commune and number."""
    return [row.alert_ms for row in played.of(Kind.POLICE)]


def test_what_is_not_alerted_is_qualified_and_written_down() -> None:
    row = play(room(QUALIFIED)).task(Kind.POLICE)
    assert (row.start_ms, row.alert_ms, row.end_ms, row.work_ms) == (0, -1, 8, 8)


def test_phases_that_do_not_exist_are_skipped() -> None:
    row = play(room(QUALIFIED._replace(qualify=0, write=0))).task(Kind.POLICE)
    assert (row.outcome, row.start_ms, row.end_ms, row.work_ms) == (Outcome.DONE, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "incident", "outages", "end"),
    [
        ("responder", ALERTED, (), 25),
        ("view", ALERTED._replace(view=15), (), 15),
        ("camera", ALERTED, (Outage(0, 12, 14),), 12),
        ("dark already", ALERTED, (Outage(0, 3, 30),), 5),
        ("no responder", ALERTED._replace(responder=0), (), 5),
        ("left already", ALERTED._replace(view=4), (), 5),
        ("another camera fails", ALERTED, (Outage(1, 12, 14),), 25),
    ],
)
def test_it_is_followed_until(
    name: str, incident: Incident, outages: tuple[Outage, ...], end: int
) -> None:
    row = play(room(incident, outages=outages)).task(Kind.POLICE)
    assert (row.alert_ms, row.end_ms) == (5, end + 3), name


def test_a_fault_ends_the_following_as_an_outage_does() -> None:
    assert play(room(ALERTED, faults=(((12, 5),),))).task(Kind.POLICE).end_ms == 15


def test_the_alert_is_the_instant_at_which_the_line_is_seized() -> None:
    """Conversation from 5 to 15, then the responder comes 20 ms after the alert."""
    row = play(room(ON_LINE)).task(Kind.POLICE)
    assert (row.alert_ms, row.end_ms) == (5, 28)


def test_a_conversation_is_not_cut_by_the_end_of_the_view() -> None:
    assert play(room(ON_LINE._replace(view=7))).task(Kind.POLICE).end_ms == 18


def test_a_line_is_free_again_when_the_conversation_is_over() -> None:
    played = play(room(ON_LINE, ON_LINE, agents=2))
    assert alerts(played) == [5, 15]
    assert [row.end_ms for row in played.of(Kind.POLICE)] == [28, 38]


def test_two_lines_serve_two() -> None:
    rules = RULES._replace(lines=np.array([2, 1]))
    assert alerts(play(room(ON_LINE, ON_LINE, agents=2, rules=rules))) == [5, 5]


def test_each_recipient_has_its_lines() -> None:
    assert alerts(play(room(ON_LINE, ON_LINE._replace(camera=1), agents=2))) == [5, 5]


def test_lines_go_by_instant_of_request_then_identifier() -> None:
    talker = ON_LINE._replace(qualify=1, line=20)
    by_request = room(ON_LINE._replace(qualify=9), ON_LINE, talker, agents=3)
    assert alerts(play(by_request)) == [31, 21, 1]
    by_identifier = room(ON_LINE, ON_LINE, talker, agents=3)
    assert alerts(play(by_identifier)) == [21, 31, 1]


def test_without_a_conversation_there_is_no_line_to_wait_for() -> None:
    talker = ON_LINE._replace(qualify=1, line=50)
    assert alerts(play(room(talker, ALERTED, agents=2))) == [1, 5]


HAND_OVER = RULES._replace(end_of_shift=EndOfShift.HAND_OVER)
RELIEF = (Seat((Shift(0, 10),)), Seat((Shift(30, 1000),)))


def test_a_conversation_handed_over_keeps_its_line() -> None:
    """Alert at 5, handed over at 10, resumed at 30 for 5 ms: the line is free at 35."""
    communes = (Commune(window=0), Commune(window=0, pool=1))
    seats = (*RELIEF, Seat((Shift(0, 1000),), pool=1))
    other = ON_LINE._replace(at=12, camera=1, qualify=1)
    played = play(room(ON_LINE, other, communes=communes, seats=seats, rules=HAND_OVER))
    assert alerts(played) == [5, 35]
    first = played.task(Kind.POLICE)
    assert (first.end_ms, first.interruptions) == (38, 1)


def test_who_is_handed_over_while_waiting_for_a_line_asks_for_it_again() -> None:
    talker = ON_LINE._replace(qualify=1, line=50)
    seats = (Seat((Shift(0, 1000),)), *RELIEF)
    played = play(room(talker, ON_LINE, seats=seats, rules=HAND_OVER))
    assert alerts(played) == [1, 51]


def test_what_is_dropped_in_conversation_gives_its_line_back() -> None:
    rules = RULES._replace(end_of_shift=EndOfShift.DROP)
    seats = (Seat((Shift(0, 10),)), AGENT)
    played = play(room(ON_LINE, ON_LINE, seats=seats, rules=rules))
    assert alerts(played) == [5, 10]
    assert played.task(Kind.POLICE).outcome == Outcome.DROPPED


def test_the_following_goes_on_with_who_resumes_it() -> None:
    """Handed over at 10 and resumed at 30, after the responder came: only writing is left."""
    row = play(room(ALERTED, seats=RELIEF, rules=HAND_OVER)).task(Kind.POLICE)
    assert (row.end_ms, row.work_ms) == (33, 13)
    patient = ALERTED._replace(responder=60)
    row = play(room(patient, seats=RELIEF, rules=HAND_OVER)).task(Kind.POLICE)
    assert (row.end_ms, row.work_ms) == (68, 48)


def test_after_notice_nothing_is_lost() -> None:
    """It has left the view when somebody is free at last; it is qualified and written down."""
    scene = room(QUALIFIED._replace(view=10), seats=(Seat((Shift(40, 1000),)),))
    row = play(scene).task(Kind.POLICE)
    assert (row.outcome, row.start_ms, row.end_ms) == (Outcome.DONE, 40, 48)


def test_a_nuisance_is_one_stretch_without_an_alert() -> None:
    row = play(room(ON_LINE._replace(kind=Kind.NUISANCE))).task(Kind.NUISANCE)
    assert (row.alert_ms, row.end_ms, row.work_ms) == (-1, 8, 8)
