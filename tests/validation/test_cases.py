"""The reference engine against closed forms, and a wrong value or engine against the intervals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from twin.model.centre.journal import Journal
from twin.model.centre.reference import simulate
from twin.model.centre.world import NEVER, Centre, World
from twin.validation.cases import Case, cases, markdown, verdicts
from twin.validation.formulas import (
    erlang_a,
    erlang_b,
    erlang_c,
    machine_repair,
    mean_wait,
    pollaczek_khinchine,
    service_level,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"
CASES = {case.number: case for case in cases()}

ONE_LESS = erlang_a(100 / 30, 1 / 3, 1 / 5, 13)
EARLIEST_DEADLINE_FIRST = 0.0071
"""Share who abandon in case 4 when a caller's patience is taken for a deadline."""
FIRST_COME = mean_wait(9, 1, 12)
THREE_IN_THE_CREW = machine_repair(500, 3, 1 / 400, 1 / 1.5)

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
    5: {f"mean wait of class {i} (services)": FIRST_COME for i in (1, 2, 3)},
    6: {
        "mean wait (services), cv 0": pollaczek_khinchine(0.8, 1),
        "mean wait (services), cv 1.5": pollaczek_khinchine(0.8, 1),
    },
    9: {
        "availability": THREE_IN_THE_CREW.availability,
        "waiting for the crew": THREE_IN_THE_CREW.waiting,
    },
}
"""The same system with one server more or less, another order of service or another variation."""


@pytest.mark.parametrize("number", CASES)
def test_the_engine_agrees_with_the_closed_form_and_with_no_neighbour_of_it(number: int) -> None:
    rows = verdicts(CASES[number], simulate)
    assert [row.agrees for row in rows] == [True] * len(CASES[number].values), markdown(rows)
    for row in rows:
        assert not row.low <= WRONG[number][row.quantity] <= row.high, row
    printed = DOCUMENT.read_text(encoding="utf-8")
    for line in markdown(rows).splitlines():
        assert line in printed, "docs/validation.md is not what the cases print"


def patient(centre: Centre, world: World) -> Journal:
    """An engine that forgets that callers hang up."""
    requests = world.requests._replace(patience_ms=np.full_like(world.requests.id, NEVER))
    return simulate(centre, world._replace(requests=requests))


def in_one_line(centre: Centre, world: World) -> Journal:
    """An engine that serves every kind of work in one line."""
    one_class = centre.rules._replace(order=np.zeros_like(centre.rules.order))
    return simulate(centre._replace(rules=one_class), world)


def alone(centre: Centre, world: World) -> Journal:
    """An engine whose crew mends one camera at a time."""
    return simulate(centre._replace(rules=centre.rules._replace(crew=1)), world)


@pytest.mark.parametrize(
    ("number", "engine"), [(1, patient), (4, patient), (5, in_one_line), (9, alone)]
)
def test_a_wrong_engine_is_found_out(number: int, engine: object) -> None:
    rows = verdicts(CASES[number], engine, replications=3)  # type: ignore[arg-type]
    assert not all(row.agrees for row in rows), markdown(rows)


def test_a_case_is_reproducible_and_its_replications_differ() -> None:
    case = Case(1, "", {"blocked": 0.0}, CASES[1].sample)
    once = case.run(simulate, seed=5, replications=2)["blocked"]
    assert once.tolist() == case.run(simulate, seed=5, replications=2)["blocked"].tolist()
    assert once[0] != once[1]
    assert once.tolist() != case.run(simulate, seed=6, replications=2)["blocked"].tolist()
