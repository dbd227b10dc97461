"""Probes: a few streams are decoded with PyAV and compared, picture by picture, with the source."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING

from twin.streams.frames import Video

if TYPE_CHECKING:
    import av

__all__ = ["MAX_PROBES", "contained", "exact_streams", "picture_digests", "source_digests"]

MAX_PROBES = 10
"""A decoder costs a hundred readers: more would measure the probes."""
PICTURES = 10
TIMEOUT_S = 15.0
FORMATS = {"h264": "h264", "h265": "hevc"}


def picture_digests(frames: Iterable[av.VideoFrame]) -> list[str]:
    """SHA-256 of each decoded picture."""
    return [sha256(frame.to_ndarray().tobytes()).hexdigest() for frame in frames]


def contained(part: Sequence[str], loop: Sequence[str]) -> bool:
    """Whether `part` is a stretch of the endless repetition of `loop`.

    Examples
    --------
    >>> contained(["c", "a", "b"], ["a", "b", "c"]), contained(["c", "b"], ["a", "b", "c"])
    (True, False)
    """
    endless = list(loop) * (len(part) // len(loop) + 2)
    return any(endless[start : start + len(part)] == list(part) for start in range(len(loop)))


def source_digests(video: Video) -> list[str]:
    """Digests of the pictures of the loop that is sent."""
    import av

    source = io.BytesIO(video.annex_b())
    with av.open(source, "r", format=FORMATS[video.profile.codec]) as container:
        return picture_digests(container.decode(video=0))


def exact_streams(urls: Sequence[str], video: Video) -> int:
    """How many of `urls`, ten at most, give back the pictures of `video`, bit for bit."""
    import av

    def seen(url: str) -> list[str]:
        options = {"rtsp_transport": "tcp"}
        try:
            with av.open(url, options=options, timeout=TIMEOUT_S) as container:
                return picture_digests(islice(container.decode(video=0), PICTURES))
        except av.FFmpegError:
            return []

    if not urls:
        return 0
    known = source_digests(video)
    with ThreadPoolExecutor(MAX_PROBES) as threads:
        found = list(threads.map(seen, urls[:MAX_PROBES]))
    return sum(len(part) == PICTURES and contained(part, known) for part in found)
