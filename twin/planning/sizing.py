"""Cheapest seats by hour of the week that meet service levels: covering, cuts from simulation.

The integer programme holds what is known before any run (`bound`), then one cut for each target
that a run shows unmet: more seat-hours where its work waits. When all hold, seats are taken away
while they still do. The levels hold at a stated confidence in worlds that the search never saw,
and so does every "without this shift a target breaks".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from twin.errors import TwinError
from twin.model.patterns import load_functions
from twin.planning.bound import least_operators, work_cuts
from twin.planning.covering import (
    HOURS,
    OFFICER,
    OPERATOR,
    Cut,
    ShiftType,
    WeekPlan,
    cover,
    load_library,
)
from twin.planning.playing import Played, Player
from twin.planning.targets import Target, Verdict

__all__ = ["Outcome", "Removal", "Sizing", "UnreachableError", "front", "size"]

_FIRST_STEP_H = 6.0
"""Seat-hours a week of the first cut of a target; each further one in a row asks twice as many."""

_ROUNDS = 5
_MORE_REPLICATIONS = (1, 2, 4)
"""How often the experiment's replications a removal is played until it is decided."""

Floats = npt.NDArray[np.float64]


class UnreachableError(TwinError):
    """A target that no number of seats meets."""

    exit_code = 1


class Outcome(StrEnum):
    """What taking one seat of a shift away does, in fresh worlds."""

    MINIMUM = "below the minimum presence"
    BREAKS = "breaks a target"
    UNDECIDED = "no longer shown to meet the targets"
    HOLDS = "still meets the targets"


@dataclass(frozen=True)
class Removal:
    """One seat of one shift taken away.

    Attributes
    ----------
    targets : tuple of Target
        Those that it breaks, or no longer is shown to meet.
    replications : int
        Played to say so.
    """

    shift: ShiftType
    outcome: Outcome
    targets: tuple[Target, ...] = ()
    replications: int = 0


@dataclass(frozen=True)
class Sizing:
    """The plan found, and what is known of it.

    Attributes
    ----------
    plan : WeekPlan
    start_hours : float
        Seat-hours a week of the plan that presence, calls and weekly work alone ask for.
    verdicts : tuple of Verdict
        In worlds that the search never saw.
    removals : tuple of Removal
        One per shift of the plan, in the same worlds.
    waiting : dict of Target to array of shape (168,)
        Where the work of each target waits.
    minimum : array of shape (168,)
        Operators that must be there.
    seed : int
        Of the fresh worlds.
    confirmed : bool
        Whether the plan meets its targets in them and none of its seats can be spared.
    """

    plan: WeekPlan
    start_hours: float
    verdicts: tuple[Verdict, ...]
    removals: tuple[Removal, ...]
    waiting: dict[Target, Floats]
    minimum: Floats
    seed: int
    confirmed: bool


class _Search:
    """Cuts so far, and the worlds in which a plan must meet every target."""

    def __init__(self, player: Player, most: int) -> None:
        self.player, self.most = player, most
        self.library = load_library()
        self.seeds = [player.experiment.seed]
        self.steps: dict[Target, float] = {}
        player.tell(f"{most} seats at every hour")
        full = player.play(_full(self.library, most), self.seeds[0])
        _refuse(full, most)
        prepared = player.prepared(full.plan)
        self.least = least_operators(prepared, player.targets)
        self.cuts = work_cuts(prepared, player.targets)

    def failing(self, plan: WeekPlan) -> tuple[Played, int] | None:
        """The first worlds in which a plan does not meet every target, none if it always does."""
        for seed in self.seeds:
            played = self.player.play(plan, seed)
            if not played.met:
                return played, seed
        return None

    def climb(self) -> WeekPlan:
        """Cheapest plan that satisfies the cuts, with cuts added until every target is met."""
        while True:
            plan = cover(self.library, self.least, self.cuts, most=self.most)
            found = self.failing(plan)
            if found is None:
                return plan
            self.cut(*found)

    def cut(self, played: Played, seed: int) -> None:
        """Ask for more seat-hours where the work of each unmet target waits."""
        waiting = self.player.waiting(played.plan, played.failing, seed)
        for target, by_hour in waiting.items():
            step = self.steps.get(target, _FIRST_STEP_H)
            self.steps[target] = 2 * step
            where = (by_hour >= by_hour.mean()).astype(np.float64)
            asked = Cut(dict.fromkeys(_doers(target), where), 0.0)
            self.cuts.append(replace(asked, level=asked.value(played.plan) + step))

    def descend(self, plan: WeekPlan) -> WeekPlan:
        """Take seats away, the most hours first, while every target is still met.

        What holds fewer seats at every hour than a plan that failed is not tried.
        """
        failed: list[WeekPlan] = []
        while True:
            for smaller in _smaller(plan, self.library):
                if (smaller.coverage(OPERATOR) < self.least).any():
                    continue
                if any(smaller.within(other) for other in failed):
                    continue
                if self.failing(smaller) is None:
                    plan = smaller
                    break
                failed.append(smaller)
            else:
                return plan

    def without(self, shift: ShiftType, plan: WeekPlan, seed: int) -> Removal:
        """What taking one seat of a shift away does in the worlds of `seed`."""
        smaller = plan.changed(shift)
        if (smaller.coverage(OPERATOR) < self.least).any():
            return Removal(shift, Outcome.MINIMUM)
        for times in _MORE_REPLICATIONS:
            played = self.player.play(smaller, seed, times)
            count = played.result.replications
            if played.met:
                return Removal(shift, Outcome.HOLDS, (), count)
            if played.missed:
                return Removal(shift, Outcome.BREAKS, played.missed, count)
        return Removal(shift, Outcome.UNDECIDED, played.failing, count)


def size(player: Player, most: int = 20) -> Iterator[Sizing]:
    """Search the cheapest plan that meets the player's targets; yield it each time it is checked.

    The last one is the answer. Fewer than the assumption ``minimum_agents`` operators are never
    planned. A check plays worlds that the search has not seen: a target that fails there is sought
    again with these worlds too, a seat that can be spared there is taken away.

    Parameters
    ----------
    player : Player
    most : int
        Operators at every hour, and officers, with which a target is called unreachable.

    Raises
    ------
    UnreachableError
        A target is not met with `most` seats: the sentence gives the best value reached.
    """
    search = _Search(player, most)
    start = cover(search.library, search.least, search.cuts, most=most)
    plan = search.descend(search.climb())
    for number in range(1, _ROUNDS + 1):
        seed = player.experiment.seed + number
        player.tell(f"check {number}, fresh worlds")
        played = player.play(plan, seed, _MORE_REPLICATIONS[1])
        removals = tuple(search.without(kind, plan, seed) for kind, _ in plan.seats)
        spared = [removal.shift for removal in removals if removal.outcome is Outcome.HOLDS]
        yield Sizing(
            plan=plan,
            start_hours=start.hours,
            verdicts=played.verdicts,
            removals=removals,
            waiting=player.waiting(plan, player.targets, seed),
            minimum=search.least,
            seed=seed,
            confirmed=played.met and not spared,
        )
        if not played.met:
            search.seeds.append(seed)
            search.cut(played, seed)
            plan = search.descend(search.climb())
        elif spared:
            plan = plan.changed(max(spared, key=lambda shift: shift.hours))
        else:
            return


def front(player: Player, most_hours: float) -> Iterator[tuple[Played, ...]]:
    """Plans of growing cost up to `most_hours` seat-hours a week; yield those that none dominates.

    From the bound, each plan gives more where the work of the target furthest from its level waits.
    A plan is dominated when another costs no more and does no worse on any target, and better on
    one of these.
    """
    library, seed = load_library(), player.experiment.seed
    nobody = WeekPlan.of({})
    prepared = player.prepared(_full(library, 1))
    least, cuts = least_operators(prepared, player.targets), work_cuts(prepared, player.targets)
    kept: list[Played] = []
    plan = cover(library, least)
    while plan.hours <= most_hours and plan != nobody:
        kept.append(player.play(plan, seed))
        yield _undominated(kept)
        worst = min(kept[-1].verdicts, key=_relative_slack)
        by_hour = player.waiting(plan, [worst.target], seed)[worst.target]
        where = (by_hour >= by_hour.mean()).astype(np.float64)
        asked = Cut(dict.fromkeys(_doers(worst.target), where), 0.0)
        cuts.append(replace(asked, level=asked.value(plan) + 2 * _FIRST_STEP_H))
        plan = cover(library, least, cuts)


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


def _relative_slack(verdict: Verdict) -> float:
    slack = verdict.margin / abs(verdict.target.level or 1.0)
    return -np.inf if np.isnan(slack) else slack


def _full(library: Sequence[ShiftType], seats: int) -> WeekPlan:
    """As many operators at every hour, and officers in office hours."""
    three = cover(library, np.ones(HOURS))
    counts = {kind: seats * n for kind, n in three.seats}
    return WeekPlan.of(counts | {kind: seats for kind in library if kind.function == OFFICER})


def _refuse(full: Played, most: int) -> None:
    for verdict in full.verdicts:
        if not verdict.met:
            raise UnreachableError(
                f"{verdict.target} cannot be met: {most} operators at every hour and {most} "
                f"requisition officers reach {verdict.value:.4g} "
                f"({verdict.low:.4g} to {verdict.high:.4g})"
            )


def _doers(target: Target) -> list[str]:
    """Functions whose seats do the work of a target."""
    kinds = target.entry.where.get("kind", [])
    asked = {str(kind).lower() for kind in (kinds if isinstance(kinds, list) else [kinds])}
    functions = load_functions()
    doers = [name for name in (OPERATOR, OFFICER) if asked & set(functions[name].takes)]
    return doers or [OPERATOR]


def _smaller(plan: WeekPlan, library: Sequence[ShiftType]) -> Iterator[WeekPlan]:
    """Plans with one seat removed, held on fewer days or for an hour less; the smallest first."""
    changes: list[tuple[float, WeekPlan]] = []
    for shift, _ in plan.seats:
        changes.append((shift.hours, plan.changed(shift)))
        for other in library:
            if other.function == shift.function and _next_to(other, shift):
                changes.append((shift.hours - other.hours, plan.changed(shift, other)))
    return (smaller for _, smaller in sorted(changes, key=lambda change: -change[0]))


def _next_to(other: ShiftType, shift: ShiftType) -> bool:
    """Whether a shift is another on fewer of its days, or an hour shorter on the same."""
    if other.window == shift.window:
        return set(other.weekdays) < set(shift.weekdays)
    shorter = shift.hours - other.hours == len(shift.weekdays)
    return (
        shorter
        and other.weekdays == shift.weekdays
        and bool((other.covered() <= shift.covered()).all())
    )
