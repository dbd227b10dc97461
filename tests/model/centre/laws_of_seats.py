"""What every seat must obey: who is there, who takes what, who pauses when."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from tests.model.centre.film import AT_WORK, FREE, Film
from tests.model.centre.scene import Shift
from twin.model.centre.journal import SpellState
from twin.model.centre.world import NEVER, EndOfShift, Kind

__all__ = ["LAWS"]


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


def lowest_seat(film: Film) -> None:
    """Work goes to the lowest-numbered seat that is free for it."""
    rules = film.scene.rules
    for t, spell, row in film.starts:
        pool = film.commune_of(row).pool
        free, entitled, _, _ = film.attention(pool, t)
        kept = rules.order[row.kind] >= rules.wall_order and entitled and free <= rules.wall_minimum
        for seat in range(spell.seat):
            plan = film.scene.seats[seat]
            if plan.pool == pool and row.kind in plan.takes and not (kept and plan.watches):
                other = film.seats[seat].get(t)
                assert other is None or other.state not in FREE, (t, spell, other)


def wall_minimum(film: Film) -> None:
    """Nobody leaves the wall for the last classes if too few would stay before a camera."""
    rules = film.scene.rules
    for t, spell, row in film.starts:
        before = film.seats[spell.seat].get(t - 1)
        swapped = before is not None and before.state in AT_WORK and not film.ends_at(before, t)
        pool = film.commune_of(row).pool
        free, entitled, _, _ = film.attention(pool, t)
        watches = film.scene.seats[spell.seat].watches
        if rules.order[row.kind] < rules.wall_order or not watches or swapped or not entitled:
            continue
        leaving = sum(
            frames[t].from_ms == t
            and (
                frames[t].state == SpellState.PAUSING
                or (frames[t].state in AT_WORK and rules.order[frames[t].kind] < rules.wall_order)
            )
            for seat, frames in zip(film.scene.seats, film.seats, strict=True)
            if t in frames and seat.watches and seat.pool == pool
        )
        assert free + leaving >= rules.wall_minimum, (t, spell)


def queue_key(film: Film) -> None:
    """Work of a kind is taken by deadline, then queue instant, then identifier."""

    def key(row: Any) -> tuple[int, int, int]:
        return row.deadline_ms, row.queued_ms, row.id

    for t, spell, taken in film.starts:
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
            while not _is(owed[0], pause, shift.end):
                _was_prevented(film, shift, seat, *owed.pop(0))
            due, _ = owed.pop(0)
            for t in range(due, pause.from_ms):
                assert _cannot_pause(film, seat, t), (t, pause)
        for due, length in owed:
            _was_prevented(film, shift, seat, due, length)


def _is(owed: tuple[int, int], pause: Any, end: int) -> bool:
    """Whether a pause is the whole of a break, or what the horizon leaves of it."""
    due, length = owed
    lasted = pause.to_ms - pause.from_ms
    fits = due <= pause.from_ms and pause.from_ms + length <= end
    return fits and (lasted == length or (lasted < length and pause.to_ms < end))


def _was_prevented(film: Film, shift: Shift, seat: int, due: int, length: int) -> None:
    """A break that is not taken does not fit, or something held its agent when it fell due."""
    assert due + length > shift.end or _cannot_pause(film, seat, due), (shift, due, length)


def _cannot_pause(film: Film, seat: int, t: int) -> bool:
    spell = film.seats[seat][t]
    at_work = spell.state == SpellState.WORKING
    held = at_work and not film.scene.rules.interruptible[spell.kind]
    return held or spell.state == SpellState.PAUSING


LAWS = (
    presence,
    hands,
    no_idle_hands,
    priorities,
    lowest_seat,
    wall_minimum,
    queue_key,
    breaks,
)
