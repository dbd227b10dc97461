"""Queues whose arrivals or agents change with time, against the equations fed the same steps.

A unit of time is an hour for the engine. What is compared is the chance that a caller waits, over
windows of time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from twin.model.centre.world import NEVER, Breaks, Centre, EndOfShift, Kind, Shifts
from twin.model.clock import MS_PER_DAY, MS_PER_H
from twin.validation import ode
from twin.validation.case import Case, Player, Sample, of_each
from twin.validation.draws import by_steps, calls, exponential, play_calls
from twin.validation.ode import Steps
from twin.validation.worlds import room, table

__all__ = ["TARGETS", "cases", "chance_to_wait", "daily_rate", "swinging_rate"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Time = TypeVar("Time", float, Floats)
Windows = Mapping[str, Ints]
"""Steps over which a chance is averaged, by name."""

_DAY_H = 24
_QUARTER = 0.25
_PER_H = round(1 / _QUARTER)
_PER_DAY = _DAY_H * _PER_H
_STATES = 200
"""Number in the system that the queues of a day never reach."""

_FINE = 0.1
_SETTLED = 20
_PERIOD = 63
"""Steps of the swinging rate before which it is not looked at, and that one swing takes."""
_EVER = 180
"""Agents that are as good as infinitely many before a mean load of 114 at most."""

TARGETS = tuple(tenth / 10 for tenth in range(1, 10))
"""Chances to wait that the staffing of case 13 aims at; an engine plays every second one."""

_AGENTS_ON_SHIFT = (10, 13, 12)
_SHIFT = 8 * _PER_H
"""Shifts of eight hours, from midnight, in cases 12 and 17."""


def daily_rate(time_h: Time) -> Time:
    """Calls per hour of cases 8, 12 and 17: 20 on average, most at 14:00."""
    rate: Time = 20 + 8 * np.sin(2 * pi * (time_h - 8) / _DAY_H)
    return rate


def swinging_rate(time: Time) -> Time:
    """Calls per mean service of cases 7 and 13."""
    rate: Time = 100 + 20 * np.sin(time)
    return rate


def _swinging() -> Steps:
    return Steps.of(swinging_rate, _FINE, _SETTLED + _PERIOD)


def cases() -> list[Case]:
    """Cases 7, 8, 12, 13 and 17."""
    return [_infinitely_many(), _control_room(), _relieved(), _staffing(), _put_down()]


@dataclass(frozen=True)
class _Queue:
    """An M(t)/M/s(t), as the equations and as an engine take it."""

    steps: Steps
    servers: Ints
    services_per_h: int
    centre: Centre

    def sample(self, engine: Player, rng: np.random.Generator, windows: Windows) -> Sample:
        time_ms = by_steps(rng, self.steps, MS_PER_H)
        work_ms = exponential(rng, MS_PER_H / self.services_per_h, len(time_ms))
        tasks, _ = play_calls(engine, self.centre, calls(time_ms, work_ms))
        return _over(windows, _waiting(tasks, self.steps))

    def case(
        self, number: int, name: str, windows: Windows, relieved: frozenset[int] = frozenset()
    ) -> Case:
        law = ode.laws(self.steps, self.servers, self.services_per_h, _STATES, relieved)
        values = _over(windows, ode.delayed(law, self.servers))
        return Case(number, name, values, lambda engine, rng: self.sample(engine, rng, windows))


def _over(windows: Windows, chance: Floats) -> dict[str, float]:
    return {f"waiting, {name}": float(chance[steps].mean()) for name, steps in windows.items()}


def _waiting(tasks: pd.DataFrame, steps: Steps) -> Floats:
    """Chance to wait in each step: callers who waited over callers expected.

    Who calls is drawn at the rate of the step alone, so that this is the share of its time during
    which a caller would wait, without bias; over the callers seen it would have one.
    """
    waited = tasks[tasks.start_ms != tasks.arrival_ms]
    step = (waited.arrival_ms.to_numpy() - 1) // round(steps.length * MS_PER_H)
    return np.bincount(step, minlength=len(steps.rates)) / (steps.rates * steps.length)


def _staffed_room(servers: Ints, length_h: float, relieved: frozenset[int] = frozenset()) -> Centre:
    """Centre whose lowest seats are held in each step; every agent is relieved at some steps."""
    length_ms = round(length_h * MS_PER_H)
    rows = []
    for seat in range(servers.max()):
        start = NEVER
        for step, count in enumerate([*servers, 0]):
            held = count > seat
            if start != NEVER and (not held or step in relieved):
                rows.append((start * length_ms, seat, step * length_ms))
                start = NEVER
            if held and start == NEVER:
                start = step
    start_ms, seats, end_ms = np.array(sorted(rows)).T
    centre = room(int(servers.max()), len(servers) * length_ms)
    return centre._replace(shifts=Shifts(seat=seats, start_ms=start_ms, end_ms=end_ms))


# The daily rate


def _days(number: int) -> Steps:
    return Steps.of(daily_rate, _QUARTER, number * _PER_DAY)


def _hours(first_h: float, length_h: float, days: range) -> Ints:
    """Steps of some hours of each of some days."""
    within = np.arange(round(length_h * _PER_H)) + round(first_h * _PER_H)
    return np.concatenate([day * _PER_DAY + within for day in days])


def _control_room() -> Case:
    """Twelve agents: the hours around those of the published values, from the fifth day on."""
    steps = _days(12)
    servers = np.full(len(steps.rates), 12)
    queue = _Queue(steps, servers, 2, room(12, 12 * MS_PER_DAY))
    days = range(4, 12)
    windows = {f"at {hour:g} h": _hours(hour - 0.5, 1, days) for hour in (2.5, 8.5, 14.5, 20.5)}
    return queue.case(8, "M(t)/M/12, rate of a day", windows)


def _shifts(days: int) -> tuple[Ints, frozenset[int]]:
    """Agents in each step, and the steps that begin a shift."""
    servers = np.tile(np.repeat(_AGENTS_ON_SHIFT, _SHIFT), days)
    return servers, frozenset(range(_SHIFT, len(servers), _SHIFT))


def _after_the_start(first_h: float, length_h: float, days: range) -> Ints:
    """Steps of the same hours of every shift."""
    starts = np.arange(0, _PER_DAY, _SHIFT) / _PER_H
    return np.concatenate([_hours(start + first_h, length_h, days) for start in starts])


def _relieved() -> Case:
    """Shifts that have nobody in common; who is relieved finishes what he has in hand."""
    steps, counted = _days(9), range(1, 9)
    servers, relieved = _shifts(9)
    queue = _Queue(steps, servers, 2, _staffed_room(servers, _QUARTER, relieved))
    windows = {
        "first hour of a shift": _after_the_start(0, 1, counted),
        "last hours of a shift": _after_the_start(5, 3, counted),
    }
    return queue.case(12, "M(t)/M/s(t), relieved agents finish", windows, relieved)


def _put_down() -> Case:
    """The shifts of 12, handed over; an hour's break that interrupts, every half hour."""
    steps, counted = _days(9), range(1, 9)
    servers, relieved = _shifts(9)
    centre = _staffed_room(servers, _QUARTER, relieved)
    shifts, rules = centre.shifts, centre.rules
    due_ms = shifts.start_ms + (shifts.seat + 1) * (MS_PER_H // 2)
    present = servers.copy()
    for first in due_ms * _PER_H // MS_PER_H:
        present[first : first + _PER_H] -= 1
    interruptible = rules.interruptible.copy()
    interruptible[Kind.REQUEST] = True
    centre = centre._replace(
        breaks=table(
            Breaks, len(due_ms), shift=np.arange(len(due_ms)), due_ms=due_ms, length_ms=MS_PER_H
        ),
        rules=rules._replace(interruptible=interruptible, end_of_shift=int(EndOfShift.HAND_OVER)),
    )
    windows = {
        "first half hour of a shift": _after_the_start(0, 0.5, counted),
        "breaks": _after_the_start(1, 4, counted),
    }
    name = "M(t)/M/s(t), work handed over, breaks"
    return _Queue(steps, present, 2, centre).case(17, name, windows)


# The swinging rate


def _infinitely_many() -> Case:
    """Nobody waits; the number in service is Poisson, its variance its mean."""
    steps = _swinging()
    load = ode.mean_load(steps, 1)
    at = np.arange(_SETTLED, _SETTLED + _PERIOD, 8)
    at_ms = ((at + 0.5) * steps.length * MS_PER_H).astype(np.int64)
    centre = room(_EVER, round(len(steps.rates) * steps.length * MS_PER_H))
    shown = [f"{(step + 0.5) * steps.length:.2f}" for step in at]

    def sample(engine: Player, rng: np.random.Generator) -> Sample:
        time_ms = by_steps(rng, steps, MS_PER_H)
        requests = calls(time_ms, exponential(rng, MS_PER_H, len(time_ms)))
        tasks, _ = play_calls(engine, centre, requests)
        begun = np.searchsorted(tasks.start_ms, at_ms, side="right")
        ended = np.searchsorted(np.sort(tasks.end_ms[tasks.end_ms != NEVER]), at_ms, side="right")
        number = begun - ended
        spread = float(np.mean((number - load[at]) ** 2 / load[at]))
        return of_each("in service at", shown, number) | {"variance over mean": spread}

    values = of_each("in service at", shown, load[at]) | {"variance over mean": 1.0}
    return Case(7, "M(t)/M/inf, 100 + 20 sin t", values, sample)


def _staffed(target: float, load: Floats) -> Ints:
    """Agents with whom a share `target` of the callers wait, patience being like service.

    The number in the system is then that of infinitely many agents, nearly normal: mean load plus
    beta times its root (Feldman, Mandelbaum, Massey and Whitt 2008, Management Science 54:324).
    """
    return np.ceil(load + ndtri(1 - target) * np.sqrt(load)).astype(np.int64)


def chance_to_wait(target: float) -> Floats:
    """Chance to wait in each step of one swing, by the equations, staffed to a target."""
    steps = _swinging()
    law = ode.laws(steps, np.full(len(steps.rates), _EVER), 1, _EVER)
    servers = _staffed(target, ode.mean_load(steps, 1))
    return ode.delayed(law, servers)[_SETTLED:]


def _staffing() -> Case:
    steps = _swinging()
    load = ode.mean_load(steps, 1)
    played = TARGETS[::2]
    centres = []
    for target in played:
        centre = _staffed_room(_staffed(target, load), steps.length)
        # Whoever leaves hands over at no cost: his caller is the next to be answered.
        rules = centre.rules._replace(end_of_shift=int(EndOfShift.HAND_OVER))
        centres.append(centre._replace(rules=rules))

    def sample(engine: Player, rng: np.random.Generator) -> Sample:
        time_ms = by_steps(rng, steps, MS_PER_H)
        work_ms, patience_ms = (exponential(rng, MS_PER_H, len(time_ms)) for _ in range(2))
        requests = calls(time_ms, work_ms, patience_ms)
        found = []
        for centre in centres:
            tasks, _ = play_calls(engine, centre, requests)
            found.append(float(_waiting(tasks, steps)[_SETTLED:].mean()))
        return of_each("waiting, target", played, found)

    values = [float(chance_to_wait(target).mean()) for target in played]
    name = "M(t)/M/s(t)+M, staffed to a target"
    return Case(13, name, of_each("waiting, target", played, values), sample)
