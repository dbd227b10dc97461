"""What a stream costs the rig, beside the usual tools, in one run on one machine.

Every method sends the same 720p25 at 2 Mbit/s to the same sink, or reads it from the same
MediaMTX; only ratios are asserted. Run alone: ``make bench``.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import pytest

from twin.contracts import load_stream_types
from twin.streams.frames import encoded
from twin.streams.install import Binary
from twin.streams.mediamtx import Configuration, Server, free_ports
from twin.streams.plans import ReaderPlan, plan_cameras
from twin.streams.rig import Rig, RigPlan, event_loop
from twin.streams.rtsp import response, take

av = pytest.importorskip("av")

pytestmark = pytest.mark.alone

PROFILE = load_stream_types().profiles["P2"]
OURS, THEIRS = 300, 20
SETTLE_S, WINDOW_S = 4.0, 6.0


@pytest.fixture(scope="module")
def server(binary: Binary) -> Iterator[Server]:
    rtsp, api, metrics = free_ports(3)
    names = [f"cam{n:05}" for n in range(1, OURS + 1)]
    with Server(binary, Configuration(dict.fromkeys(names), (rtsp, api, metrics))) as running:
        yield running


def cpu_share(pids: list[int]) -> float:
    """Cores used by processes over the window."""

    def used() -> float:
        return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)

    time.sleep(SETTLE_S)
    before, begin = used(), time.monotonic()
    time.sleep(WINDOW_S)
    return (used() - before) / (time.monotonic() - begin)


@contextmanager
def rig(publish: str, read: str, cameras: int, readers: bool) -> Iterator[Rig]:
    plans = tuple(
        plan_cameras(cameras, publish, gop_s=PROFILE.gop_s, start_s=time.monotonic(), seed=1)
    )
    watched = tuple(ReaderPlan("recorder", n, (plan,)) for n, plan in enumerate(plans))
    plan = RigPlan(PROFILE, "push", () if readers else plans, watched if readers else (), read)
    with Rig(plan) as running:
        yield running


class Sink(asyncio.BufferedProtocol):
    """Accepts whatever is recorded, and throws it away in large reads."""

    buffer = memoryview(bytearray(1 << 18))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.received = bytearray()
        self.recording = False

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self.recording:
            return
        self.received += self.buffer[:nbytes]
        while not self.recording and (message := take(self.received)) is not None:
            transport = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record"}
            public = {"Public": "OPTIONS, ANNOUNCE, SETUP, RECORD, TEARDOWN", "Session": "s"}
            self.transport.write(response(200, message, transport | public))  # type: ignore[attr-defined]
            self.recording = message.method == "RECORD"


def sink(link: Connection, port: int) -> None:
    async def serve() -> None:
        await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port, backlog=1000)
        link.send("started")
        await asyncio.Event().wait()

    # A sink that sleeps between looks: waking it is not a cost of the sender.
    with asyncio.Runner(loop_factory=event_loop) as runner:
        runner.run(serve())


@contextmanager
def tool(work: Callable[..., None], *arguments: Any) -> Iterator[int]:
    """A process of its own for a library, ended with the block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, *arguments), daemon=True)
    process.start()
    assert ours.recv() == "started"
    try:
        yield process.pid or 0
    finally:
        process.kill()
        process.join()


def mux(link: Connection, annex_b: bytes, urls: list[str]) -> None:
    """One thread paces every stream through libavformat's muxer."""
    source = av.open(io.BytesIO(annex_b), format="h264")
    video = source.streams.video[0]
    packets = [bytes(packet) for packet in source.demux(video) if packet.size]
    outputs = []
    for url in urls:
        options = {"rtsp_transport": "tcp", "pkt_size": "1400"}
        container = av.open(url, "w", format="rtsp", options=options)
        stream = container.add_stream_from_template(video)
        outputs.append((container, stream))
        container.start_encoding()
    link.send("started")
    begin, index = time.monotonic(), 0
    while True:
        for container, stream in outputs:
            packet = av.Packet(packets[index % len(packets)])
            packet.stream, packet.time_base = stream, stream.time_base
            packet.pts = packet.dts = round(index / PROFILE.fps / stream.time_base)
            container.mux_one(packet)
        index += 1
        time.sleep(max(0.0, begin + index / PROFILE.fps - time.monotonic()))


def demux(link: Connection, urls: list[str]) -> None:
    """One thread per stream reads packets, as a program would."""

    def read(url: str) -> None:
        with av.open(url, options={"rtsp_transport": "tcp"}) as container:
            for _ in container.demux(video=0):
                pass

    for url in urls:
        threading.Thread(target=read, args=(url,), daemon=True).start()
    link.send("started")
    threading.Event().wait()


def pushed_by_ffmpeg(url: str, folder: Path) -> float:
    """Cores per stream of one ffmpeg process per camera."""
    loop = folder / "loop.mp4"
    raw = folder / "loop.h264"
    raw.write_bytes(encoded(PROFILE).annex_b())
    quiet = ["ffmpeg", "-nostdin", "-loglevel", "error"]
    made = [*quiet, "-r", str(PROFILE.fps), "-i", str(raw), "-c", "copy", str(loop)]
    subprocess.run(made, check=True)
    play = ["-re", "-stream_loop", "-1", "-i", str(loop), "-c", "copy", "-f", "rtsp"]
    over = ["-rtsp_transport", "tcp", "-pkt_size", "1400"]
    with ExitStack() as stack:
        running = [
            stack.enter_context(subprocess.Popen([*quiet, *play, *over, f"{url}/ffmpeg{n}"]))
            for n in range(THEIRS)
        ]
        try:
            found = cpu_share([process.pid for process in running]) / THEIRS
            assert [process.poll() for process in running] == [None] * THEIRS
        finally:
            for process in running:
                process.kill()
    return found


def test_pushing_costs_a_fraction_of_the_usual(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    url = f"rtsp://127.0.0.1:{port}"
    with tool(sink, port):
        with rig(url, "", OURS, readers=False) as running:
            running.start_cameras(500)
            ours = cpu_share(running.pids) / OURS
            assert running.snapshot().cameras.now["online"] == OURS
        with tool(
            mux, encoded(PROFILE).annex_b(), [f"{url}/muxer{n}" for n in range(THEIRS)]
        ) as pid:
            muxer = cpu_share([pid]) / THEIRS
        print(f"\ncores per pushed stream: ours {ours:.5f}, PyAV muxer {muxer:.5f}")
        if shutil.which("ffmpeg"):
            ffmpeg = pushed_by_ffmpeg(url, tmp_path)
            print(f"ffmpeg, a process each: {ffmpeg:.5f}")
            assert ours < ffmpeg / 8
        # What is left of ours is the kernel's own cost of sending; see docs/streams.md.
        assert ours < muxer / 1.5


@pytest.mark.mediamtx
def test_reading_costs_a_fraction_of_the_usual(server: Server) -> None:
    publish, read = server.configuration.url("publish"), server.configuration.url("read")
    with rig(publish, read, OURS, readers=False) as cameras:
        cameras.start_cameras(500)
        while server.online() < OURS:
            time.sleep(0.1)
        with rig(publish, read, OURS, readers=True) as readers:
            readers.start_readers(500)
            ours = cpu_share(readers.pids) / OURS
            assert readers.snapshot().readers["recorder"].now["playing"] == OURS
        urls = [f"{read}/cam{n:05}" for n in range(1, THEIRS + 1)]
        with tool(demux, urls) as pid:
            demuxer = cpu_share([pid]) / THEIRS
    print(f"\ncores per read stream: ours {ours:.5f}, PyAV demuxer {demuxer:.5f}")
    assert ours < demuxer / 4


def test_a_thousand_cameras_from_one_process() -> None:
    def memory_mb(cameras: int) -> tuple[float, float]:
        (port,) = free_ports(1)
        plans = tuple(
            plan_cameras(
                cameras, f"rtsp://127.0.0.1:{port}", gop_s=PROFILE.gop_s, start_s=time.monotonic(),
                seed=1, own_address=True,
            )
        )  # fmt: skip
        readers = tuple(ReaderPlan("recorder", n, (plan,)) for n, plan in enumerate(plans))
        with (
            Rig(RigPlan(PROFILE, "pull", plans, (), "")) as sender,
            Rig(RigPlan(PROFILE, "pull", (), readers, "")) as sink,
        ):
            sender.start_cameras(1e6)
            while sender.snapshot().cameras.now["open"] < cameras:
                time.sleep(0.1)
            sink.start_readers(500)
            time.sleep(SETTLE_S)
            before = sender.snapshot()
            time.sleep(WINDOW_S)
            after = sender.snapshot()
            assert after.cameras.now["online"] == cameras
            return after.memory_mb, after.since(before).cameras.delay_ms(99)

    few_mb, _ = memory_mb(10)
    many_mb, lateness_ms = memory_mb(1000)
    per_camera_kb = (many_mb - few_mb) * 1000 / 990
    print(f"\n{per_camera_kb:.1f} kB per camera, slots late by {lateness_ms:.1f} ms (p99)")
    assert per_camera_kb < 50
    assert lateness_ms < 20
