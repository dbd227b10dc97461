import numpy as np
import pytest

from tests.model.budget.books import FULL, TARIFFS, budget
from twin.model.assumptions import load_assumptions
from twin.model.budget.accounts import build_budget
from twin.model.budget.levers import BudgetLevers
from twin.model.budget.risk import PERIMETERS, Reading, draws, sampled

TABLE = load_assumptions()
KEYS = ("room_wall_eur", "fibre_eur_km_year", "unpaid_share")
ENTRIES = {key: TABLE[key] for key in KEYS}


def columns(entries, count=400, seed=7):
    drawn = list(draws(entries, count, seed))
    return {key: np.array([each[key] for each in drawn]) for key in entries}


def test_each_part_of_a_distribution_is_drawn_once():
    for key, values in columns(ENTRIES).items():
        edges = [TABLE[key].quantile(k / 400) for k in range(1, 400)]
        counts = np.bincount(np.searchsorted(edges, values), minlength=400)
        assert set(counts) == {1}


def test_one_more_assumption_disturbs_no_other():
    alone = columns({"unpaid_share": TABLE["unpaid_share"]})
    assert (columns(ENTRIES)["unpaid_share"] == alone["unpaid_share"]).all()
    other = columns(ENTRIES, seed=8)
    assert (columns(ENTRIES)["unpaid_share"] != other["unpaid_share"]).any()
    values = columns(ENTRIES)
    pairs = np.corrcoef([values[key] for key in KEYS])
    assert np.abs(pairs - np.eye(3)).max() < 0.2


def test_the_distribution_is_that_of_the_budgets():
    seen = []

    def told(done, wanted):
        seen.append((done, wanted))

    risk = sampled(
        lambda choices: budget(assumptions=choices), ENTRIES, count=20, seed=7, progress=told
    )
    assert seen[-1] == (20, 20)
    by_hand = [budget(assumptions=choices) for choices in draws(ENTRIES, 20, 7)]
    for perimeter in PERIMETERS:
        results = np.array([each.perimeter(perimeter).result for each in by_hand])
        assert (risk.results[perimeter] == results).all()
        assert (risk.quantiles(perimeter)[1] == np.median(results, axis=0)).all()
        assert risk.balance_probability(perimeter).tolist() == [0.0] * 11
    assert risk.paid.shape == (20, 11)


def test_what_a_budget_reads_is_known():
    values = Reading()
    build_budget((FULL,), TARIFFS, BudgetLevers(), values)
    assert {"room_wall_eur", "adoption_pace", "absence_rate", "cameras_per_1000"} <= values.read
    assert "camera_mtbf_days" not in values.read


@pytest.mark.parametrize("key", sorted(k for k, e in TABLE.items() if e.stage == "after"))
def test_each_draw_is_a_value_that_a_budget_takes(key):
    for end in ("low", "high"):
        assert budget(assumptions={key: end}).years[0] == 2026
