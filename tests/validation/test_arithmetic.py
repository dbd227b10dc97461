"""Published values that need no engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twin.model import staffing
from twin.model.assumptions import Assumptions
from twin.model.staffing import Step
from twin.validation import arithmetic
from twin.validation.varying import TARGETS, chance_to_wait

VERDICTS = arithmetic.verdicts()


def test_every_published_value_agrees() -> None:
    assert [row for row in VERDICTS if not row.agrees] == []
    assert {row.number for row in VERDICTS} == {7, 8, 10, 11, 13, 14, 15}


@pytest.mark.parametrize("row", VERDICTS, ids=lambda row: f"{row.number} {row.quantity}")
def test_a_last_digit_off_is_found_out(row: object) -> None:
    if row.number == 13:  # type: ignore[attr-defined]
        return
    digit = row.high - row.low  # type: ignore[attr-defined]
    for wrong in (row.value - digit, row.value + digit):  # type: ignore[attr-defined]
        assert not replace(row, value=wrong).agrees  # type: ignore[type-var]


def test_the_staffing_aims_at_its_own_target_only() -> None:
    ranges = {target: chance_to_wait(target) for target in TARGETS}
    for target, chance in ranges.items():
        others = [other for other in TARGETS if abs(other - target) > 0.15]
        assert not any(chance.min() <= other <= chance.max() for other in others), target


def test_posts_are_those_of_the_staffing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that adds the part of the absences, instead of dividing by the rest, is found out."""

    def added(gross: float, assumptions: Assumptions, **shares: float) -> tuple[Step, ...]:
        absence = assumptions["absence_rate"]
        etp = gross * (1 + absence + shares["breaks"])
        return tuple(Step(name, 0.0, etp) for name in ("absence", "breaks"))

    for module in (arithmetic, staffing):
        monkeypatch.setattr(module, "waterfall", added)
    wrong = {(row.number, row.value) for row in arithmetic.verdicts() if not row.agrees}
    assert wrong == {(14, 6.19), (15, 6.03), (15, 3.02)}


def test_what_is_not_run_says_why() -> None:
    assert set(arithmetic.NOT_RUN) == {16}
    assert "licence" in arithmetic.NOT_RUN[16]
