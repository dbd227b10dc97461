"""What an operator sees when something breaks: each fault is provoked on a running bench."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from twin.errors import InputError, MissingError, did_you_mean
from twin.streams.campaign.bench import Bench, BenchPlan
from twin.streams.campaign.link import Shape, shaped_link
from twin.streams.campaign.step import measure
from twin.streams.frames import encoded
from twin.streams.install import Binary
from twin.streams.tally import percentiles

__all__ = ["FAULTS", "FaultResult", "provoke"]

SETTLE_S = 3.0
STALL_S = 20.0
DOWN_S = 5.0
PAUSE_S = 3.0
BACK_S = 40.0

Figures = dict[str, Any]


@dataclass(frozen=True)
class FaultResult:
    """What a fault did.

    Attributes
    ----------
    figures : dict
        Measured values by name, units in the names.
    untested : str
        Why nothing, or not everything, was measured; empty when all was.
    """

    fault: str
    profile: str
    mode: str
    cameras: int
    figures: Figures
    untested: str = ""

    def row(self) -> dict[str, Any]:
        """The result as it is kept."""
        return asdict(self)


def provoke(name: str, plan: BenchPlan, binary: Binary) -> FaultResult:
    """Run one fault of :data:`FAULTS` on a bench of its own.

    Raises
    ------
    InputError
        No such fault.
    """
    if name not in FAULTS:
        raise InputError(f'unknown fault "{name}"; {did_you_mean(name, FAULTS)}')
    figures = FAULTS[name](plan, binary)
    untested = figures.pop("untested", "")
    return FaultResult(name, plan.key, plan.mode, plan.cameras, figures, untested)


def _start(plan: BenchPlan, binary: Binary) -> Figures:
    """All the cameras at once, against twenty a second."""
    figures: Figures = {}
    for label, per_s in (("storm", 1e6), ("staggered", 20.0)):
        with Bench(replace(plan, start_per_s=per_s), binary) as bench:
            figures[f"{label}_all_online_s"] = bench.start()
            snapshot = bench.rig.snapshot()
        figures[f"{label}_camera_retries"] = snapshot.cameras.counts["retries"]
        waits_s = snapshot.readers["recorder"].lasting["first_packet_s"]
        figures[f"{label}_first_packet_s"] = percentiles(waits_s)
    return figures


def _slow_reader(plan: BenchPlan, binary: Binary) -> Figures:
    """One recorder stops reading; its queue on the server fills."""
    with Bench(plan, binary) as bench:
        bench.start()
        bench.window(SETTLE_S)
        slow = "cmsu-recorder-00000"
        bench.rig.stall([slow], STALL_S)
        window = bench.window(STALL_S + SETTLE_S)
        warnings = dict(bench.server.warnings())
        gaps = {agent: found["gaps"] for agent, found in bench.rig.by_agent().items()}
    return {
        "stalled_s": STALL_S,
        "server_warnings": warnings,
        "discarded_packets": window.counted("discarded"),
        "outages_s": window.rig.readers["recorder"].lasting["outage_s"],
        "reader_reconnects": window.rig.readers["recorder"].counts["reconnects"],
        "gaps_of_slow_reader": gaps.pop(slow),
        "gaps_of_others": sum(gaps.values()),
        "latency_p99_ms": window.rig.readers["recorder"].delay_ms(99),
    }


def _outage(plan: BenchPlan, binary: Binary, act: Callable[[Bench], None]) -> Figures:
    """`act` on a bench that runs, and wait until every reader is served again."""
    with Bench(plan, binary) as bench:
        bench.start()
        time.sleep(SETTLE_S)
        before = bench.rig.snapshot()
        begin_s = time.monotonic()
        act(bench)
        time.sleep(1.0)
        while not (back := _served(bench)) and time.monotonic() - begin_s < BACK_S:
            time.sleep(0.2)
        back_s = time.monotonic() - begin_s
        after = bench.rig.snapshot().since(before)
    recorders = after.readers["recorder"]
    return {
        "outage_s": percentiles(recorders.lasting["outage_s"]),
        "readers_cut": len(recorders.lasting["outage_s"]),
        "all_served_s": back_s if back else float("nan"),
        "lost_frames": after.lost_frames,
        "gaps": recorders.counts["gaps"],
        "latency_max_ms": recorders.delay_ms(100),
        "reader_reconnects": recorders.counts["reconnects"],
        "camera_retries": after.cameras.counts["retries"],
    }


def _served(bench: Bench) -> bool:
    readers = bench.rig.snapshot().readers.values()
    return all(t.now["playing"] == t.now["readers"] and t.now["late"] == 0 for t in readers)


def _cut(share: float) -> Callable[[BenchPlan, Binary], Figures]:
    def fault(plan: BenchPlan, binary: Binary) -> Figures:
        names = [f"cam{n:05}" for n in range(1, max(1, round(plan.cameras * share)) + 1)]
        return {"down_s": DOWN_S, "cameras_cut": len(names)} | _outage(
            plan, binary, lambda bench: bench.rig.cut(names, DOWN_S)
        )

    return fault


def _killed(plan: BenchPlan, binary: Binary) -> Figures:
    """The server dies, and a supervisor starts it again."""

    def act(bench: Bench) -> None:
        bench.server.kill()
        time.sleep(DOWN_S)
        bench.server.start()

    return {"down_s": DOWN_S} | _outage(plan, binary, act)


def _paused(plan: BenchPlan, binary: Binary) -> Figures:
    """The server is suspended, as on a machine that swaps or migrates."""

    def act(bench: Bench) -> None:
        bench.server.pause()
        time.sleep(PAUSE_S)
        bench.server.resume()

    return {"paused_s": PAUSE_S} | _outage(plan, binary, act)


def _restarted(plan: BenchPlan, binary: Binary) -> Figures:
    """The server is stopped as an administrator would, and started again at once."""

    def act(bench: Bench) -> None:
        bench.server.end()
        bench.server.start()

    return _outage(plan, binary, act)


def _aligned(plan: BenchPlan, binary: Binary) -> Figures:
    """Key frames of every camera at once, against spread ones."""
    figures: Figures = {}
    for label, aligned in (("spread", False), ("aligned", True)):
        step = measure(replace(plan, aligned=aligned), binary, purpose=label)
        figures[f"{label}_latency_p99_ms"] = step.latency_p99_ms
        figures[f"{label}_latency_max_ms"] = step.latency_max_ms
        figures[f"{label}_gaps"] = step.gaps
    return figures


def _link(plan: BenchPlan, binary: Binary) -> Figures:
    """Cameras behind 25 ms, behind 1 % of loss, and behind 80 % of the rate they need."""
    if plan.mode == "push":
        return {"untested": "un lien dégradé devant des flux poussés"}
    offered = plan.cameras * encoded(plan.profile).packets().mbit_s
    shapes = {
        "delay_25ms": Shape(delay_ms=25.0),
        "loss_1_percent": Shape(delay_ms=5.0, loss_percent=1.0),
        "rate_80_percent": Shape(rate_mbit_s=0.8 * offered),
    }
    figures: Figures = {}
    refused = []
    for label, shape in shapes.items():
        try:
            row = shaped_link(plan, binary, shape)
        except MissingError as problem:
            refused.append(f"un lien dégradé, {label} ({problem})")
            continue
        for name in ("frames_share", "latency_p50_ms", "latency_p99_ms", "gaps", "reconnects"):
            figures[f"{label}_{name}"] = row[name]
    return figures | {"untested": " ; ".join(refused)}


FAULTS: Mapping[str, Callable[[BenchPlan, Binary], Figures]] = {
    "start": _start,
    "aligned": _aligned,
    "slow_reader": _slow_reader,
    "camera_death": _cut(0.02),
    "mass_return": _cut(1.0),
    "killed": _killed,
    "paused": _paused,
    "restarted": _restarted,
    "link": _link,
}
"""Faults by name, each run on a bench of its own."""
