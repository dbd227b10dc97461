import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from twin.scenarios.stopping import HalfWidth, Stop, decide, half_width

GENERATOR = np.random.default_rng(20270101)
MANY = {"fewest": 3, "cap": 10_000}


def table(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns)


def stop(values: pd.DataFrame, precision: dict[str, HalfWidth], **more: int) -> Stop:
    """Ask again with as many of the values as the last answer wanted, as a run does."""
    asked = MANY | {"cap": len(values)} | more
    wanted = asked["fewest"]
    while True:
        decision = decide(values[:wanted], precision, **asked)
        if isinstance(decision, Stop):
            return decision
        assert wanted < decision <= asked["cap"]
        wanted = decision


def plainly(values: np.ndarray, half: float, level: float, k: int) -> int:
    """The rule as the article says it, one replication at a time."""
    n = 3
    while True:
        reach = n + k * max(n, 100) // 100
        low_enough = [
            stats.t.ppf((1 + level) / 2, m - 1) * stats.sem(values[:m]) <= half
            for m in range(n, reach + 1)
        ]
        if all(low_enough):
            return reach
        n += 1


def test_the_half_width_is_students() -> None:
    values = GENERATOR.normal(3, 2, 9)
    low, high = stats.t.interval(0.99, 8, loc=values.mean(), scale=stats.sem(values))
    assert half_width(values.std(ddof=1), 9, 0.99) == pytest.approx((high - low) / 2)
    assert np.isnan(half_width(np.nan, 1))


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    samples = GENERATOR.normal(5, 3, (20_000, 7))
    reach = half_width(samples.std(axis=1, ddof=1), 7)
    covered = np.mean(np.abs(samples.mean(axis=1) - 5) <= reach)
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 20_000))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.3, 0.8), st.integers(0, 8))
def test_rounds_stop_where_one_at_a_time_would(seed: int, half: float, k: int) -> None:
    values = np.random.default_rng(seed).normal(1, 1, 3000)
    found = stop(table(a=values), {"a": HalfWidth(half, relative=False)}, look_ahead=k)
    assert found.reason == "precision"
    assert found.replications == plainly(values, half, 0.95, k)


def test_above_a_hundred_the_look_ahead_is_a_share() -> None:
    values = table(a=GENERATOR.normal(0, 1, 3000))
    asked = {"a": HalfWidth(0.1, relative=False)}
    found = stop(values, asked, look_ahead=10)
    first = int(found.sentence.split("after ")[1].split()[0])
    assert first > 100
    assert found.replications == first + 10 * first // 100


def test_asked_half_widths_hold_together() -> None:
    values = pd.DataFrame(GENERATOR.normal(10, 1, (3000, 5)), columns=list("abcde"))
    alone = stop(values, {"a": HalfWidth(0.02, relative=True)})
    five = {name: HalfWidth(0.02, relative=True) for name in values}
    together = stop(values, five)
    assert together.replications > alone.replications
    sd, n = values[: together.replications].std(), together.replications
    assert (half_width(sd, n, 0.99) <= 0.02 * values[:n].mean().abs()).all()


def test_coverage_survives_the_stopping() -> None:
    inside = []
    for seed in range(150):
        values = np.random.default_rng(seed).normal(1, 0.5, 2000)
        found = stop(table(a=values), {"a": HalfWidth(0.1, relative=False)})
        inside.append(abs(values[: found.replications].mean() - 1) <= 0.1)
    assert np.mean(inside) > 0.9


def test_the_cap_says_what_was_missing() -> None:
    values = table(a=[1.0, 3.0] * 10, b=[2.0] * 20, c=[np.nan] * 19 + [1.0], d=[-1.0, 1.0] * 10)
    asked = {
        "a": HalfWidth(0.02, relative=True),
        "b": HalfWidth(0.1, relative=False),
        "c": HalfWidth(0.1, relative=False),
        "d": HalfWidth(0.1, relative=True),
    }
    found = stop(values, asked)
    assert (found.replications, found.reason) == (20, "cap")
    assert found.sentence == (
        "stopped at the cap of 20: a at 32 %, asked 2 %; c seen in 1;"
        " d at 0.63 around a mean of 0, which has no share"
    )


def test_reached_too_late_is_not_reached() -> None:
    values = table(a=[1.0, 3.0, 1.0, 3.0, 2.0, 2.0, 2.0, 2.0])
    found = stop(values, {"a": HalfWidth(0.85, relative=False)})
    assert found.reason == "cap"
    assert found.sentence.startswith("stopped at the cap of 8: every half-width reached after ")


def test_two_replications_tell_no_precision() -> None:
    found = stop(table(a=[1.0, 1.0]), {"a": HalfWidth(1, relative=False)}, fewest=2)
    assert "fewer than 3" in found.sentence


def test_a_number_may_simply_be_asked() -> None:
    assert stop(table(a=[1.0] * 3), {}).sentence == "the 3 replications asked"
    assert stop(table(a=[1.0]), {}, fewest=1).sentence == "the one replication asked"
