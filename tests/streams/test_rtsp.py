from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.streams.rtsp import (
    MAX_BODY,
    MAX_HEADERS,
    Message,
    ProtocolError,
    Url,
    control,
    describe,
    request,
    response,
    take,
)

names = st.text("abcXYZ-", min_size=1, max_size=10)
values = st.text("abc 0123;=/", max_size=30).map(str.strip)


@given(st.dictionaries(names, values, max_size=5), st.binary(max_size=200), st.integers(1, 60))
def test_a_request_is_read_as_written_in_any_pieces(
    headers: dict[str, str], body: bytes, piece: int
) -> None:
    sent = b"$\x01\x00\x03abc" + request("SETUP", "rtsp://h/c", headers, body)
    buffer, found = bytearray(), None
    for start in range(0, len(sent), piece):
        buffer += sent[start : start + piece]
        found = found or take(buffer)
    assert found is not None
    assert found.method == "SETUP"
    assert found.body == body
    assert {name.lower(): value for name, value in headers.items()}.items() <= found.headers.items()
    assert not buffer


@given(st.binary(max_size=400))
def test_noise_is_refused_or_waited_for(noise: bytes) -> None:
    buffer = bytearray(noise)
    try:
        message = take(buffer)
    except ProtocolError:
        return
    assert message is None or message.start is not None
    assert len(buffer) <= len(noise)


@pytest.mark.parametrize(
    "sent",
    [
        b"x" * (MAX_HEADERS + 1),
        b"RTSP/1.0 200 OK\r\nno colon\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1),
    ],
)
def test_what_no_peer_has_reason_to_send_is_refused(sent: bytes) -> None:
    with pytest.raises(ProtocolError):
        take(bytearray(sent))


def test_a_response_answers_its_request() -> None:
    asked = Message("PLAY rtsp://h/c RTSP/1.0", {"cseq": "7"})
    answered = take(bytearray(response(454, asked)))
    assert answered is not None
    assert (answered.status, answered.headers["cseq"]) == (454, "7")
    with pytest.raises(ProtocolError):
        _ = answered.method
    with pytest.raises(ProtocolError):
        _ = asked.status


def test_credentials_travel_in_a_header_only() -> None:
    url = Url.parse("rtsp://me:a%40b@127.0.0.1:8554/cam")
    assert str(url) == "rtsp://127.0.0.1:8554/cam"
    assert url.authorization == {"Authorization": "Basic bWU6YUBi"}
    assert Url.parse("rtsp://h/cam").authorization == {}


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_the_track_of_a_description_is_found(codec: str) -> None:
    sets = [b"\x67\x42\xc0\x1f", b"\x68\x01", b"\x44\x01"][: 2 if codec == "h264" else 3]
    url = Url.parse("rtsp://h:554/cam")
    reply = Message("RTSP/1.0 200 OK", {}, describe(sets, codec, "127.0.0.1"))
    assert control(reply, url) == "rtsp://h:554/cam/trackID=0"
    with pytest.raises(ProtocolError, match="no video"):
        control(reply._replace(body=b"v=0\r\nm=audio 0 RTP/AVP 0\r\n"), url)
