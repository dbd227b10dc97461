"""Queues whose rates change with time: their law from the equations of Kolmogorov.

An engine is fed rates that are constant by steps. `laws` takes the same steps, so that whatever
separates the two is chance or an error, never the discretisation. `law_under` takes a smooth rate,
to reproduce what others published. They share no arithmetic: the first is uniformised, the second
left to an integrator.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.integrate import solve_ivp
from scipy.stats import poisson

__all__ = ["Steps", "delayed", "law_under", "laws", "mean_load"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_NEGLIGIBLE = 1e-13
"""Part of the probability that a step of the uniformised chain may leave out."""


class Steps(NamedTuple):
    """Arrival rates constant by steps of one length, from time 0."""

    length: float
    rates: Floats

    @classmethod
    def of(cls, rate: Callable[[Floats], Floats], length: float, number: int) -> Steps:
        """Take the rate in the middle of each step.

        Examples
        --------
        >>> Steps.of(lambda time: 2 * time, 0.5, 3).rates.tolist()
        [0.5, 1.5, 2.5]
        """
        middles = np.arange(number, dtype=np.float64) + 0.5
        return cls(length, rate(length * middles))


def laws(
    steps: Steps,
    servers: Ints,
    service_rate: float,
    states: int,
    relieved: Collection[int] = (),
) -> Floats:
    """Law of the number in an M(t)/M/s(t) in the middle of each of its steps, empty at time 0.

    Parameters
    ----------
    servers : array of shape (steps,)
        Servers in each step. Where their number falls, the customers of those who leave wait
        again: exponential services make that the preemptive discipline.
    states : int
        Largest number in the system that matters.
    relieved : collection of int
        Steps at whose start every server is relieved and finishes what is in hand apart: the
        exhaustive discipline of Ingolfsson et al. (2007, INFORMS Journal on Computing 19:201)
        between shifts that have no server in common. Those in the hands of the relieved are no
        longer counted.

    Returns
    -------
    array of shape (steps, states + 1)

    Examples
    --------
    >>> steps = Steps(0.5, np.full(60, 6.0))
    >>> law = laws(steps, np.full(60, 3), 4, 100)[-1]
    >>> round(float(law[3:].sum()), 4)  # that of an M/M/3 at 6 per hour, 4 per hour each
    0.2368
    """
    here = np.zeros(states + 1)
    here[0] = 1.0
    middles = []
    for step, rate in enumerate(steps.rates):
        if step in relieved:
            here = _relieved(here, int(servers[step - 1]))
        deaths = service_rate * np.minimum(np.arange(1.0, states + 1), servers[step])
        middles.append(_after(here, rate, deaths, steps.length / 2))
        here = _after(middles[-1], rate, deaths, steps.length / 2)
    return np.array(middles)


def _relieved(law: Floats, servers: int) -> Floats:
    """Law of those who were waiting behind `servers`."""
    waiting = np.zeros_like(law)
    waiting[: len(law) - servers] = law[servers:]
    waiting[0] += law[:servers].sum()
    return waiting


def _after(law: Floats, birth_rate: float, deaths: Floats, elapsed: float) -> Floats:
    """Law of a birth-death process after `elapsed`, by uniformisation (Jensen 1953)."""
    fastest = birth_rate + deaths.max()
    jumps = int(poisson.isf(_NEGLIGIBLE, fastest * elapsed)) + 1
    weights = poisson.pmf(np.arange(jumps + 1), fastest * elapsed)
    mixed = weights[0] * law
    for weight in weights[1:]:
        law = law + _flow(law, birth_rate, deaths) / fastest
        mixed = mixed + weight * law
    after: Floats = mixed / mixed.sum()
    return after


def _flow(law: Floats, birth_rate: float, deaths: Floats) -> Floats:
    """Rate at which the law of a birth-death process changes."""
    up = np.zeros(len(law) + 1)
    up[1:-1] = birth_rate * law[:-1] - deaths * law[1:]
    change: Floats = up[:-1] - up[1:]
    return change


def delayed(laws_of_number: Floats, servers: Ints) -> Floats:
    """Chance to find every server busy in each step.

    Examples
    --------
    >>> delayed(np.array([[0.75, 0.25, 0.0], [0.5, 0.25, 0.25]]), np.array([1, 2])).tolist()
    [0.25, 0.25]
    """
    chances = [law[count:].sum() for law, count in zip(laws_of_number, servers, strict=True)]
    return np.array(chances)


def law_under(
    rate: Callable[[float], float],
    servers: int,
    service_rate: float,
    states: int,
    times: Floats,
) -> Floats:
    """Law of the number in an M(t)/M/s at each of `times`, empty at time 0, under a smooth rate.

    Examples
    --------
    >>> law = law_under(lambda time: 6.0, 3, 4, 100, np.array([30.0]))[0]
    >>> round(float(law[3:].sum()), 4)
    0.2368
    """
    deaths = service_rate * np.minimum(np.arange(1.0, states + 1), servers)
    empty = np.zeros(states + 1)
    empty[0] = 1.0
    found = solve_ivp(
        lambda time, law: _flow(law, rate(time), deaths),
        (0.0, float(times[-1])),
        empty,
        method="DOP853",
        t_eval=times,
        rtol=1e-8,
        atol=1e-11,
    )
    return np.asarray(found.y.T, dtype=np.float64)


def mean_load(steps: Steps, service_rate: float) -> Floats:
    """Mean number in an M(t)/M/inf in the middle of each of its steps, empty at time 0.

    Within a step it tends to rate over `service_rate` as an exponential does (Eick, Massey and
    Whitt 1993, Management Science 39:241).

    Examples
    --------
    >>> mean_load(Steps(2.0, np.array([1.0, 1.0])), 1.0).round(4).tolist()
    [0.6321, 0.9502]
    """
    kept = np.exp(-service_rate * steps.length / 2)
    load, middles = 0.0, []
    for rate in steps.rates:
        limit = rate / service_rate
        middles.append(limit + (load - limit) * kept)
        load = limit + (middles[-1] - limit) * kept
    return np.array(middles)
