"""What every journal must obey, whatever the scene, checked millisecond by millisecond.

The laws are written from the sentences of the centre and from the rows of the scene; they share
no code with an engine. `LAWS` are functions of a scene and of what was played.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from functools import cached_property
from itertools import groupby
from typing import Any

from tests.model.centre.worlds import Played, Scene, Shift
from twin.model.centre.journal import Origin, Outcome, SpellState
from twin.model.centre.rules import LATE_CALL
from twin.model.centre.world import NEVER, EndOfShift, Kind, ViewingRequests

__all__ = ["LAWS", "Film", "notices"]

_TIE = 1e-6
"""Hazards nearer than this to the threshold may be rounded to either side."""

FREE = (SpellState.WATCHING, SpellState.READY)
AT_WORK = (SpellState.WORKING, SpellState.OVERTIME)

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
        counted = {self.scene.unit_of[camera] for camera in self.entitled[t]}
        return [unit for unit in self.ranked[pool] if unit in counted]

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


def presence(film: Film) -> None:
    """Spells cover exactly the planned presence; overtime begins when a shift ends, if it may."""
    planned: list[set[int]] = [set() for _ in film.scene.seats]
    for shift, seat in film.scene.planned:
        if shift.present:
            planned[seat] |= set(range(shift.start, min(shift.end, film.scene.horizon)))
    assert [set(frames) for frames in film.seats] == planned
    for (seat, kind, one), spells in groupby(
        (s for s in film.played.spells if s.state == SpellState.OVERTIME),
        key=lambda s: (s.seat, s.kind, s.id),
    ):
        first = next(spells)
        assert film.scene.rules.end_of_shift == EndOfShift.FINISH
        assert first.from_ms in {shift.end for shift in film.scene.seats[seat].shifts}
        before = film.seats[seat].get(first.from_ms - 1)
        assert before is None or (before.kind, before.id) == (kind, one)


def hands(film: Film) -> None:
    """A seat works on what it takes, for its pool; the work of a task is the sum of its spells."""
    for spell in film.played.spells:
        assert (spell.kind == NEVER) == (spell.state not in AT_WORK), spell
        seat = film.scene.seats[spell.seat]
        if spell.state in FREE:
            assert (spell.state == SpellState.WATCHING) == seat.watches, spell
        if spell.state in AT_WORK:
            row = film.rows[spell.kind, spell.id]
            assert spell.kind in seat.takes, spell
            assert film.commune_of(row).pool == seat.pool, spell
            assert row.start_ms <= spell.from_ms, spell
            assert spell.to_ms <= film.end(row), spell
    for row in film.played.tasks:
        if row.kind != Kind.REPAIR:
            assert row.work_ms == len(film.in_hand[row.kind, row.id]), row


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
    """No more conversations than lines, and nobody waits while one is free."""
    scene = film.scene
    incidents = scene.world.incidents
    talks: list[list[range]] = [[], []]
    for i, one in enumerate(incidents.id):
        row = film.rows.get((incidents.kind[i], one))
        if row is not None and row.alert_ms != NEVER:
            end = min(row.alert_ms + int(incidents.line_ms[i]), film.end(row))
            talks[film.commune_of(row).recipient].append(range(row.alert_ms, end))
    for recipient, spans in enumerate(talks):
        busiest = max((sum(t in span for span in spans) for t in film.frames), default=0)
        assert busiest <= scene.rules.lines[recipient]


def no_idle_hands(film: Film) -> None:
    """Nobody is free while work waits that he may take, unless he must keep the wall."""
    rules = film.scene.rules
    for row in film.played.tasks:
        order = rules.order[row.kind] if row.kind != Kind.REPAIR else 0
        pool = film.commune_of(row).pool
        for t in film.waits(row):
            free, entitled, _, _ = film.attention(pool, t)
            wall_kept = order >= rules.wall_order and entitled and free <= rules.wall_minimum
            for seat, frames in zip(film.scene.seats, film.seats, strict=True):
                if seat.pool != pool or row.kind not in seat.takes or t not in frames:
                    continue
                spell = frames[t]
                if spell.state in FREE:
                    assert wall_kept, (t, row, spell)
                    assert seat.watches, (t, row, spell)


def priorities(film: Film) -> None:
    """No work waits behind work of a lower class that may be interrupted."""
    rules = film.scene.rules
    for row in film.played.tasks:
        pool = film.commune_of(row).pool
        for t in film.waits(row):
            for seat, frames in zip(film.scene.seats, film.seats, strict=True):
                if seat.pool != pool or row.kind not in seat.takes or t not in frames:
                    continue
                spell = frames[t]
                if spell.state == SpellState.WORKING and rules.interruptible[spell.kind]:
                    assert rules.order[row.kind] >= rules.order[spell.kind], (t, row, spell)


def queue_key(film: Film) -> None:
    """Work of a kind is taken by deadline, then queue instant, then identifier."""

    def key(row: Any) -> tuple[int, int, int]:
        return row.deadline_ms, row.queued_ms, row.id

    for spell in film.played.spells:
        if spell.state != SpellState.WORKING:
            continue
        taken = film.rows[spell.kind, spell.id]
        t = spell.from_ms
        if t - 1 in film.in_hand[spell.kind, spell.id]:
            continue
        for row in film.played.of(Kind(spell.kind)):
            if film.commune_of(row).pool == film.commune_of(taken).pool and row is not taken:
                waits = film.waits(row)
                if t in waits and t - 1 in waits:
                    assert key(taken) < key(row), (t, taken, row)


def breaks(film: Film) -> None:
    """Breaks last their full length, in order; only work that goes on or a pause delays one."""
    horizon = film.scene.horizon
    for shift, seat in film.scene.planned:
        if not shift.present:
            continue
        pauses = [
            spell
            for spell in film.played.spells
            if spell.seat == seat
            and spell.state == SpellState.PAUSING
            and shift.start <= spell.from_ms < shift.end
        ]
        owed = [one for one in shift.breaks if one[0] < horizon]
        for pause in pauses:
            while not _is(owed[0], pause, horizon):
                _was_prevented(film, shift, seat, *owed.pop(0))
            due, _ = owed.pop(0)
            for t in range(due, pause.from_ms):
                assert _cannot_pause(film, seat, t), (t, pause)
        for due, length in owed:
            _was_prevented(film, shift, seat, due, length)


def _is(owed: tuple[int, int], pause: Any, horizon: int) -> bool:
    due, length = owed
    lasted = pause.to_ms - pause.from_ms
    cut = pause.to_ms == horizon and lasted < length
    return due <= pause.from_ms and (lasted == length or cut)


def _was_prevented(film: Film, shift: Shift, seat: int, due: int, length: int) -> None:
    """A break that is not taken does not fit, or something held its agent when it fell due."""
    assert due + length > shift.end or _cannot_pause(film, seat, due), (shift, due, length)


def _cannot_pause(film: Film, seat: int, t: int) -> bool:
    spell = film.seats[seat][t]
    at_work = spell.state == SpellState.WORKING
    held = at_work and not film.scene.rules.interruptible[spell.kind]
    return held or spell.state == SpellState.PAUSING


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
    flow,
    instants,
    losses,
    presence,
    hands,
    work,
    police,
    lines,
    no_idle_hands,
    priorities,
    queue_key,
    breaks,
    attention,
    repairs,
    discoveries,
)
