"""Published values that need no engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twin.validation import arithmetic, formulas
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


def test_posts_follow_the_hours() -> None:
    assert formulas.posts(2 * 8760, 1607) == 2 * formulas.posts(8760, 1607)
    assert formulas.shift_relief(5, 8, 0, 0) == 5


def test_what_is_not_run_says_why() -> None:
    assert set(arithmetic.NOT_RUN) == {16}
    assert "licence" in arithmetic.NOT_RUN[16]
