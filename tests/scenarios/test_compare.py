import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from twin.errors import InputError
from twin.scenarios.compare import check_comparable, compare, holm, known_indicators, paired
from twin.scenarios.experiment import Result
from twin.scenarios.library import Library
from twin.scenarios.stopping import Stop
from twin.scenarios.store import Run, identify

SMALL = arrays(float, st.integers(1, 12), elements=st.floats(0, 1))


@given(SMALL)
def test_holm_is_monotone_and_between_p_and_bonferroni(p: np.ndarray) -> None:
    adjusted = holm(p)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(len(p) * p, 1) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()


@given(SMALL, st.integers(0, 3))
def test_holm_rejects_what_the_steps_reject(p: np.ndarray, unknown: int) -> None:
    kept = holm(np.concatenate([p, np.full(unknown, math.nan)]))
    rejected = set()
    for rank, place in enumerate(np.argsort(p, kind="stable")):
        if p[place] * (len(p) - rank) >= 0.05:
            break
        rejected.add(int(place))
    assert set(np.flatnonzero(kept < 0.05).tolist()) == rejected
    assert np.isnan(kept[len(p) :]).all()


def test_paired_is_students_test() -> None:
    a, b = np.random.default_rng(1).normal(0, 1, (2, 15))
    mean, half, p = paired(b - a)
    test = stats.ttest_rel(b, a)
    assert p == pytest.approx(test.pvalue)
    low, high = test.confidence_interval(0.95)
    assert (mean - half, mean + half) == pytest.approx((low, high))


def test_no_chance_needs_no_test() -> None:
    assert paired(np.zeros(4)) == (0, 0, 1)
    mean, half, p = paired(np.array([1.1, 2.1, 3.1]) - np.array([1.0, 2.0, 3.0]))
    assert (mean, half, p) == (pytest.approx(0.1), 0, 0)
    assert np.isnan(paired(np.array([2.0]))[1:]).all()


@pytest.fixture
def result(library: Library, tmp_path: Path) -> Callable[..., Result]:
    """Build a result from values by indicator."""
    stored = Run.opened(identify("tiny", library["tiny"], 7), tmp_path)

    def made(**values: list[float]) -> Result:
        rows = pd.concat(
            pd.DataFrame({"indicator": key, "scope": "centre", "key": "", "value": column})
            for key, column in values.items()
        )
        rows.index += 1
        known = rows.dropna()
        return Result(stored, Stop(len(rows), "asked", ""), known)

    return made


def test_differences_are_paired_by_replication(result: Callable[..., Result]) -> None:
    worlds = np.random.default_rng(2).normal(10, 3, 30)
    noise = np.random.default_rng(3).normal(0, 0.3, (2, 30))
    first = result(police_alerts=worlds + noise[0])
    other = result(police_alerts=worlds + 0.4 + noise[1])
    (found,) = compare({"first": first, "other": other}, ["police_alerts"])
    assert found.verdict.endswith("% higher")
    assert found.difference.low < 0.4 < found.difference.high
    apart = np.var(worlds + noise[0], ddof=1) + np.var(worlds + noise[1], ddof=1)
    assert found.variance_factor == pytest.approx(apart / np.var(noise[1] - noise[0], ddof=1))
    unpaired = stats.ttest_ind(worlds + noise[0], worlds + 0.4 + noise[1])
    assert found.p < 0.001 < unpaired.pvalue


def test_each_case_has_its_words(result: Callable[..., Result]) -> None:
    nan = math.nan
    first = result(
        police_alerts=[1.0, 2.0, 3.0],
        patrols_made=[0.5, 0.5, 0.5],
        checks_made=[1.0, 1.0, 1.0],
        request_wait_p90=[1.0, nan, nan],
        request_lost=[nan, nan, 1.0],
        hours_below_two=[0.0, 0.0, 0.0],
    )
    other = result(
        police_alerts=[2.0, 2.0, 2.5],
        patrols_made=[0.5, 0.5, 0.5],
        checks_made=[0.75, 0.75, 0.75],
        request_wait_p90=[1.0, 2.0, nan],
        request_lost=[1.0, nan, nan],
        hours_below_two=[1.0, 1.0, 1.0],
    )
    wanted = list(dict.fromkeys(first.rows["indicator"]))
    found = {each.indicator: each for each in compare({"a": first, "b": other}, wanted)}
    assert {name: each.verdict for name, each in found.items()} == {
        "police_alerts": "no difference shown",
        "patrols_made": "the same in every replication",
        "checks_made": "25 % lower",
        "request_wait_p90": "too few replications in common",
        "hours_below_two": "higher",
    }
    assert found["police_alerts"].variance_factor == pytest.approx((1 + 1 / 12) / (7 / 12))
    assert math.isnan(found["patrols_made"].variance_factor)


def test_chance_alone_is_called_a_difference_at_most_once_in_twenty(
    result: Callable[..., Result],
) -> None:
    generator = np.random.default_rng(4)
    names = ["police_alerts", "police_notices", "nuisance_notices", "working"]
    called = 0
    for _ in range(60):
        draws = generator.normal(0, 1, (2, 4, 8))
        a, b = (result(**dict(zip(names, map(list, draws[side]), strict=True))) for side in (0, 1))
        verdicts = [each.verdict for each in compare({"a": a, "b": b}, names)]
        called += any(verdict != "no difference shown" for verdict in verdicts)
    assert called <= 8


def test_scenarios_are_compared_on_the_same_days_and_known_indicators(library: Library) -> None:
    tiny = library["tiny"]
    longer = tiny.with_overrides({"horizon": {"days": 3}})
    check_comparable({"tiny": tiny, "tiny_heavy": library["tiny_heavy"]})
    with pytest.raises(InputError, match="two scenarios or more"):
        check_comparable({"tiny": tiny})
    with pytest.raises(InputError, match="longer plays 3 days from 2027-01-04, tiny 1 from"):
        check_comparable({"tiny": tiny, "longer": longer})
    with pytest.raises(InputError, match='did you mean "police_alerts"'):
        known_indicators(["police_alert"])
