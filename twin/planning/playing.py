"""Week plans played by the engine: one scenario per plan, stored by identity, never run twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twin.model.calendar import Calendar
from twin.model.centre.journal import Journal
from twin.model.centre.world import NEVER
from twin.model.indicators import Indicator, selected
from twin.model.patterns import load_functions
from twin.model.presence import time_in
from twin.model.seats import REPLACED_BY_SHIFTS, SeatedShift, seated_shifts
from twin.planning.covering import HOURS, OFFICER, OPERATOR, WeekPlan
from twin.planning.targets import Target, Verdict, judge
from twin.scenarios.experiment import Result, prepare, replicate, run
from twin.scenarios.schema import Experiment, Scenario

__all__ = ["Played", "Player", "Tell", "waiting_by_hour", "where_it_waits"]

_FILLED = (*REPLACED_BY_SHIFTS, "vacant_posts", "unaccredited_posts")
_FIRST_LOOK = 0.4
"""Part of the replications after which a plan that misses a target is not played further."""

_ROWS_ASKED = ("kind", "origin", "entitled")

Tell = Callable[[str], None]
"""Told what is being done, in a few words."""


@dataclass(frozen=True)
class Played:
    """A plan and what its replications say of each target."""

    plan: WeekPlan
    verdicts: tuple[Verdict, ...]
    result: Result

    @property
    def met(self) -> bool:
        """Whether every target is met at the stated confidence."""
        return all(verdict.met for verdict in self.verdicts)

    @property
    def missed(self) -> tuple[Target, ...]:
        """Targets missed at the stated confidence."""
        return tuple(verdict.target for verdict in self.verdicts if verdict.missed)

    @property
    def failing(self) -> tuple[Target, ...]:
        """Targets that are not met at the stated confidence."""
        return tuple(verdict.target for verdict in self.verdicts if not verdict.met)


class Player:
    """Plays week plans in the place of the operators and officers of a scenario.

    Everything else of the scenario stays, its supervisors included. A seat of a plan is a seat
    filled: absences are relieved, and paid for in the posts.

    Attributes
    ----------
    kept : tuple of SeatedShift
        Seats that the plans do not decide.
    plans, played, reused : int
        Plans tried; replications played for them, and found in the store.
    every : list of Played
        In the order in which they were played.
    """

    def __init__(
        self,
        name: str,
        scenario: Scenario,
        targets: Sequence[Target],
        experiment: Experiment,
        *,
        out: Path,
        workers: int = 1,
        tell: Tell = lambda _: None,
    ) -> None:
        self.name, self.base, self.targets = name, scenario, tuple(targets)
        self.experiment, self.out, self.workers, self.tell = experiment, out, workers, tell
        rows = seated_shifts(scenario.seats)
        self.kept: tuple[SeatedShift, ...] = tuple(
            row for row in rows if row.seats and row.function not in {OPERATOR, OFFICER}
        )
        self.plans = self.played = self.reused = 0
        self.every: list[Played] = []
        self._known: dict[tuple[WeekPlan, int, int], Played] = {}

    def scenario(self, plan: WeekPlan) -> Scenario:
        """The scenario with a plan in it."""
        return self.base.with_overrides(self.overrides(plan))

    def overrides(self, plan: WeekPlan) -> dict[str, dict[str, object]]:
        """What a plan changes in its scenario, as a file of scenarios may hold it."""
        rows = [row.model_dump(mode="json") for row in (*plan.rows(), *self.kept)]
        dropped = dict.fromkeys(_FILLED)
        return {"seats": {**dropped, "relief": True, "shifts": rows}}

    def tried(self, plan: WeekPlan, seed: int) -> Played:
        """Play a plan some times, then as often as the experiment says unless it misses already."""
        first = self.play(plan, seed, _FIRST_LOOK)
        return first if first.missed else self.play(plan, seed)

    def play(self, plan: WeekPlan, seed: int, times: float = 1) -> Played:
        """Play a plan, `times` as often as the experiment says, in the worlds of `seed`."""
        replications = max(2, round(self.experiment.replications * times))
        key = (plan, seed, replications)
        if key not in self._known:
            self.plans += (plan, seed) not in {known[:2] for known in self._known}
            self.tell(f"plan {self.plans}: {plan.hours:.0f} seat-hours a week")
            self._known[key] = self._played(plan, seed, replications)
            self.every.append(self._known[key])
        return self._known[key]

    def _played(self, plan: WeekPlan, seed: int, replications: int) -> Played:
        done: list[int] = []
        result = run(
            self.scenario(plan),
            self.experiment.model_copy(update={"seed": seed}).exactly(replications),
            name=self.name,
            out=self.out,
            workers=self.workers,
            engine="kernel",
            progress=lambda finished, _: done.append(finished),
        )
        self.reused += done[0]
        self.played += done[-1] - done[0]
        return Played(plan, tuple(judge(target, result) for target in self.targets), result)

    def waiting(
        self, plan: WeekPlan, targets: Sequence[Target], seed: int
    ) -> dict[Target, npt.NDArray[np.float64]]:
        """For each target, hours that its work waits in each hour of the week, shape (168,).

        From the first replication; a target that counts no work waits alike at every hour.
        """
        prepared = prepare(self.scenario(plan))
        journal = replicate(prepared, seed, 1, engine="kernel")
        return {
            target: waiting_by_hour(journal, target.entry, prepared.calendar) for target in targets
        }


def where_it_waits(
    target: Target, by_hour: npt.NDArray[np.float64]
) -> dict[str, npt.NDArray[np.float64]]:
    """Weights of a cut: 1 in the hours in which much waits, by function that may help.

    Much is half of the worst hour or more: a queue that lasts for days asks for hours at any time.

    Parameters
    ----------
    target : Target
    by_hour : array of shape (168,)
        See `waiting_by_hour`.
    """
    functions = load_functions()
    kinds = {kind.lower() for kind in target.kinds}
    doers = [name for name in (OPERATOR, OFFICER) if kinds & set(functions[name].takes)]
    return dict.fromkeys(doers or [OPERATOR], np.where(by_hour >= by_hour.max() / 2, 1.0, 0.0))


def waiting_by_hour(
    journal: Journal, indicator: Indicator, calendar: Calendar
) -> npt.NDArray[np.float64]:
    """Time that the tasks of an indicator wait before somebody takes them, by hour of the week.

    Parameters
    ----------
    journal : Journal
    indicator : Indicator
        Its conditions on kind, origin and entitlement pick the tasks.
    calendar : Calendar
        Of the horizon played.

    Returns
    -------
    array of shape (168,)
        In ms over the horizon: from the queue (else the arrival) to the start (else the end). The
        same everywhere when nothing waits.
    """
    tasks = journal.tasks.to_pandas()
    where = {column: indicator.where[column] for column in _ROWS_ASKED if column in indicator.where}
    rows = tasks[selected(tasks, where)] if where else tasks.iloc[:0]
    since = rows["queued_ms"].where(rows["queued_ms"] != NEVER, rows["arrival_ms"])
    until = rows["start_ms"].where(rows["start_ms"] != NEVER, rows["end_ms"])
    until = until.where(until != NEVER, calendar.horizon_ms).clip(lower=since)
    in_hours = time_in(since.to_numpy(), until.to_numpy(), calendar.edge_ms)
    waiting = np.bincount(calendar.hour_of_week, in_hours, HOURS).astype(np.float64)
    return waiting if waiting.any() else np.ones(HOURS)
