"""Offers to leave HTTP/1.1 are ignored (RFC 9110 7.8): the body of such a request is a body, and never a request."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked_server import ForkedServer
from tests.server.probe import GET, SMUGGLED, Connection, Probe

OFFERS = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQBAAAAAAIAAAAA\r\n",
    "websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "websocket without its key": b"Connection: Upgrade\r\nupgrade:websocket\r\n",
    "other": b"Connection: keep-alive, Upgrade\r\nUPGRADE: other/1, TLS/1.0\r\n",
}
BODY = SMUGGLED * 3
FRAMINGS = {
    "length": (b"Content-Length: %d\r\n" % len(BODY), BODY),
    "chunks": (b"Transfer-Encoding: chunked\r\n", b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "no body": (b"", b""),
}


def to_segments(head: bytes, body: bytes, count: int) -> list[bytes]:
    """The request as one segment, as head and body, or as many."""
    if count <= 2:
        return [head + body] if count == 1 else [head, body]
    size = len(head + body) // count + 1
    return [(head + body)[at : at + size] for at in range(0, len(head + body), size)]


@pytest.fixture(autouse=True)
def nothing_smuggled(probe: Probe) -> Iterator[None]:
    yield
    assert "/smuggled" not in list(probe.paths)


@pytest.mark.parametrize("segments", [1, 2, 25])
@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("method", [b"GET", b"POST"])
@pytest.mark.parametrize("offer", OFFERS)
def test_request_with_an_offer_is_answered_as_without_it(
    server: ForkedServer, offer: str, method: bytes, framing: str, segments: int
) -> None:
    lines, body = FRAMINGS[framing]
    head = method + b" /first HTTP/1.1\r\nHost: a\r\n" + OFFERS[offer] + lines + b"\r\n"
    with Connection(server.port) as connection:
        connection.send(*to_segments(head, body, segments))
        seen = connection.seen()
        assert (seen["path"], seen["complete"]) == ("/first", True)
        assert seen["size"] == (len(BODY) if body else 0)
        assert connection.send(GET).seen()["path"] == "/second"


def test_offer_after_a_chunked_body_is_ignored(server: ForkedServer) -> None:
    chunked = b"POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    offering = GET[:-2] + OFFERS["websocket"] + b"\r\n"
    with Connection(server.port) as connection:
        assert connection.send(chunked).seen()["size"] == 2
        assert connection.send(offering).seen()["path"] == "/second"
        assert connection.send(chunked + offering).seen()["size"] == 2
        assert connection.seen()["path"] == "/second"


@pytest.mark.skipif(shutil.which("java") is None, reason="needs a JDK, 11 or later")
def test_http_client_of_java_with_its_defaults_sends_batches(server: ForkedServer) -> None:
    """It prefers HTTP/2 and offers h2c with its first request."""
    source = Path(__file__).with_name("DefaultHttpClient.java")
    ran = subprocess.run(["java", source, str(server.port)], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.split() == ["200/0", "200/2", f"200/{5000 * len(SMUGGLED)}"] * 3


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("body", [[], ["-d", "x" * 5000], ["-H", "Transfer-Encoding: chunked", "-d", "x" * 5000]])
def test_curl_with_http2_sends_batches(server: ForkedServer, body: list[str]) -> None:
    command = ["curl", "-sS", "--http2", "-m", "10", *body, f"http://127.0.0.1:{server.port}/curl"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    if "the installed libcurl version does not support" in ran.stderr:
        pytest.skip("this curl has no HTTP/2")
    assert f'"size": {5000 if body else 0},' in ran.stdout, ran.stderr
