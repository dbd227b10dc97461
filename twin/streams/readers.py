"""Readers: who watches, records or receives streams, and counts every RTP header that comes."""

from __future__ import annotations

import asyncio
import random
import struct
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from twin.streams.plans import CameraPlan, ReaderPlan
from twin.streams.rtp import PacketLoop, is_key
from twin.streams.rtsp import Message, ProtocolError, Url, control, request, take
from twin.streams.tally import Delays, Tally

__all__ = ["Reader", "ReaderFleet"]

BUFFER_BYTES = 262_144
MAX_DROPOUT = 3_000
"""Beyond it a jump of sequence numbers is a new stream, not a loss (RFC 3550, A.1)."""
GRACE_S = 0.5
"""A frame this late, when a step ends, is counted as lost."""
OUTAGE_S = 1.0
RETRY_S = 1.0
HANDSHAKE_S = 10.0
PACKET = struct.Struct("!BBHxBHI4x")


class ReaderFleet:
    """Readers of one profile in one event loop; they share one receive buffer.

    Parameters
    ----------
    url : str
        Address of the server with credentials, ``rtsp://user:password@host:port``; empty when
        each camera is read at its own address.
    packets : PacketLoop
        What the cameras send: turns a timestamp into a frame.
    """

    def __init__(self, plans: Sequence[ReaderPlan], url: str, packets: PacketLoop) -> None:
        self.packets = packets
        self.period_s = 1 / packets.fps
        self.buffer = memoryview(bytearray(BUFFER_BYTES))
        self.url = url
        self.draw = random.Random(0)  # noqa: S311 - which camera an operator looks at
        self.counts: dict[str, Counter[str]] = {plan.kind: Counter() for plan in plans}
        self.latency: dict[str, Delays] = {plan.kind: Delays() for plan in plans}
        self.lasting: dict[str, dict[str, list[float]]] = {
            plan.kind: {"first_packet_s": [], "first_key_s": [], "outage_s": []} for plan in plans
        }
        self.readers = [Reader(plan, self) for plan in plans]

    async def start(self, per_s: float = 200.0) -> None:
        """Connect every reader, `per_s` a second."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for number, reader in enumerate(self.readers):
            pause = begin + number / per_s - loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            loop.create_task(reader.open()).add_done_callback(asyncio.Task.result)

    async def close(self) -> None:
        """Close every connection."""
        for reader in self.readers:
            reader.close()
        await asyncio.sleep(0)

    def stall(self, agents: set[str], seconds: float) -> None:
        """Readers `agents` stop reading for a while, their connections open."""
        for reader in self.readers:
            if reader.plan.agent in agents and reader.transport:
                reader.transport.pause_reading()
                asyncio.get_running_loop().call_later(seconds, reader.resume)

    def tallies(self) -> dict[str, Tally]:
        """Counters so far of each class of readers; the delays are latencies of frames."""
        now_s = time.monotonic()
        counts = {kind: Counter(found) for kind, found in self.counts.items()}
        now: dict[str, Counter[str]] = {kind: Counter() for kind in counts}
        for reader in self.readers:
            found = counts[reader.plan.kind]
            found.update(reader.totals())
            pending = reader.pending(now_s)
            found["pending"] += pending
            now[reader.plan.kind]["late"] += pending > 0
            now[reader.plan.kind]["readers"] += 1
            now[reader.plan.kind]["playing"] += reader.last_index is not None and reader.playing
        return {
            kind: Tally(
                counts[kind],
                self.latency[kind].array(),
                {name: list(values) for name, values in self.lasting[kind].items()},
                now[kind],
            )
            for kind in counts
        }

    def by_agent(self) -> Mapping[str, Mapping[str, float]]:
        """Counters of the present connection of each reader, by user agent."""
        return {
            reader.plan.agent: {
                "packets": reader.packets - reader.packets_before,
                "gaps": reader.gaps,
                "jitter_ms": reader.jitter_s * 1e3,
            }
            for reader in self.readers
        }


class Reader(asyncio.BufferedProtocol):
    """One reader, over its successive connections.

    A frame is delivered when its last packet came and no packet was missed since the last packet
    of the frame before. Its latency is the time from the instant its camera owed it.
    """

    __slots__ = (
        "asked_s", "bytes", "camera", "closed", "damaged", "delivered", "expected", "fleet",
        "gaps", "handshake", "jitter_s", "last_arrival_s", "last_index", "lost",
        "next_sequence", "packets", "packets_before", "plan", "playing", "rest", "session", "step",
        "transit_s", "transport", "url", "waiting",
    )  # fmt: skip

    def __init__(self, plan: ReaderPlan, fleet: ReaderFleet) -> None:
        self.plan = plan
        self.fleet = fleet
        self.transport: asyncio.Transport | None = None
        self.handshake: asyncio.TimerHandle | None = None
        self.closed = False
        self.packets = self.bytes = self.gaps = self.lost = 0
        self.delivered = self.expected = self.packets_before = 0
        self.jitter_s = 0.0
        self.transit_s: float | None = None
        self.asked_s = self.last_arrival_s = 0.0
        self.step = 0
        self.playing = False
        self._aim(plan.cameras[0] if plan.kind != "wall" else fleet.draw.choice(plan.cameras))

    def _aim(self, camera: CameraPlan) -> None:
        self.camera = camera
        self.url = Url.parse(f"{self.fleet.url}/{camera.name}" if self.fleet.url else camera.url)
        self.last_index: int | None = None

    async def open(self) -> None:
        """Connect, and try again later if nobody answers."""
        if self.closed:
            return
        self.asked_s = time.monotonic()
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self, self.url.host, self.url.port)
        except OSError:
            self.fleet.counts[self.plan.kind]["refused_connections"] += 1
            self._again(RETRY_S)

    def close(self) -> None:
        """Leave for good."""
        self.closed = True
        if self.transport:
            self.transport.abort()

    def resume(self) -> None:
        """Read again after a stall."""
        if self.transport:
            self.transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask what the stream is."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.rest = b""
        self.playing = False
        self.session: dict[str, str] = {}
        self.step = 0
        self.waiting = 2
        self.next_sequence = -1
        self.damaged = True
        self.packets_before = self.packets
        loop = asyncio.get_running_loop()
        self.handshake = loop.call_later(HANDSHAKE_S, transport.abort)
        self._ask("DESCRIBE", str(self.url), {"Accept": "application/sdp"})

    def connection_lost(self, exc: Exception | None) -> None:
        """Come back: a recorder never gives up."""
        self.transport = None
        if self.handshake:
            self.handshake.cancel()
        if self.playing and not self.closed:
            self.fleet.counts[self.plan.kind]["reconnects"] += 1
        looks_elsewhere = self.step == 3 and not self.playing
        self.playing = False
        self._again(0.0 if looks_elsewhere else RETRY_S)

    def get_buffer(self, sizehint: int) -> memoryview:
        """The shared buffer, after what was left of an unfinished packet."""
        rest = len(self.rest)
        self.fleet.buffer[:rest] = self.rest
        return self.fleet.buffer[rest:]

    def buffer_updated(self, nbytes: int) -> None:
        """Count packets, answer messages, keep what is not whole yet."""
        buffer, position, end = self.fleet.buffer, 0, len(self.rest) + nbytes
        self.bytes += nbytes
        try:
            while position < end:
                if buffer[position] == 0x24:
                    following = self._media(position, end)
                    if following == position:
                        break
                    position = following
                else:
                    left = bytearray(buffer[position:end])
                    message = take(left)
                    if message is None:
                        break
                    position = end - len(left)
                    if not self.playing:
                        self._reply(message)
        except (ProtocolError, KeyError, IndexError):
            self.fleet.counts[self.plan.kind]["protocol_errors"] += 1
            position = end
            if self.transport:
                self.transport.abort()
        self.rest = bytes(buffer[position:end])

    def _media(self, position: int, end: int) -> int:
        """Count the whole packets from `position` on; where they end."""
        buffer, unpack, now_s = self.fleet.buffer, PACKET.unpack_from, time.monotonic()
        expected, count = self.next_sequence, 0
        while position + PACKET.size <= end:
            magic, channel, length, second, sequence, timestamp = unpack(buffer, position)
            following = position + 4 + length
            if magic != 0x24 or following > end:
                break
            if channel == 0:
                count += 1
                if sequence != expected and expected >= 0:
                    self._gap(sequence - expected & 0xFFFF)
                expected = sequence + 1 & 0xFFFF
                if self.waiting:
                    self._arrived(buffer[position + 16 : following], now_s)
                if second & 0x80:
                    self._frame(timestamp, now_s)
            position = following
        self.next_sequence = expected
        self.packets += count
        return position

    def _gap(self, missing: int) -> None:
        self.damaged = True
        if missing < MAX_DROPOUT:
            self.gaps += 1
            self.lost += missing
        else:
            self.fleet.counts[self.plan.kind]["sequence_jumps"] += 1

    def _arrived(self, payload: memoryview, now_s: float) -> None:
        """First packet, then first frame that can be decoded alone."""
        lasting = self.fleet.lasting[self.plan.kind]
        if self.waiting == 2:
            lasting["first_packet_s"].append(now_s - self.asked_s)
            self.waiting = 1
        if is_key(payload, self.fleet.packets.codec):
            lasting["first_key_s"].append(now_s - self.asked_s)
            self.waiting = 0

    def _frame(self, timestamp: int, now_s: float) -> None:
        """The last packet of a frame came."""
        fleet = self.fleet
        nominal = int((now_s - self.camera.origin_s) * fleet.packets.fps) * fleet.packets.ticks
        # The nearest instant to now that has this timestamp: it wraps every 13 hours.
        ticks = nominal + ((timestamp - nominal + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        index = ticks // fleet.packets.ticks
        latency_s = now_s - self.camera.origin_s - index * fleet.period_s
        if self.last_index is not None:
            self.expected += max(0, index - self.last_index)
            self.delivered += not self.damaged
            if now_s - self.last_arrival_s > OUTAGE_S:
                fleet.lasting[self.plan.kind]["outage_s"].append(now_s - self.last_arrival_s)
        fleet.latency[self.plan.kind].add(latency_s)
        if self.transit_s is not None:
            self.jitter_s += (abs(latency_s - self.transit_s) - self.jitter_s) / 16
        self.transit_s = latency_s
        self.last_index, self.last_arrival_s, self.damaged = index, now_s, False

    def totals(self) -> dict[str, int]:
        """Counters since the reader was made."""
        return {
            "packets": self.packets,
            "bytes": self.bytes,
            "gaps": self.gaps,
            "lost_packets": self.lost,
            "frames": self.delivered,
            "expected": self.expected,
        }

    def pending(self, now_s: float) -> int:
        """Frames that should have come by now and did not, beyond a grace."""
        if self.last_index is None or self.plan.kind == "wall":
            return 0
        due = int((now_s - GRACE_S - self.camera.origin_s) * self.fleet.packets.fps)
        return max(0, due - self.last_index)

    def _reply(self, message: Message) -> None:
        if message.status != 200:
            self.fleet.counts[self.plan.kind][f"refused_{message.status}"] += 1
            assert self.transport is not None
            self.transport.abort()
            return
        self.step += 1
        if "session" in message.headers:
            self.session = {"Session": message.headers["session"].split(";")[0]}
        if self.step == 1:
            offered = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"}
            self._ask("SETUP", control(message, self.url), offered)
        elif self.step == 2:
            self._ask("PLAY", str(self.url), {"Range": "npt=0.000-"})
        else:
            assert self.handshake is not None
            self.handshake.cancel()
            self.playing = True
            if self.plan.kind == "wall":
                hold_s = self.fleet.draw.uniform(*self.plan.hold_s)
                asyncio.get_running_loop().call_later(hold_s, self._zap, self.transport)

    def _zap(self, watched: asyncio.Transport | None) -> None:
        """The operator looks elsewhere."""
        if watched is None or watched is not self.transport:
            return
        self.fleet.counts[self.plan.kind]["switches"] += 1
        self._aim(self.fleet.draw.choice(self.plan.cameras))
        self.playing = False
        watched.abort()

    def _ask(self, method: str, url: str, headers: dict[str, str]) -> None:
        assert self.transport is not None
        known = {"CSeq": str(self.step + 1), "User-Agent": self.plan.agent}
        all_headers = known | self.url.authorization | self.session | headers
        self.transport.write(request(method, url, all_headers))

    def _again(self, pause_s: float) -> None:
        if not self.closed:
            loop = asyncio.get_running_loop()
            loop.call_later(pause_s, lambda: loop.create_task(self.open()))
