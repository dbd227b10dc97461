"""Real encodings of synthetic video, made once with PyAV and kept in a cache."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.contracts import StreamProfile
from twin.errors import MissingError
from twin.files import atomic_write, canonical_json, digest
from twin.streams.rtp import PacketLoop

__all__ = ["Video", "cache_folder", "encoded", "split_nals"]

RECIPE = "1"
"""Changes whenever the pictures or the encoder's options do: a cached video names its recipe."""
GOPS = 2
NOISE = 9
PARAMETER_SETS = {"h264": (7, 8), "h265": (32, 33, 34)}


class Video:
    """An encoded loop: the frames every camera of a profile sends.

    Attributes
    ----------
    frames : list of list of bytes
        NAL units of each frame, without start codes; the first frame can be decoded alone.
    parameter_sets : list of bytes
        SPS and PPS, after VPS for H.265.
    """

    def __init__(self, profile: StreamProfile, frames: list[bytes]) -> None:
        self.profile = profile
        self.frames = [split_nals(frame) for frame in frames]
        kinds = {_kind(nal, profile.codec): nal for nal in self.frames[0]}
        self.parameter_sets = [kinds[kind] for kind in PARAMETER_SETS[profile.codec]]

    def packets(self) -> PacketLoop:
        """The loop as RTP packets."""
        gop = round(self.profile.gop_s * self.profile.fps)
        return PacketLoop(self.frames, self.profile.codec, self.profile.fps, remembered=gop + 2)

    def annex_b(self) -> bytes:
        """The loop as a raw video file."""
        return b"".join(b"\0\0\0\1" + nal for nals in self.frames for nal in nals)


def cache_folder() -> Path:
    """Where binaries and encodings are kept: ``CMSU_CACHE``, else the user's cache."""
    named = os.environ.get("CMSU_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cmsu-twin"


def split_nals(annex_b: bytes) -> list[bytes]:
    r"""NAL units of a byte stream (ITU-T H.264, annex B).

    Examples
    --------
    >>> split_nals(b"\0\0\0\1ab\0\0\1cd")
    [b'ab', b'cd']
    """
    starts = [match.span() for match in re.finditer(rb"\x00*\x00\x00\x01", annex_b)]
    ends = [start for start, _ in starts[1:]] + [len(annex_b)]
    return [annex_b[start:end] for (_, start), end in zip(starts, ends, strict=False)]


def encoded(profile: StreamProfile, folder: Path | None = None) -> Video:
    """The loop of `profile`, from the cache or encoded now (some seconds).

    Parameters
    ----------
    folder : Path, optional
        Cache of encodings; :func:`cache_folder` by default.

    Raises
    ------
    MissingError
        PyAV, or the encoder of the profile's codec, is not installed.
    """
    kept = profile.model_dump(exclude={"label", "source"})
    name = digest(canonical_json(kept), RECIPE)[:16]
    path = (folder or cache_folder() / "videos") / f"{name}.{profile.codec}"
    if path.is_file():
        header, _, content = path.read_bytes().partition(b"\n")
        ends = np.cumsum([0, *json.loads(header)])
        if ends[-1] == len(content):
            return Video(profile, [content[a:b] for a, b in pairwise(ends)])
    frames = list(_encode(profile))
    sizes = json.dumps([len(frame) for frame in frames]).encode()
    atomic_write(path, b"\n".join([sizes, b"".join(frames)]))
    return Video(profile, frames)


def _kind(nal: bytes, codec: str) -> int:
    return nal[0] & 0x1F if codec == "h264" else nal[0] >> 1 & 0x3F


def _encode(profile: StreamProfile) -> Iterator[bytes]:
    try:
        import av
    except ImportError:
        raise MissingError('PyAV is not installed: install the "streams" packages') from None
    name = {"h264": "libx264", "h265": "libx265"}[profile.codec]
    try:
        context: Any = av.CodecContext.create(name, "w")
    except av.codec.codec.UnknownCodecError:
        raise MissingError(f"this PyAV has no {name} encoder") from None
    gop = round(profile.gop_s * profile.fps)
    rate = round(profile.bitrate_mbit_s * 1e3)
    context.width, context.height = profile.width, profile.height
    context.pix_fmt = "yuv420p"
    context.framerate = profile.fps
    context.bit_rate = round(profile.bitrate_mbit_s * 1e6)
    context.gop_size = gop
    options = {
        "keyint": gop,
        "min-keyint": gop,
        "scenecut": 0,
        "repeat-headers": 1,
        "vbv-maxrate": rate,
        "vbv-bufsize": 2 * rate,
        # One thread at a time, so that the same pictures always give the same bytes.
        **({"log-level": 0, "frame-threads": 1} if name == "libx265" else {"threads": 1}),
    }
    context.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        f"{name[3:]}-params": ":".join(f"{key}={value}" for key, value in options.items()),
    }
    for picture in _pictures(profile, GOPS * gop):
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        yield from (bytes(packet) for packet in context.encode(frame))
    yield from (bytes(packet) for packet in context.encode(None))


def _pictures(profile: StreamProfile, count: int) -> Iterator[NDArray[np.uint8]]:
    """A street, as an encoder sees it: still texture, a passing band, the sensor's noise."""
    random = np.random.default_rng(0)
    rows, width = profile.height * 3 // 2, profile.width
    still = random.integers(60, 180, (rows // 4 + 1, width // 4 + 1), dtype=np.uint8)
    still = np.repeat(np.repeat(still, 4, 0), 4, 1)[:rows, :width]
    noise = random.integers(0, NOISE, (rows, width + 64), dtype=np.uint8)
    band = slice(profile.height // 3, profile.height // 2)
    for index in range(count):
        picture = still + noise[:, index % 64 : index % 64 + width]
        picture[band] = np.roll(picture[band], 4 * index, axis=1)
        picture[profile.height :] = 128
        yield picture
