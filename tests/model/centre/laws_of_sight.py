"""What the display, the cameras and the incidents in their view must obey."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from tests.model.centre.film import Film
from twin.model.centre.journal import Origin, Outcome, SpellState
from twin.model.centre.world import NEVER, Kind

__all__ = ["LAWS", "notices"]

_TIE = 1e-6
"""Hazards nearer than this to the threshold may be rounded to either side."""


def attention(film: Film) -> None:
    """The display is what free watchers can watch of what is entitled, and nothing else."""
    rules = film.scene.rules
    for pool in film.pools:
        seats = [
            frames
            for seat, frames in zip(film.scene.seats, film.seats, strict=True)
            if seat.pool == pool
        ]
        for t in film.frames:
            free, entitled, held, rotating = film.attention(pool, t)
            spells = [frames[t] for frames in seats if t in frames]
            assert free == sum(spell.state == SpellState.WATCHING for spell in spells), t
            assert entitled == len(film.entitled_units(pool, t)), t
            capacity = free * rules.units_per_agent
            assert held == min(entitled, rules.held_permille * capacity // 1000), t
            assert rotating == min(capacity - held, entitled - held), t


def repairs(film: Film) -> None:
    """Each fault waits for its discovery, then for the crew, first discovered first served."""
    scene = film.scene
    faults = scene.world.faults
    busy: Counter[int] = Counter()
    by_camera = defaultdict(list)
    for row in film.played.of(Kind.REPAIR):
        by_camera[row.camera].append(row)
        for t in range(row.start_ms, film.end(row)) if row.start_ms != NEVER else ():
            busy[t] += 1
    for camera, rows in by_camera.items():
        rows.sort(key=lambda row: row.arrival_ms)
        up_since = 0
        for pair, row in enumerate(rows, start=int(faults.first[camera])):
            assert row.arrival_ms == up_since + faults.up_ms[pair], row
            if scene.rules.discovered_at_once:
                assert row.queued_ms == row.arrival_ms, row
            if row.outcome == Outcome.DONE:
                assert row.end_ms == row.start_ms + faults.repair_ms[pair], row
            up_since = row.end_ms
    crew = scene.rules.crew
    assert crew == NEVER or max(busy.values(), default=0) <= crew
    discovered = [row for row in film.played.of(Kind.REPAIR) if row.queued_ms != NEVER]
    discovered.sort(key=lambda row: (row.queued_ms, film.started(row)))
    started = [film.started(row) for row in discovered]
    assert started == sorted(started)
    if crew == NEVER:
        assert all(row.start_ms == row.queued_ms for row in discovered)


def discoveries(film: Film) -> None:
    """No fault stays unknown where somebody watches a display that has its place."""
    for row in film.played.of(Kind.REPAIR):
        pool = film.commune_of(row).pool
        rank = film.ranked[pool].index
        place = rank(film.scene.unit_of[row.camera])
        for t in range(row.arrival_ms, film.known(row)):
            if film.open(row.commune, t):
                free, _, held, _ = film.attention(pool, t)
                assert held == free * film.scene.rules.units_per_agent, (t, row)
                last = [rank(unit) for unit in film.entitled_units(pool, t)[:held]][-1:]
                assert not last or last[0] < place, (t, row)


def notices(film: Film) -> None:
    """An incident is noticed at the very millisecond its hazard reaches its threshold.

    For scenes in which taking work up again costs nothing: the images of a patrol then follow
    from its spells.
    """
    incidents = film.scene.world.incidents
    for values in zip(*incidents, strict=True):
        incident = dict(zip(incidents._fields, values, strict=True))
        if incident["time_ms"] < film.scene.horizon:
            row = film.rows[incident["kind"], incident["id"]]
            expected, margin = _first_seen(film, incident)
            if margin > _TIE:
                assert (row.queued_ms, row.origin) == expected, (expected, row)
                assert row.entitled or not _was_entitled(film, incident, row), row


def _was_entitled(film: Film, incident: dict[str, Any], row: Any) -> bool:
    """Whether its camera was entitled while it was in view and nobody knew of it."""
    start = incident["time_ms"]
    leaves = min(start + incident["view_ms"], film.scene.horizon)
    known = leaves if row.queued_ms == NEVER else min(row.queued_ms, leaves)
    return any(incident["camera"] in film.entitled[t] for t in range(start, known))


def _first_seen(film: Film, incident: dict[str, Any]) -> tuple[tuple[int, Origin], float]:
    """When it comes to the desk and how, and how far its hazard stays from a tie."""
    start, camera, threshold = incident["time_ms"], incident["camera"], incident["threshold"]
    leaves = start + incident["view_ms"]
    called = NEVER if incident["call_ms"] == NEVER else start + incident["call_ms"]
    exposed = film.exposed(camera, start)
    # the last image of a patrol ends with it, before the notices of that instant
    ended = {row.end_ms for row in film.played.of(Kind.PATROL) if row.outcome == Outcome.DONE}
    hazard, margin, origin = 0.0, threshold, Origin.NONE
    for t in range(start, min(leaves + 1, film.scene.horizon)):
        if hazard >= threshold:
            return (t, origin), 0.0 if t in ended and t - 1 in exposed else margin
        if t < leaves:
            if t == called and camera in film.entitled[t]:
                return (t, Origin.CALL), margin
            origin = Origin.PATROL if t in exposed else Origin.WALL
            hazard += (
                film.scene.rules.patrol_hazard_per_ms if t in exposed else film.hazard(camera, t)
            )
            margin = min(margin, abs(hazard - threshold))
    return (NEVER, Origin.NONE), margin


LAWS = (
    attention,
    repairs,
    discoveries,
)
