"""Published values that need no engine: what our formulas and equations make of them.

A published value is known to half of its last digit, which is then the interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from math import cos, sin

import numpy as np

from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar, Horizon
from twin.model.seats import SeatedShift, SeatsLevers, build_plan
from twin.model.staffing import staffing, waterfall
from twin.validation import formulas, ode, queues, varying
from twin.validation.case import Verdict

__all__ = ["NOT_RUN", "verdicts"]

NOT_RUN = {
    16: "rosters of schedulingbenchmarks.org: the instances carry no licence, so they are not "
    "shipped, and nothing is downloaded to run a check"
}
"""Cases of the table that are not played, and why."""

_WARDS = {
    "acute": {9: 0.181, 10: 0.128, 11: 0.087, 12: 0.056, 13: 0.034, 14: 0.019},
    "rehabilitation": {10: 0.202, 12: 0.109, 13: 0.075, 14: 0.050, 15: 0.031, 16: 0.019},
    "pooled": {22: 0.063, 26: 0.016},
}

_DAILY = {98.5: 0.10438, 104.5: 0.36814, 110.5: 0.95447, 116.5: 0.88685}
_HALFIN_WHITT = {0.1: 1.42019, 0.2: 1.06152, 0.5: 0.50605}
_ABSENT = 0.096
_ANNUAL_H = 1607.0
_APCO_SEATS = 5.0
_APCO = {"annual_hours": 2080.0, "absence_rate": 160 / 2080}
"""Shifts of eight hours, five days a week, 160 hours of leave a year."""
_APCO_BREAKS = 1 / 8


def verdicts() -> list[Verdict]:
    """Verdicts on published values, in the order of their numbers.

    Examples
    --------
    >>> all(verdict.agrees for verdict in verdicts())
    True
    """
    rows = (_infinitely_many(), _daily(), _halfin_whitt(), _wards(), _staffing(), _posts())
    return [verdict for each in rows for verdict in each]


def _published(
    number: int, name: str, quantity: str, value: float, digits: int, ours: float
) -> Verdict:
    half = 0.5 * 10.0**-digits
    return Verdict(number, name, "arithmetic", quantity, value, ours, ours - half, ours + half)


def _infinitely_many() -> Iterator[Verdict]:
    """Eick, Massey and Whitt (1993, Management Science 39:241), long after the start."""
    length = 0.01
    steps = ode.Steps.of(varying.swinging_rate, length, 3000)
    time = (len(steps.rates) - 0.5) * length
    closed = 100 + 10 * (sin(time) - cos(time))
    ours = float(ode.mean_load(steps, 1)[-1])
    yield _published(
        7, "M(t)/M/inf, 100 + 20 sin t", f"in service at {time:g}", round(closed, 3), 3, ours
    )


def _daily() -> Iterator[Verdict]:
    law = ode.law_under(varying.daily_rate, 12, 2, 200, np.array([*_DAILY]))
    for (hour, value), states in zip(_DAILY.items(), law, strict=True):
        ours = float(states[12:].sum())
        yield _published(8, "M(t)/M/12, rate of a day", f"waiting at {hour:g} h", value, 5, ours)


def _halfin_whitt() -> Iterator[Verdict]:
    name = "Halfin-Whitt"
    for waiting, beta in _HALFIN_WHITT.items():
        ours = formulas.halfin_whitt(waiting)
        yield _published(10, name, f"spare servers, {waiting:g} waiting", beta, 5, ours)
    servers = int(np.ceil(100 + formulas.halfin_whitt(0.2) * 10))
    yield _published(10, name, "servers, load 100, 0.2 waiting", 111, 0, servers)
    yield _published(10, name, "waiting with them", 0.19979, 5, formulas.erlang_c(100, servers))


def _wards() -> Iterator[Verdict]:
    for ward, published in _WARDS.items():
        for beds, value in published.items():
            ours = formulas.erlang_b(queues.LOADS[ward], beds)
            quantity = f"refused: {ward}, {beds} beds"
            yield _published(11, "stroke wards, Erlang B", quantity, value, 3, ours)


def _staffing() -> Iterator[Verdict]:
    """The interval is where the chance to wait stays over a swing: it is flat, on its target."""
    for target in varying.TARGETS:
        chance = varying.chance_to_wait(target)
        yield Verdict(
            13,
            "M(t)/M/s(t)+M, staffed to a target",
            "arithmetic",
            f"waiting over a swing, target {target:g}",
            target,
            float(chance.mean()),
            float(chance.min()),
            float(chance.max()),
        )


def _posts() -> Iterator[Verdict]:
    """What `twin.model.staffing` makes of the seats: absences replaced, and breaks in the first."""
    steps = waterfall(_APCO_SEATS, Assumptions(_APCO), breaks=_APCO_BREAKS)
    relieved = {step.name: step.etp for step in steps}["breaks"]
    yield _published(14, "APCO shift relief", "posts for 5 seats of a shift", 6.19, 2, relieved)
    night = "18:00-06:00"
    for seat, windows, absent, value, digits in (
        ("24/7", ("06:00-18:00", night), 0.0, 5.451, 3),
        ("24/7", ("06:00-18:00", night), _ABSENT, 6.03, 2),
        (night, (night,), 0.0, 2.73, 2),
        (night, (night,), _ABSENT, 3.02, 2),
    ):
        quantity = f"posts, {100 * absent:g} % absent"
        yield _published(15, f"seat held {seat}", quantity, value, digits, _etpt(windows, absent))


def _etpt(windows: tuple[str, ...], absent: float) -> float:
    """People of one seat held every day of a year over these windows, breaks not relieved."""
    assumptions = Assumptions(
        {"annual_hours": _ANNUAL_H, "absence_rate": absent, "break_relief_share": 0.0}
    )
    levers = SeatsLevers(
        shifts=tuple(
            SeatedShift(window=window, function="video_operator", seats=1) for window in windows
        ),
        end_of_shift="finish",
        wall_minimum=0,
        display_rule="mixed",
        check_hour="08:00",
    )
    year = Calendar(Horizon(start=date(2027, 1, 1), days=365))
    return staffing(build_plan(levers, year, assumptions), year, assumptions).etpt
