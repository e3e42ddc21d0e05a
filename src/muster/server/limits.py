"""Bounds of one connection that gunicorn has no settings for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Sizes in bytes, times in seconds."""

    # Request line and headers. Those of the contract have 200 bytes; a proxy may add a few thousand.
    max_head_bytes: int = 64 * 1024
    # From the connection, or the first byte of a later request, to the end of the headers.
    head_seconds: float = 30.0
    # Requests at a time on one connection of HTTP/2.
    max_streams: int = 100
    # A peer that takes no byte of its responses for this long is cut off.
    write_stall_seconds: float = 30.0
    # What a chunked body may have in chunk sizes, extensions and trailers: so much, and more per byte of content.
    # A chunk of 1 byte has 5 bytes of framing.
    max_framing_bytes: int = 1024 * 1024
    max_framing_per_byte: int = 8
    # How long an idle connection stays open at shutdown. Its next request may be on its way already; closing at once
    # would reset it, and its sender would not know what became of a batch.
    last_request_seconds: float = 1.0
    # How long a client may take to agree to the end of TLS.
    tls_close_seconds: float = 10.0
    # How often the time limits are checked.
    check_seconds: float = 0.5
