"""Requests keep their bounds and bytes however they are cut into segments; only `Upgrade` headers go."""

from hypothesis import given
from hypothesis import strategies as st

from muster.server.limits import ConnectionLimits
from muster.server.request_framing import RequestFraming

BODIES = [
    b"",
    b"hi",
    b"GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n" * 2,
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b"a" * 3000,
]
UPGRADES = [b"", b"Upgrade: websocket\r\n", b"UPGRADE:h2c\r\n"]


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A request, and the same without `Upgrade`."""
    body, upgrade = draw(st.sampled_from(BODIES)), draw(st.sampled_from(UPGRADES))
    framing = draw(st.sampled_from(["none", "length", "chunked"]))
    if framing == "none":
        rest = b"Host: a\r\n\r\n"
    elif framing == "length":
        rest = b"Host: a\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    else:
        sizes = draw(st.lists(st.sampled_from([1, 5, 700]), max_size=4))
        chunks = b"".join(b"%X;e=1\r\n%s\r\n" % (size, b"u" * size) for size in sizes)
        trailers = draw(st.sampled_from([b"", b"a: b\r\n", b"Upgrade: websocket\r\n"]))
        rest = b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n" + trailers + b"\r\n"
    return b"POST / HTTP/1.1\r\n" + upgrade + rest, b"POST / HTTP/1.1\r\n" + rest


@given(st.lists(requests(), min_size=1, max_size=5), st.lists(st.integers(0, 9000), max_size=8))
def test_only_upgrade_goes_whatever_the_segments(sent: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    stream = b"".join(request for request, _ in sent)
    framing, passed, at = RequestFraming(ConnectionLimits()), b"", 0
    for cut in [*sorted(cuts), len(stream)]:
        if at < cut <= len(stream):
            passed += framing.feed(stream[at:cut])
            at = cut
    assert passed == b"".join(request for _, request in sent)
    assert framing.heads == len(sent)
    assert not framing.refused
    assert not framing.is_within_head
    assert not framing.is_within_body


def test_bytes_behind_a_refused_head_go_nowhere() -> None:
    framing = RequestFraming(ConnectionLimits(max_head_bytes=100))
    assert framing.feed(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nx: " + b"x" * 100) == (
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    assert framing.refused == 431
    assert framing.feed(b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == b""
