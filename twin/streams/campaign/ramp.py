"""The ramp: the largest number of cameras the server carries, and what its cost is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from twin.errors import TwinError
from twin.streams.campaign.bench import BenchPlan, Watch, smaller
from twin.streams.campaign.step import Step, measure
from twin.streams.install import Binary

__all__ = ["MIXES", "RigBoundError", "fit_plans", "ramp"]

ATTEMPTS = 3
MIXES = ((0.5, 0), (0.5, 2), (0.25, 0), (0.25, 3))
"""Share of the knee, and readers of every camera: what comes in told from what goes out."""

OnStep = Callable[[Step], None]


class RigBoundError(TwinError):
    """The rig, not the server, was the limit: no figure follows."""

    exit_code = 1


def ramp(
    plan: BenchPlan,
    binary: Binary,
    *,
    limit: int = 4_000,
    repeats: int = 3,
    resolution: float = 0.05,
    on_step: OnStep,
    watch: Watch | None = None,
) -> tuple[int, int]:
    """Double the cameras until an objective is missed, then halve the interval.

    Parameters
    ----------
    plan : BenchPlan
        First step; wall and State feed grow with the cameras.
    limit : int
        Largest number tried.
    repeats : int
        Steps that must all meet every objective for a number to be carried.
    resolution : float
        The search ends when the interval is this share of the number carried.
    on_step : callable
        Given each step as soon as it is done: what is kept survives an interruption.

    Returns
    -------
    tuple of int
        Largest number carried (0 when none) and smallest refused (`limit` + 1 when none).

    Raises
    ------
    RigBoundError
        A step stayed invalid however often it was tried.
    """

    def believed(plan: BenchPlan, repeat: int) -> Step:
        for _ in range(ATTEMPTS):
            step = measure(plan, binary, purpose="knee", repeat=repeat, watch=watch)
            on_step(step)
            if not step.invalid:
                return step
        raise RigBoundError(
            f"{plan.cameras} cameras: the step is invalid ({', '.join(step.invalid)}): "
            "the rig or the machine is the limit, not the server"
        )

    def carried(cameras: int) -> bool:
        plans = (replace(smaller(plan, cameras), seed=n) for n in range(1, repeats + 1))
        return not any(believed(each, each.seed).missed for each in plans)

    best, refused, cameras = 0, limit + 1, plan.cameras
    while cameras < refused:
        if not carried(cameras):
            refused = cameras
        elif cameras == limit:
            return cameras, refused
        else:
            best, cameras = cameras, min(2 * cameras, limit)
    while refused - best > max(1, resolution * best):
        middle = (best + refused) // 2
        if carried(middle):
            best = middle
        else:
            refused = middle
    return best, refused


def fit_plans(plan: BenchPlan, knee: int) -> list[BenchPlan]:
    """Steps below the knee whose ratio of readers to cameras varies."""
    return [
        replace(plan, cameras=max(1, round(knee * share)), recorders=recorders, wall=0, state=0)
        for share, recorders in MIXES
    ]
