"""Simulated cameras: a fleet of RTSP publishers (push) or servers (pull) in one event loop."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from twin.streams.frames import Video
from twin.streams.plans import CameraPlan
from twin.streams.rtp import PacketLoop, sender_report
from twin.streams.rtsp import Message, ProtocolError, Url, describe, request, response, take
from twin.streams.tally import Delays, Tally

__all__ = ["CameraFleet"]

BACKLOG_BYTES = 1_000_000
"""What a camera keeps for a server that does not read; beyond it, whole frames are lost."""
RETRY_S = 5.0
HANDSHAKE_S = 10.0


class CameraFleet:
    """Cameras of one profile, paced by one timer.

    Parameters
    ----------
    mode : {"push", "pull"}
        ANNOUNCE and RECORD towards a server, or wait for its DESCRIBE and PLAY.
    granularity : {"frame", "packet"}
        Bytes given to the kernel at a time. Packet by packet is what a small camera does, and
        costs this rig five times more.
    retry_s : float
        Pause of a publisher before it tries again.
    """

    def __init__(
        self,
        plans: Sequence[CameraPlan],
        video: Video,
        mode: Literal["push", "pull"],
        *,
        granularity: Literal["frame", "packet"] = "frame",
        retry_s: float = RETRY_S,
        packets: PacketLoop | None = None,
    ) -> None:
        self.video = video
        self.packets = packets or video.packets()
        self.by_packet = granularity == "packet"
        self.retry_s = retry_s
        self.period_s = 1 / video.profile.fps
        kind = _Publisher if mode == "push" else _Server
        self.cameras: list[_Camera] = [kind(plan, self) for plan in plans]
        self.counts: Counter[str] = Counter()
        self.lateness = Delays()
        self.online_s: list[float] = []
        self.sent_frames = self.sent_packets = self.sent_bytes = self.lost_frames = 0
        self.playing = True
        self.opened = 0
        # One turn of the wheel is one frame of every camera, in the order of their phases.
        wheel = sorted(self.cameras, key=lambda camera: camera.plan.origin_s % self.period_s)
        self._wheel = [(camera, *_due(camera.plan.origin_s, self.period_s)) for camera in wheel]
        self._position = 0
        self._turn = 0
        self._timer: asyncio.TimerHandle | None = None

    async def start(self, per_s: float = 100.0) -> None:
        """Connect or open every camera, `per_s` a second, and send from then on."""
        loop = asyncio.get_running_loop()
        self._turn = int(loop.time() / self.period_s)
        self._tick()
        begin = loop.time()
        for number, camera in enumerate(self.cameras):
            pause = begin + number / per_s - loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            await camera.open()
            self.opened += 1

    def cut(self, names: set[str], *, down_s: float) -> None:
        """Cameras `names` lose their power for `down_s` seconds."""
        for camera in self.cameras:
            if camera.plan.name in names:
                camera.cut(down_s)

    async def close(self) -> None:
        """Close every connection and listener."""
        if self._timer:
            self._timer.cancel()
        for camera in self.cameras:
            camera.close()
        await asyncio.sleep(0)

    def tally(self) -> Tally:
        """Counters so far; the delays are how late frames left."""
        counts = self.counts + Counter(
            frames=self.sent_frames,
            packets=self.sent_packets,
            bytes=self.sent_bytes,
            lost_frames=self.lost_frames,
        )
        online = sum(camera.media is not None for camera in self.cameras)
        return Tally(
            counts,
            self.lateness.array(),
            {"online_s": list(self.online_s)},
            Counter(online=online, open=self.opened),
        )

    def _tick(self) -> None:
        clock, late, wheel, period = time.monotonic, self.lateness.add, self._wheel, self.period_s
        while True:
            camera, phase_s, first = wheel[self._position]
            due_s = self._turn * period + phase_s
            lateness_s = clock() - due_s
            if lateness_s < 0:
                break
            if camera.media is not None and self.playing:
                late(lateness_s)
                self._send(camera.media, self._turn - first)
            self._position += 1
            if self._position == len(wheel):
                self._position = 0
                self._turn += 1
        self._timer = asyncio.get_running_loop().call_at(due_s, self._tick)

    def _send(self, media: asyncio.WriteTransport, index: int) -> None:
        if media.get_write_buffer_size() > BACKLOG_BYTES:
            self.lost_frames += 1
            return
        content = self.packets.frame(index)
        if self.by_packet:
            view, ends = memoryview(content), [*self.packets.offsets(index)[1:], len(content)]
            for start, end in zip(self.packets.offsets(index), ends, strict=True):
                media.write(view[start:end])
        else:
            media.write(content)
        self.sent_frames += 1
        self.sent_packets += self.packets.packets(index)
        self.sent_bytes += len(content)


def _due(origin_s: float, period_s: float) -> tuple[float, int]:
    """Phase of a camera within the wheel's turn, and the turn of its frame 0."""
    first, phase_s = divmod(origin_s, period_s)
    return phase_s, int(first)


class _Camera(asyncio.Protocol):
    """What both kinds share: one connection at a time, and what flows on it."""

    __slots__ = ("down_until_s", "fleet", "media", "plan", "received", "transport", "url")

    def __init__(self, plan: CameraPlan, fleet: CameraFleet) -> None:
        self.plan = plan
        self.fleet = fleet
        self.url = Url.parse(plan.url)
        self.transport: asyncio.Transport | None = None
        self.media: asyncio.Transport | None = None
        self.received = bytearray()
        self.down_until_s = 0.0

    async def open(self) -> None:
        raise NotImplementedError

    def cut(self, down_s: float) -> None:
        self.down_until_s = time.monotonic() + down_s
        if self.transport:
            self.transport.abort()

    def close(self) -> None:
        self.down_until_s = float("inf")
        if self.transport:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = self.media = None
        self.received.clear()

    def data_received(self, data: bytes) -> None:
        self.received += data
        try:
            while (message := take(self.received)) is not None:
                self.answer(message)
        except (ProtocolError, KeyError, IndexError):
            self.fleet.counts["protocol_errors"] += 1
            if self.transport:
                self.transport.abort()

    def answer(self, message: Message) -> None:
        raise NotImplementedError

    def go(self) -> None:
        """Media may flow, after one report that ties RTP time to the clock on the wall."""
        assert self.transport is not None
        loop, fleet = self.fleet.packets, self.fleet
        now_s = time.monotonic()
        index = int((now_s - self.plan.origin_s) * loop.fps)
        wall_s = time.time() - now_s + self.plan.origin_s + index / loop.fps
        self.transport.write(sender_report(loop.timestamp(index), wall_s, 0, 0))
        fleet.online_s.append(now_s)
        self.media = self.transport


class _Publisher(_Camera):
    """Pushes to a server: OPTIONS is not needed, ANNOUNCE, SETUP, RECORD are."""

    __slots__ = ("session", "step", "timeout")

    def __init__(self, plan: CameraPlan, fleet: CameraFleet) -> None:
        super().__init__(plan, fleet)
        self.session: dict[str, str] = {}
        self.step = 0
        self.timeout: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self, self.url.host, self.url.port)
        except OSError:
            self._again()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=BACKLOG_BYTES)
        self.session, self.step = {}, 0
        self.timeout = asyncio.get_running_loop().call_later(HANDSHAKE_S, transport.abort)
        body = describe(self.fleet.video.parameter_sets, self.fleet.packets.codec, self.url.host)
        self._ask("ANNOUNCE", str(self.url), body=body)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.media:
            self.fleet.counts["dropped"] += 1
        super().connection_lost(exc)
        if self.timeout:
            self.timeout.cancel()
        if self.down_until_s != float("inf"):
            self._again()

    def answer(self, message: Message) -> None:
        if self.media or message.start.endswith("RTSP/1.0"):
            return  # a keep-alive or a request of the server: nothing here depends on it
        if message.status != 200:
            self.fleet.counts[f"refused_{message.status}"] += 1
            assert self.transport is not None
            self.transport.abort()
            return
        self.step += 1
        if "session" in message.headers:
            self.session = {"Session": message.headers["session"].split(";")[0]}
        if self.step == 1:
            offered = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record"}
            self._ask("SETUP", f"{self.url}/trackID=0", offered)
        elif self.step == 2:
            self._ask("RECORD", str(self.url), {"Range": "npt=0.000-"})
        else:
            assert self.timeout is not None
            self.timeout.cancel()
            self.go()

    def _ask(
        self, method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> None:
        assert self.transport is not None
        known = {"CSeq": str(self.step + 1)} | self.url.authorization | self.session
        self.transport.write(request(method, url, known | (headers or {}), body))

    def _again(self) -> None:
        self.fleet.counts["retries"] += 1
        pause_s = max(self.fleet.retry_s, self.down_until_s - time.monotonic())
        loop = asyncio.get_running_loop()
        loop.call_later(pause_s, lambda: loop.create_task(self._reopen()))

    async def _reopen(self) -> None:
        if self.down_until_s != float("inf"):
            await self.open()


class _Server(_Camera):
    """Serves one client at a time on its own address."""

    __slots__ = ("listener",)

    def __init__(self, plan: CameraPlan, fleet: CameraFleet) -> None:
        super().__init__(plan, fleet)
        self.listener: asyncio.Server | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self.listener = await loop.create_server(
            lambda: _Door(self), self.url.host, self.url.port, reuse_address=True
        )

    def cut(self, down_s: float) -> None:
        super().cut(down_s)
        assert self.listener is not None
        self.listener.close()
        loop = asyncio.get_running_loop()
        loop.call_later(down_s, lambda: loop.create_task(self._power_on()))

    def close(self) -> None:
        super().close()
        if self.listener:
            self.listener.close()

    def answer(self, message: Message) -> None:
        assert self.transport is not None
        self.transport.write(self._reply(message))
        if message.method == "PLAY" and self.media is None:
            self.go()
        elif message.method == "TEARDOWN":
            self.transport.close()

    async def _power_on(self) -> None:
        if self.down_until_s != float("inf"):
            await self.open()

    def _reply(self, message: Message) -> bytes:
        session = {"Session": self.plan.name}
        match message.method:
            case "OPTIONS":
                public = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
                return response(200, message, {"Public": public})
            case "DESCRIBE":
                video = self.fleet.video
                body = describe(video.parameter_sets, video.profile.codec, self.url.host)
                return response(200, message, {"Content-Base": f"{self.url}/"}, body)
            case "SETUP" if "RTP/AVP/TCP" not in message.headers.get("transport", ""):
                return response(461, message)
            case "SETUP":
                chosen = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"}
                return response(200, message, chosen | session)
            case "PLAY" | "GET_PARAMETER" | "SET_PARAMETER" | "TEARDOWN":
                return response(200, message, session)
        return response(405, message)


class _Door(asyncio.Protocol):
    """A connection that arrives at a camera: it becomes the camera's one, or is refused."""

    def __init__(self, camera: _Server) -> None:
        self.camera = camera

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        if self.camera.transport is not None:
            self.camera.fleet.counts["second_clients"] += 1
            transport.abort()
            return
        self.camera.transport = transport
        transport.set_write_buffer_limits(high=BACKLOG_BYTES)
        transport.set_protocol(self.camera)
