"""Offers to leave HTTP/1.1 (`Upgrade: h2c`, `websocket`, …) are ignored, as RFC 9110 7.8 allows.

Gunicorn answers a GET that offers WebSocket by itself, with 403, and has no setting against that. So the header is
taken out of the head before gunicorn sees it, and the request is one like any other.
"""


def remove_upgrade(head: bytes) -> bytes:
    """The head without its `Upgrade` headers."""
    return b"\r\n".join(line for line in head.split(b"\r\n") if line[:8].lower() != b"upgrade:")
