"""The soak: hours with operators who switch and cameras that fail; what grows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from scipy.stats import linregress

from twin.streams.campaign.bench import Bench, BenchPlan
from twin.streams.install import Binary

__all__ = ["Soak", "soak"]

SAMPLE_S = 5.0
DEATH_S = 20.0
DOWN_S = 2.0
HOLD_S = (2.0, 6.0)


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
    memory_mb_per_h: float
    memory_mb_per_h_error: float
    descriptors_per_h: float
    descriptors_per_h_error: float

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
    """
    draw = random.Random(plan.seed)  # noqa: S311 - which camera fails
    times, memory, descriptors = [], [], []
    cut = 0
    with Bench(replace(plan, hold_s=HOLD_S), binary) as bench:
        bench.start()
        time.sleep(plan.warm_up_s)
        before = bench.rig.snapshot()
        begin_s = death_s = time.monotonic()
        try:
            while (now_s := time.monotonic()) - begin_s < hours * 3600:
                sample = bench.server.sample()
                times.append((now_s - begin_s) / 3600)
                memory.append(sample.memory_mb)
                descriptors.append(sample.descriptors)
                on_sample({"hours": times[-1], "memory_mb": memory[-1], "open": descriptors[-1]})
                if now_s - death_s >= DEATH_S:
                    bench.rig.cut([f"cam{draw.randint(1, plan.cameras):05}"], DOWN_S)
                    death_s, cut = now_s, cut + 1
                time.sleep(SAMPLE_S)
        except KeyboardInterrupt:
            pass
        delta = bench.rig.snapshot().since(before)
    grown, opened = linregress(times, memory), linregress(times, descriptors)
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
        memory[0],
        memory[-1],
        float(grown.slope),
        float(grown.stderr),
        float(opened.slope),
        float(opened.stderr),
    )
