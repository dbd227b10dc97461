"""A wrong rule, put into the reference engine, makes a case disagree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from twin.model.centre import attention
from twin.model.centre.engines import engine_named
from twin.model.centre.reference import cameras, desk, patrols, room, simulate, work
from twin.model.centre.reference.things import Stage
from twin.model.centre.world import EndOfShift, Kind
from twin.validation.case import Player, Verdict, judged, markdown
from twin.validation.cases import cases
from twin.validation.proof import REPLICATIONS, confidence

CASES = {case.number: case for case in cases()}
LEVEL = confidence(2 * sum(len(case.values) for case in cases()))
"""Intervals as wide as those of the command."""

Mutation = tuple[object, str, Any]
TASK = room._Room._task
EXPIRES_AFTER = room._Room._expires_after
TAKE_BACK = desk.Desk.take_back
ENDS_SHIFT = desk.Desk._ends_shift
SUSPEND = work.Work._suspend
GRANT_LINES = work.Work.grant_lines
SEND_CREW = cameras.Cameras.send_crew
HIDE = patrols.Patrols._hide


def verdicts(number: int, engine: Player = simulate) -> list[Verdict]:
    """What the quick run of the reference says of a case."""
    case, replications = CASES[number], range(REPLICATIONS[True]["reference"])
    played = np.array([case.play(engine, 1, each) for each in replications])
    return judged(case, "reference", played, LEVEL)


def upside_down(own: Any, kind: Kind, *given: Any) -> Any:
    task = TASK(own, kind, *given)
    task.order = -task.order
    return task


def patience_as_deadline(own: Any, task: Any, delay_ms: int) -> None:
    task.deadline_ms = task.arrival_ms + delay_ms
    EXPIRES_AFTER(own, task, delay_ms)


def all_but_the_last(own: Any, pool: int) -> list[Any]:
    return [own.agents[seat] for seat in own.seats_of[pool][:-1] if own.agents[seat] is not None]


def from_the_start(own: Any, task: Any, cost_ms: int) -> None:
    SUSPEND(own, task, cost_ms)
    if task.stage is Stage.WORK:
        task.remaining_ms += task.work_ms


def lost(own: Any, task: Any, _: int) -> None:
    own.abandon(task)


def one_more(own: Any) -> None:
    own.repairers_busy -= 1
    SEND_CREW(own)
    own.repairers_busy += 1


def everybody(own: Any, pool: int) -> int:
    return sum(agent.watches for agent in own._present(pool))


def put_down(own: Any, agent: Any) -> None:
    finish = own.rules
    own.rules = finish._replace(end_of_shift=EndOfShift.HAND_OVER)
    ENDS_SHIFT(own, agent)
    own.rules = finish


def forgets(own: Any, stint: Any, incident: Any) -> None:
    HIDE(own, stint, incident)
    own._wall(incident.commune).lift(incident)
    incident.hazard = 0.0
    own._wall(incident.commune).place(incident)


def one_line_more(own: Any) -> None:
    own.lines_free[0] += 1
    GRANT_LINES(own)
    own.lines_free[0] -= 1


MUTATIONS: dict[str, tuple[int, Mutation]] = {
    "priorities upside down": (5, (room._Room, "_task", upside_down)),
    "nothing is interrupted": (18, (desk, "interrupts", lambda *_: False)),
    "interrupted work is lost": (18, (desk.Desk, "take_back", lost)),
    "interrupted work starts again": (18, (work.Work, "_suspend", from_the_start)),
    "taking up again is free": (
        18,
        (desk.Desk, "take_back", lambda own, task, _: TAKE_BACK(own, task, 0)),
    ),
    "a seat is never given work": (2, (desk.Desk, "_present", all_but_the_last)),
    "patience is a deadline": (4, (room._Room, "_expires_after", patience_as_deadline)),
    "patience is forgotten": (1, (room._Room, "_expires_after", lambda *_: None)),
    "the crew is one more": (9, (cameras.Cameras, "send_crew", one_more)),
    "everything takes turns": (19, (attention, "held_units", lambda *_: 0)),
    "turns are as good as held": (19, (attention, "rotating_fraction", lambda *_: 1.0)),
    "who works still watches": (20, (desk.Desk, "watching", everybody)),
    "a fault freezes nothing": (
        21,
        (
            cameras.Cameras,
            "is_entitled",
            lambda own, camera: own.is_window_open(own.commune_of[camera]),
        ),
    ),
    "finishing is handing over": (12, (desk.Desk, "_ends_shift", put_down)),
    "breaks are forgotten": (17, (desk.Desk, "_break_due", lambda *_: None)),
    "handed over work is lost": (17, (desk.Desk, "take_back", lost)),
    "a line is one too many": (22, (work.Work, "grant_lines", one_line_more)),
    "a patrol forgets what it showed": (23, (patrols.Patrols, "_hide", forgets)),
}


@pytest.mark.parametrize("number", sorted({number for number, _ in MUTATIONS.values()}))
def test_the_rules_as_they_are_agree(number: int) -> None:
    """By the kernel, which finds the same numbers sooner."""
    rows = verdicts(number, engine_named("kernel"))
    assert all(row.agrees for row in rows), markdown(rows)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_wrong_rule_is_found_out(mutation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    number, wrong = MUTATIONS[mutation]
    monkeypatch.setattr(*wrong)
    rows = verdicts(number)
    assert not all(row.agrees for row in rows), markdown(rows)
