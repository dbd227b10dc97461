"""The engines against known answers, and a wrong answer or engine against the intervals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from twin.model.centre.engines import engine_named
from twin.model.centre.journal import Journal
from twin.model.centre.reference import simulate
from twin.model.centre.world import NEVER, Centre, World
from twin.validation.case import judged, markdown
from twin.validation.cases import cases
from twin.validation.formulas import (
    erlang_a,
    erlang_b,
    erlang_c,
    interrupted,
    machine_repair,
    mean_wait,
    pollaczek_khinchine,
    retrial,
    service_level,
)
from twin.validation.proof import REPLICATIONS, confidence

CASES = {case.number: case for case in cases()}
LEVEL = confidence(2 * sum(len(case.values) for case in cases()))
"""Intervals as wide as those of the command."""

ONE_LESS = erlang_a(100 / 30, 1 / 3, 1 / 5, 13)
EARLIEST_DEADLINE_FIRST = 0.0071
"""Share who abandon in case 4 when a caller's patience is taken for a deadline."""
FIRST_COME = mean_wait(9, 1, 12)
THREE_IN_THE_CREW = machine_repair(500, 3, 1 / 400, 1 / 1.5)
FREE_OF_COST = interrupted(0.3, 0.3, 1, 1, resume=0)
HOURLY_ERLANG = {"at 2.5 h": 0.023, "at 8.5 h": 0.569, "at 20.5 h": 0.346}
"""Chance to wait in case 8 by an Erlang C at the rate of the hour."""

WRONG: Mapping[int, Mapping[str, float]] = {
    1: {"blocked": erlang_b(10, 15)},
    2: {
        "waiting": erlang_c(10, 15),
        "answered in 20 s": service_level(100 / 30, 1 / 3, 13, 20 / 60),
    },
    3: {"waiting": erlang_c(10 / 4, 4), "mean wait (h)": mean_wait(10, 4, 4)},
    4: {
        "waiting": erlang_c(10, 14),
        "abandoning": EARLIEST_DEADLINE_FIRST,
        "occupancy": ONE_LESS.occupancy,
        "mean wait (min)": 3 * mean_wait(10, 1, 14),
    },
    5: {f"mean wait (services) of class {i}": FIRST_COME for i in (1, 2, 3)},
    6: {
        "mean wait (services), cv 0": pollaczek_khinchine(0.8, 1),
        "mean wait (services), cv 1.5": pollaczek_khinchine(0.8, 1),
    },
    8: {f"waiting, {hour}": value for hour, value in HOURLY_ERLANG.items()},
    9: {
        "availability": THREE_IN_THE_CREW.availability,
        "waiting for the crew": THREE_IN_THE_CREW.waiting,
    },
    11: {
        "refused: acute, 10 beds": erlang_b(8.14549, 11),
        "refused: rehabilitation, 12 beds": erlang_b(9.71822, 13),
        "refused: pooled, 26 beds": erlang_b(8.14549 + 9.71822, 24),
    },
    18: {
        "mean wait of the urgent": mean_wait(0.6, 1, 1),
        "mean wait of the others": FREE_OF_COST.mean_wait,
        "mean stay of the others": FREE_OF_COST.mean_stay,
    },
    20: {"in view, not yet noticed": retrial(0.5, 1, 2)},
    22: {"waiting for a line": erlang_c(1.4, 3), "mean wait for it": mean_wait(1.4, 1, 3)},
}
"""The same system with one server more or less, another order of service or another variation."""


@cache
def played(number: int) -> npt.NDArray[np.float64]:
    kernel = engine_named("kernel")
    replications = range(REPLICATIONS[True]["kernel"])
    return np.array([CASES[number].play(kernel, 1, each) for each in replications])


@pytest.mark.parametrize("number", CASES)
def test_a_case_agrees_with_its_known_answer(number: int) -> None:
    rows = judged(CASES[number], "kernel", played(number), LEVEL)
    assert [row.agrees for row in rows] == [True] * len(CASES[number].values), markdown(rows)


@pytest.mark.parametrize("number", CASES)
def test_both_engines_find_the_same_number(number: int) -> None:
    assert CASES[number].play(simulate, 1, 0) == played(number)[0].tolist()


@pytest.mark.parametrize("number", WRONG)
def test_a_case_excludes_its_neighbours(number: int) -> None:
    rows = {row.quantity: row for row in judged(CASES[number], "kernel", played(number), LEVEL)}
    for quantity, wrong in WRONG[number].items():
        assert not rows[quantity].low <= wrong <= rows[quantity].high, markdown([rows[quantity]])


def patient(centre: Centre, world: World) -> Journal:
    """An engine that forgets that callers hang up."""
    requests = world.requests._replace(patience_ms=np.full_like(world.requests.id, NEVER))
    return engine_named("kernel")(centre, world._replace(requests=requests))


def in_one_line(centre: Centre, world: World) -> Journal:
    """An engine that serves every kind of work in one line."""
    one_class = centre.rules._replace(order=np.zeros_like(centre.rules.order))
    return engine_named("kernel")(centre._replace(rules=one_class), world)


@pytest.mark.parametrize(("number", "engine"), [(1, patient), (4, patient), (5, in_one_line)])
def test_a_wrong_engine_is_found_out(number: int, engine: object) -> None:
    found = [CASES[number].play(engine, 1, each) for each in range(10)]  # type: ignore[arg-type]
    rows = judged(CASES[number], "wrong", np.array(found), LEVEL)
    assert not all(row.agrees for row in rows), markdown(rows)


def test_a_case_is_reproducible_and_its_replications_differ() -> None:
    once = CASES[1].play(simulate, 5, 0)
    assert once == CASES[1].play(simulate, 5, 0)
    assert once != CASES[1].play(simulate, 5, 1)
    assert once != CASES[1].play(simulate, 6, 0)


def test_a_number_names_one_case() -> None:
    assert len(CASES) == len(cases())
