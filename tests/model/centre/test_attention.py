"""What is noticed, when and by what: display, calls and patrols, to the millisecond."""

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
    Scene,
    Seat,
    Shift,
    Slot,
    play,
)
from twin.model.centre.journal import Origin, Outcome
from twin.model.centre.rules import LATE_CALL
from twin.model.centre.world import Kind, ViewingRequests

OPEN = ((0, 1000),)
WATCHER = Seat((Shift(0, 1000),), watches=True)
TWO_IMAGES = RULES._replace(units_per_agent=2)
"""One agent holds one camera and gives the other image to the rest in turn; 0.25 per ms."""


def wall(*incidents: Incident, cameras: int = 3, **changes: Any) -> Scene:
    """One watcher, two images, cameras of one commune in the order of their rank."""
    scene = Scene(
        communes=(Commune(cameras=cameras, window=0),),
        windows=(OPEN,),
        seats=(WATCHER,),
        incidents=incidents,
        rules=TWO_IMAGES,
    )
    return replace(scene, **changes)


def seen(scene: Scene, number: int = 0) -> tuple[int, Origin]:
    """When and how the n-th incident came to the desk."""
    incident = scene.incidents[number]
    row = play(scene).task(incident.kind, number, scene.commune_of[incident.camera])
    return row.queued_ms, Origin(row.origin)


ON_HELD = Incident(at=10, view=100, camera=0, threshold=1.0)
ON_ROTATING = Incident(at=10, view=100, camera=2, threshold=1.0)


# The wall


def test_a_held_camera_has_the_whole_hazard_and_the_others_their_share_of_the_time() -> None:
    scene = wall(ON_HELD, ON_ROTATING)
    assert seen(scene, 0) == (14, Origin.WALL)
    assert seen(scene, 1) == (18, Origin.WALL)


def test_the_first_whole_millisecond_counts() -> None:
    assert seen(wall(ON_HELD._replace(threshold=1.1))) == (15, Origin.WALL)


def test_notice_wins_over_leaving_the_view_in_the_same_millisecond() -> None:
    assert seen(wall(ON_HELD._replace(view=4))) == (14, Origin.WALL)
    row = play(wall(ON_HELD._replace(view=3))).task(Kind.POLICE)
    assert (row.outcome, row.end_ms, row.queued_ms) == (Outcome.UNSEEN, 13, -1)


def test_the_rank_of_the_cameras_decides_what_is_held() -> None:
    scene = wall(ON_HELD, ON_ROTATING, rank=(2, 1, 0))
    assert (seen(scene, 0)[0], seen(scene, 1)[0]) == (18, 14)


@pytest.mark.parametrize(
    ("permille", "expected"), [(0, (16, 16)), (500, (14, 18)), (1000, (14, 14))]
)
def test_the_hold_share(permille: int, expected: tuple[int, int]) -> None:
    """Two images for three cameras: all in turn (2/3), one held (1/2), two held (0)."""
    rules = TWO_IMAGES._replace(held_permille=permille)
    scene = wall(ON_HELD, ON_ROTATING._replace(camera=1), rules=rules)
    assert (seen(scene, 0)[0], seen(scene, 1)[0]) == expected


def test_what_is_held_beyond_the_images_is_never_seen() -> None:
    rules = TWO_IMAGES._replace(held_permille=1000)
    assert seen(wall(ON_ROTATING, rules=rules)) == (-1, Origin.NONE)


def test_an_incident_keeps_what_it_accumulated_while_nobody_is_free() -> None:
    scene = wall(ON_HELD, ON_ROTATING, calls=(Call(at=12, work=10),))
    assert (seen(scene, 0)[0], seen(scene, 1)[0]) == (24, 28)


@pytest.mark.parametrize("seats", [(), (Seat((Shift(0, 1000),), watches=False),)])
def test_nobody_at_the_wall_notices_nothing(seats: tuple[Seat, ...]) -> None:
    assert seen(wall(ON_HELD, seats=seats)) == (-1, Origin.NONE)


def test_a_closed_window_freezes() -> None:
    assert seen(wall(ON_HELD, windows=(((0, 12), (20, 1000)),))) == (22, Origin.WALL)


def test_an_outage_freezes() -> None:
    assert seen(wall(ON_HELD, outages=(Outage(0, 12, 20),))) == (22, Origin.WALL)


def test_a_fault_freezes() -> None:
    rules = TWO_IMAGES._replace(discovered_at_once=True)
    assert seen(wall(ON_HELD, faults=(((12, 8),),), rules=rules)) == (22, Origin.WALL)


def test_an_incident_whose_camera_is_no_longer_held_carries_what_it_has() -> None:
    """Two better cameras enter their window at 12: 2 ms at 0.25, then 4 ms at 0.125."""
    communes = (Commune(cameras=2, window=0), Commune(cameras=1, window=1))
    scene = wall(ON_ROTATING, communes=communes, windows=(((12, 1000),), OPEN))
    assert seen(scene) == (16, Origin.WALL)


def test_the_next_camera_is_held_when_a_better_one_leaves_the_ranking() -> None:
    """2 ms at 0.125 in turn, then 3 ms at 0.25 held."""
    scene = wall(ON_ROTATING._replace(camera=1), outages=(Outage(0, 12, 500),))
    assert seen(scene) == (15, Origin.WALL)


def test_a_page_of_images_of_one_commune_is_one_unit() -> None:
    communes = (Commune(cameras=2, window=0, page=2), Commune(cameras=2, window=0, page=2))
    rules = TWO_IMAGES._replace(units_per_agent=1, held_permille=1000)
    on_first_page = (ON_HELD, ON_HELD._replace(camera=1))
    scene = wall(*on_first_page, communes=communes, rules=rules, outages=(Outage(0, 11, 12),))
    played = play(scene)
    assert [row.queued_ms for row in played.of(Kind.POLICE)] == [15, 14]
    assert {row.entitled for row in played.attention} == {2}


def test_each_pool_has_its_wall() -> None:
    communes = (Commune(window=0, pool=0), Commune(window=0, pool=1))
    incidents = (ON_HELD, ON_HELD._replace(camera=1))
    scene = wall(*incidents, communes=communes, seats=(WATCHER._replace(pool=1),))
    assert play(scene).task(Kind.POLICE, 0, commune=0).outcome == Outcome.UNSEEN
    assert play(scene).task(Kind.POLICE, 1, commune=1).queued_ms == 14


def test_what_is_displayed_is_written_down_when_it_changes() -> None:
    seats = (Seat((Shift(5, 100),), watches=True),)
    played = play(wall(seats=seats, windows=(((0, 50),),), calls=(Call(20, 10), Call(70, 1))))
    assert [row[:1] + row[2:] for row in played.attention] == [
        (0, 0, 3, 0, 0),
        (5, 1, 3, 1, 1),
        (20, 0, 3, 0, 0),
        (30, 1, 3, 1, 1),
        (50, 1, 0, 0, 0),
        (70, 0, 0, 0, 0),
        (71, 1, 0, 0, 0),
        (100, 0, 0, 0, 0),
    ]


def test_whether_it_could_have_been_seen_is_written_down() -> None:
    before, never = ON_HELD._replace(view=5), ON_HELD._replace(at=30, view=5)
    played = play(wall(before, never, seats=(), windows=(((0, 12),),)))
    assert [row.entitled for row in played.of(Kind.POLICE)] == [1, 0]


# Calls


def called(scene: Scene) -> list[tuple[str, int, int]]:
    """(kind, queued, origin) of the incident and of the viewing requests."""
    return [(Kind(row.kind).name, row.queued_ms, row.origin) for row in play(scene).tasks]


UNSEEN = Incident(at=10, view=100, camera=0, call=5, request=7)


def test_a_call_starts_an_incident_in_view_of_an_entitled_camera() -> None:
    assert called(wall(UNSEEN)) == [("POLICE", 15, Origin.CALL)]


def test_who_was_noticed_first_needs_no_call_not_even_in_the_same_millisecond() -> None:
    assert called(wall(UNSEEN._replace(threshold=1.25))) == [("POLICE", 15, Origin.WALL)]


def test_a_call_outside_the_window_is_a_viewing_request_and_the_incident_goes_on() -> None:
    """The request is handled from 15 to 22, then 4 ms of watching are enough."""
    scene = wall(UNSEEN._replace(threshold=1.0), windows=(((20, 1000),),))
    assert called(scene) == [("POLICE", 26, Origin.WALL), ("REQUEST", 15, Origin.CALL)]


def test_a_call_about_a_dark_camera_is_a_viewing_request() -> None:
    scene = wall(UNSEEN, outages=(Outage(0, 0, 1000),))
    assert called(scene) == [("POLICE", -1, Origin.NONE), ("REQUEST", 15, Origin.CALL)]


@pytest.mark.parametrize("view", [3, 5])
def test_a_call_from_the_millisecond_of_leaving_on_is_a_viewing_request(view: int) -> None:
    played = play(wall(UNSEEN._replace(view=view)))
    assert played.task(Kind.POLICE).end_ms == 10 + view
    request = played.task(Kind.REQUEST, LATE_CALL)
    assert (request.arrival_ms, request.end_ms, request.work_ms) == (15, 22, 7)


def test_the_caller_of_a_viewing_request_has_patience() -> None:
    scene = wall(UNSEEN._replace(view=3, patience=6), seats=())
    request = play(scene).task(Kind.REQUEST, LATE_CALL)
    assert (request.outcome, request.end_ms) == (Outcome.LOST, 21)


@pytest.mark.parametrize(
    ("bought", "at", "outcome"),
    [
        (ViewingRequests.NONE, 10, Outcome.REFUSED),
        (ViewingRequests.WINDOW, 10, Outcome.DONE),
        (ViewingRequests.WINDOW, 50, Outcome.REFUSED),
        (ViewingRequests.ALWAYS, 50, Outcome.DONE),
    ],
)
def test_a_viewing_request_that_the_forfait_does_not_buy_is_refused(
    bought: ViewingRequests, at: int, outcome: Outcome
) -> None:
    communes = (Commune(window=0, requests=int(bought)),)
    played = play(wall(communes=communes, windows=(((0, 50),),), calls=(Call(at, 5),)))
    assert played.task(Kind.REQUEST).outcome == outcome


# Patrols: 10 ms per camera, 0.5 per ms


def patrol(*incidents: Incident, **changes: Any) -> Scene:
    """One agent who does not watch, three cameras outside any window, patrols owed from 0."""
    scene = Scene(
        communes=(Commune(cameras=3),),
        seats=(Seat((Shift(0, 1000),)),),
        incidents=incidents,
        patrols=(Slot(0, 40),),
    )
    return replace(scene, **changes)


ON_SECOND = Incident(at=3, view=100, camera=1, threshold=2.0)


def test_a_patrol_shows_its_cameras_one_after_the_other() -> None:
    assert seen(patrol(ON_SECOND)) == (14, Origin.PATROL)
    assert seen(patrol(ON_SECOND._replace(camera=0))) == (7, Origin.PATROL)
    assert seen(patrol(ON_SECOND._replace(at=15))) == (19, Origin.PATROL)
    assert seen(patrol(ON_SECOND._replace(at=20))) == (-1, Origin.NONE)
    assert seen(patrol(ON_SECOND._replace(view=7))) == (-1, Origin.NONE)


def test_an_interrupted_patrol_resumes_at_the_interrupted_camera() -> None:
    """The notice at 14 is work of 6 ms; the second camera is shown again from 20 to 30."""
    played = play(patrol(ON_SECOND._replace(qualify=6), patrols=(Slot(0, 900),)))
    row = played.task(Kind.PATROL)
    assert (row.end_ms, row.work_ms, row.interruptions, row.shown) == (40, 34, 1, 3)
    assert played.seat(0)[:3] == [(0, 14, "PATROL"), (14, 20, "POLICE"), (20, 40, "PATROL")]


def test_a_resumed_patrol_shows_what_is_left_after_the_cost_of_taking_it_up() -> None:
    rules = RULES._replace(resume_ms=5)
    on_third = ON_SECOND._replace(camera=2)
    scene = patrol(on_third, calls=(Call(12, 10),), patrols=(Slot(0, 900),), rules=rules)
    assert seen(scene) == (22 + 5 + 10 + 4, Origin.PATROL)


def test_an_incident_carries_what_one_image_gave_it_to_the_next() -> None:
    slots = (Slot(0, 40), Slot(50, 90))
    incident = Incident(at=0, view=100, camera=0, threshold=7.0)
    assert seen(patrol(incident, patrols=slots)) == (54, Origin.PATROL)


def test_the_image_of_a_patrol_takes_the_place_of_the_wall() -> None:
    """5 ms at 0.25 on the wall, then 4 ms at 0.5 on the image, not at 0.75."""
    scene = patrol(
        Incident(at=5, view=100, camera=1, threshold=3.25),
        communes=(Commune(cameras=2, window=0),),
        windows=(OPEN,),
        seats=(WATCHER, WATCHER),
    )
    assert seen(scene) == (14, Origin.PATROL)


def test_an_incident_goes_back_to_the_wall_with_what_the_image_gave_it() -> None:
    """10 ms at 0.5 on the first image, then 4 ms at 0.25 on the wall."""
    scene = patrol(
        Incident(at=0, view=100, camera=0, threshold=6.0),
        communes=(Commune(cameras=2, window=0),),
        windows=(OPEN,),
        seats=(WATCHER, WATCHER),
    )
    assert seen(scene) == (14, Origin.WALL)


def test_dark_cameras_are_passed_but_not_shown() -> None:
    played = play(patrol(ON_SECOND, outages=(Outage(1, 0, 1000),)))
    row = played.task(Kind.PATROL)
    assert (row.end_ms, row.outcome, row.shown) == (30, Outcome.DONE, 2)
    assert played.task(Kind.POLICE).outcome == Outcome.UNSEEN


def test_a_camera_that_goes_dark_during_its_image_shows_no_more() -> None:
    scene = patrol(ON_SECOND, outages=(Outage(1, 13, 15),))
    assert seen(scene) == (-1, Origin.NONE)
    assert seen(patrol(ON_SECOND, outages=(Outage(1, 14, 15),))) == (14, Origin.PATROL)


def test_a_window_that_opens_during_an_image_makes_the_incident_entitled() -> None:
    communes = (Commune(cameras=1, window=0),)
    incident = Incident(at=0, view=100)
    played = play(patrol(incident, communes=communes, windows=(((4, 6),),)))
    assert played.task(Kind.POLICE).entitled == 1


def test_a_patrol_without_a_camera_takes_no_time() -> None:
    played = play(patrol(communes=(Commune(cameras=0),)))
    row = played.task(Kind.PATROL)
    assert (row.outcome, row.start_ms, row.end_ms, row.shown) == (Outcome.DONE, 0, 0, 0)


def test_the_row_of_an_incident_tells_when_it_was_seen_and_dealt_with() -> None:
    row = play(wall(ON_HELD._replace(qualify=3, write=2))).task(Kind.POLICE)
    assert (row.arrival_ms, row.queued_ms, row.start_ms, row.end_ms) == (10, 14, 14, 19)
    assert (row.origin, row.camera, row.entitled, row.alert_ms) == (Origin.WALL, 0, 1, -1)
