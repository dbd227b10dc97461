"""Cameras and readers against each other, against libavformat, and against nonsense."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.streams.conftest import run, running_loop
from twin.contracts import StreamProfile
from twin.streams.cameras import CameraFleet
from twin.streams.frames import Video, encoded
from twin.streams.plans import CameraPlan, ReaderPlan, plan_cameras
from twin.streams.probe import contained, picture_digests, source_digests
from twin.streams.readers import Reader, ReaderFleet
from twin.streams.rtp import PacketLoop
from twin.streams.rtsp import response, take

av = pytest.importorskip("av")


@pytest.fixture(scope="session")
def video(small: StreamProfile) -> Video:
    return encoded(small)


@pytest.fixture(scope="session")
def fast(small: StreamProfile) -> Video:
    """A loop of 50 frames per second, so that a short test sees many."""
    frames = [b"\0\0\0\1".join([b"", *nals]) for nals in encoded(small).frames]
    return Video(small.model_copy(update={"fps": 50}), frames)


def one(port: int, video: Video, *, aligned: bool = False) -> list[CameraPlan]:
    return plan_cameras(
        1, f"rtsp://127.0.0.1:{port}", gop_s=video.profile.gop_s, start_s=time.monotonic(), seed=1,
        aligned=aligned,
    )  # fmt: skip


async def until(reached: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "never reached"
        await asyncio.sleep(0.01)


async def ask(writer: asyncio.StreamWriter, method: str, url: str, headers: str = "") -> None:
    writer.write(f"{method} {url} RTSP/1.0\r\nCSeq: 1\r\n{headers}\r\n".encode())
    await writer.drain()


def media_of(data: bytes) -> bytes:
    """The RTP channel of interleaved data, whole packets only."""
    found, position = b"", 0
    while position + 4 <= len(data):
        end = position + 4 + int.from_bytes(data[position + 2 : position + 4], "big")
        if end > len(data):
            break
        found += data[position:end] if data[position + 1] == 0 else b""
        position = end
    return found


def assert_frames(media: bytes, loop: PacketLoop, least: int) -> None:
    """`media` starts with whole consecutive frames of `loop`, byte for byte."""
    timestamp = int.from_bytes(media[8:12], "big")
    index, position, count = timestamp // loop.ticks, 0, 0
    while len(media) - position >= len(frame := loop.frame(index)):
        assert media[position : position + len(frame)] == frame
        index, position, count = index + 1, position + len(frame), count + 1
    assert count >= least


def test_a_served_stream_is_exact(fast: Video, port: int) -> None:
    async def scenario() -> bytes:
        plans = one(port, fast)
        fleet = CameraFleet(plans, fast, "pull")
        await fleet.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        buffer = bytearray()
        transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        for method, headers in [
            ("OPTIONS", ""), ("DESCRIBE", ""), ("SETUP", "Transport: RTP/AVP;unicast\r\n"),
            ("SETUP", transport), ("RECORD", ""), ("PLAY", ""),
        ]:  # fmt: skip
            await ask(writer, method, plans[0].url, headers)
            while (message := take(buffer)) is None:
                buffer += await reader.read(4096)
            statuses.append(message.status)
        while len(media_of(bytes(buffer))) < 60_000:
            buffer += await reader.read(65_536)
        await ask(writer, "TEARDOWN", plans[0].url)
        while data := await reader.read(65_536):
            buffer += data
        writer.close()
        await fleet.close()
        return bytes(buffer)

    statuses: list[int] = []
    received = run(scenario())
    assert statuses == [200, 200, 461, 200, 405, 200]
    assert_frames(media_of(received), fast.packets(), least=10)


@pytest.mark.parametrize("granularity", ["frame", "packet"])
def test_a_pushed_stream_is_exact(fast: Video, port: int, granularity: Any) -> None:
    methods: list[str] = []

    async def sink(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        buffer = bytearray()
        while "RECORD" not in methods:
            buffer += await reader.read(4096)
            while (message := take(buffer)) is not None:
                methods.append(message.method)
                writer.write(response(200, message, {"Session": "s;timeout=60"}))
        while len(media) < 60_000:
            buffer += await reader.read(65_536)
            media[:] = media_of(bytes(buffer))
        writer.close()

    media = bytearray()

    async def scenario() -> None:
        server = await asyncio.start_server(sink, "127.0.0.1", port)
        fleet = CameraFleet(one(port, fast), fast, "push", granularity=granularity)
        await fleet.start()
        await until(lambda: len(media) >= 60_000)
        await fleet.close()
        server.close()

    run(scenario())
    assert methods == ["ANNOUNCE", "SETUP", "RECORD"]
    assert_frames(bytes(media), fast.packets(), least=10)


class Lossy(PacketLoop):
    """Loses one packet in the middle of some frames, and other frames whole."""

    def __init__(self, video: Video) -> None:
        nals = video.frames
        super().__init__(nals, video.profile.codec, video.profile.fps, remembered=100)
        self.cut_packets = self.cut_frames = 0

    def frame(self, index: int) -> bytes:
        content = super().frame(index)
        if index % 7 == 0 and self.packets(index) > 2:
            self.cut_packets += 1
            self.cut_frames += 1
            first, second = self.offsets(index)[1:3]
            return content[:first] + content[second:]
        if index % 11 == 0:
            self.cut_packets += self.packets(index)
            return b"\x24\x01\x00\x00"  # an empty control packet: nothing of the frame is left
        return content


def test_injected_loss_is_found_exactly(fast: Video, port: int) -> None:
    async def scenario() -> tuple[ReaderFleet, Lossy]:
        plans, lossy = one(port, fast), Lossy(fast)
        cameras = CameraFleet(plans, fast, "pull", packets=lossy)
        readers = ReaderFleet([ReaderPlan("recorder", 0, plans)], "", fast.packets())
        await cameras.start()
        await readers.start()
        await until(lambda: readers.readers[0].packets > 0)
        # From here on nothing is lost that the reader cannot see: its stream has begun.
        begun = readers.readers[0].lost, lossy.cut_packets
        await until(lambda: lossy.cut_packets > 60)
        cameras.playing = False
        lossy_cut = lossy.cut_packets
        packets, base = lossy, readers.readers[0].last_index or 0
        whole = next(i for i in range(base + 50, base + 200) if i % 7 and i % 11)
        media = cameras.cameras[0].media
        assert media is not None
        media.write(PacketLoop.frame(packets, whole))  # shows what was lost just before
        skipped = sum(packets.packets(i) for i in range(base + 1, whole))
        await until(lambda: readers.readers[0].last_index == whole)
        await readers.close()
        await cameras.close()
        assert readers.readers[0].lost - begun[0] - skipped == pytest.approx(
            lossy_cut - begun[1], abs=trailing(packets, base)
        )
        return readers, lossy

    def trailing(packets: Lossy, base: int) -> int:
        # A frame lost whole after the last one received is counted on both sides of the jump.
        return packets.packets(base + 1) if (base + 1) % 11 == 0 else 0

    readers, _ = run(scenario())
    counts = readers.tallies()["recorder"].counts
    assert counts["frames"] < counts["expected"]
    assert counts["sequence_jumps"] == 0


def test_nothing_is_lost_between_many(fast: Video, port: int) -> None:
    async def scenario() -> None:
        plans = plan_cameras(
            20, f"rtsp://127.0.0.1:{port}", gop_s=2, start_s=time.monotonic(), seed=2,
            own_address=True,
        )  # fmt: skip
        cameras = CameraFleet(plans, fast, "pull")
        fixed = [ReaderPlan("recorder", n, (plan,)) for n, plan in enumerate(plans[:15])]
        wall = [ReaderPlan("wall", 0, plans[15:], hold_s=(0.1, 0.2))]
        readers = ReaderFleet([*fixed, *wall], "", fast.packets())
        await cameras.start(per_s=1e6)
        await readers.start(per_s=1e6)
        await until(lambda: readers.tallies()["wall"].counts["switches"] >= 3)
        await until(lambda: readers.tallies()["recorder"].counts["frames"] > 15 * 20)
        cameras.playing = False
        await asyncio.sleep(0.3)
        tally = readers.tallies()["recorder"]
        assert tally.counts["frames"] == tally.counts["expected"]
        assert tally.counts["gaps"] == tally.counts["lost_packets"] == 0
        assert tally.now["playing"] == 15
        assert len(tally.lasting["first_packet_s"]) == 15
        assert int(tally.delays.sum()) >= tally.counts["frames"]
        await readers.close()
        await cameras.close()

    run(scenario())


def test_a_camera_that_dies_comes_back(fast: Video, port: int) -> None:
    async def scenario() -> None:
        plans = one(port, fast)
        cameras = CameraFleet(plans, fast, "pull")
        readers = ReaderFleet([ReaderPlan("recorder", 0, plans)], "", fast.packets())
        await cameras.start()
        await readers.start()
        await until(lambda: readers.tallies()["recorder"].counts["frames"] > 5)
        cameras.cut({"cam00001"}, down_s=1.2)
        await until(lambda: bool(readers.lasting["recorder"]["outage_s"]))
        tally = readers.tallies()["recorder"]
        assert tally.counts["reconnects"] == 1
        assert tally.counts["expected"] - tally.counts["frames"] > 50
        assert tally.lasting["outage_s"][0] > 1.2
        await readers.close()
        await cameras.close()

    run(scenario())


@pytest.mark.alone
def test_a_known_delay_is_measured(fast: Video, port: int) -> None:
    """A relay that holds every byte for 60 ms adds 60 ms, within two."""

    async def relay(
        source: asyncio.StreamReader, target: asyncio.StreamWriter, hold_s: float
    ) -> None:
        loop = asyncio.get_running_loop()
        while data := await source.read(1 << 20):
            loop.call_later(hold_s, target.write, data)

    async def median_ms(hold_s: float, far: int) -> float:
        plans = one(port, fast)
        cameras = CameraFleet(plans, fast, "pull")
        await cameras.start()

        async def door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection("127.0.0.1", port)
            opened.extend([writer, back])
            await asyncio.gather(relay(reader, back, 0), relay(there, writer, hold_s))

        opened: list[asyncio.StreamWriter] = []
        server = await asyncio.start_server(door, "127.0.0.1", far)
        readers = ReaderFleet(
            [ReaderPlan("recorder", 0, plans)], f"rtsp://127.0.0.1:{far}", fast.packets()
        )
        await readers.start()
        await until(lambda: readers.tallies()["recorder"].counts["frames"] > 100)
        found = readers.tallies()["recorder"].delay_ms(50)
        await readers.close()
        await cameras.close()
        server.close()
        for writer in opened:
            writer.close()
        await asyncio.sleep(0.1)
        return found

    assert run(median_ms(0.06, port + 1)) - run(median_ms(0.0, port + 1)) == pytest.approx(
        60, abs=2
    )


def first_pictures(container: Any, count: int) -> list[str]:
    return picture_digests(islice(container.decode(video=0), count))


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_libavformat_plays_our_cameras(small: StreamProfile, codec: str, port: int) -> None:
    video = encoded(small.model_copy(update={"codec": codec, "fps": 25}))
    plans = one(port, video)
    with running_loop() as loop:
        fleet = CameraFleet(plans, video, "pull")
        asyncio.run_coroutine_threadsafe(fleet.start(), loop).result()
        try:
            with av.open(plans[0].url, options={"rtsp_transport": "tcp"}, timeout=20) as container:
                seen = first_pictures(container, 15)
        finally:
            asyncio.run_coroutine_threadsafe(fleet.close(), loop).result()
    assert contained(seen, source_digests(video))


def test_libavformat_receives_our_pushes(fast: Video, port: int) -> None:
    plans = one(port, fast)
    seen: list[str] = []

    def receive() -> None:
        options = {"rtsp_flags": "listen", "rtsp_transport": "tcp", "listen_timeout": "30"}
        with av.open(plans[0].url, options=options, timeout=30) as container:
            seen.extend(first_pictures(container, 15))

    listener = threading.Thread(target=receive)
    with running_loop() as loop:
        listener.start()
        fleet = CameraFleet(plans, fast, "push", retry_s=0.2)
        asyncio.run_coroutine_threadsafe(fleet.start(), loop).result()
        listener.join(40)
        asyncio.run_coroutine_threadsafe(fleet.close(), loop).result()
    assert contained(seen, source_digests(fast))


@pytest.mark.skipif(not shutil.which("gst-launch-1.0"), reason="GStreamer is not installed")
def test_gstreamer_plays_our_cameras(fast: Video, port: int) -> None:
    plans = one(port, fast)
    with running_loop() as loop:
        fleet = CameraFleet(plans, fast, "pull")
        asyncio.run_coroutine_threadsafe(fleet.start(), loop).result()
        source = ["rtspsrc", f"location={plans[0].url}", "protocols=tcp"]
        sink = ["fakesink", "num-buffers=60"]
        done = subprocess.run(
            ["gst-launch-1.0", "-q", *source, "!", *sink],
            check=False,
            timeout=60,
            capture_output=True,
        )
        asyncio.run_coroutine_threadsafe(fleet.close(), loop).result()
    assert done.returncode == 0, done.stderr


class DeafTransport(asyncio.Transport):
    """Takes everything and goes nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.aborted = False

    def write(self, data: object) -> None:
        pass

    def abort(self) -> None:
        self.aborted = True

    close = abort

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass


lines = st.sampled_from(
    [
        b"RTSP/1.0 200 OK\r\n", b"RTSP/1.0 401 No\r\n", b"RTSP/1.0 abc\r\n", b"Session: a\r\n",
        b"CSeq: 1\r\n", b"Content-Length: 12\r\n", b"\r\n", b"m=video 0 RTP/AVP 96\r\n", b"$",
        b"$\x00\x00\x04abcd", b"$\x00\xff\xff", b"PLAY * RTSP/1.0\r\n", b"SETUP\r\n\r\n",
        b"$\x00\x00\x10\x80\xe0\x00\x01\x00\x00\x00\x00abcdefgh",
    ]
)  # fmt: skip
nonsense = st.lists(lines | st.binary(max_size=60), max_size=30).map(b"".join)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nonsense, st.integers(1, 80), st.sampled_from(["reader", "push", "pull"]))
def test_nonsense_neither_hangs_nor_fills_memory(
    fast: Video, data: bytes, piece: int, who: str
) -> None:
    async def feed() -> None:
        plan = CameraPlan("cam", "rtsp://127.0.0.1:9/cam", 0.0)
        transport = DeafTransport()
        if who == "reader":
            reader = Reader(ReaderPlan("recorder", 0, [plan]), fleet_of(plan))
            reader.closed = True
            reader.connection_made(transport)
        else:
            camera = CameraFleet([plan], fast, who).cameras[0]  # type: ignore[arg-type]
            camera.transport = transport
            camera.connection_made(transport)
        for start in range(0, len(data), piece):
            if transport.aborted:
                break
            part = data[start : start + piece]
            if who == "reader":
                buffer = reader.get_buffer(-1)
                buffer[: len(part)] = part
                reader.buffer_updated(len(part))
                assert len(reader.rest) <= len(data)
            else:
                camera.data_received(part)
                assert len(camera.received) <= len(data)
        for handle in [getattr(camera, "timeout", None)] if who != "reader" else [reader.handshake]:
            if handle:
                handle.cancel()

    def fleet_of(plan: CameraPlan) -> ReaderFleet:
        return ReaderFleet([ReaderPlan("recorder", 0, [plan])], "", fast.packets())

    run(feed())


def test_a_peer_that_talks_without_end_is_left(fast: Video) -> None:
    plan = CameraPlan("cam", "rtsp://127.0.0.1:9/cam", 0.0)
    endless = random.Random(1)

    async def feed() -> int:
        fleet = ReaderFleet([ReaderPlan("recorder", 0, [plan])], "", fast.packets())
        reader, transport = fleet.readers[0], DeafTransport()
        reader.closed = True
        reader.connection_made(transport)
        most = 0
        while not transport.aborted:
            part = bytes(endless.randrange(97, 123) for _ in range(4_096))
            reader.get_buffer(-1)[:4_096] = part
            reader.buffer_updated(4_096)
            most = max(most, len(reader.rest))
        assert reader.handshake is not None
        reader.handshake.cancel()
        assert fleet.tallies()["recorder"].counts["protocol_errors"] == 1
        return most

    assert run(feed()) < 100_000
