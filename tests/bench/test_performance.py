"""Ratios that hold on any machine, with margin; what was measured here: docs/performance.md."""

from __future__ import annotations

import math

import pytest

from tests.bench import growth, queue, year

pytestmark = pytest.mark.alone


def test_the_kernel_against_the_reference_over_a_year() -> None:
    taken_s = year.measured(repeats=5)
    assert taken_s["reference"] > 70 * taken_s["kernel"]
    assert taken_s["reference"] > 30 * sum(
        taken_s[step] for step in ("world", "kernel", "indicators")
    )


def test_a_queue_of_three_servers_against_simpy() -> None:
    ours, _ = queue.customers_per_s("kernel of the centre")
    simpy, _ = queue.customers_per_s("SimPy")
    assert ours > 5 * simpy


@pytest.mark.parametrize(
    ("of", "least", "most"), [(growth.of_demand, 1, 10), (growth.of_communes, 1, 25)]
)
def test_the_cost_of_a_task_grows_no_faster_than_the_logarithm(of, least, most) -> None:  # type: ignore[no-untyped-def]
    small, large = of(least), of(most)
    allowed = math.log(large.tasks) / math.log(small.tasks)
    assert large.microseconds < 1.3 * allowed * small.microseconds
