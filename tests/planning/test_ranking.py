from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from twin.errors import InputError
from twin.planning import ranking as rankings
from twin.planning.ranking import Budget, Ranking, allocation, doubts, rank
from twin.scenarios.library import load_library
from twin.scenarios.schema import Scenario

BUDGET = Budget(first=10, total=400, probability=0.95)


def test_ten_normal_plans_are_allocated_as_the_theorem_says() -> None:
    """Ten normal designs of means 0 to 9 and deviation 6, least is best: the usual example."""
    shares = allocation(-np.arange(10.0), np.full(10, 6.0))
    # In units of the second plan: N_i = 1 / i^2, N_best = sqrt(sum of N_i^2).
    others = 1 / np.arange(1.0, 10) ** 2
    best = np.sqrt(np.sum(others**2))
    expected = np.array([best, *others]) / (best + others.sum())
    assert shares == pytest.approx(expected)
    assert shares[:3] == pytest.approx([0.4032, 0.3876, 0.0969], abs=5e-4)


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0, 3)), min_size=2, max_size=8))
@example([(5.0, 2.2e-308), (-5.0, 0.0)])
def test_shares_are_shares(plans: list[tuple[float, float]]) -> None:
    means, sds = np.array(plans).T
    shares = allocation(means, sds)
    assert np.isfinite(shares).all()
    assert (shares >= 0).all()
    assert shares.sum() == pytest.approx(1)


def test_the_rule_balances_the_ratios() -> None:
    means, sds = np.array([3.0, 2.5, 1.0, 2.0]), np.array([1.0, 0.5, 2.0, 1.5])
    shares = allocation(means, sds)
    ratios = shares[1:] / (sds[1:] / (3 - means[1:])) ** 2
    assert ratios == pytest.approx(np.full(3, ratios[0]))
    assert shares[0] == pytest.approx(np.sqrt(np.sum((shares[1:] / sds[1:]) ** 2)))


def test_the_doubt_is_half_of_students_test() -> None:
    a, b = np.random.default_rng(1).normal([[0.5], [0.0]], 1, (2, 12))
    found = doubts({"a": pd.Series(a), "b": pd.Series(b)})
    assert found == {"a": 0.0, "b": pytest.approx(stats.ttest_rel(a, b).pvalue / 2)}


def test_plans_that_never_differ_raise_no_doubt() -> None:
    values = pd.Series([1.0, 2.0, 4.0])
    assert doubts({"a": values, "b": values.copy()}) == {"a": 0.0, "b": 0.0}
    assert doubts({"a": values, "b": values[:1] - 1})["b"] == 1.0


class Drawn:
    """Replays whose values are drawn from normal laws, with a world that all plans share."""

    means: dict[str, float]

    def __init__(self, scenarios: dict[str, Scenario], seed: int, **_: object) -> None:
        generator = np.random.default_rng(seed)
        world = generator.normal(0, 2, 5000)
        self.drawn = {
            name: pd.Series(self.means[name] + world + generator.normal(0, 1, 5000))
            for name in scenarios
        }
        self.reached: list[dict[str, int]] = []

    def reach(self, wanted: dict[str, int], progress: object) -> None:
        self.reached.append(dict(wanted))

    def values(self, name: str, indicators: list[str], replications: int) -> pd.DataFrame:
        return self.drawn[name][:replications].to_frame(indicators[0])


@pytest.fixture
def plans(scenarios: Path) -> dict[str, Scenario]:
    return dict.fromkeys("abcdef", load_library(scenarios)["tiny"])


def ranked(
    plans: dict[str, Scenario], monkeypatch: pytest.MonkeyPatch, seed: int, **budget: float
) -> Ranking:
    monkeypatch.setattr(
        Drawn, "means", dict(zip(plans, [5, 4.2, 4.0, 3, 1, 0], strict=True)), False
    )
    monkeypatch.setattr(rankings, "Replays", Drawn)
    asked = replace(BUDGET, **budget)
    return rank(plans, "working", asked, maximise=True, seed=seed, out=Path())


def test_the_best_is_found_as_often_as_it_says(
    plans: dict[str, Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [ranked(plans, monkeypatch, seed) for seed in range(40)]
    sure = [ranking for ranking in found if ranking.probability >= 0.95]
    assert len(sure) > 33
    assert np.mean([ranking.plans[0].name == "a" for ranking in sure]) > 0.9


def test_replications_go_to_those_that_may_be_best(
    plans: dict[str, Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ranked(plans, monkeypatch, 3, probability=0.999999, total=200)
    spent = {plan.name: plan.replications for plan in found.plans}
    assert found.spent == sum(spent.values()) == 200
    assert spent["a"] > spent["d"]
    assert spent["b"] > 2 * spent["e"]
    assert spent["f"] == 10


def test_less_may_be_better(plans: dict[str, Scenario], monkeypatch: pytest.MonkeyPatch) -> None:
    ranked(plans, monkeypatch, 1)
    found = rank(plans, "working", BUDGET, maximise=False, seed=1, out=Path())
    assert found.plans[0].name == "f"


def test_real_plans_are_ranked_and_kept(scenarios: Path, tmp_path: Path) -> None:
    tiny = load_library(scenarios)["tiny"]
    rooms = {
        f"tiny_{n}": tiny.with_overrides({"seats": {"operators": {"day": n}}}) for n in (1, 2, 3)
    }
    asked = Budget(first=2, total=9, probability=0.9)
    out = tmp_path / "runs"
    found = rank(rooms, "agents_present", asked, maximise=True, seed=7, out=out, engine="reference")
    assert [plan.name for plan in found.plans] == ["tiny_3", "tiny_2", "tiny_1"]
    assert len(list(out.glob("*/replication-*.parquet"))) == found.spent
    same = rank(
        {"a": tiny, "b": tiny}, "agents_present", asked, maximise=True, seed=7, out=out,
        engine="reference",
    )  # fmt: skip
    assert (same.plans[1].equal, same.probability, same.spent) == (True, 1.0, 4)


MISTAKES = [
    ({"first": 1}, "below 2"),
    ({"total": 59}, "not between 60"),
    ({"total": 10**6}, "not between 60"),
    ({"probability": 1.0}, "not between 0 and 1"),
]


@pytest.mark.parametrize(("mistake", "sentence"), MISTAKES)
def test_a_budget_that_cannot_rank_is_refused(
    plans: dict[str, Scenario],
    monkeypatch: pytest.MonkeyPatch,
    mistake: dict[str, float],
    sentence: str,
) -> None:
    with pytest.raises(InputError, match=sentence):
        ranked(plans, monkeypatch, 1, **mistake)


def test_one_plan_or_an_unseen_indicator_cannot_be_ranked(scenarios: Path, tmp_path: Path) -> None:
    tiny = load_library(scenarios)["tiny"]
    asked = {"maximise": True, "seed": 7, "out": tmp_path, "engine": "reference"}
    budget = Budget(first=2, total=8, probability=0.9)
    with pytest.raises(InputError, match="two scenarios or more"):
        rank({"tiny": tiny}, "working", budget, **asked)
    with pytest.raises(InputError, match="in 1 of 2 replications: it cannot rank"):
        rank({"tiny": tiny, "twin": tiny}, "request_lost", budget, **asked)
