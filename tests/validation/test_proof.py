"""Intervals that share one chance of a false alarm."""

from __future__ import annotations

import numpy as np
import pytest

from twin.validation.case import Case, judged
from twin.validation.proof import FALSE_ALARM, REPLICATIONS, confidence


def test_the_quick_proof_is_the_start_of_the_full_one() -> None:
    for engine, count in REPLICATIONS[True].items():
        assert 2 < count < REPLICATIONS[False][engine]


def test_every_interval_shares_one_false_alarm() -> None:
    assert 100 * (1 - confidence(100)) == pytest.approx(FALSE_ALARM)


def test_right_engines_seldom_disagree() -> None:
    """Intervals of normal estimates, at the level of a hundred verdicts, miss once in a hundred."""
    rng = np.random.default_rng(4)
    case = Case(0, "", {str(i): 0.0 for i in range(100)}, lambda *_: {})
    alarms = [
        any(not row.agrees for row in judged(case, "", rng.normal(size=(10, 100)), confidence(100)))
        for _ in range(300)
    ]
    assert sum(alarms) <= 10
