"""RTP (RFC 3550) and its H.264 (RFC 6184) and H.265 (RFC 7798) payloads, as a rig needs them."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from twin.errors import InputError

__all__ = ["CLOCK_HZ", "MAX_PAYLOAD", "PacketLoop", "is_key", "packetise", "sender_report"]

CLOCK_HZ = 90_000
MAX_PAYLOAD = 1400
"""Below the 1,440 bytes above which MediaMTX would cut packets again, at a cost of its own."""
PAYLOAD_TYPE = 96
SSRC = 0x434D5355
INTERLEAVED = struct.Struct("!BBH")
RTP = struct.Struct("!BBHII")
HEADERS = INTERLEAVED.size + RTP.size
NTP_EPOCH_S = 2_208_988_800

FU_A, FU_265 = 28, 49


def packetise(nals: Sequence[bytes], codec: str, limit: int = MAX_PAYLOAD) -> list[bytes]:
    """RTP payloads of one frame: a NAL unit that fits travels alone, another is cut in fragments.

    Parameters
    ----------
    nals : sequence of bytes
        NAL units of the frame, without start codes.
    codec : {"h264", "h265"}
        Fragments are FU-A (RFC 6184, 5.8) or FU (RFC 7798, 4.4.3).
    limit : int
        Largest payload, in bytes.

    Examples
    --------
    >>> [len(payload) for payload in packetise([b"e" * 10, b"e" * 25], "h264", limit=12)]
    [10, 12, 12, 6]
    """
    payloads: list[bytes] = []
    for nal in nals:
        payloads += [nal] if len(nal) <= limit else _fragments(nal, codec, limit)
    return payloads


def _fragments(nal: bytes, codec: str, limit: int) -> Iterator[bytes]:
    if codec == "h264":
        indicator, kind, body = bytes([nal[0] & 0xE0 | FU_A]), nal[0] & 0x1F, nal[1:]
    else:
        indicator, kind, body = (
            bytes([nal[0] & 0x81 | FU_265 << 1, nal[1]]),
            nal[0] >> 1 & 0x3F,
            nal[2:],
        )
    room = limit - len(indicator) - 1
    for start in range(0, len(body), room):
        first, last = start == 0, start + room >= len(body)
        yield indicator + bytes([first << 7 | last << 6 | kind]) + body[start : start + room]


def is_key(payload: bytes | memoryview, codec: str) -> bool:
    """Whether `payload` opens a frame that can be decoded alone (IDR; H.265: any IRAP)."""
    if codec == "h264":
        kind = payload[0] & 0x1F
        return kind == 5 or (kind == FU_A and payload[1] & 0x9F == 0x85)
    kind = payload[0] >> 1 & 0x3F
    if kind == FU_265:
        return bool(payload[2] & 0x80) and 16 <= payload[2] & 0x3F <= 21
    return 16 <= kind <= 21


def sender_report(timestamp: int, wall_s: float, packets: int, octets: int) -> bytes:
    """RTCP sender report (RFC 3550, 6.4.1), interleaved on channel 1.

    Parameters
    ----------
    timestamp : int
        RTP timestamp of the instant `wall_s` (seconds since 1970).
    packets, octets : int
        Sent so far, modulo 2**32.
    """
    seconds = int(wall_s)
    fraction = int((wall_s - seconds) * 2**32)
    body = struct.pack(
        "!BBHIIIIII", 0x80, 200, 6, SSRC, seconds + NTP_EPOCH_S, fraction, timestamp & 0xFFFFFFFF,
        packets & 0xFFFFFFFF, octets & 0xFFFFFFFF,
    )  # fmt: skip
    return INTERLEAVED.pack(0x24, 1, len(body)) + body


class PacketLoop:
    """A loop of frames, packetised once, that every camera of a profile sends.

    Frame `index` counts from the start of the rig, for ever; its sequence numbers and timestamp
    follow from the index alone, so that a thousand cameras share the same bytes, and a reader
    who gets a timestamp knows which frame it is and when it was due.

    Parameters
    ----------
    frames : sequence of sequence of bytes
        NAL units of each frame; the first one must be decodable alone.
    codec : {"h264", "h265"}
    fps : int
        Divisor of 90,000.
    remembered : int
        Frames kept ready: one GOP, when phases are spread over one.

    Examples
    --------
    >>> loop = PacketLoop([[b"e" * 2000], [b"a" * 10]], "h264", fps=25, remembered=2)
    >>> [loop.packets(0), loop.packets(1), loop.sequence(3)]
    [2, 1, 5]
    >>> len(loop.frame(0)) - 2 * HEADERS
    2003
    """

    def __init__(
        self, frames: Sequence[Sequence[bytes]], codec: str, fps: int, remembered: int
    ) -> None:
        if CLOCK_HZ % fps:
            raise InputError(
                f"{fps} frames per second do not divide the RTP clock of {CLOCK_HZ} Hz"
            )
        self.codec = codec
        self.fps = fps
        self.ticks = CLOCK_HZ // fps
        self.remembered = remembered
        self._templates: list[bytes] = []
        self._offsets: list[list[int]] = []
        self._before = [0]
        for nals in frames:
            payloads = packetise(nals, codec)
            template, offsets = bytearray(), []
            for position, payload in enumerate(payloads):
                offsets.append(len(template))
                marker = (position == len(payloads) - 1) << 7
                template += INTERLEAVED.pack(0x24, 0, RTP.size + len(payload))
                template += RTP.pack(0x80, marker | PAYLOAD_TYPE, 0, 0, SSRC) + payload
            self._templates.append(bytes(template))
            self._offsets.append(offsets)
            self._before.append(self._before[-1] + len(payloads))
        self._ready: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._templates)

    @property
    def packets_per_s(self) -> float:
        """Mean RTP packets per second."""
        return self._before[-1] * self.fps / len(self)

    @property
    def mbit_s(self) -> float:
        """Mean RTP bits (headers and payload) per second, in millions."""
        size = sum(len(template) for template in self._templates)
        return (size - INTERLEAVED.size * self._before[-1]) * 8 * self.fps / len(self) / 1e6

    def packets(self, index: int) -> int:
        """RTP packets of frame `index`."""
        return len(self._offsets[index % len(self)])

    def offsets(self, index: int) -> list[int]:
        """Where each packet of frame `index` starts in its bytes."""
        return self._offsets[index % len(self)]

    def sequence(self, index: int) -> int:
        """Sequence number of the first packet of frame `index`."""
        turns, position = divmod(index, len(self))
        return (turns * self._before[-1] + self._before[position]) & 0xFFFF

    def timestamp(self, index: int) -> int:
        """RTP timestamp of frame `index`."""
        return index * self.ticks & 0xFFFFFFFF

    def frame(self, index: int) -> bytes:
        """Bytes of frame `index` on a TCP connection: interleaved RTP packets on channel 0."""
        found = self._ready.get(index)
        if found is None:
            found = self._ready[index] = self._stamped(index)
            while len(self._ready) > self.remembered:
                del self._ready[next(iter(self._ready))]
        return found

    def _stamped(self, index: int) -> bytes:
        content = bytearray(self._templates[index % len(self)])
        sequence, timestamp = self.sequence(index), self.timestamp(index)
        for offset in self.offsets(index):
            struct.pack_into("!HI", content, offset + 6, sequence, timestamp)
            sequence = sequence + 1 & 0xFFFF
        return bytes(content)
