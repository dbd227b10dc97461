"""The soak: hours with operators who switch and cameras that fail; what grows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import psutil
from scipy.stats import linregress

from twin.streams.campaign.bench import Bench, BenchPlan
from twin.streams.install import Binary

__all__ = ["Soak", "soak"]

SAMPLE_S = 5.0
DEATH_S = 20.0
DOWN_S = 2.0
HOLD_S = (2.0, 6.0)


GROWING = ("memory_mb", "descriptors", "rig_memory_mb", "rig_descriptors")
"""What should not grow: memory and open files, of the server and of the rig."""
FEWEST_SAMPLES = 3
"""A slope and its error need as many."""


@dataclass(frozen=True)
class Soak:
    """What grew, and how fast."""

    profile: str
    mode: str
    cameras: int
    hours: float
    switches: int
    cameras_cut: int
    lost_frames: int
    gaps: int
    memory_mb_first: float
    memory_mb_last: float
    per_h: dict[str, tuple[float, float]]
    """Growth per hour and its standard error, of each of `GROWING`."""

    def row(self) -> dict[str, Any]:
        """The soak as it is kept."""
        return asdict(self)


def soak(
    plan: BenchPlan,
    binary: Binary,
    *,
    hours: float,
    on_sample: Callable[[dict[str, float]], None],
) -> Soak:
    """Run `plan` for `hours`, a camera failing every twenty seconds, walls switching often.

    Interrupted, it reports what it saw until then.

    Raises
    ------
    KeyboardInterrupt
        Interrupted before anything could be said.
    """
    draw = random.Random(plan.seed)  # noqa: S311 - which camera fails
    samples: list[dict[str, float]] = []
    cut = 0
    with Bench(replace(plan, hold_s=HOLD_S), binary) as bench:
        bench.start()
        time.sleep(plan.warm_up_s)
        before = bench.rig.snapshot()
        begin_s = death_s = time.monotonic()
        try:
            while (now_s := time.monotonic()) - begin_s < hours * 3600:
                samples.append({"hours": (now_s - begin_s) / 3600} | _sizes(bench))
                on_sample(samples[-1])
                if now_s - death_s >= DEATH_S:
                    bench.rig.cut([f"cam{draw.randint(1, plan.cameras):05}"], DOWN_S)
                    death_s, cut = now_s, cut + 1
                time.sleep(SAMPLE_S)
        except KeyboardInterrupt:
            if len(samples) < FEWEST_SAMPLES:
                raise
        delta = bench.rig.snapshot().since(before)
    times = [sample["hours"] for sample in samples]
    lines = {name: linregress(times, [sample[name] for sample in samples]) for name in GROWING}
    total = delta.read.counts
    return Soak(
        plan.key,
        plan.mode,
        plan.cameras,
        times[-1],
        total["switches"],
        cut,
        delta.lost_frames,
        total["gaps"],
        samples[0]["memory_mb"],
        samples[-1]["memory_mb"],
        {name: (float(line.slope), float(line.stderr)) for name, line in lines.items()},
    )


def _sizes(bench: Bench) -> dict[str, float]:
    """`GROWING`, now."""
    server, rig = bench.server.sample(), bench.rig.snapshot()
    opened = sum(psutil.Process(pid).num_fds() for pid in bench.rig.pids)
    values = (server.memory_mb, server.descriptors, rig.memory_mb, opened)
    return dict(zip(GROWING, values, strict=True))
