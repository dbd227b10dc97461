"""What every task must obey: nothing is made or forgotten, and everything takes what it takes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.model.centre.film import Film
from tests.model.centre.scene import LATER
from twin.model.centre.journal import Outcome
from twin.model.centre.rules import LATE_CALL
from twin.model.centre.world import NEVER, EndOfShift, Kind, ViewingRequests

__all__ = ["LAWS"]

ENDINGS = {
    Kind.POLICE: {Outcome.DONE, Outcome.UNSEEN, Outcome.DROPPED, Outcome.CENSORED},
    Kind.REQUEST: {
        Outcome.DONE,
        Outcome.LOST,
        Outcome.REFUSED,
        Outcome.DROPPED,
        Outcome.CENSORED,
    },
    Kind.NUISANCE: {Outcome.DONE, Outcome.UNSEEN, Outcome.DROPPED, Outcome.CENSORED},
    Kind.SAFEGUARD: {Outcome.DONE, Outcome.LOST, Outcome.DROPPED, Outcome.CENSORED},
    Kind.PATROL: {Outcome.DONE, Outcome.LOST, Outcome.DROPPED, Outcome.CENSORED},
    Kind.EXTRACTION: {Outcome.DONE, Outcome.DROPPED, Outcome.CENSORED},
    Kind.CHECK: {Outcome.DONE, Outcome.LOST, Outcome.DROPPED, Outcome.CENSORED},
    Kind.REPAIR: {Outcome.DONE, Outcome.CENSORED},
}


def flow(film: Film) -> None:
    """Arrived = done + lost + unseen + refused + dropped + censored, by kind and commune."""
    scene, played = film.scene, film.played
    world = scene.world
    arrived = [
        *_arrived(world.incidents.kind, world.incidents, scene.horizon),
        *_arrived([Kind.REQUEST] * len(scene.calls), world.requests, scene.horizon),
        *_arrived([Kind.SAFEGUARD] * len(scene.letters), world.requisitions, scene.horizon),
        *_owed(Kind.PATROL, scene.centre.patrols, scene.horizon),
        *_owed(Kind.CHECK, scene.centre.checks, scene.horizon),
    ]
    for row in played.of(Kind.SAFEGUARD):
        if row.outcome == Outcome.DONE:
            arrived.append((Kind.EXTRACTION, row.id, row.commune))
    for table in zip(*world.incidents, strict=True):
        incident = dict(zip(world.incidents._fields, table, strict=True))
        called_ms = incident["time_ms"] + incident["call_ms"]
        if incident["call_ms"] != NEVER and called_ms < scene.horizon:
            queued_ms = film.rows[incident["kind"], incident["id"]].queued_ms
            if queued_ms == NEVER or queued_ms > called_ms:
                arrived.append((Kind.REQUEST, incident["id"] + LATE_CALL, incident["commune"]))
    left = [(row.kind, row.id, row.commune) for row in played.tasks if row.kind != Kind.REPAIR]
    assert Counter(left) == Counter(arrived)
    for row in played.tasks:
        assert row.outcome in ENDINGS[Kind(row.kind)], row


def _arrived(kinds: Any, table: Any, horizon: int) -> list[tuple[int, int, int]]:
    rows = zip(kinds, table.id, table.commune, table.time_ms, strict=True)
    return [(kind, one, commune) for kind, one, commune, at in rows if at < horizon]


def _owed(kind: Kind, table: Any, horizon: int) -> list[tuple[int, int, int]]:
    rows = zip(table.id, table.commune, table.start_ms, strict=True)
    return [(kind, one, commune) for one, commune, at in rows if at < horizon]


def instants(film: Film) -> None:
    """Arrival, queue, start and end follow one another, inside the horizon."""
    for row in film.played.tasks:
        known = [row.arrival_ms, row.queued_ms, row.start_ms, row.end_ms]
        known = [at for at in known if at != NEVER]
        assert known == sorted(known), row
        assert known[-1] < film.scene.horizon, row
        assert (row.end_ms == NEVER) == (row.outcome == Outcome.CENSORED), row
        if row.alert_ms != NEVER:
            assert row.kind == Kind.POLICE, row
            assert row.start_ms <= row.alert_ms <= film.end(row), row
        if row.outcome == Outcome.DONE:
            assert row.start_ms != NEVER, row


def losses(film: Film) -> None:
    """What is lost is lost at the end of its patience, images, slot, day or view: then only."""
    scene = film.scene
    world = scene.world
    limits = {
        Kind.REQUEST: _limits(world.requests, "patience_ms"),
        Kind.PATROL: dict(zip(scene.centre.patrols.id, scene.centre.patrols.end_ms, strict=True)),
        Kind.CHECK: dict(zip(scene.centre.checks.id, scene.centre.checks.end_ms, strict=True)),
        Kind.SAFEGUARD: {
            one: max(erased, at)
            for one, erased, at in zip(
                world.requisitions.id,
                world.requisitions.erased_ms,
                world.requisitions.time_ms,
                strict=True,
            )
        },
    }
    leaves = _limits(world.incidents, "view_ms", world.incidents.kind)
    ends_of_shift = {shift.end for shift, _ in scene.planned}
    for row in film.played.tasks:
        if row.outcome == Outcome.UNSEEN:
            assert row.end_ms == leaves[row.kind, row.id], row
            assert row.queued_ms == row.start_ms == NEVER, row
        elif row.outcome == Outcome.LOST and not row.id & LATE_CALL:
            assert row.end_ms == limits[Kind(row.kind)][row.id], row
        elif row.outcome == Outcome.DROPPED:
            assert scene.rules.end_of_shift == EndOfShift.DROP, row
            assert row.end_ms in ends_of_shift, row
        elif row.outcome == Outcome.REFUSED:
            bought = film.commune_of(row).requests
            assert bought != ViewingRequests.ALWAYS, row
            now_open = film.open(row.commune, row.end_ms)
            assert not (bought == ViewingRequests.WINDOW and now_open), row
        if row.kind == Kind.REQUEST and row.start_ms != NEVER:
            assert row.outcome != Outcome.LOST, row


def _limits(table: Any, delay: str, kinds: Any = None) -> dict[Any, int]:
    ids = table.id if kinds is None else zip(kinds, table.id, strict=True)
    return dict(zip(ids, table.time_ms + getattr(table, delay), strict=True))


def deadlines(film: Film) -> None:
    """Images, due dates, slots and days are deadlines; nobody knows a caller's patience."""
    centre, letters = film.scene.centre, film.scene.world.requisitions
    stated = {
        Kind.SAFEGUARD: dict(zip(letters.id, letters.erased_ms, strict=True)),
        Kind.EXTRACTION: dict(zip(letters.id, letters.due_ms, strict=True)),
        Kind.PATROL: dict(zip(centre.patrols.id, centre.patrols.end_ms, strict=True)),
        Kind.CHECK: dict(zip(centre.checks.id, centre.checks.end_ms, strict=True)),
    }
    for row in film.played.tasks:
        if row.kind in stated:
            assert row.deadline_ms == stated[Kind(row.kind)][row.id], row
        else:
            assert not 0 <= row.deadline_ms <= LATER, row


def work(film: Film) -> None:
    """Finished work took what it takes, and a stated cost for each time it was taken up again."""
    scene = film.scene
    costs = (scene.rules.resume_ms, scene.rules.handover_ms)
    content = {
        **dict(_content(Kind.REQUEST, scene.world.requests, "work_ms")),
        **dict(_content(Kind.SAFEGUARD, scene.world.requisitions, "safeguard_ms")),
        **dict(_content(Kind.EXTRACTION, scene.world.requisitions, "extraction_ms")),
    }
    incidents = scene.world.incidents
    for i, one in enumerate(incidents.id):
        content[Kind.REQUEST, one + LATE_CALL] = incidents.request_ms[i]
        if incidents.kind[i] == Kind.NUISANCE:
            content[Kind.NUISANCE, one] = incidents.qualify_ms[i] + incidents.write_ms[i]
    for row in film.played.tasks:
        if row.outcome != Outcome.DONE or row.kind in (Kind.POLICE, Kind.REPAIR):
            continue
        if row.kind == Kind.CHECK:
            expected = film.commune_of(row).check
        elif row.kind == Kind.PATROL:
            expected = film.commune_of(row).cameras * scene.rules.dwell_ms
            assert row.shown <= film.commune_of(row).cameras, row
            if row.interruptions:
                # an image that was interrupted is shown again from its beginning
                assert row.work_ms >= expected + row.interruptions * min(costs), row
                continue
        else:
            expected = content[row.kind, row.id]
        extra = row.work_ms - expected
        assert row.interruptions * min(costs) <= extra <= row.interruptions * max(costs), row


def _content(kind: Kind, table: Any, column: str) -> Any:
    return (
        ((kind, one), int(ms)) for one, ms in zip(table.id, getattr(table, column), strict=True)
    )


def police(film: Film) -> None:
    """Qualification, line, conversation, follow-up and writing, for whoever is not interrupted."""
    incidents = film.scene.world.incidents
    for i, kind in enumerate(incidents.kind):
        row = film.rows.get((kind, incidents.id[i]))
        uninterrupted = row is not None and row.outcome == Outcome.DONE and not row.interruptions
        if kind != Kind.POLICE or not uninterrupted:
            continue
        qualified = row.start_ms + incidents.qualify_ms[i]
        written = incidents.write_ms[i]
        if not incidents.alerted[i]:
            assert row.alert_ms == NEVER, row
            assert row.end_ms == qualified + written, row
            continue
        assert row.alert_ms >= qualified, row
        talked = row.alert_ms + incidents.line_ms[i]
        leaves = row.arrival_ms + incidents.view_ms[i]
        until = max(talked, min(row.alert_ms + incidents.responder_ms[i], leaves))
        dark = [t for t in range(talked, until) if row.camera in film.dark[t]]
        assert row.end_ms == min([until, *dark]) + written, row


def lines(film: Film) -> None:
    """No more conversations than lines, and nobody waits for a line while one is free."""
    rules = film.scene.rules
    incidents = film.scene.world.incidents
    talks: list[list[range]] = [[], []]
    waits: list[list[range]] = [[], []]
    for i, one in enumerate(incidents.id):
        row = film.rows.get((incidents.kind[i], one))
        if row is not None and row.alert_ms != NEVER and incidents.line_ms[i]:
            recipient = film.commune_of(row).recipient
            end = min(row.alert_ms + int(incidents.line_ms[i]), film.end(row))
            talks[recipient].append(range(row.alert_ms, end))
            if not row.interruptions:
                asked = row.start_ms + int(incidents.qualify_ms[i])
                waits[recipient].append(range(asked, row.alert_ms))
    may_keep = rules.interruptible[Kind.POLICE] or rules.end_of_shift == EndOfShift.HAND_OVER
    for recipient in range(len(talks)):
        for t in film.frames:
            busy = sum(t in talk for talk in talks[recipient])
            assert busy <= rules.lines[recipient], t
            if not may_keep and any(t in wait for wait in waits[recipient]):
                assert busy == rules.lines[recipient], t


LAWS = (
    flow,
    instants,
    losses,
    deadlines,
    work,
    police,
    lines,
)
