from types import SimpleNamespace

import pandas as pd
import pytest
from scipy import stats

from twin.errors import InputError
from twin.planning.targets import judge, parse_target


def said(target, *values):
    seen = SimpleNamespace(values=lambda indicator: pd.Series(values, dtype=float))
    return judge(parse_target(target), seen)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("requisition_savd>=0.99", 'unknown indicator "requisition_savd".*"requisition_saved"'),
        ("requisition_saved>0.99", "write a target such as"),
        ("requisition_saved>=0.9.9", '"0.9.9" is not a number'),
        ("patrols_made_min>=0.9", 'unknown indicator "patrols_made_min".*"patrols_made"'),
    ],
)
def test_a_target_that_cannot_be_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(InputError, match=sentence):
        parse_target(text)


def test_only_a_target_on_the_model_alone_is_not_observable():
    assert parse_target("requisition_p90_days<=5").observable
    assert not parse_target("police_noticed_entitled>=0.1").observable


def test_the_bounds_are_those_of_student_on_one_side():
    verdict = said("patrols_made>=0.9", 0.91, 0.93, 0.95, 0.97)
    low = stats.ttest_1samp([0.91, 0.93, 0.95, 0.97], 0, alternative="greater")
    assert verdict.low == pytest.approx(low.confidence_interval(0.95).low)
    assert (verdict.value, verdict.met, verdict.missed) == (pytest.approx(0.94), True, False)
    assert verdict.margin == pytest.approx(verdict.low - 0.9)


@pytest.mark.parametrize(
    ("target", "values", "met", "missed"),
    [
        ("patrols_made>=0.9", (0.8, 0.81, 0.82), False, True),
        ("patrols_made>=0.9", (0.85, 0.9, 0.95), False, False),
        ("requisition_p90_days<=5", (4.0, 4.1, 4.2), True, False),
        ("requisition_p90_days<=5", (6.0, 6.1, 6.2), False, True),
        ("patrols_made>=1", (1.0, 1.0), True, False),
        ("requisition_p90_days<=5", (), False, True),
        ("requisition_p90_days<=5", (1.0,), False, True),
    ],
)
def test_met_missed_or_neither(target, values, met, missed):
    verdict = said(target, *values)
    assert (verdict.met, verdict.missed) == (met, missed)
