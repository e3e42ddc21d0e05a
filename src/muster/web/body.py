"""Reads the body of a request, whole or in parts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from muster.web.problems import Problem, content_too_large
from muster.web.transport import HttpTransport

_CUT_SHORT: Final = "the body broke off before its end; send the request again"


@dataclass(frozen=True, slots=True)
class BodyTimeouts:
    """How slow a client may send a body.

    A large body is read while its request holds a slot, so it must keep coming (`idle_seconds`) at a minimum rate; the
    default rate is that of Apache's mod_reqtimeout. `max_seconds` bounds any body: 64 MiB take nine minutes at
    1 Mbit/s.
    """

    idle_seconds: float = 30.0
    min_bytes_per_second: int = 500
    max_seconds: float = 900.0

    @property
    def message(self) -> str:
        return (
            f"no byte of the body came for {self.idle_seconds:.0f} seconds, fewer than {self.min_bytes_per_second} a "
            f"second, or not all in {self.max_seconds / 60:.0f} minutes; send the request again"
        )


async def read_body(transport: HttpTransport, max_bytes: int, timeouts: BodyTimeouts) -> bytes | bytearray:
    """The body as sent, of at most `max_bytes`.

    Raises `Problem`: 400 when the body is cut short, 408 when it is too slow, 413 when it is too large. A body of one
    chunk is returned without a copy. More chunks extend one bytearray, which the C library grows in place: a body
    takes its own size and one chunk, where joining a list of chunks takes twice the size.
    """
    body, _ = await _receive(transport, b"", max_bytes, timeouts)
    if len(body) > max_bytes:
        raise content_too_large(max_bytes)
    return body


async def iterate_parts(transport: HttpTransport, part_bytes: int, timeouts: BodyTimeouts) -> AsyncIterator[bytes]:
    """The body in parts of `part_bytes`, the last of which may be shorter. Holds one part at a time.

    The timeouts bound each part as they bound a whole body. Raises `Problem` as `read_body` does.
    """
    rest: bytes | bytearray = b""
    is_whole = False
    while not is_whole:
        body, is_whole = await _receive(transport, rest, part_bytes, timeouts)
        start = 0
        while len(body) - start > part_bytes:
            yield bytes(body[start : start + part_bytes])
            start += part_bytes
        rest = body[start:]
    if rest:
        yield bytes(rest)


async def _receive(
    transport: HttpTransport, body: bytes | bytearray, max_bytes: int, timeouts: BodyTimeouts
) -> tuple[bytes | bytearray, bool]:
    """Appends what comes to `body` until it has more than `max_bytes`, and says whether the end has come."""
    loop = asyncio.get_running_loop()
    started, received = loop.time(), 0
    try:
        async with asyncio.timeout(None) as timeout:
            while not timeout.expired():  # a server may give what has come in place of the cancellation
                allowed = min(timeouts.idle_seconds + received / timeouts.min_bytes_per_second, timeouts.max_seconds)
                timeout.reschedule(min(loop.time() + timeouts.idle_seconds, started + allowed))
                message = await transport.receive()
                if message["type"] != "http.request":
                    raise Problem(400, _CUT_SHORT)
                chunk = message.get("body", b"")
                received += len(chunk)
                body = _append(body, chunk)
                if len(body) > max_bytes or not message.get("more_body", False):
                    return body, not message.get("more_body", False)
    except TimeoutError:
        pass
    raise Problem(408, timeouts.message)


def _append(body: bytes | bytearray, chunk: bytes) -> bytes | bytearray:
    if not body:
        return chunk
    if isinstance(body, bytes):
        body = bytearray(body)
    body += chunk
    return body
