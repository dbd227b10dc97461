"""What the terminal shows of a sizing, of a front and of the ways to share seats."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.table import Table

from twin.cli.show import console, number
from twin.contracts import Figure
from twin.model.assumptions import Assumptions
from twin.model.seats import SeatedShift
from twin.planning.covering import HOURS, OFFICER, OPERATOR, WeekPlan
from twin.planning.payroll import Payroll, hours_a_week, payroll
from twin.planning.playing import Played, Player
from twin.planning.pooling import Room, Way
from twin.planning.sizing import Removal, Sizing
from twin.planning.targets import CONFIDENCE, RESTS_ON, Target, Verdict

__all__ = [
    "COMPARED",
    "FrontShown",
    "SizingShown",
    "hours_for",
    "show_ways",
    "ways_document",
]

COMPARED = (
    "call_to_alert_p90",
    "requisition_p90_days",
    "patrols_made",
    "checks_made",
    "police_noticed_entitled",
)
"""Indicators that show what not pooling costs."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NOT_VERIFIABLE = "indicateur de modèle, non vérifiable"
MOST_WAITING = 6
"""Hours of the week named for each target."""


@dataclass(frozen=True)
class SizingShown:
    """A sizing as a person reads it and as JSON values."""

    player: Player
    sizing: Sizing

    @property
    def rows(self) -> list[SeatedShift]:
        """Every seat of the week, those that the sizing leaves alone too."""
        return [*self.sizing.plan.rows(), *self.player.kept]

    @property
    def payroll(self) -> Payroll:
        """People and cost of all of them."""
        return _payroll(self.rows, self.player)

    def document(self) -> dict[str, Any]:
        """JSON values."""
        plan, sizing = self.sizing.plan, self.sizing
        return _head(self.player) | {
            "confirmed": sizing.confirmed,
            "checked_with_seed": sizing.seed if sizing.checked else None,
            "confidence": CONFIDENCE,
            "targets": [_verdict(verdict) for verdict in sizing.verdicts],
            "shifts": [row.model_dump(mode="json") for row in self.rows],
            "by_hour": {
                name: plan.coverage(name).reshape(7, -1).tolist() for name in (OPERATOR, OFFICER)
            },
            "payroll": {key: vars(figure) for key, figure in vars(self.payroll).items()},
            "start_seat_hours_a_week": sizing.start_hours,
            "seat_hours_a_week": plan.hours,
            "hours_at_the_minimum": int((plan.coverage(OPERATOR) <= sizing.minimum).sum()),
            "waits_most": {str(target): hours for target, hours in self.waits_most().items()},
            "without_one_seat": [
                {
                    "window": removal.shift.window,
                    "weekdays": removal.shift.weekdays,
                    "function": removal.shift.function,
                    "outcome": removal.outcome.value,
                    "targets": [str(target) for target in removal.targets],
                    "replications": removal.replications,
                }
                for removal in sizing.removals
            ],
            "simulations": {
                "plans": self.player.plans,
                "replications": self.player.played,
                "found_stored": self.player.reused,
            },
        }

    def waits_most(self) -> dict[Target, list[str]]:
        """By target, the hours of the week in which its work waits most; none when none waits."""
        found = {}
        for target, by_hour in self.sizing.waiting.items():
            first = np.argsort(-by_hour, kind="stable")[:MOST_WAITING]
            flat = by_hour.min() == by_hour.max()
            found[target] = [] if flat else [_hour(h) for h in sorted(first.tolist())]
        return found

    def show(self, case: str) -> None:
        """Print it."""
        sizing, plan, terminal = self.sizing, self.sizing.plan, console()
        terminal.print(_title(self.player, case), highlight=False, soft_wrap=True)
        terminal.print(_targets_table(sizing.verdicts), "")
        terminal.print(_week_table(plan), "")
        terminal.print(_shifts_table(self.rows, sizing.removals), "")
        for line in self.lines():
            terminal.print(line, highlight=False, soft_wrap=True)

    def lines(self) -> Iterator[str]:
        """What the tables do not say."""
        sizing, plan, people = self.sizing, self.sizing.plan, self.payroll
        kept = sum(hours_a_week(self.player.kept).values())
        yield (
            f"seat-hours a week {plan.hours:.0f}, and {kept:.0f} that the scenario keeps; "
            f"presence, calls and weekly work alone ask for {sizing.start_hours:.0f}"
        )
        yield (
            f"ETPT {_shown(people.etpt)}; budgeted ETP {_shown(people.budgeted_etp)}; "
            f"posts {_shown(people.posts)}"
        )
        yield f"cost {_shown(people.eur_per_year)} {people.eur_per_year.unit}"
        at_minimum = int((plan.coverage(OPERATOR) <= sizing.minimum).sum())
        yield f"{at_minimum} of {HOURS} hours are at the minimum presence"
        for target, hours in self.waits_most().items():
            yield f"binding hours of {target}: {', '.join(hours) or 'its work never waits'}"
        player = self.player
        yield (
            f"simulations: {player.plans} plans, {player.played} replications played, "
            f"{player.reused} found in the store"
        )
        yield _sentence(sizing)


@dataclass(frozen=True)
class FrontShown:
    """The plans of a front as a person reads them and as JSON values."""

    player: Player
    plans: Sequence[Played]
    budget: float

    def payroll(self, plan: WeekPlan) -> Payroll:
        """People and cost of a plan with the seats that it leaves alone."""
        return _payroll([*plan.rows(), *self.player.kept], self.player)

    def document(self) -> dict[str, Any]:
        """JSON values."""
        return _head(self.player) | {
            "budget_eur": self.budget,
            "front": [
                {
                    "seat_hours_a_week": one.plan.hours,
                    "payroll": {k: vars(f) for k, f in vars(self.payroll(one.plan)).items()},
                    "targets": [_verdict(verdict) for verdict in one.verdicts],
                    "shifts": [row.model_dump(mode="json") for row in one.plan.rows()],
                }
                for one in self.plans
            ],
        }

    def show(self, case: str) -> None:
        """Print it."""
        terminal = console()
        terminal.print(_title(self.player, case), highlight=False, soft_wrap=True)
        table = Table(box=None, pad_edge=False)
        for heading in ("seat-hours", "ETPT", "EUR a year", *map(str, self.player.targets)):
            table.add_column(heading, justify="right", overflow="fold")
        for one in sorted(self.plans, key=lambda one: one.plan.hours):
            people = self.payroll(one.plan)
            levels = [f"{number(v.value)}{' met' if v.met else ''}" for v in one.verdicts]
            numbers = f"{people.etpt.value:.2f}", f"{people.eur_per_year.value:,.0f}"
            table.add_row(f"{one.plan.hours:.0f}", *numbers, *levels)
        terminal.print(table, "")
        terminal.print(f'"met" is said at {CONFIDENCE:.0%}, one-sided', highlight=False)


def hours_for(budget: float, player: Player) -> float:
    """Seat-hours a week that a yearly budget pays, once the seats that stay are paid."""
    hour = _payroll([SeatedShift(window="00:00-01:00", function=OPERATOR, seats=1)], player)
    stays = _payroll(player.kept, player).eur_per_year.value if player.kept else 0.0
    return (budget - stays) / hour.eur_per_year.value * len(DAYS)


def show_ways(name: str, found: Sequence[Way], room: Room) -> None:
    """Print the ways to share the seats of a scenario."""
    terminal = console()
    experiment = room.experiment
    terminal.print(
        f"{name}: {room.scenario.horizon.days} days, seed {experiment.seed}, "
        f"{experiment.replications} replications; the same seats in every way",
        highlight=False,
    )
    first = found[0]
    table = Table("indicator", "way", box=None, pad_edge=False)
    table.add_column("mean (95 % interval)", justify="right")
    table.add_column(f"less {first.name}, in the same worlds", justify="right")
    for indicator in first.values:
        for way in found:
            mean, less = (of.get(indicator) for of in (way.values, way.differences))
            table.add_row(
                indicator if way is first else "",
                way.name,
                "not seen" if mean is None else _shown(mean),
                "" if way is first or less is None else _shown(less, signed=True),
            )
    terminal.print(table, "")
    if first.verdicts:
        for way in found:
            terminal.print(_more(way, first, room), highlight=False, soft_wrap=True)


def ways_document(found: Sequence[Way]) -> list[dict[str, Any]]:
    """JSON values."""

    def figures(of: Mapping[str, Figure]) -> dict[str, Any]:
        return {name: vars(figure) for name, figure in of.items()}

    return [
        {
            "way": way.name,
            "values": figures(way.values),
            "less_the_first": figures(way.differences),
            "targets": [_verdict(verdict) for verdict in way.verdicts],
            "more_seats": way.more_seats,
        }
        for way in found
    ]


def _more(way: Way, first: Way, room: Room) -> str:
    missed = ", ".join(str(v.target) for v in way.verdicts if not v.met)
    said = f"{way.name}: " + (f"does not show {missed}" if missed else "meets every target")
    if way.more_seats is None:
        return f"{said}; {room.most} more seats day and night do not do"
    if not way.more_seats:
        return said
    hours = {OPERATOR: float(way.more_seats * HOURS)}
    people = payroll(hours, Assumptions(room.scenario.assumptions))
    apart = way.more_seats - (first.more_seats or 0)
    return (
        f"{said}; {way.more_seats} more seats day and night do ({people.etpt.value:.1f} ETPT, "
        f"{people.eur_per_year.value:,.0f} EUR a year), {apart} of them for not pooling"
    )


def _sentence(sizing: Sizing) -> str:
    if not sizing.checked:
        return "not checked in fresh worlds yet"
    met = all(verdict.met for verdict in sizing.verdicts)
    said = "meets every target" if met else "does not meet every target"
    spared = len(sizing.spared)
    rest = f"{spared} shifts could lose a seat" if spared else "no shift can lose a seat"
    return f"check with seed {sizing.seed}, never seen by the search: {said}; {rest}"


def _payroll(rows: Sequence[SeatedShift], player: Player) -> Payroll:
    return payroll(hours_a_week(rows), Assumptions(player.base.assumptions))


def _head(player: Player) -> dict[str, Any]:
    horizon = player.base.horizon
    return {
        "days": horizon.days,
        "start": str(horizon.start),
        "seed": player.experiment.seed,
        "replications": player.experiment.replications,
    }


def _title(player: Player, case: str) -> str:
    head = _head(player)
    ends = f"; {', '.join(RESTS_ON)} at {case}" if case else ""
    return (
        f"{head['days']} days from {head['start']}, seed {head['seed']}, "
        f"{head['replications']} replications a plan{ends}"
    )


def _verdict(verdict: Verdict) -> dict[str, Any]:
    numbers = {"value": verdict.value, "low": verdict.low, "high": verdict.high}
    return {
        "target": str(verdict.target),
        "observable": verdict.target.observable,
        "met": verdict.met,
        "replications": verdict.replications,
        "margin": verdict.margin if math.isfinite(verdict.margin) else None,
        **{key: None if math.isnan(value) else value for key, value in numbers.items()},
    }


def _targets_table(verdicts: Sequence[Verdict]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("target")
    for heading in ("mean", "one-sided 95 % bounds", "margin"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for v in verdicts:
        label = "" if v.target.observable else NOT_VERIFIABLE
        bounds = f"{number(v.low)} to {number(v.high)}"
        met = "met" if v.met else "missed" if v.missed else "not shown"
        table.add_row(
            str(v.target), number(v.value), bounds, number(v.margin), f"{met} {label}".rstrip()
        )
    return table


def _week_table(plan: WeekPlan) -> Table:
    table = Table(title="Operators by day and hour", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    for hour in range(24):
        table.add_column(f"{hour:02d}", justify="right")
    for day, held in zip(DAYS, plan.coverage(OPERATOR).reshape(7, -1), strict=True):
        table.add_row(day, *(f"{seats:.0f}" for seats in held))
    return table


def _shifts_table(rows: Sequence[SeatedShift], removals: Sequence[Removal]) -> Table:
    without = {(r.shift.function, r.shift.window, r.shift.weekdays): r for r in removals}
    table = Table(box=None, pad_edge=False)
    table.add_column("seats", justify="right")
    for heading in ("function", "days", "window", "without one of these seats"):
        table.add_column(heading)
    for row in rows:
        removal = without.get((row.function, row.window, row.weekdays))
        said = "kept as the scenario has it" if removal is None and without else ""
        if removal is not None:
            targets = ", ".join(map(str, removal.targets))
            said = f"{removal.outcome.value}{targets and ': ' + targets}"
        table.add_row(str(row.seats), row.function, _days(row.weekdays), row.window, said)
    return table


def _days(weekdays: Sequence[str]) -> str:
    return "every day" if len(weekdays) == len(DAYS) else " ".join(d[:3].title() for d in weekdays)


def _hour(hour: int) -> str:
    day, of_day = divmod(hour, 24)
    return f"{DAYS[day]} {of_day:02d} h"


def _shown(figure: Figure, *, signed: bool = False) -> str:
    value = f"{figure.value:+.3g}" if signed else number(figure.value)
    if figure.low == figure.high:
        return value
    return f"{value} ({number(figure.low)} to {number(figure.high)})"
