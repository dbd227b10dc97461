"""A journal seen millisecond by millisecond, beside the scene it comes from.

It is written from the sentences of the centre and the rows of the scene, and shares no code with
an engine.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from functools import cached_property
from typing import Any

from tests.model.centre.scene import Played, Scene
from twin.model.centre.journal import SpellState
from twin.model.centre.world import NEVER, Kind

__all__ = ["AT_WORK", "FREE", "Film"]

FREE = (SpellState.WATCHING, SpellState.READY)


AT_WORK = (SpellState.WORKING, SpellState.OVERTIME)


class Film:
    """The journal seen millisecond by millisecond: frame t is the interval [t, t + 1)."""

    def __init__(self, scene: Scene, played: Played) -> None:
        self.scene = scene
        self.played = played
        self.frames = range(scene.horizon)
        self.rows = {(row.kind, row.id): row for row in played.tasks}

    @cached_property
    def seats(self) -> list[dict[int, Any]]:
        """Spell of the agent who holds each seat, by frame; those in overtime hold none."""
        held: list[dict[int, Any]] = [{} for _ in self.scene.seats]
        for spell in self.played.spells:
            if spell.state != SpellState.OVERTIME:
                for t in range(spell.from_ms, spell.to_ms):
                    assert t not in held[spell.seat], f"two things at once: {spell}"
                    held[spell.seat][t] = spell
        return held

    @cached_property
    def in_hand(self) -> dict[tuple[int, int], set[int]]:
        """Frames during which somebody works on each task."""
        frames: dict[tuple[int, int], set[int]] = defaultdict(set)
        for spell in self.played.spells:
            if spell.state in AT_WORK:
                worked = set(range(spell.from_ms, spell.to_ms))
                assert not worked & frames[spell.kind, spell.id], f"two agents at once: {spell}"
                frames[spell.kind, spell.id] |= worked
        return frames

    @cached_property
    def starts(self) -> list[tuple[int, Any, Any]]:
        """(instant, spell, task) each time an agent takes up work, at calm instants.

        An instant is not calm if work without any length came and went in it: seats were then
        busy and free again in the same millisecond.
        """
        flashes = {row.start_ms for row in self.played.tasks if row.start_ms == row.end_ms}
        return [
            (spell.from_ms, spell, self.rows[spell.kind, spell.id])
            for spell in self.played.spells
            if spell.state == SpellState.WORKING and spell.from_ms not in flashes
        ]

    def ends_at(self, spell: Any, t: int) -> bool:
        """Whether the work of a spell is over for good at an instant."""
        return bool(self.rows[spell.kind, spell.id].end_ms == t)

    def end(self, row: Any) -> int:
        """Instant at which a task leaves the room: its end, or that of the horizon."""
        return self.scene.horizon if row.end_ms == NEVER else row.end_ms

    def known(self, row: Any) -> int:
        """Instant at which a task comes to the desk, or the end of the horizon."""
        return self.scene.horizon if row.queued_ms == NEVER else row.queued_ms

    def started(self, row: Any) -> int:
        """Instant at which a task is taken up, or the end of the horizon."""
        return self.scene.horizon if row.start_ms == NEVER else row.start_ms

    def waits(self, row: Any) -> set[int]:
        """Frames during which a task waits for an agent."""
        if row.kind == Kind.REPAIR or row.queued_ms == NEVER:
            return set()
        return set(range(row.queued_ms, self.end(row))) - self.in_hand[row.kind, row.id]

    @cached_property
    def entitled(self) -> list[set[int]]:
        """Cameras entitled to live viewing, by frame."""
        scene = self.scene
        return [
            {
                camera
                for camera, commune in enumerate(scene.commune_of)
                if self.open(commune, t) and camera not in self.dark[t]
            }
            for t in self.frames
        ]

    def open(self, commune: int, t: int) -> bool:
        """Whether a commune is in its live window."""
        window = self.scene.communes[commune].window
        spans = () if window == NEVER else self.scene.windows[window]
        return any(opens <= t < closes for opens, closes in spans)

    @cached_property
    def dark(self) -> list[set[int]]:
        """Cameras without an image, by frame."""
        dark: list[set[int]] = [set() for _ in self.frames]
        spans = [(row.camera, row.arrival_ms, self.end(row)) for row in self.played.of(Kind.REPAIR)]
        for camera, start, end in [*spans, *self.scene.outages]:
            for t in range(start, min(end, self.scene.horizon)):
                dark[t].add(camera)
        return dark

    def attention(self, pool: int, t: int) -> tuple[int, int, int, int]:
        """(free, entitled, held, rotating) of a pool at the end of an instant."""
        rows = self._attention[pool]
        last = bisect_right(rows, t, key=lambda row: row.time_ms)
        return rows[last - 1][2:] if last else (0, 0, 0, 0)

    @cached_property
    def _attention(self) -> dict[int, list[Any]]:
        rows = defaultdict(list)
        for row in self.played.attention:
            rows[row.pool].append(row)
        return rows

    @cached_property
    def pools(self) -> range:
        """Pools of the scene."""
        owners = [*self.scene.communes, *self.scene.seats]
        return range(1 + max((owner.pool for owner in owners), default=0))

    @cached_property
    def ranked(self) -> dict[int, list[int]]:
        """Units of each pool, the busiest first."""
        scene = self.scene
        cameras = sorted(range(len(scene.commune_of)), key=lambda camera: scene.rank[camera])
        ranked: dict[int, list[int]] = defaultdict(list)
        for camera in cameras:
            pool = scene.communes[scene.commune_of[camera]].pool
            if scene.unit_of[camera] not in ranked[pool]:
                ranked[pool].append(scene.unit_of[camera])
        return ranked

    def entitled_units(self, pool: int, t: int) -> list[int]:
        """Units with an entitled camera, the busiest first."""
        return self._entitled_units[t][pool]

    @cached_property
    def _entitled_units(self) -> list[dict[int, list[int]]]:
        unit_of = self.scene.unit_of
        counted = [{unit_of[camera] for camera in cameras} for cameras in self.entitled]
        return [
            {pool: [unit for unit in self.ranked[pool] if unit in units] for pool in self.pools}
            for units in counted
        ]

    def hazard(self, camera: int, t: int) -> float:
        """Notice hazard that the wall gives to an incident on a camera during one frame."""
        if camera not in self.entitled[t]:
            return 0.0
        pool = self.scene.communes[self.scene.commune_of[camera]].pool
        _, entitled, held, rotating = self.attention(pool, t)
        hazard = self.scene.rules.wall_hazard_per_ms
        if self.entitled_units(pool, t).index(self.scene.unit_of[camera]) < held:
            return hazard
        return hazard * (rotating / (entitled - held))

    def exposed(self, camera: int, start: int) -> set[int]:
        """Frames during which a patrol shows a camera to an incident in view since `start`."""
        frames: set[int] = set()
        dwell = self.scene.rules.dwell_ms
        for first, begins, stops in self.stints[self.scene.commune_of[camera]]:
            image = begins + (camera - first) * dwell
            for t in range(max(image, start), min(image + dwell, stops)) if camera >= first else ():
                if camera in self.dark[t]:
                    break
                frames.add(t)
        return frames

    @cached_property
    def stints(self) -> dict[int, list[tuple[int, int, int]]]:
        """Stretches of the patrols of each commune: (first camera, start, end)."""
        stints: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for row in self.played.of(Kind.PATROL):
            first, end = self.scene.first_camera[row.commune : row.commune + 2]
            spells = [s for s in self.played.spells if (s.kind, s.id) == (row.kind, row.id)]
            for begins, stops in _stretches(spells):
                stints[row.commune].append((first, begins, stops))
                first += min((stops - begins) // self.scene.rules.dwell_ms, end - first)
        return stints

    def commune_of(self, row: Any) -> Any:
        """Commune of a task, as the scene states it."""
        return self.scene.communes[row.commune]


def _stretches(spells: list[Any]) -> list[tuple[int, int]]:
    """Spells of one task in order of time; overtime goes on with the spell before it."""
    stretches: list[tuple[int, int]] = []
    for spell in sorted(spells, key=lambda spell: spell.from_ms):
        goes_on = spell.state == SpellState.OVERTIME and stretches
        begins = stretches.pop()[0] if goes_on and stretches[-1][1] == spell.from_ms else None
        stretches.append((spell.from_ms if begins is None else begins, spell.to_ms))
    return stretches
