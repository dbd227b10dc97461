"""The page of known answers holds what the command prints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twin.model.centre.engines import engine_named
from twin.validation import arithmetic
from twin.validation.case import judged, markdown
from twin.validation.cases import cases
from twin.validation.proof import REPLICATIONS, confidence

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"
CELLS = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines()]
ROWS = [tuple(cells) for cells in CELLS if len(cells) == 8 and cells[0] != "| #"]
LEVEL = confidence(2 * sum(len(case.values) for case in cases()))


def test_every_known_answer_is_printed_and_agrees() -> None:
    asked = [
        (f"| {case.number}", case.name, engine, quantity, f"{value:#.5g}")
        for case in cases()
        for engine in REPLICATIONS[False]
        for quantity, value in case.values.items()
    ]
    assert [row[:5] for row in ROWS if row[2] != "arithmetic"] == asked
    assert {row[7] for row in ROWS} == {"agrees |"}


def test_arithmetic_is_printed_to_the_last_digit() -> None:
    lines = markdown(arithmetic.verdicts()).splitlines()[2:]
    assert [" | ".join(row) for row in ROWS if row[2] == "arithmetic"] == lines


@pytest.mark.parametrize("number", [3, 7])
def test_a_case_is_printed_to_the_last_digit(number: int) -> None:
    case = next(case for case in cases() if case.number == number)
    kernel = engine_named("kernel")
    played = [case.play(kernel, 1, each) for each in range(REPLICATIONS[False]["kernel"])]
    lines = markdown(judged(case, "kernel", np.array(played), LEVEL)).splitlines()[2:]
    assert [
        " | ".join(row) for row in ROWS if row[0] == f"| {number}" and row[2] == "kernel"
    ] == lines
