"""The rig: cameras and readers in worker processes, driven from one place."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import resource
import selectors
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Literal, Self

import psutil

from twin.contracts import StreamProfile
from twin.errors import MissingError
from twin.streams.cameras import CameraFleet
from twin.streams.frames import encoded
from twin.streams.plans import CameraPlan, ReaderPlan
from twin.streams.readers import ReaderFleet
from twin.streams.tally import Tally

__all__ = ["RIG_VERSION", "Rig", "RigPlan", "Snapshot", "event_loop", "split"]

RIG_VERSION = "2"
"""Changes whenever two figures of the rig may no longer be compared."""
GRAIN_S = 0.002
ANSWER_S = 60.0


@dataclass(frozen=True)
class RigPlan:
    """What one worker, or all of them together, does.

    Attributes
    ----------
    server_url : str
        Where readers read, with their credentials; empty to read cameras at their own address.
    grain_s : float
        The workers wake up at most once per grain. It adds at most one grain to a latency and
        divides the rig's own cost by the packets it finds at each waking.
    cores : tuple of int
        Processor cores the workers are pinned to; none to leave them free.
    """

    profile: StreamProfile
    mode: Literal["push", "pull"]
    cameras: tuple[CameraPlan, ...]
    readers: tuple[ReaderPlan, ...]
    server_url: str
    granularity: Literal["frame", "packet"] = "frame"
    grain_s: float = GRAIN_S
    cores: tuple[int, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """The whole rig at an instant."""

    at_s: float
    cameras: Tally
    readers: dict[str, Tally] = field(default_factory=dict)
    cpu_s: tuple[float, ...] = ()
    """Processor time of each worker since it was made."""
    memory_mb: float = 0.0

    @property
    def read(self) -> Tally:
        """Every class of readers together."""
        return sum(self.readers.values(), Tally())

    @property
    def lost_frames(self) -> int:
        """Frames that readers were owed and did not get."""
        counts = [tally.counts for tally in self.readers.values()]
        return sum(max(0, c["expected"] + c["pending"] - c["frames"]) for c in counts)

    def since(self, earlier: Snapshot) -> Snapshot:
        """What happened after `earlier`; memory and `at_s` are those of the end."""
        return replace(
            self,
            cameras=self.cameras.since(earlier.cameras),
            readers={kind: t.since(earlier.readers[kind]) for kind, t in self.readers.items()},
            cpu_s=tuple(b - a for a, b in zip(earlier.cpu_s, self.cpu_s, strict=True)),
        )


class _Coalescing(selectors.DefaultSelector):
    """Sleeps a grain before it looks, so that one look finds whole frames and not one packet."""

    grain_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.grain_s and (timeout is None or timeout > 0):
            # The whole grain, even when a camera is due sooner: it leaves late by a grain at most.
            time.sleep(self.grain_s)
            timeout = None if timeout is None else max(0.0, timeout - self.grain_s)
        return super().select(timeout)


def event_loop(grain_s: float = GRAIN_S) -> asyncio.SelectorEventLoop:
    """An event loop that wakes up at most once per grain."""
    selector = _Coalescing()
    selector.grain_s = grain_s
    return asyncio.SelectorEventLoop(selector)


def split(plan: RigPlan, workers: int) -> list[RigPlan]:
    """Shares of `plan`, one per worker; a recorder lives apart from the camera it records.

    Examples
    --------
    >>> from twin.contracts import load_stream_types
    >>> cameras = tuple(CameraPlan(f"cam{i}", "rtsp://h/c", 0.0) for i in range(5))
    >>> plan = RigPlan(load_stream_types().profiles["P2"], "push", cameras, (), "")
    >>> [len(share.cameras) for share in split(plan, 2)]
    [3, 2]
    """
    return [
        replace(plan, cameras=plan.cameras[turn::workers], readers=plan.readers[turn::workers])
        for turn in range(workers)
    ]


class Rig:
    """Worker processes that simulate the cameras and readers of a plan.

    Used as a context: leaving it stops every worker, whatever happened.

    Raises
    ------
    MissingError
        The limit of open files is too low for the plan, or a worker died.
    """

    def __init__(self, plan: RigPlan, workers: int = 1) -> None:
        needed = 2 * len(plan.cameras) + len(plan.readers) + 64
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard not in (resource.RLIM_INFINITY, -1) and hard < needed:
            raise MissingError(
                f"the rig needs {needed} open files and the limit is {hard}: "
                "raise it (ulimit -Hn) or ask for fewer cameras"
            )
        encoded(plan.profile)
        context = multiprocessing.get_context("spawn")
        self._links: list[Connection] = []
        self._processes: list[multiprocessing.process.BaseProcess] = []
        try:
            for share in split(plan, workers):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(share, theirs), daemon=True)
                self._links.append(ours)
                self._processes.append(process)
                process.start()
                theirs.close()
            self._all("ready")
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pids(self) -> list[int]:
        """Process identifiers of the workers."""
        return [process.pid for process in self._processes if process.pid]

    def start_cameras(self, per_s: float) -> None:
        """Connect the cameras, `per_s` a second in all."""
        self._all("start_cameras", per_s / len(self._links))

    def start_readers(self, per_s: float) -> None:
        """Connect the readers, `per_s` a second in all."""
        self._all("start_readers", per_s / len(self._links))

    def snapshot(self) -> Snapshot:
        """Every counter now."""
        parts = self._all("tally")
        cameras, readers = Tally(), dict[str, Tally]()
        for part_cameras, part_readers in parts:
            cameras += part_cameras
            for kind, tally in part_readers.items():
                readers[kind] = readers.get(kind, Tally()) + tally
        found = [psutil.Process(pid) for pid in self.pids]
        cpu_s = tuple(sum(process.cpu_times()[:2]) for process in found)
        memory_mb = sum(process.memory_info().rss for process in found) / 1e6
        return Snapshot(time.monotonic(), cameras, readers, cpu_s, memory_mb)

    def hush(self) -> None:
        """Cameras keep their connections and send nothing more."""
        self._all("hush")

    def cut(self, names: Sequence[str], down_s: float) -> None:
        """Cameras `names` lose their power for a while."""
        self._all("cut", set(names), down_s)

    def stall(self, agents: Sequence[str], seconds: float) -> None:
        """Readers stop reading for a while."""
        self._all("stall", set(agents), seconds)

    def freeze(self, seconds: float) -> None:
        """The rig itself stops for a while: a fault of the rig, which its gates must see."""
        self._all("freeze", seconds)

    def by_agent(self) -> dict[str, dict[str, float]]:
        """Counters of each reader's connection, by user agent."""
        found: dict[str, dict[str, float]] = {}
        for part in self._all("by_agent"):
            found |= part
        return found

    def stop(self) -> None:
        """End the workers, by force if they do not listen."""
        for link in self._links:
            with suppress(OSError):
                link.close()
        for process in self._processes:
            if process.pid:
                process.join(timeout=3)
            if process.pid and process.is_alive():
                process.kill()
                process.join()
        self._links, self._processes = [], []

    def _all(self, command: str, *arguments: Any) -> list[Any]:
        try:
            for link in self._links:
                link.send((command, arguments))
            answers = []
            for link in self._links:
                if not link.poll(ANSWER_S):
                    raise MissingError(
                        f"a worker of the rig did not answer within {ANSWER_S:.0f} s"
                    )
                answers.append(link.recv())
        except (EOFError, OSError):
            raise MissingError("a worker of the rig died") from None
        return answers


def _work(plan: RigPlan, link: Connection) -> None:
    """Life of a worker process: obey until the link closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if plan.cores:
        os.sched_setaffinity(0, plan.cores)
    loop = event_loop(plan.grain_s)
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(_Worker(plan, link).run())
    finally:
        loop.close()


class _Worker:
    def __init__(self, plan: RigPlan, link: Connection) -> None:
        self.link = link
        video = encoded(plan.profile)
        packets = video.packets()
        self.cameras = (
            CameraFleet(
                plan.cameras, video, plan.mode, granularity=plan.granularity, packets=packets
            )
            if plan.cameras
            else None
        )
        self.readers = ReaderFleet(plan.readers, plan.server_url, packets)
        self.ended = asyncio.Event()
        self.starting: list[asyncio.Task[None]] = []
        # Nothing made so far will be freed: the collector need not look at it again.
        gc.collect()
        gc.freeze()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(self.link.fileno(), self.obey)
        await self.ended.wait()
        loop.remove_reader(self.link.fileno())
        for task in self.starting:
            task.cancel()
        if self.cameras:
            await self.cameras.close()
        await self.readers.close()

    def obey(self) -> None:
        try:
            command, arguments = self.link.recv()
            self.link.send(getattr(self, f"do_{command}")(*arguments))
        except (EOFError, OSError):
            self.ended.set()

    def do_ready(self) -> None:
        """Answer, now that everything is loaded."""

    def do_start_cameras(self, per_s: float) -> None:
        if self.cameras:
            self.starting.append(asyncio.ensure_future(self.cameras.start(per_s)))

    def do_start_readers(self, per_s: float) -> None:
        self.starting.append(asyncio.ensure_future(self.readers.start(per_s)))

    def do_tally(self) -> tuple[Tally, dict[str, Tally]]:
        return (self.cameras.tally() if self.cameras else Tally()), self.readers.tallies()

    def do_by_agent(self) -> dict[str, dict[str, float]]:
        return {agent: dict(found) for agent, found in self.readers.by_agent().items()}

    def do_hush(self) -> None:
        if self.cameras:
            self.cameras.playing = False

    def do_cut(self, names: set[str], down_s: float) -> None:
        if self.cameras:
            self.cameras.cut(names, down_s=down_s)

    def do_stall(self, agents: set[str], seconds: float) -> None:
        self.readers.stall(agents, seconds)

    def do_freeze(self, seconds: float) -> None:
        asyncio.get_running_loop().call_soon(time.sleep, seconds)
