"""RTSP messages (RFC 2326) and session descriptions (RFC 4566), read without trust."""

from __future__ import annotations

from base64 import b64encode
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

__all__ = ["Message", "ProtocolError", "Url", "control", "describe", "request", "response", "take"]

MAX_HEADERS = 16_384
MAX_BODY = 65_536

REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
}


class ProtocolError(Exception):
    """The peer does not speak RTSP as it should: the connection is closed."""


class Message(NamedTuple):
    """A request or a response; header names are in lower case."""

    start: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def status(self) -> int:
        """Status of a response."""
        parts = self.start.split(" ", 2)
        if len(parts) < 2 or not parts[0].startswith("RTSP/") or not parts[1].isdecimal():
            raise ProtocolError(f"not an RTSP response: {self.start[:80]!r}")
        return int(parts[1])

    @property
    def method(self) -> str:
        """Method of a request."""
        parts = self.start.split(" ")
        if len(parts) != 3 or not parts[2].startswith("RTSP/"):
            raise ProtocolError(f"not an RTSP request: {self.start[:80]!r}")
        return parts[0]


class Url(NamedTuple):
    """An ``rtsp://`` address, its credentials set apart."""

    host: str
    port: int
    path: str
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, text: str) -> Url:
        """Parts of `text`.

        Examples
        --------
        >>> Url.parse("rtsp://u:p@127.1.0.1:9554/cam")
        Url(host='127.1.0.1', port=9554, path='cam', user='u', password='p')
        """
        parts = urlsplit(text)
        return cls(
            parts.hostname or "", parts.port or 554, parts.path.lstrip("/"),
            unquote(parts.username or ""), unquote(parts.password or ""),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"rtsp://{self.host}:{self.port}/{self.path}"

    @property
    def authorization(self) -> dict[str, str]:
        """Header of HTTP Basic authentication, if there are credentials."""
        if not self.user:
            return {}
        token = b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {token}"}


def take(buffer: bytearray) -> Message | None:
    r"""Take the first message off `buffer`; interleaved data before it is thrown away.

    Returns
    -------
    Message or None
        None when more bytes are needed: nothing but whole interleaved packets was taken.

    Raises
    ------
    ProtocolError
        Not RTSP, or longer than a camera or a server has reason to be.

    Examples
    --------
    >>> buffer = bytearray(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n$")
    >>> take(buffer).status, bytes(buffer)
    (200, b'$')
    """
    while buffer[:1] == b"$":
        if len(buffer) < 4 or len(buffer) < 4 + (size := int.from_bytes(buffer[2:4], "big")):
            return None
        del buffer[: 4 + size]
    end = buffer.find(b"\r\n\r\n")
    if end > MAX_HEADERS or (end < 0 and len(buffer) > MAX_HEADERS):
        raise ProtocolError(f"more than {MAX_HEADERS} bytes of headers")
    if end < 0:
        return None
    start, *lines = bytes(buffer[:end]).decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ProtocolError(f"not a header: {line[:80]!r}")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY:
        raise ProtocolError(f"content-length {length[:20]!r}, at most {MAX_BODY}")
    total = end + 4 + int(length)
    if len(buffer) < total:
        return None
    body = bytes(buffer[end + 4 : total])
    del buffer[:total]
    return Message(start, headers, body)


def request(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Bytes of a request."""
    return _message(f"{method} {url} RTSP/1.0", headers, body)


def response(
    status: int, to: Message, headers: dict[str, str] | None = None, body: bytes = b""
) -> bytes:
    """Bytes of the response `status` to the request `to`."""
    sequence = {"CSeq": to.headers.get("cseq", "0")}
    return _message(f"RTSP/1.0 {status} {REASONS[status]}", sequence | (headers or {}), body)


def _message(start: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def describe(parameter_sets: list[bytes], codec: str, host: str) -> bytes:
    """Session description of one video track, parameter sets in it (RFC 6184, 8.2; 7798, 7.2)."""
    coded = [b64encode(nal).decode() for nal in parameter_sets]
    if codec == "h264":
        encoding = "H264"
        level = parameter_sets[0][1:4].hex()
        format_ = (
            f"packetization-mode=1;profile-level-id={level};sprop-parameter-sets={','.join(coded)}"
        )
    else:
        encoding = "H265"
        names = ("sprop-vps", "sprop-sps", "sprop-pps")
        format_ = ";".join(f"{name}={value}" for name, value in zip(names, coded, strict=True))
    lines = [
        "v=0", f"o=- 0 0 IN IP4 {host}", "s=camera", f"c=IN IP4 {host}", "t=0 0",
        "m=video 0 RTP/AVP 96", f"a=rtpmap:96 {encoding}/90000", f"a=fmtp:96 {format_}",
        "a=control:trackID=0", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def control(reply: Message, url: Url) -> str:
    """Address of the first video track of a DESCRIBE reply."""
    base = reply.headers.get("content-base", str(url)).rstrip("/")
    _, video, media = reply.body.decode("latin-1").partition("m=video")
    if not video:
        raise ProtocolError("no video in the session description")
    for line in media.splitlines():
        if line.startswith("a=control:"):
            track = line.removeprefix("a=control:").strip()
            return track if track.startswith("rtsp://") else f"{base}/{track}"
    return base
