"""A server, its cameras and its readers, started and watched together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal, Self

import psutil

from twin.contracts import StreamProfile
from twin.errors import InputError
from twin.streams.frames import encoded
from twin.streams.install import Binary
from twin.streams.mediamtx import Configuration, Server, ServerSample, free_ports
from twin.streams.plans import ReaderPlan, plan_cameras
from twin.streams.probe import exact_streams
from twin.streams.rig import Rig, RigPlan, Snapshot

__all__ = [
    "Bench",
    "BenchPlan",
    "Live",
    "Window",
    "default_cores",
    "smaller",
    "wait_until",
    "write_queue",
]

SAMPLE_S = 2.0
UP_S = 30.0
DRAIN_S = 1.5


@dataclass(frozen=True)
class BenchPlan:
    """What runs on the bench.

    Attributes
    ----------
    key : str
        Key of the profile.
    recorders : int
        Readers of every camera.
    wall, state : int
        Readers that change camera, and readers that stay on one.
    server_cores, rig_cores : tuple of int
        Cores the server and the rig are pinned to; none to leave them free.
    start_per_s : float
        Cameras connected per second.
    aligned : bool
        Key frames of all the cameras at once.
    neighbours_cores : float
        Cores that other programs may use before a step is no longer believed.
    probes : int
        Streams that are decoded after the window and compared with what was sent, ten at most.
    """

    key: str
    profile: StreamProfile
    mode: Literal["push", "pull"]
    cameras: int
    recorders: int = 1
    wall: int = 0
    state: int = 0
    seconds: float = 20.0
    warm_up_s: float = 5.0
    server_cores: tuple[int, ...] = ()
    rig_cores: tuple[int, ...] = ()
    workers: int = 1
    start_per_s: float = 200.0
    aligned: bool = False
    granularity: Literal["frame", "packet"] = "frame"
    hold_s: tuple[float, float] = (10.0, 30.0)
    neighbours_cores: float = 0.25
    probes: int = 0
    seed: int = 1

    @property
    def readers(self) -> int:
        """Readers in all."""
        return self.cameras * self.recorders + self.wall + self.state


def default_cores() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Cores for the server (the last one) and for the rig (the others); none on a single core."""
    cores = sorted(os.sched_getaffinity(0))
    return ((cores[-1],), tuple(cores[:-1])) if len(cores) > 1 else ((), ())


@dataclass(frozen=True)
class Live:
    """What is shown while a step runs, over its last seconds."""

    streams: int
    mbit_s: float
    lost_frames: int
    latency_p99_ms: float
    server_cpu: float
    rig_cpu: float


Watch = Callable[[Live], None]


@dataclass(frozen=True)
class Window:
    """What happened between two instants, the bench being in a steady state.

    Attributes
    ----------
    neighbours_cores, stolen_cores : float
        Processor time used by neither the server nor the rig, and time the host took back.
    """

    seconds: float
    rig: Snapshot
    before: ServerSample
    after: ServerSample
    neighbours_cores: float
    stolen_cores: float

    @property
    def server_cpu_cores(self) -> float:
        """Cores the server used."""
        return (self.after.cpu_s - self.before.cpu_s) / (self.after.at_s - self.before.at_s)

    def counted(self, name: str) -> int:
        """Growth of a counter of the server."""
        return self.after.counters[name] - self.before.counters[name]


class Bench:
    """A plan made to run; leaving the context ends every process and removes every file."""

    def __init__(self, plan: BenchPlan, binary: Binary) -> None:
        if plan.cameras < 1:
            raise InputError("a bench needs one camera at least")
        self.plan = plan
        rtsp, api, metrics, cameras_port = free_ports(4)
        queue = write_queue(plan.profile)
        configuration = Configuration({}, (rtsp, api, metrics), write_queue=queue)
        push = plan.mode == "push"
        cameras = plan_cameras(
            plan.cameras,
            configuration.url("publish") if push else f"rtsp://127.0.0.1:{cameras_port}",
            gop_s=plan.profile.gop_s,
            start_s=time.monotonic(),
            seed=plan.seed,
            aligned=plan.aligned,
            own_address=not push,
        )
        configuration.sources.update({c.name: None if push else c.url for c in cameras})
        recorders = [
            ReaderPlan("recorder", turn * plan.cameras + number, (camera,))
            for turn in range(plan.recorders)
            for number, camera in enumerate(cameras)
        ]
        wall = [ReaderPlan("wall", n, cameras, plan.hold_s) for n in range(plan.wall)]
        state = [ReaderPlan("state", n, (cameras[n % plan.cameras],)) for n in range(plan.state)]
        self._rig_plan = RigPlan(
            plan.profile,
            plan.mode,
            tuple(cameras),
            (*recorders, *wall, *state),
            configuration.url("read"),
            plan.granularity,
            cores=plan.rig_cores,
        )
        self._binary = binary
        self._configuration = configuration
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.rig = stack.enter_context(Rig(self._rig_plan, self.plan.workers))
            if self.plan.mode == "pull":
                self.rig.start_cameras(per_s=1e6)
                self._wait(lambda: self.rig.snapshot().cameras.now["open"] == self.plan.cameras)
            self.begin_s = time.monotonic()
            self.server = stack.enter_context(
                Server(self._binary, self._configuration, cores=self.plan.server_cores)
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def configuration(self) -> Configuration:
        """What the server was told."""
        return self._configuration

    def start(self) -> float:
        """Connect cameras, then readers.

        Returns
        -------
        float
            Seconds until every camera was on line, from their first attempt (push) or from the
            launch of the server (pull); NaN when some never were.
        """
        if self.plan.mode == "push":
            self.begin_s = time.monotonic()
            self.rig.start_cameras(self.plan.start_per_s)
        online = self._wait(lambda: self.server.online() == self.plan.cameras)
        took_s = time.monotonic() - self.begin_s if online else float("nan")
        self.rig.start_readers(self.plan.start_per_s)
        self._wait(lambda: self.playing() == self.plan.readers)
        return took_s

    def playing(self) -> int:
        """Readers that receive frames now."""
        return sum(tally.now["playing"] for tally in self.rig.snapshot().readers.values())

    def _wait(self, reached: Callable[[], bool]) -> bool:
        return wait_until(reached, UP_S + self.plan.cameras / self.plan.start_per_s)

    def window(self, seconds: float, watch: Watch | None = None) -> Window:
        """Watch the bench for `seconds`."""
        pids = [os.getpid(), self.server.pid, *self.rig.pids]
        times0, own0 = psutil.cpu_times(), _cpu_s(pids)
        before, begin = self.server.sample(), self.rig.snapshot()
        last, last_server = begin, before
        while (left_s := begin.at_s + seconds - time.monotonic()) > 0:
            time.sleep(min(SAMPLE_S, left_s))
            now, server = self.rig.snapshot(), self.server.sample()
            if watch:
                watch(_live(last, now, last_server, server))
            last, last_server = now, server
        times1, own1 = psutil.cpu_times(), _cpu_s(pids)
        took_s = last.at_s - begin.at_s
        busy_s = sum(getattr(times1, n) - getattr(times0, n) for n in ("user", "nice", "system"))
        stolen_s = getattr(times1, "steal", 0.0) - getattr(times0, "steal", 0.0)
        return Window(
            took_s,
            last.since(begin),
            before,
            last_server,
            max(0.0, busy_s - own1 + own0) / took_s,
            stolen_s / took_s,
        )

    def exact(self) -> int:
        """Streams, of those probed, whose decoded pictures are those that were sent."""
        names = list(self._configuration.sources)[: self.plan.probes]
        url = self._configuration.url("read")
        return exact_streams([f"{url}/{name}" for name in names], encoded(self.plan.profile))

    def quiesce(self) -> dict[str, int]:
        """Stop sending, let the last packets through, and compare both ends of every leg.

        Returns
        -------
        dict of str to int
            Packets sent by cameras and received by the server (push only: a server that fetches
            does not count); sent by the server, discarded by it and received by readers.
        """
        self.rig.hush()
        time.sleep(DRAIN_S)
        received = self.rig.by_agent()
        sessions = {
            str(session.get("userAgent")): session
            for session in self.server.sessions()
            if "-wall-" not in str(session.get("userAgent"))
        }
        live = [agent for agent in received if agent in sessions]
        compared = {
            "readers": len(live),
            "server_sent": sum(int(sessions[a].get("outboundRTPPackets", 0)) for a in live),
            "server_discarded": sum(
                int(sessions[a].get("outboundRTPPacketsDiscarded", 0)) for a in live
            ),
            "readers_received": sum(int(received[a]["packets"]) for a in live),
        }
        if self.plan.mode == "push":
            compared["cameras_sent"] = self.rig.snapshot().cameras.counts["packets"]
            compared["server_received"] = self.server.sample().counters["packets_in"]
        return compared


def wait_until(reached: Callable[[], bool], seconds: float) -> bool:
    """Whether `reached` came true within `seconds`."""
    end_s = time.monotonic() + seconds
    while not (found := reached()) and time.monotonic() < end_s:
        time.sleep(0.1)
    return found


def write_queue(profile: StreamProfile) -> int:
    """Packets a reader may be late by: a power of two, twice the largest frame at least."""
    packets = encoded(profile).packets()
    return max(512, 1 << (2 * max(map(packets.packets, range(len(packets))))).bit_length())


def _live(a: Snapshot, b: Snapshot, server_a: ServerSample, server_b: ServerSample) -> Live:
    delta = b.since(a)
    seconds, server_s = b.at_s - a.at_s, server_b.at_s - server_a.at_s
    return Live(
        b.cameras.now["online"],
        delta.read.counts["bytes"] * 8 / seconds / 1e6,
        delta.lost_frames,
        delta.read.delay_ms(99),
        (server_b.cpu_s - server_a.cpu_s) / server_s,
        max(delta.cpu_s) / seconds,
    )


def _cpu_s(pids: list[int]) -> float:
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)


def smaller(plan: BenchPlan, cameras: int) -> BenchPlan:
    """`plan` with another number of cameras, wall and State feed in proportion."""
    ratio = cameras / plan.cameras
    return replace(
        plan, cameras=cameras, wall=round(plan.wall * ratio), state=round(plan.state * ratio)
    )
