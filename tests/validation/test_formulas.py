"""Closed forms against each other and against their limits; published values are the doctests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.validation.formulas import (
    birth_death,
    erlang_a,
    erlang_b,
    erlang_c,
    machine_repair,
    mean_wait,
    pollaczek_khinchine,
    priority_waits,
    service_level,
)

loads = st.floats(0.1, 60)
servers = st.integers(1, 80)


@given(loads, servers)
def test_erlang_b_is_the_last_state_of_its_birth_death_process(load: float, c: int) -> None:
    law = birth_death(np.full(c, load), np.arange(1.0, c + 1))
    assert math.isclose(law[-1], erlang_b(load, c), rel_tol=1e-9)


def test_erlang_b_is_stable_where_factorials_are_not() -> None:
    assert 0 < erlang_b(5000, 5000) < 0.02
    assert math.isclose(erlang_b(5000, 5000), math.sqrt(2 / (math.pi * 5000)), rel_tol=0.01)


@given(st.floats(0.05, 0.98), servers)
def test_a_single_class_of_priority_is_erlang_c(use: float, c: int) -> None:
    rate = use * c
    assert math.isclose(priority_waits([rate], 1, c)[0], mean_wait(rate, 1, c), rel_tol=1e-9)


@given(st.floats(0.05, 0.9), servers)
def test_priorities_keep_the_mean_wait(use: float, c: int) -> None:
    """Same service for all: the order of service moves waits between classes, not their mean."""
    rates = np.array([0.2, 0.3, 0.5]) * use * c
    waits = priority_waits(rates.tolist(), 1, c)
    assert math.isclose(rates @ waits / rates.sum(), mean_wait(rates.sum(), 1, c), rel_tol=1e-9)
    assert list(waits) == sorted(waits)


@given(st.floats(0.05, 0.95))
def test_one_server_with_exponential_service_is_both_families(load: float) -> None:
    assert math.isclose(pollaczek_khinchine(load, cv=1), mean_wait(load, 1, 1), rel_tol=1e-9)


@given(st.floats(0.1, 0.9), servers)
def test_the_service_level_starts_at_who_does_not_wait(use: float, c: int) -> None:
    rate = use * c
    assert math.isclose(service_level(rate, 1, c, 0), 1 - erlang_c(rate, c), abs_tol=1e-12)
    assert service_level(rate, 1, c, 2) >= service_level(rate, 1, c, 1)


@given(st.floats(0.5, 20), st.integers(1, 25))
def test_erlang_a_conserves_its_callers(rate: float, c: int) -> None:
    """Served plus abandoned are all who call, whatever the load."""
    result = erlang_a(rate, 1, 0.5, c)
    assert math.isclose(result.occupancy * c, rate * (1 - result.abandoning), rel_tol=1e-8)
    assert math.isclose(result.abandoning, 0.5 * result.mean_wait, rel_tol=1e-8)


def test_erlang_a_tends_to_erlang_c_and_to_erlang_b() -> None:
    patient = erlang_a(10, 1, 1e-7, 14)
    assert math.isclose(patient.waiting, erlang_c(10, 14), rel_tol=1e-4)
    assert math.isclose(erlang_a(10, 1, 1e7, 14).abandoning, erlang_b(10, 14), rel_tol=1e-4)


def test_a_crew_for_each_machine_leaves_none_waiting() -> None:
    fleet = machine_repair(20, 20, 1 / 400, 1 / 1.5)
    assert math.isclose(fleet.availability, 400 / 401.5, rel_tol=1e-12)
    assert math.isclose(fleet.waiting, 0, abs_tol=1e-12)


def test_an_overloaded_queue_is_refused() -> None:
    with pytest.raises(ValueError, match="a load of 14 is not below 14 servers"):
        erlang_c(14, 14)
