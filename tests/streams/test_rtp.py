from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import InputError
from twin.streams.rtp import HEADERS, MAX_PAYLOAD, PacketLoop, is_key, packetise, sender_report

nal_bodies = st.lists(st.binary(min_size=3, max_size=5_000), min_size=1, max_size=4)


def reassembled(payloads: list[bytes], codec: str) -> list[bytes]:
    """NAL units put together again, by the book."""
    nals: list[bytes] = []
    for payload in payloads:
        if codec == "h264":
            if payload[0] & 0x1F != 28:
                nals.append(payload)
                continue
            head, flags, body = (
                bytes([payload[0] & 0xE0 | payload[1] & 0x1F]),
                payload[1],
                payload[2:],
            )
        else:
            if payload[0] >> 1 & 0x3F != 49:
                nals.append(payload)
                continue
            flags, body = payload[2], payload[3:]
            head = bytes([payload[0] & 0x81 | (flags & 0x3F) << 1, payload[1]])
        if flags & 0x80:
            nals.append(head)
        nals[-1] += body
    return nals


@given(nal_bodies, st.sampled_from(["h264", "h265"]))
def test_what_is_cut_is_put_together_again(bodies: list[bytes], codec: str) -> None:
    # Types 28 and 49 are those of fragments: a NAL unit never has them.
    first = b"\x65" if codec == "h264" else b"\x26"
    nals = [first + body for body in bodies]
    payloads = packetise(nals, codec)
    assert max(map(len, payloads)) <= MAX_PAYLOAD
    assert reassembled(payloads, codec) == nals


def packets_of(frame: bytes) -> list[tuple[int, int, bool, bytes]]:
    """Sequence, timestamp, marker and payload of each interleaved packet."""
    found, position = [], 0
    while position < len(frame):
        magic, channel, length = struct.unpack_from("!BBH", frame, position)
        assert (magic, channel) == (0x24, 0)
        _, second, sequence, timestamp, _ = struct.unpack_from("!BBHII", frame, position + 4)
        payload = frame[position + HEADERS : position + 4 + length]
        found.append((sequence, timestamp, bool(second & 0x80), payload))
        position += 4 + length
    return found


@given(st.lists(st.integers(1, 4_000), min_size=1, max_size=5), st.integers(0, 200_000))
def test_sequence_and_time_follow_from_the_index(sizes: list[int], start: int) -> None:
    loop = PacketLoop([[b"\x65" * size] for size in sizes], "h264", 25, remembered=2)
    sequence = loop.sequence(start)
    for index in range(start, start + 2 * len(sizes)):
        packets = packets_of(loop.frame(index))
        assert len(packets) == loop.packets(index)
        assert [marker for _, _, marker, _ in packets] == [False] * (len(packets) - 1) + [True]
        for found, timestamp, _, _ in packets:
            assert found == sequence
            assert timestamp == index * 3600 % 2**32
            sequence = (sequence + 1) % 2**16


def test_frames_are_forgotten() -> None:
    loop = PacketLoop([[b"\x65"]], "h264", 25, remembered=3)
    for index in range(50):
        loop.frame(index)
    assert len(loop._ready) == 3


def test_a_rate_that_does_not_divide_the_clock_is_refused() -> None:
    with pytest.raises(InputError, match="7 frames per second do not divide"):
        PacketLoop([[b"\x65"]], "h264", 7, remembered=1)


@pytest.mark.parametrize(
    ("codec", "payload", "key"),
    [
        ("h264", b"\x65\x00", True),
        ("h264", b"\x41\x00", False),
        ("h264", b"\x7c\x85\x00", True),  # first fragment of an IDR
        ("h264", b"\x7c\x05\x00", False),  # a later one
        ("h265", b"\x26\x01\x00", True),
        ("h265", b"\x02\x01\x00", False),
        ("h265", b"\x62\x01\x93", True),
        ("h265", b"\x62\x01\x13", False),
    ],
)
def test_key_frames_are_recognised(codec: str, payload: bytes, key: bool) -> None:
    assert is_key(payload, codec) is key


def test_sender_report_holds_both_clocks() -> None:
    report = sender_report(90_000, 1_700_000_000.5, 7, 900)
    magic, channel, length = struct.unpack_from("!BBH", report)
    fields = struct.unpack("!BBHIIIIII", report[4:])
    assert (magic, channel, length) == (0x24, 1, 28)
    assert fields[1:3] == (200, 6)
    assert fields[4:] == (1_700_000_000 + 2_208_988_800, 2**31, 90_000, 7, 900)
