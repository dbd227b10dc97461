"""A queue of three servers (10 calls and 4 services an hour each) in four simulators."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import ciw
import numpy as np
import salabim
import simpy

from tests.bench.stopwatch import interval, seconds
from twin.model.centre import kernel
from twin.model.centre.world import NEVER, Requests
from twin.model.clock import MS_PER_H
from twin.validation.worlds import quiet, room, table

__all__ = ["SIMULATORS", "customers_per_s"]

ARRIVALS_PER_H, SERVICES_PER_H, SERVERS = 10, 4, 3


def with_simpy(customers: int, seed: int) -> None:
    """Play it with SimPy: a process for each customer."""
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(1 / ARRIVALS_PER_H, customers).tolist()
    services = rng.exponential(1 / SERVICES_PER_H, customers).tolist()
    env = simpy.Environment()
    desk = simpy.Resource(env, SERVERS)

    def customer(service: float) -> Iterator[simpy.Event]:
        with desk.request() as turn:
            yield turn
            yield env.timeout(service)

    def arrivals() -> Iterator[simpy.Event]:
        for gap, service in zip(gaps, services, strict=True):
            yield env.timeout(gap)
            env.process(customer(service))

    env.process(arrivals())
    env.run()


def with_ciw(customers: int, seed: int) -> None:
    """Play it with Ciw: a network of one node."""
    ciw.seed(seed)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(ARRIVALS_PER_H)],
        service_distributions=[ciw.dists.Exponential(SERVICES_PER_H)],
        number_of_servers=[SERVERS],
    )
    ciw.Simulation(network).simulate_until_max_customers(customers)


def with_salabim(customers: int, seed: int) -> None:
    """Play it with salabim: a component for each customer, written as a generator."""
    salabim.yieldless(False)
    env = salabim.Environment(trace=False, random_seed=seed)
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(1 / ARRIVALS_PER_H, customers).tolist()
    services = rng.exponential(1 / SERVICES_PER_H, customers).tolist()
    desk = salabim.Resource("desk", capacity=SERVERS)

    class Customer(salabim.Component):  # type: ignore[misc]
        def setup(self, service: float) -> None:
            self.service = service

        def process(self) -> Iterator[object]:
            yield self.request(desk)
            yield self.hold(self.service)
            self.release()

    class Arrivals(salabim.Component):  # type: ignore[misc]
        def process(self) -> Iterator[object]:
            for gap, service in zip(gaps, services, strict=True):
                yield self.hold(gap)
                Customer(service=service)

    Arrivals()
    env.run()


def with_kernel(customers: int, seed: int) -> None:
    """Play it with the centre's kernel: seats that do not watch, viewing requests that wait."""
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(MS_PER_H / ARRIVALS_PER_H, customers)
    services = rng.exponential(MS_PER_H / SERVICES_PER_H, customers)
    time_ms = np.ceil(np.cumsum(gaps)).astype(np.int64)
    work_ms = np.ceil(services).astype(np.int64)
    centre = room(SERVERS, int(time_ms[-1] + work_ms.sum()) + 1)
    requests = table(
        Requests,
        customers,
        time_ms=time_ms,
        id=np.arange(customers),
        work_ms=work_ms,
        patience_ms=NEVER,
    )
    journal = kernel.simulate(centre, quiet(centre)._replace(requests=requests))
    assert len(journal.tasks) == customers


SIMULATORS: dict[str, Callable[[int, int], None]] = {
    "kernel of the centre": with_kernel,
    "SimPy": with_simpy,
    "Ciw": with_ciw,
    "salabim": with_salabim,
}


def customers_per_s(
    name: str, customers: int = 10_000, replications: int = 5
) -> tuple[float, float]:
    """Customers served per processor second, drawing included: mean and half an interval."""
    play = SIMULATORS[name]
    play(100, 0)
    rates = [
        customers / seconds(lambda seed=seed: play(customers, seed))  # type: ignore[misc]
        for seed in range(1, replications + 1)
    ]
    return interval(rates)
