"""Cheapest seats by hour of the week that meet service levels: covering, cuts from simulation.

The integer programme holds what is known before any run (`bound`), then one cut for each target
that a run shows unmet: more seat-hours where its work waits. When all hold, seats are taken away
while they still do. The levels hold at a stated confidence in worlds that the search never saw,
and so does every "without this shift a target breaks".
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from twin.errors import TwinError
from twin.planning.bound import least_operators, minimum_presence, work_cuts
from twin.planning.covering import (
    HOURS,
    OFFICER,
    OPERATOR,
    Cut,
    ShiftType,
    WeekPlan,
    cover,
    load_library,
    more_than,
)
from twin.planning.playing import Played, Player, where_it_waits
from twin.planning.targets import Target, Verdict
from twin.scenarios.experiment import prepare

__all__ = ["Outcome", "Removal", "Sizing", "UnreachableError", "size"]

_FIRST_STEP_H = 6.0
"""Seat-hours a week of the first cut of a target; each further one in a row asks twice as many."""

_LEAST_SAVING_H = 5.0
"""Seat-hours a week below which a change is not tried: an hour less on working days."""

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
    """A plan that meets its targets, and what is known of it.

    Attributes
    ----------
    plan : WeekPlan
    start_hours : float
        Seat-hours a week of the plan that presence, calls and weekly work alone ask for.
    verdicts : tuple of Verdict
        In the worlds of `seed`.
    minimum : array of shape (168,)
        Operators that must be there.
    seed : int
        Of worlds that the search never saw, once the plan is `checked`.
    checked : bool
        Whether the plan and its removals were played in them.
    removals : tuple of Removal
        One per shift of the plan.
    waiting : dict of Target to array of shape (168,)
        Where the work of each target waits.
    """

    plan: WeekPlan
    start_hours: float
    verdicts: tuple[Verdict, ...]
    minimum: Floats
    seed: int
    checked: bool = False
    removals: tuple[Removal, ...] = ()
    waiting: dict[Target, Floats] = field(default_factory=dict)

    @property
    def spared(self) -> list[ShiftType]:
        """Shifts of which a seat can be taken away."""
        return [removal.shift for removal in self.removals if removal.outcome is Outcome.HOLDS]

    @property
    def confirmed(self) -> bool:
        """Whether it meets its targets in fresh worlds and none of its seats can be spared."""
        return self.checked and all(v.met for v in self.verdicts) and not self.spared


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
        prepared = prepare(player.base)
        self.minimum = minimum_presence(prepared)
        self.least = least_operators(prepared, player.targets)
        self.cuts = work_cuts(prepared, player.targets)
        self.start = cover(self.library, self.least, self.cuts, most=most)
        self.last: list[tuple[Cut, float]] = []
        self.failed: list[WeekPlan] = []

    def failing(self, plan: WeekPlan) -> tuple[Played, int] | None:
        """The first worlds in which a plan does not meet every target, none if it always does."""
        for seed in self.seeds:
            played = self.player.tried(plan, seed)
            if not played.met:
                return played, seed
        return None

    def learn(self, plan: WeekPlan, seed: int) -> None:
        """Ask that the worlds of `seed`, in which a plan failed, be served too."""
        self.seeds.append(seed)
        self.cut(self.player.play(plan, seed, _MORE_REPLICATIONS[1]), seed)

    def sought(self) -> Generator[Sizing, None, WeekPlan]:
        """Yield plans that meet every target in the worlds so far; return the cheapest found."""
        plan = self.refined(self.climb())
        for smaller in self.descend(plan):
            plan = smaller
            yield self.found(plan)
        return plan

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
        self.last = []
        for target, by_hour in waiting.items():
            step = self.steps.get(target, _FIRST_STEP_H)
            self.steps[target] = 2 * step
            asked = more_than(played.plan, where_it_waits(target, by_hour), step, self.most)
            self.last.append((replace(asked, level=asked.level - step), step))
        self.cuts += _raised(self.last, 1.0)

    def refined(self, plan: WeekPlan) -> WeekPlan:
        """Cheapest plan when the last cuts ask for as little as still does, by bisection."""
        before = self.cuts[: len(self.cuts) - len(self.last)]
        below, above = 0.0, 1.0
        while (above - below) * max((step for _, step in self.last), default=0.0) > _FIRST_STEP_H:
            middle = (below + above) / 2
            asked = [*before, *_raised(self.last, middle)]
            smaller = cover(self.library, self.least, asked, most=self.most)
            if self.failing(smaller) is None:
                plan, above = smaller, middle
            else:
                below = middle
        self.cuts = [*before, *_raised(self.last, above)]
        return plan

    def descend(self, plan: WeekPlan) -> Iterator[WeekPlan]:
        """Take hours away, the fewest first, while every target is still met.

        Yields the plan, then each smaller one. What holds no more seats at any hour than a plan
        that failed is not tried.
        """
        yield plan
        for smaller in _smaller(plan, self.library):
            if (smaller.coverage(OPERATOR) < self.minimum).any():
                continue
            if any(smaller.within(other) for other in self.failed):
                continue
            if self.failing(smaller) is None:
                yield from self.descend(smaller)
                return
            self.failed.append(smaller)

    def found(self, plan: WeekPlan) -> Sizing:
        """A plan that the search takes to meet every target."""
        played = self.player.play(plan, self.seeds[-1])
        return Sizing(plan, self.start.hours, played.verdicts, self.minimum, self.seeds[-1])

    def checked(self, plan: WeekPlan, seed: int) -> Sizing:
        """The plan, and each seat taken away, in the worlds of `seed`."""
        return replace(
            self.found(plan),
            verdicts=self.player.play(plan, seed, _MORE_REPLICATIONS[1]).verdicts,
            seed=seed,
            checked=True,
            removals=tuple(self.without(kind, plan, seed) for kind, _ in plan.seats),
            waiting=self.player.waiting(plan, self.player.targets, seed),
        )

    def without(self, shift: ShiftType, plan: WeekPlan, seed: int) -> Removal:
        """What taking one seat of a shift away does in the worlds of `seed`.

        Played again and again until it is decided; a seat is spared only if it is in the worlds of
        the search too.
        """
        smaller = plan.changed(shift)
        if (smaller.coverage(OPERATOR) < self.minimum).any():
            return Removal(shift, Outcome.MINIMUM)
        for times in _MORE_REPLICATIONS:
            played = self.player.play(smaller, seed, times)
            count = played.result.replications
            if played.met:
                before = self.failing(smaller)
                outcome = Outcome.HOLDS if before is None else Outcome.UNDECIDED
                return Removal(shift, outcome, before[0].failing if before else (), count)
            if played.missed:
                return Removal(shift, Outcome.BREAKS, played.missed, count)
        return Removal(shift, Outcome.UNDECIDED, played.failing, count)


def size(player: Player, most: int = 20) -> Iterator[Sizing]:
    """Search the cheapest plan that meets the player's targets; yield each one better founded.

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
    plan = yield from search.sought()
    for number in range(1, _ROUNDS + 1):
        seed = player.experiment.seed + number
        player.tell(f"check {number}, fresh worlds")
        sizing = search.checked(plan, seed)
        yield sizing
        if sizing.confirmed or number == _ROUNDS:
            return
        if sizing.spared and all(verdict.met for verdict in sizing.verdicts):
            plan = plan.changed(max(sizing.spared, key=lambda shift: shift.hours))
        else:
            search.learn(plan, seed)
            plan = yield from search.sought()


def _full(library: Sequence[ShiftType], seats: int) -> WeekPlan:
    """As many operators at every hour, and officers in office hours."""
    three = cover(library, np.ones(HOURS))
    counts = {kind: seats * n for kind, n in three.seats}
    return WeekPlan.of(counts | {kind: seats for kind in library if kind.function == OFFICER})


def _refuse(full: Played, most: int) -> None:
    for verdict in full.verdicts:
        if not verdict.met:
            best = f"reach {verdict.value:.4g} ({verdict.low:.4g} to {verdict.high:.4g})"
            raise UnreachableError(
                f"{verdict.target} cannot be met: {most} operators at every hour and {most} "
                f"requisition officers {'never show it' if math.isnan(verdict.value) else best}"
            )


def _raised(cuts: Sequence[tuple[Cut, float]], part: float) -> list[Cut]:
    """Cuts raised by a part of their steps."""
    return [replace(cut, level=cut.level + part * step) for cut, step in cuts]


def _smaller(plan: WeekPlan, library: Sequence[ShiftType]) -> Iterator[WeekPlan]:
    """Plans with one seat removed, held on fewer days or for an hour less; the largest first."""
    changes = [plan.changed(shift) for shift, _ in plan.seats]
    for shift, _ in plan.seats:
        beside = (other for other in library if _next_to(other, shift))
        changes += [plan.changed(shift, other) for other in beside]
    enough = [change for change in changes if plan.hours - change.hours >= _LEAST_SAVING_H]
    return iter(sorted(enough, key=lambda change: -change.hours))


def _next_to(other: ShiftType, shift: ShiftType) -> bool:
    """Whether a shift is another on fewer of its days, or an hour shorter on the same."""
    if other.function != shift.function:
        return False
    if other.window == shift.window:
        return set(other.weekdays) < set(shift.weekdays)
    shorter = shift.hours - other.hours == len(shift.weekdays)
    return (
        shorter
        and other.weekdays == shift.weekdays
        and bool((other.covered() <= shift.covered()).all())
    )
