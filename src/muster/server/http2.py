"""HTTP/2 over TLS (ALPN `h2`): what the bounds of a connection are there.

Gunicorn reads the frames. It bounds streams, headers, resets, control frames, and the time that a stream waits for its
peer. So the guard passes the bytes on, and counts requests as the application gets them.
"""

from collections.abc import Iterable
from email.utils import formatdate
from typing import Any, Final

from muster.server.limits import ConnectionLimits

ALPN: Final = "h2"


def build_settings(limits: ConnectionLimits) -> dict[str, Any]:
    """Gunicorn's settings: HTTP/2 for clients that offer it, HTTP/1.1 for all others."""
    return {
        "http_protocols": f"{ALPN},h1",
        "http2_max_concurrent_streams": limits.max_streams,
        "http2_max_header_list_size": limits.max_head_bytes,
    }


def adapt_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of a response without `Connection`, which HTTP/2 forbids (RFC 9113 8.2.2), and with `Date`.

    Gunicorn adds the date in HTTP/1.1 only.
    """
    kept = [(name, value) for name, value in headers if name.lower() != b"connection"]
    return [*kept, (b"date", formatdate(usegmt=True).encode())]


class StreamCount:
    """Takes the place of `RequestFraming`: every byte goes on, and `heads` grows with each request that begins."""

    is_within_head = False
    is_within_body = False
    refused = 0

    def __init__(self) -> None:
        self.heads = 0

    def feed(self, data: bytes) -> bytes:
        return data
