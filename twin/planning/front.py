"""What a budget buys: plans of growing cost of which none is better on every side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from twin.planning.bound import minimum_presence
from twin.planning.covering import HOURS, OFFICER, OPERATOR, Cut, cover, load_library, more_than
from twin.planning.playing import Played, Player, where_it_waits
from twin.planning.targets import Verdict
from twin.scenarios.experiment import prepare

__all__ = ["front"]

_STEP_H = 12.0
"""Seat-hours a week between two plans."""


def front(player: Player, most_hours: float, most: int = 20) -> Iterator[tuple[Played, ...]]:
    """Plans of growing cost up to `most_hours` seat-hours a week; yield those that none dominates.

    From the minimum presence, each plan gives some more hours where the work of the target furthest
    from its level waits. A plan is dominated when another costs no more, does no worse on any
    target, and better somewhere.
    """
    library, seed = load_library(), player.experiment.seed
    least = minimum_presence(prepare(player.base))
    everywhere = dict.fromkeys((OPERATOR, OFFICER), np.ones(HOURS))
    plan, cuts = cover(library, least, most=most), list[Cut]()
    played: list[Played] = []
    while plan.hours <= most_hours:
        played.append(player.play(plan, seed))
        yield _undominated(played)
        worst = min(played[-1].verdicts, key=_relative_margin).target
        where = player.waiting(plan, [worst], seed)[worst]
        cuts += [
            more_than(plan, where_it_waits(worst, where), _STEP_H, most),
            more_than(plan, everywhere, _STEP_H),
        ]
        plan = cover(library, least, cuts, most=most)


def _undominated(played: Sequence[Played]) -> tuple[Played, ...]:
    def marks(one: Played) -> tuple[float, ...]:
        return (-one.plan.hours, *(v.target.slack(v.value) for v in one.verdicts))

    def dominated(one: Played) -> bool:
        mine = marks(one)
        return any(
            all(b >= a for a, b in zip(mine, marks(other), strict=True)) and marks(other) != mine
            for other in played
        )

    return tuple(one for one in played if not dominated(one))


def _relative_margin(verdict: Verdict) -> float:
    return verdict.margin / abs(verdict.target.level or 1.0)
