"""Laws of the centre, on scenes in which everything that can coincide does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from tests.model.centre import laws_of_seats, laws_of_sight, laws_of_tasks
from tests.model.centre.film import Film
from tests.model.centre.scene import Call, Commune, Played, Scene, Seat, Shift, play
from tests.model.centre.worlds import DAY, HORIZON, scenes
from twin.model.centre import attention
from twin.model.centre.journal import Journal, Origin, Outcome, SpellState
from twin.model.centre.reference import cameras, desk, room, simulate
from twin.model.centre.rules import LATE_CALL
from twin.model.centre.world import NEVER, EndOfShift, Kind, World

DRAWN = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def obeys(scene: Scene) -> bool:
    """Whether what an engine makes of a scene obeys every law."""
    film = Film(scene, play(scene))
    for law in (*laws_of_tasks.LAWS, *laws_of_seats.LAWS, *laws_of_sight.LAWS):
        law(film)
    free = replace(scene, rules=scene.rules._replace(resume_ms=0, handover_ms=0))
    laws_of_sight.notices(Film(free, play(free)))
    return True


@given(scenes())
@settings(DRAWN, max_examples=300)
def test_every_law_holds(scene: Scene) -> None:
    assert obeys(scene)


# What the scenes and the laws are worth

Sight = Callable[[Scene, Played], bool]


def _ended(outcome: Outcome, kind: Kind) -> Sight:
    return lambda _, played: any(row.outcome == outcome for row in played.of(kind))


def _noticed(origin: Origin) -> Sight:
    return lambda _, played: any(row.origin == origin for row in played.of(Kind.POLICE))


def _arrives_at_a_shift_change(scene: Scene, _: Played) -> bool:
    return bool({shift.end for shift, _ in scene.planned} & {call.at for call in scene.calls})


def _handed_over(scene: Scene, played: Played) -> bool:
    ends = {(seat, shift.end) for shift, seat in scene.planned}
    left = {(s.kind, s.id) for s in played.spells if (s.seat, s.to_ms) in ends and s.kind != NEVER}
    handed_over = scene.rules.end_of_shift == EndOfShift.HAND_OVER
    return handed_over and any((r.kind, r.id) in left and r.interruptions for r in played.tasks)


def _waits_for_a_line(scene: Scene, played: Played) -> bool:
    incidents = scene.world.incidents
    qualify_ms = dict(zip(incidents.id, incidents.qualify_ms, strict=True))
    rows = [row for row in played.of(Kind.POLICE) if not row.interruptions]
    return any(row.alert_ms > row.start_ms + qualify_ms[row.id] for row in rows)


NASTY: dict[str, Sight] = {
    "shift changes and arrivals coincide": _arrives_at_a_shift_change,
    "no seat": lambda scene, _: not scene.seats,
    "an absent agent": lambda scene, _: any(not shift.present for shift, _ in scene.planned),
    "overload": lambda _, played: len([r for r in played.tasks if r.outcome == Outcome.LOST]) > 5,
    "interruptions": lambda _, played: any(row.interruptions > 1 for row in played.tasks),
    "overtime": lambda _, played: any(s.state == SpellState.OVERTIME for s in played.spells),
    "handover": _handed_over,
    "dropped": lambda _, played: any(row.outcome == Outcome.DROPPED for row in played.tasks),
    "a break that does not fit": lambda scene, _: any(
        due + length > shift.end for shift, _ in scene.planned for due, length in shift.breaks
    ),
    "a window across midnight": lambda scene, _: any(
        opens < DAY < closes < HORIZON for spans in scene.windows for opens, closes in spans
    ),
    "several pools": lambda scene, _: {seat.pool for seat in scene.seats} == {0, 1},
    "pages": lambda scene, _: any(1 < c.page < c.cameras for c in scene.communes),
    "a fault and an outage": lambda scene, played: bool(
        {row.camera for row in played.of(Kind.REPAIR)} & {outage.camera for outage in scene.outages}
    ),
    "a crew that is waited for": lambda _, played: any(
        row.start_ms > row.queued_ms for row in played.of(Kind.REPAIR)
    ),
    "a line that is waited for": _waits_for_a_line,
    "a late call": lambda _, played: any(row.id & LATE_CALL for row in played.of(Kind.REQUEST)),
    "noticed on the wall": _noticed(Origin.WALL),
    "noticed on a patrol": _noticed(Origin.PATROL),
    "called in": _noticed(Origin.CALL),
    "unseen": _ended(Outcome.UNSEEN, Kind.POLICE),
    "refused": _ended(Outcome.REFUSED, Kind.REQUEST),
    "erased": _ended(Outcome.LOST, Kind.SAFEGUARD),
    "extracted": _ended(Outcome.DONE, Kind.EXTRACTION),
    "a slot too short": _ended(Outcome.LOST, Kind.PATROL),
}


QUICKLY = settings(DRAWN, max_examples=2000, phases=[Phase.generate])


@pytest.mark.parametrize("happening", NASTY)
def test_the_scenes_are_nasty(happening: str) -> None:
    happens = NASTY[happening]
    assert find(scenes(), lambda scene: happens(scene, play(scene)), settings=QUICKLY)


def _patience_as_deadline(engine_room: Any, task: Any, delay_ms: int) -> None:
    task.deadline_ms = task.arrival_ms + delay_ms
    EXPIRES_AFTER(engine_room, task, delay_ms)


EXPIRES_AFTER = room._Room._expires_after
MUTATIONS = {
    "nothing is interrupted": (desk, "interrupts", lambda *_: False),
    "the wall is left empty": (desk, "keeps_the_wall", lambda *_: True),
    "seats from the last": (
        desk.Desk,
        "_present",
        lambda own, pool: [own.agents[i] for i in own.seats_of[pool][::-1] if own.agents[i]],
    ),
    "a crossing one millisecond late": (
        attention,
        "crossing_ms",
        lambda *args: CROSSING(*args) + 1,
    ),
    "everything in turn": (attention, "held_units", lambda *_: 0),
    "a fault freezes nothing": (
        cameras.Cameras,
        "is_entitled",
        lambda own, camera: own.is_window_open(own.commune_of[camera]),
    ),
    "patience is a deadline": (room._Room, "_expires_after", _patience_as_deadline),
    "breaks are forgotten": (desk.Desk, "_break_due", lambda *_: None),
    "taking up again is free": (
        desk.Desk,
        "take_back",
        lambda own, task, _: TAKE_BACK(own, task, 0),
    ),
}
CROSSING = attention.crossing_ms
TAKE_BACK = desk.Desk.take_back


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_the_laws_see_a_broken_engine(mutation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*MUTATIONS[mutation])

    def breaks_a_law(scene: Scene) -> bool:
        try:
            return not obeys(scene)
        except AssertionError:
            return True

    assert find(scenes(), breaks_a_law, settings=QUICKLY)


# What may not matter


def same(one: Journal, other: Journal) -> bool:
    """Whether two journals are equal, row by row."""
    return all(
        getattr(one, table).equals(getattr(other, table))
        for table in ("tasks", "spells", "attention")
    )


@given(scenes())
@settings(DRAWN, max_examples=40)
def test_the_same_world_gives_the_same_journal(scene: Scene) -> None:
    assert same(simulate(scene.centre, scene.world), simulate(scene.centre, scene.world))


@given(scenes(), st.integers(0, 2**32 - 1))
@settings(DRAWN, max_examples=50)
def test_the_order_of_rows_that_share_an_instant_does_not_matter(scene: Scene, seed: int) -> None:
    rng = np.random.default_rng(seed)

    def shuffled(table: Any, instants: str) -> Any:
        at = getattr(table, instants)
        order = np.lexsort((rng.permutation(len(at)), at))
        return type(table)(*(column[order] for column in table))

    world = scene.world
    other = World(
        incidents=shuffled(world.incidents, "time_ms"),
        requests=shuffled(world.requests, "time_ms"),
        requisitions=shuffled(world.requisitions, "time_ms"),
        present=world.present,
        faults=world.faults,
        outages=shuffled(world.outages, "start_ms"),
    )
    centre = scene.centre._replace(
        windows=shuffled(scene.centre.windows, "edge_ms"),
        patrols=shuffled(scene.centre.patrols, "start_ms"),
        checks=shuffled(scene.centre.checks, "start_ms"),
    )
    assert same(simulate(scene.centre, world), simulate(centre, other))


@given(scenes())
@settings(DRAWN, max_examples=40)
def test_a_further_commune_without_a_camera_changes_nothing(scene: Scene) -> None:
    larger = replace(scene, communes=(*scene.communes, Commune(cameras=0, window=0)))
    larger = replace(larger, windows=scene.windows or ((),))
    assert same(simulate(scene.centre, scene.world), simulate(larger.centre, larger.world))


calls = st.lists(
    st.builds(Call, st.integers(0, 200), st.integers(1, 60), st.just(NEVER), st.just(0)),
    min_size=1,
    max_size=30,
)


@given(calls, st.integers(1, 4))
@settings(DRAWN, max_examples=60)
def test_one_more_seat_never_worsens_a_wait_in_a_plain_queue(rows: list[Call], seats: int) -> None:
    def starts(servers: int) -> list[int]:
        seat = Seat((Shift(0, 10_000),))
        scene = Scene(horizon=10_000, seats=(seat,) * servers, calls=tuple(rows))
        return [row.start_ms for row in play(scene).of(Kind.REQUEST)]

    assert all(more <= less for more, less in zip(starts(seats + 1), starts(seats), strict=True))
