"""The same systems by programs of others: pyworkforce for Erlang, Ciw for whole queues."""

from __future__ import annotations

from collections.abc import Callable

import ciw
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyworkforce.queuing import ErlangC
from scipy.special import stdtrit

from twin.model.centre.engines import engine_named
from twin.validation import formulas
from twin.validation.cases import cases

CASES = {case.number: case for case in cases()}
REPLICATIONS = 16
CUSTOMERS, WARM_UP = 3000, 500


@given(st.floats(1, 500), st.floats(0.5, 10), st.integers(1, 20), st.floats(0.05, 2))
def test_erlang_c_is_that_of_pyworkforce(calls: float, aht: float, spare: int, asa: float) -> None:
    other = ErlangC(transactions=calls, aht=aht, asa=asa, interval=30)
    load = calls * aht / 30
    servers = int(load) + spare
    assert formulas.erlang_c(load, servers) == pytest.approx(other.waiting_probability(servers))
    level = formulas.service_level(calls / 30, 1 / aht, servers, asa)
    assert level == pytest.approx(other.service_level(servers))


def test_the_positions_that_pyworkforce_asks_for_are_the_fewest() -> None:
    asked = ErlangC(transactions=100, aht=3, asa=20 / 60, interval=30).required_positions(0.8)
    servers = asked["positions"]
    levels = [formulas.service_level(100 / 30, 1 / 3, c, 20 / 60) for c in (servers - 1, servers)]
    assert levels[0] < 0.8 <= levels[1]


def by_ciw(seed: int, **network: object) -> list[ciw.dists.Distribution]:
    """Records of the customers after the warm-up, in the order of their arrivals."""
    ciw.seed(seed)
    simulation = ciw.Simulation(ciw.create_network(**network))
    simulation.simulate_until_max_customers(CUSTOMERS, method="Arrive")
    records = sorted(simulation.get_all_records(), key=lambda record: record.arrival_date)
    return records[WARM_UP:]


def palmer(seed: int) -> dict[str, float]:
    """Case 3."""
    records = by_ciw(
        seed,
        arrival_distributions=[ciw.dists.Exponential(10)],
        service_distributions=[ciw.dists.Exponential(4)],
        number_of_servers=[3],
    )
    waits = np.array([record.waiting_time for record in records])
    return {"waiting": (waits > 1e-9).mean(), "mean wait (h)": waits.mean()}


def impatient(seed: int) -> dict[str, float]:
    """Case 4, by the minute."""
    records = by_ciw(
        seed,
        arrival_distributions=[ciw.dists.Exponential(100 / 30)],
        service_distributions=[ciw.dists.Exponential(1 / 3)],
        number_of_servers=[14],
        reneging_time_distributions=[ciw.dists.Exponential(1 / 5)],
    )
    waits = np.array([record.waiting_time for record in records])
    left = np.array([record.record_type == "renege" for record in records])
    return {
        "waiting": (waits > 1e-9).mean(),
        "abandoning": left.mean(),
        "mean wait (min)": waits.mean(),
    }


def classes(seed: int) -> dict[str, float]:
    """Case 5."""
    rates = {"Class 0": 2, "Class 1": 3, "Class 2": 4}
    records = by_ciw(
        seed,
        arrival_distributions={name: [ciw.dists.Exponential(rate)] for name, rate in rates.items()},
        service_distributions={name: [ciw.dists.Exponential(1)] for name in rates},
        number_of_servers=[12],
        priority_classes={name: i for i, name in enumerate(rates)},
    )
    found = {}
    for i, name in enumerate(rates, 1):
        waits = [record.waiting_time for record in records if record.customer_class == name]
        found[f"mean wait (services) of class {i}"] = float(np.mean(waits))
    return found


@pytest.mark.parametrize(("number", "other"), [(3, palmer), (4, impatient), (5, classes)])
def test_ciw_finds_what_the_engine_finds(
    number: int, other: Callable[[int], dict[str, float]]
) -> None:
    """Two programs, two sets of draws: their difference has zero in its interval."""
    case, kernel = CASES[number], engine_named("kernel")
    theirs = [other(seed) for seed in range(REPLICATIONS)]
    ours = [
        dict(zip(case.values, case.play(kernel, 1, seed), strict=True))
        for seed in range(REPLICATIONS)
    ]
    for quantity in theirs[0]:
        gaps = np.array([a[quantity] - b[quantity] for a, b in zip(ours, theirs, strict=True)])
        half = stdtrit(REPLICATIONS - 1, 0.9995) * gaps.std(ddof=1) / np.sqrt(REPLICATIONS)
        assert abs(gaps.mean()) <= half, quantity
        assert half < case.values[quantity], quantity
