"""Faults, their discovery and repair, imposed outages, to the millisecond."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.model.centre.scene import (
    RULES,
    Call,
    Commune,
    Incident,
    Outage,
    Played,
    Scene,
    Seat,
    Shift,
    Slot,
    play,
)
from twin.model.centre.journal import Outcome
from twin.model.centre.rules import repair_id
from twin.model.centre.world import Kind

AT_ONCE = RULES._replace(discovered_at_once=True)
AGENT = Seat((Shift(0, 1000),))
WATCHER = Seat((Shift(0, 1000),), watches=True)


def park(**changes: Any) -> Scene:
    """One agent and two cameras outside any window; the first fails at 10, 8 ms of repair."""
    scene = Scene(communes=(Commune(cameras=2),), seats=(AGENT,), faults=(((10, 8),),))
    return replace(scene, **changes)


def repairs(played: Played) -> list[tuple[int, int, int, int]]:
    """(fault, discovery, start, end) of each repair."""
    return [(r.arrival_ms, r.queued_ms, r.start_ms, r.end_ms) for r in played.of(Kind.REPAIR)]


def test_a_fault_nobody_discovers_is_not_repaired() -> None:
    played = play(park())
    assert repairs(played) == [(10, -1, -1, -1)]
    assert played.of(Kind.REPAIR)[0].outcome == Outcome.CENSORED


def test_a_setting_makes_faults_known_at_once() -> None:
    assert repairs(play(park(rules=AT_ONCE))) == [(10, 10, 10, 18)]


def test_a_health_check_discovers_when_it_is_over() -> None:
    assert repairs(play(park(checks=(Slot(20, 900),)))) == [(10, 25, 25, 33)]


def test_a_health_check_that_is_cut_short_discovers_nothing() -> None:
    assert repairs(play(park(checks=(Slot(20, 24),)))) == [(10, -1, -1, -1)]


def test_a_patrol_discovers_the_cameras_it_passed_when_it_ends_or_is_interrupted() -> None:
    slots = (Slot(20, 900),)
    assert repairs(play(park(patrols=slots))) == [(10, 40, 40, 48)]
    assert repairs(play(park(patrols=slots, calls=(Call(35, 1),)))) == [(10, 35, 35, 43)]
    assert repairs(play(park(patrols=slots, calls=(Call(25, 20),)))) == [(10, 65, 65, 73)]


def live(**changes: Any) -> Scene:
    """The park in its window, before one watcher with four images."""
    scene = park(
        communes=(Commune(cameras=2, window=0),), windows=(((0, 1000),),), seats=(WATCHER,)
    )
    return replace(scene, **changes)


def test_the_display_discovers_at_once_what_somebody_watches() -> None:
    assert repairs(play(live())) == [(10, 10, 10, 18)]


def test_the_display_discovers_when_somebody_is_back_at_the_wall() -> None:
    assert repairs(play(live(calls=(Call(5, 25),)))) == [(10, 30, 30, 38)]


def test_the_display_discovers_when_the_window_opens() -> None:
    assert repairs(play(live(windows=(((40, 60),),)))) == [(10, 40, 40, 48)]


@pytest.mark.parametrize("call", [(), (Call(5, 25),)])
def test_the_last_camera_of_the_ranking_is_missed_too_when_all_fit(call: tuple[Call, ...]) -> None:
    scene = live(calls=call, faults=((), ((10, 8),)))
    assert repairs(play(scene))[0][1] == (30 if call else 10)
    alone = live(calls=call, communes=(Commune(cameras=1, window=0),))
    assert repairs(play(alone))[0][1] == (30 if call else 10)


def test_a_camera_that_turns_is_missed_when_those_left_all_fit() -> None:
    """Four cameras, two held of four images: the fourth fails and the three left are all shown."""
    scene = live(communes=(Commune(cameras=4, window=0),), faults=((), (), (), ((10, 8),)))
    assert repairs(play(scene)) == [(10, 10, 10, 18)]


def test_a_camera_that_has_no_place_on_the_display_is_not_missed() -> None:
    """One image, always held on the first camera; the second fails unseen, whoever comes back."""
    rules = RULES._replace(units_per_agent=1, held_permille=1000)
    second = ((), ((10, 8),))
    assert repairs(play(live(rules=rules, faults=second))) == [(10, -1, -1, -1)]
    assert repairs(play(live(rules=rules, faults=second, outages=(Outage(0, 50, 90),)))) == [
        (10, 50, 50, 58)
    ]


def test_what_was_held_before_does_not_matter() -> None:
    """Two watchers hold two of three cameras; the second fails, then one leaves: it is unseen."""
    rules = RULES._replace(units_per_agent=1, held_permille=1000)
    seats = (WATCHER, Seat((Shift(0, 1000, ((5, 10),)),), watches=True))
    communes = (Commune(cameras=3, window=0),)
    scene = live(rules=rules, seats=seats, communes=communes, faults=((), ((10, 8),)))
    assert repairs(play(scene)) == [(10, 15, 15, 23)]
    leaves = (WATCHER, Seat((Shift(0, 10),), watches=True))
    assert repairs(play(replace(scene, seats=leaves))) == [(10, -1, -1, -1)]


def test_the_crew_repairs_in_the_order_of_discovery_then_of_the_cameras() -> None:
    rules = AT_ONCE._replace(crew=1)
    apart = park(faults=(((12, 20),), ((10, 20),)), rules=rules)
    assert repairs(play(apart)) == [(12, 12, 30, 50), (10, 10, 10, 30)]
    together = park(faults=(((10, 20),), ((10, 20),)), rules=rules)
    assert repairs(play(together)) == [(10, 10, 10, 30), (10, 10, 30, 50)]


def test_without_a_limit_every_repair_starts_when_its_fault_is_known() -> None:
    both = park(faults=(((10, 20),), ((10, 20),)), rules=AT_ONCE)
    assert repairs(play(both)) == [(10, 10, 10, 30), (10, 10, 10, 30)]


def test_a_camera_lives_its_pairs_one_after_the_other() -> None:
    scene = park(faults=(((10, 8), (5, 1), (7, 2)),), rules=AT_ONCE)
    played = play(scene)
    assert repairs(played) == [(10, 10, 10, 18), (23, 23, 23, 24), (31, 31, 31, 33)]
    assert [row.id for row in played.of(Kind.REPAIR)] == [repair_id(1, 0, n) for n in range(3)]


def test_an_imposed_outage_is_known_and_nobody_repairs_it() -> None:
    scene = live(faults=(), outages=(Outage(0, 10, 30),))
    played = play(scene)
    assert played.of(Kind.REPAIR) == []
    assert [(row.time_ms, row.entitled) for row in played.attention] == [(0, 2), (10, 1), (30, 2)]


def test_a_camera_is_dark_until_its_last_outage_and_its_repair_are_over() -> None:
    scene = live(
        outages=(Outage(0, 5, 12), Outage(0, 11, 30)), faults=(((10, 30),),), rules=AT_ONCE
    )
    assert [(row.time_ms, row.entitled) for row in play(scene).attention] == [
        (0, 2),
        (5, 1),
        (40, 2),
    ]


def test_a_fault_does_not_remove_an_incident_that_was_noticed() -> None:
    incident = Incident(at=0, view=50, threshold=1.0, qualify=20)
    row = play(live(incidents=(incident,))).task(Kind.POLICE)
    assert (row.queued_ms, row.end_ms) == (4, 24)
