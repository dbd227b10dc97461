import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import InputError
from twin.model.recorded_facts import estimated_counts, load_recorded_facts

POPULATION = np.geomspace(300, 60_000, 60)


def hidden_by_the_rule(counts):
    """Counts as the producer shows them: above 5 in three years, or none in three years."""
    shown = (counts > 5).all(axis=1) | (counts == 0).all(axis=1)
    return np.where(shown[:, None], counts, np.nan)


def drawn(seed, mean_per_1000, log_sd):
    rng = np.random.default_rng(seed)
    rate = mean_per_1000 / 1000 * np.exp(log_sd * rng.standard_normal(len(POPULATION)))
    return rng.poisson(rate[:, None] * POPULATION[:, None], (len(POPULATION), 3)).astype(float)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 20), st.floats(0, 1))
def test_published_counts_are_kept_and_hidden_ones_are_estimated(seed, mean, log_sd):
    counts = hidden_by_the_rule(drawn(seed, mean, log_sd))
    found = estimated_counts(counts, POPULATION)
    hidden = np.isnan(counts[:, -1])
    assert found[~hidden] == pytest.approx(counts[~hidden].mean(axis=1))
    assert (found[hidden] > 0).all()
    assert np.isfinite(found).all()


@pytest.mark.parametrize(("mean", "log_sd"), [(0.2, 0.5), (1.0, 0.5), (4.0, 0.5), (4.0, 1.0)])
def test_the_hidden_total_is_found_where_the_rate_of_the_published_fails(mean, log_sd):
    """Over many regions; the rate of the published communes is the tempting estimate."""
    truth = ours = tempting = 0.0
    for seed in range(60):
        counts = drawn(seed, mean, log_sd)
        shown = hidden_by_the_rule(counts)
        hidden = np.isnan(shown[:, -1])
        found = estimated_counts(shown, POPULATION)
        truth += counts[hidden].mean(axis=1).sum()
        ours += found[hidden].sum()
        rate = found[~hidden].sum() / POPULATION[~hidden].sum()
        tempting += rate * POPULATION[hidden].sum()
    assert ours == pytest.approx(truth, rel=0.05)
    assert abs(tempting - truth) > 2 * abs(ours - truth)


def test_a_hidden_year_of_a_published_series_counts_as_above_five():
    nan = float("nan")
    counts = np.array([[nan, 8.0, 12.0], [nan, nan, nan]])
    assert estimated_counts(counts, np.array([2000.0, 2000.0]))[0] == 10


def test_facts_do_not_depend_on_the_order_of_the_communes():
    codes, people = ["59350", "59005", "59009"], [238_695, 3_549, 62_342]
    classes = ["a", "b", "a"]
    one = load_recorded_facts(codes, people, classes)
    other = load_recorded_facts(codes[::-1], people[::-1], classes[::-1])
    assert one.count == pytest.approx(other.count[::-1])
    assert (one.hidden == other.hidden[::-1]).all()


def test_a_count_that_is_no_number_is_refused(own_data):
    table = own_data / "recorded_facts.csv"
    table.write_text(table.read_text().replace(",30,published", ",thirty,published", 1))
    with pytest.raises(InputError, match=r"line \d+, column count: .*whole number"):
        load_recorded_facts(["59005"], [3_549], ["a"])
