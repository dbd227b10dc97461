"""Closed forms of queueing theory: what the twin must reproduce when it is given their assumptions.

Rates share one unit of time, which is then the unit of the waits. Every stationary law below is
that of a birth-death process, computed in logarithms; Erlang B uses its stable recursion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import norm

__all__ = [
    "ErlangA",
    "Interrupted",
    "MachineRepair",
    "birth_death",
    "erlang_a",
    "erlang_b",
    "erlang_c",
    "halfin_whitt",
    "interrupted",
    "machine_repair",
    "mean_wait",
    "pollaczek_khinchine",
    "priority_waits",
    "retrial",
    "service_level",
]

Floats = npt.NDArray[np.float64]

_NEGLIGIBLE = 1e-14
"""Part of the probability that may lie beyond the last state of an infinite process."""


def birth_death(births: Floats, deaths: Floats) -> Floats:
    """Stationary law of a birth-death process on 0, 1, ..., n.

    Parameters
    ----------
    births : array of shape (n,)
        Rates from i to i + 1.
    deaths : array of shape (n,)
        Rates from i + 1 to i.

    Returns
    -------
    array of shape (n + 1,)

    Examples
    --------
    >>> birth_death(np.array([2.0, 2.0]), np.array([1.0, 2.0])).round(3).tolist()
    [0.2, 0.4, 0.4]
    """
    log = np.concatenate([[0.0], np.cumsum(np.log(births) - np.log(deaths))])
    law: Floats = np.exp(log - log.max())
    law /= law.sum()
    return law


def erlang_b(load: float, servers: int) -> float:
    """Share of the calls that find every server busy and are lost (Erlang 1917, M/G/c/c).

    Parameters
    ----------
    load : float
        Arrival rate times mean service, in erlangs.
    servers : int
        Servers, which are all the places there are.

    Examples
    --------
    >>> round(erlang_b(10, 14), 10)
    0.0568191434

    Stroke wards of Monks et al. (2016, BMC Health Services Research 16:530), acute beds 9 to 14:

    >>> [round(erlang_b(8.14549, beds), 3) for beds in range(9, 15)]
    [0.181, 0.128, 0.087, 0.056, 0.034, 0.019]
    """
    blocking = 1.0
    for server in range(1, servers + 1):
        blocking = load * blocking / (server + load * blocking)
    return blocking


def erlang_c(load: float, servers: int) -> float:
    """Share of the calls that wait when all wait as long as it takes (Erlang 1917, M/M/c).

    Raises
    ------
    ValueError
        The load is not below the number of servers: the queue grows without end.

    Examples
    --------
    >>> round(erlang_c(10, 14), 10)
    0.1741319336

    The case that Palmer et al. (2018) ran in Ciw, SimPy, AnyLogic, SIMUL8 and C++:

    >>> round(erlang_c(10 / 4, 3), 10)
    0.702247191
    """
    if load >= servers:
        raise ValueError(f"a load of {load} is not below {servers} servers")
    blocking = erlang_b(load, servers)
    return blocking / (1 - load / servers * (1 - blocking))


def mean_wait(arrival_rate: float, service_rate: float, servers: int) -> float:
    """Mean wait in the queue of an M/M/c.

    Examples
    --------
    >>> round(mean_wait(10, 4, 3), 10)
    0.3511235955
    """
    delayed = erlang_c(arrival_rate / service_rate, servers)
    return delayed / (servers * service_rate - arrival_rate)


def service_level(arrival_rate: float, service_rate: float, servers: int, within: float) -> float:
    """Share of the calls of an M/M/c that wait at most `within`.

    Examples
    --------
    100 calls per 30 minutes, 3 minutes each, 14 agents, answered within 20 seconds:

    >>> round(service_level(100 / 30, 1 / 3, 14, within=20 / 60), 10)
    0.8883500192
    """
    delayed = erlang_c(arrival_rate / service_rate, servers)
    return 1 - delayed * math.exp(-(servers * service_rate - arrival_rate) * within)


class ErlangA(NamedTuple):
    """What an M/M/c+M does."""

    waiting: float
    """Share of the callers that wait."""
    abandoning: float
    """Share of the callers that give up."""
    occupancy: float
    """Share of the servers' time that is service."""
    mean_wait: float
    """Mean wait of all callers, those who give up included."""


def erlang_a(
    arrival_rate: float, service_rate: float, abandonment_rate: float, servers: int
) -> ErlangA:
    """M/M/c with exponential patience (Palm 1957; Garnett, Mandelbaum and Reiman 2002).

    Examples
    --------
    The load of `service_level` with a mean patience of 5 minutes:

    >>> [round(value, 7) for value in erlang_a(100 / 30, 1 / 3, 1 / 5, 14)]
    [0.1452601, 0.0139837, 0.7042973, 0.0699187]
    """

    def deaths(states: Floats) -> Floats:
        waiting = np.maximum(states - servers, 0)
        return np.minimum(states, servers) * service_rate + waiting * abandonment_rate

    law = _unbounded(arrival_rate, deaths, 2 * servers)
    states = np.arange(len(law))
    queue = float(law @ np.maximum(states - servers, 0))
    return ErlangA(
        waiting=float(law[servers:].sum()),
        abandoning=abandonment_rate * queue / arrival_rate,
        occupancy=float(law @ np.minimum(states, servers)) / servers,
        mean_wait=queue / arrival_rate,
    )


def _unbounded(arrival_rate: float, deaths: Callable[[Floats], Floats], states: int) -> Floats:
    """Law of a process without a last state, on as many states as matter."""
    while True:
        reached = np.arange(1, states + 1, dtype=np.float64)
        law = birth_death(np.full(states, arrival_rate), deaths(reached))
        if law[-1] < _NEGLIGIBLE:
            return law
        states *= 2


def priority_waits(
    arrival_rates: Sequence[float], service_rate: float, servers: int
) -> tuple[float, ...]:
    """Mean wait of each class of an M/M/c with non-preemptive priorities, the first class first.

    Classes have the same mean service (Cobham 1954; Kella and Yechiali 1985).

    Examples
    --------
    >>> [round(wait, 9) for wait in priority_waits([2, 3, 4], 1, 12)]
    [0.026603468, 0.045605946, 0.15201982]
    """
    capacity = servers * service_rate
    delayed = erlang_c(sum(arrival_rates) / service_rate, servers)
    used = np.concatenate([[0.0], np.cumsum(arrival_rates)]) / capacity
    waits = delayed / capacity / ((1 - used[:-1]) * (1 - used[1:]))
    return tuple(waits.tolist())


def pollaczek_khinchine(load: float, cv: float) -> float:
    """Mean wait of an M/G/1, in mean services, for a service of coefficient of variation `cv`.

    Examples
    --------
    >>> round(pollaczek_khinchine(0.8, cv=0), 10), round(pollaczek_khinchine(0.8, cv=1.5), 10)
    (2.0, 6.5)
    """
    return load * (1 + cv * cv) / (2 * (1 - load))


class MachineRepair(NamedTuple):
    """What a fleet of machines mended by a crew does."""

    availability: float
    """Mean share of the machines that work."""
    waiting: float
    """Mean number of machines that wait for the crew."""


def machine_repair(
    machines: int, crew: int, failure_rate: float, repair_rate: float
) -> MachineRepair:
    """M/M/r//N: machines fail on their own, and `crew` of them at most are mended at once.

    Examples
    --------
    500 cameras, 400 days between failures, 1.5 days of repair, a crew of two:

    >>> fleet = machine_repair(500, 2, 1 / 400, 1 / 1.5)
    >>> round(fleet.availability, 7), round(fleet.waiting, 6)
    (0.9799754, 8.174827)
    """
    down = np.arange(machines + 1, dtype=np.float64)
    law = birth_death(
        (machines - down[:-1]) * failure_rate, np.minimum(down[1:], crew) * repair_rate
    )
    return MachineRepair(
        availability=1 - float(law @ down) / machines,
        waiting=float(law @ np.maximum(down - crew, 0)),
    )


class Interrupted(NamedTuple):
    """What the second of two classes meets at a server that the first one interrupts."""

    mean_wait: float
    """From arrival to the first start."""
    mean_stay: float
    """From the first start to the end, interruptions included."""


def interrupted(
    urgent_rate: float,
    other_rate: float,
    urgent_rate_of_service: float,
    other_rate_of_service: float,
    resume: float,
) -> Interrupted:
    """M/M/1 with two classes, work interrupted by the first and resumed at a constant cost.

    The stay is the completion time of Gaver (1962, Journal of the Royal Statistical Society B
    24:73): each interruption brings a busy period of the urgent and `resume` of work, which may be
    interrupted too. A customer waits behind those stays, or for the end of a busy period of the
    urgent. Free of cost it is the textbook's preemptive resume:

    Examples
    --------
    >>> free = interrupted(0.3, 0.3, 1, 1, resume=0)
    >>> round(free.mean_wait, 9) == round((0.3 + 0.3) / (0.7 * 0.4), 9), round(free.mean_stay, 6)
    (True, 1.428571)
    """
    spare = urgent_rate_of_service - urgent_rate
    busy = 1 / spare
    busy_variance = (urgent_rate_of_service + urgent_rate) / spare**3
    again = 1 - urgent_rate * resume
    away = (busy + resume) / again
    away_variance = (busy_variance + urgent_rate * resume * away**2) / again
    stretch = 1 + urgent_rate * away
    work = 1 / other_rate_of_service
    stay = work * stretch
    stay_square = 2 * stay**2 + urgent_rate * work * (away_variance + away**2)
    behind = other_rate * stay_square / (2 * (1 - other_rate * stay))
    busy_square = busy_variance + busy**2
    return Interrupted(behind + urgent_rate * busy_square / (2 * (1 + urgent_rate * busy)), stay)


def retrial(arrival_rate: float, service_rate: float, retrial_rate: float) -> float:
    """Mean number in orbit of an M/M/1 that customers reach by retrials alone.

    Who arrives joins the orbit; each in orbit is taken at `retrial_rate` while the server is free.
    From the generating functions of the orbit while the server is free and while it is busy.

    Examples
    --------
    Retrials without delay leave the queue of an M/M/1 (that at load one half is 0.5):

    >>> round(retrial(0.5, 1, 1e9), 6), retrial(0.5, 1, 1)
    (0.5, 1.5)
    """
    spare = service_rate - arrival_rate
    return arrival_rate * (arrival_rate / service_rate + service_rate / retrial_rate) / spare


def halfin_whitt(waiting: float) -> float:
    """Spare servers, in roots of the load, with which a share `waiting` of the calls wait.

    Halfin and Whitt (1981, Operations Research 29:567), for a large load.

    Examples
    --------
    >>> [round(halfin_whitt(share), 5) for share in (0.1, 0.2, 0.5)]
    [1.42019, 1.06152, 0.50605]
    """

    def excess(beta: float) -> float:
        return float(1 / (1 + beta * norm.cdf(beta) / norm.pdf(beta))) - waiting

    return float(brentq(excess, 1e-9, 10))
