"""Equations of queues that vary, against each other, closed forms and published values."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from twin.validation import arithmetic
from twin.validation.ode import Steps, delayed, law_under, laws, mean_load

EVER = 60


@given(st.lists(st.floats(0.1, 20), min_size=1, max_size=8), st.floats(0.05, 2))
def test_infinitely_many_servers_hold_a_poisson_number(rates: list[float], length: float) -> None:
    steps = Steps(length, np.array(rates))
    law = laws(steps, np.full(len(rates), EVER), 1, EVER)
    means = mean_load(steps, 1)
    assert np.allclose(law, poisson.pmf(np.arange(EVER + 1), means[:, None]), atol=1e-6)


@given(st.integers(1, 6), st.floats(0.1, 0.8), st.integers(1, 5))
def test_a_law_is_a_law(servers: int, use: float, relieved: int) -> None:
    steps = Steps(0.5, np.full(6, use * servers))
    law = laws(steps, np.full(6, servers), 1, EVER, relieved={relieved})
    assert (law > -1e-12).all()
    assert np.allclose(law.sum(axis=1), 1)


def test_fine_steps_tend_to_the_smooth_rate() -> None:
    times = np.array([3.05, 6.05])

    def rate(time: float) -> float:
        return 4 + 3 * np.sin(time)

    smooth = law_under(rate, 3, 2, EVER, times)
    errors = []
    for length in (0.5, 0.1):
        steps = Steps.of(lambda time: 4 + 3 * np.sin(time), length, round(7 / length))
        law = laws(steps, np.full(len(steps.rates), 3), 2, EVER)
        middles = (np.arange(len(steps.rates)) + 0.5) * length
        near = [np.interp(times, middles, column) for column in law.T]
        errors.append(np.abs(np.array(near).T - smooth).max())
    assert errors[1] < 0.002
    assert errors[1] < errors[0] / 5


def test_who_is_relieved_takes_his_customer_away() -> None:
    """Just after the change nobody new is served yet: those who waited are all there are."""
    steps, servers = Steps(1e-6, np.full(2, 2.0)), np.array([3, 3])
    before = laws(Steps(5.0, np.array([2.0])), np.array([3]), 1, EVER)
    assert before[0, 3:].sum() > 0.05
    long = Steps(10.0, np.array([2.0, 2.0]))
    kept = laws(long, servers, 1, EVER)[1]
    relieved = laws(long, servers, 1, EVER, relieved={1})[1]
    assert relieved[0] > kept[0]
    assert delayed(laws(steps, servers, 1, EVER), servers).max() < 1e-6


def test_the_published_chances_to_wait_of_a_control_room() -> None:
    rows = [row for row in arithmetic.verdicts() if row.number == 8]
    assert [row.value for row in rows] == [0.10438, 0.36814, 0.95447, 0.88685]
    assert all(row.agrees for row in rows)
