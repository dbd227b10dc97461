"""One measured step: its figures, whether the rig can be believed, what the server missed."""

from __future__ import annotations

import math
import os
import time
from dataclasses import asdict, dataclass
from typing import Any

from twin.streams.campaign.bench import Bench, BenchPlan, Watch, Window
from twin.streams.install import Binary
from twin.streams.tally import Tally, percentiles

__all__ = ["GATES", "OBJECTIVES", "Step", "measure"]

OBJECTIVES: dict[str, tuple[str, float]] = {
    "frames_share": (">=", 0.999),
    "gaps": ("<=", 0),
    "latency_p99_ms": ("<", 250.0),
    "discarded": ("<=", 0),
    "reconnects": ("<=", 0),
    "server_cpu_share": ("<", 0.8),
    "missing_streams": ("<=", 0),
}
"""What the server owes the centre; the last one is that every camera and reader be served."""

GATES: dict[str, tuple[str, float]] = {
    "lateness_p99_ms": ("<", 20.0),
    "rig_cpu": ("<", 0.85),
    "rig_sent_share": (">=", 0.999),
    "stolen_cores": ("<", 0.05),
}
"""What the rig owes the server; a step that misses one is invalid, and says nothing of it. So
is a step during which other programs used more cores than the plan allows."""


@dataclass(frozen=True)
class Step:
    """Figures of one step; cores and shares, milliseconds and megabytes as named."""

    purpose: str
    profile: str
    mode: str
    cameras: int
    readers: int
    seconds: float
    repeat: int
    online_s: float
    missing_streams: int
    frames_share: float
    gaps: int
    lost_packets: int
    latency_p50_ms: float
    latency_p95_ms: float
    latency_p99_ms: float
    latency_max_ms: float
    discarded: int
    reconnects: int
    server_cores: int
    server_cpu_cores: float
    server_cpu_share: float
    server_memory_mb: float
    server_descriptors: int
    packets_in_s: float
    packets_out_s: float
    mbit_in_s: float
    mbit_out_s: float
    lateness_p99_ms: float
    lateness_max_ms: float
    rig_cpu: float
    rig_memory_mb: float
    rig_sent_share: float
    neighbours_cores: float
    neighbours_allowed: float
    stolen_cores: float
    first_packet_s: dict[str, float]
    first_key_s: dict[str, float]
    jitter_ms: dict[str, float]
    probes: int
    probes_exact: int
    reconciled: dict[str, int]
    warnings: dict[str, int]

    @property
    def missed(self) -> list[str]:
        """Objectives the server missed."""
        return _unmet(self, OBJECTIVES)

    @property
    def invalid(self) -> list[str]:
        """Gates the rig missed."""
        crowded = ["neighbours_cores"] if self.neighbours_cores > self.neighbours_allowed else []
        return _unmet(self, GATES) + crowded

    def row(self) -> dict[str, Any]:
        """The step as it is kept, with both verdicts."""
        return asdict(self) | {"missed": self.missed, "invalid": self.invalid}


def _unmet(step: Step, limits: dict[str, tuple[str, float]]) -> list[str]:
    found = []
    for name, (relation, limit) in limits.items():
        value = getattr(step, name)
        met = {"<": value < limit, "<=": value <= limit, ">=": value >= limit}[relation]
        if not met:  # a NaN meets nothing
            found.append(name)
    return found


def measure(
    plan: BenchPlan, binary: Binary, *, purpose: str, repeat: int = 1, watch: Watch | None = None
) -> Step:
    """Run `plan` once: start, warm up, watch, decode some streams, compare both ends.

    Parameters
    ----------
    purpose : str
        Kept with the step: ``knee``, ``fit``, a fault's name.
    """
    with Bench(plan, binary) as bench:
        online_s = bench.start()
        time.sleep(plan.warm_up_s)
        window = bench.window(plan.seconds, watch)
        totals = bench.rig.snapshot()
        jitter_ms = [found["jitter_ms"] for found in bench.rig.by_agent().values()]
        exact = bench.exact()
        reconciled = bench.quiesce()
        warnings = dict(bench.server.warnings())
    read, lasting = window.rig.read, totals.read.lasting
    return Step(
        purpose=purpose,
        profile=plan.key,
        mode=plan.mode,
        cameras=plan.cameras,
        readers=plan.readers,
        repeat=repeat,
        online_s=online_s,
        first_packet_s=percentiles(lasting.get("first_packet_s", [])),
        first_key_s=percentiles(lasting.get("first_key_s", [])),
        jitter_ms=percentiles(jitter_ms),
        probes=plan.probes,
        probes_exact=exact,
        reconciled=reconciled,
        warnings=warnings,
        **_served(plan, window, read),
        **_cost(plan, window, read),
        **_health(plan, window),
    )


def _served(plan: BenchPlan, window: Window, read: Tally) -> dict[str, Any]:
    owed = read.counts["expected"] + read.counts["pending"]
    fixed = [tally for kind, tally in window.rig.readers.items() if kind != "wall"]
    absent = sum(tally.now["readers"] - tally.now["playing"] for tally in fixed)
    return {
        "seconds": window.seconds,
        "missing_streams": plan.cameras - window.after.online + absent,
        "frames_share": 1.0 if not plan.readers else 1 - window.rig.lost_frames / max(1, owed),
        "gaps": read.counts["gaps"],
        "lost_packets": read.counts["lost_packets"],
        **{
            f"latency_{name}_ms": read.delay_ms(percent) if plan.readers else 0.0
            for name, percent in (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))
        },
        "discarded": max(0, window.counted("discarded")),
        "reconnects": read.counts["reconnects"] + window.rig.cameras.counts["dropped"],
    }


def _cost(plan: BenchPlan, window: Window, read: Tally) -> dict[str, Any]:
    cores = max(1, len(plan.server_cores)) if plan.server_cores else len(os.sched_getaffinity(0))
    sent = window.rig.cameras.counts
    return {
        "server_cores": cores,
        "server_cpu_cores": window.server_cpu_cores,
        "server_cpu_share": window.server_cpu_cores / cores,
        "server_memory_mb": window.after.memory_mb,
        "server_descriptors": window.after.descriptors,
        "packets_in_s": sent["packets"] / window.seconds,
        "packets_out_s": read.counts["packets"] / window.seconds,
        "mbit_in_s": sent["bytes"] * 8 / window.seconds / 1e6,
        "mbit_out_s": read.counts["bytes"] * 8 / window.seconds / 1e6,
    }


def _health(plan: BenchPlan, window: Window) -> dict[str, Any]:
    cameras = window.rig.cameras
    due = cameras.now["online"] * plan.profile.fps * window.seconds
    # One frame of each camera may fall on either side of the window's ends.
    sent = cameras.counts["frames"] + cameras.counts["lost_frames"] + cameras.now["online"]
    return {
        "lateness_p99_ms": cameras.delay_ms(99),
        "lateness_max_ms": cameras.delay_ms(100),
        "rig_cpu": max(window.rig.cpu_s) / window.seconds,
        "rig_memory_mb": window.rig.memory_mb,
        "rig_sent_share": min(1.0, sent / due) if due else math.nan,
        "neighbours_cores": window.neighbours_cores,
        "neighbours_allowed": plan.neighbours_cores,
        "stolen_cores": window.stolen_cores,
    }
