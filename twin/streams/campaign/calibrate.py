"""The rig against itself: readers read the cameras directly, no server stands between."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from twin.streams.campaign.bench import BenchPlan, smaller, wait_until
from twin.streams.campaign.step import GATES
from twin.streams.mediamtx import free_ports
from twin.streams.plans import ReaderPlan, plan_cameras
from twin.streams.rig import Rig, RigPlan

__all__ = ["Floor", "calibrate", "floor"]

UP_S = 20.0


@dataclass(frozen=True)
class Floor:
    """What the rig itself costs and adds, for a number of cameras each with one reader."""

    profile: str
    cameras: int
    seconds: float
    frames_share: float
    gaps: int
    latency_p50_ms: float
    latency_p99_ms: float
    lateness_p99_ms: float
    rig_cpu: float
    rig_memory_mb: float

    @property
    def healthy(self) -> bool:
        """Whether a step of this size could be believed."""
        return (
            self.lateness_p99_ms < GATES["lateness_p99_ms"][1]
            and self.rig_cpu < GATES["rig_cpu"][1]
            and self.frames_share >= GATES["rig_sent_share"][1]
        )

    def row(self) -> dict[str, Any]:
        """The floor as it is kept."""
        return asdict(self) | {"healthy": self.healthy}


def floor(plan: BenchPlan) -> Floor:
    """Measure the rig of `plan` without a server."""
    (port,) = free_ports(1)
    cameras = plan_cameras(
        plan.cameras,
        f"rtsp://127.0.0.1:{port}",
        gop_s=plan.profile.gop_s,
        start_s=time.monotonic(),
        seed=plan.seed,
        own_address=True,
    )
    readers = tuple(ReaderPlan("recorder", n, (camera,)) for n, camera in enumerate(cameras))
    rig_plan = RigPlan(
        plan.profile, "pull", tuple(cameras), readers, "", plan.granularity, cores=plan.rig_cores
    )
    with Rig(rig_plan, plan.workers) as rig:
        rig.start_cameras(per_s=1e6)
        wait_until(lambda: rig.snapshot().cameras.now["open"] == plan.cameras, UP_S)
        rig.start_readers(plan.start_per_s)
        wait_until(lambda: rig.snapshot().read.now["playing"] == plan.cameras, UP_S)
        time.sleep(plan.warm_up_s)
        begin = rig.snapshot()
        time.sleep(plan.seconds)
        end = rig.snapshot()
    took_s = end.at_s - begin.at_s
    delta = end.since(begin)
    read = delta.readers["recorder"]
    owed = read.counts["expected"] + read.counts["pending"]
    return Floor(
        profile=plan.key,
        cameras=plan.cameras,
        seconds=took_s,
        frames_share=read.counts["frames"] / owed if owed else 0.0,
        gaps=read.counts["gaps"],
        latency_p50_ms=read.delay_ms(50),
        latency_p99_ms=read.delay_ms(99),
        lateness_p99_ms=delta.cameras.delay_ms(99),
        rig_cpu=max(delta.cpu_s) / took_s,
        rig_memory_mb=end.memory_mb,
    )


def calibrate(
    plan: BenchPlan, *, limit: int = 4_000, on_floor: Callable[[Floor], None]
) -> list[Floor]:
    """Double the cameras until the rig can no longer be believed.

    Returns
    -------
    list of Floor
        The last one is unhealthy, unless `limit` was reached.
    """
    floors: list[Floor] = []
    cameras = plan.cameras
    while cameras <= limit:
        floors.append(floor(smaller(plan, cameras)))
        on_floor(floors[-1])
        if not floors[-1].healthy:
            break
        cameras *= 2
    return floors
