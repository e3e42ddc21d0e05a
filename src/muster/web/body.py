"""Reading the body of a request off the wire."""

import asyncio
from typing import Final

from muster.web.problems import Problem, content_too_large
from muster.web.request_context import RequestContext

# A body that is read after a place was taken must keep coming, or its sender would hold the place for nothing.
IDLE_SECONDS: Final = 30.0
# And it must come in some time: a byte now and then would hold it as well. Slower than any line; as slow as Apache's
# mod_reqtimeout lets it be.
MIN_BYTES_PER_SECOND: Final = 500
# However many bytes there are. 64 MiB take nine minutes on a line of 1 Mbit/s.
MAX_SECONDS: Final = 900.0

_STOPPED: Final = (
    f"no byte of the body came for {IDLE_SECONDS:.0f} seconds, fewer than {MIN_BYTES_PER_SECOND} a second, or not all in "
    f"{MAX_SECONDS / 60:.0f} minutes; send the request again"
)
_BROKEN_OFF: Final = "the body broke off before its end; send the request again"


async def read_body(exchange: RequestContext, most: int) -> bytes | bytearray:
    """The bytes of the body as they came, at most `most`. Raises `CommandError`: 400 cut short, 408 too slow, 413 too large.

    One chunk is given as it is. More of them grow one bytearray, whose memory the C library moves instead of copying
    it, so that a body costs its own size and a chunk, where joining a list of chunks costs twice the size.
    """
    body: bytes | bytearray = b""
    received = 0
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with asyncio.timeout(None) as limit:
            while True:
                in_time = began + min(IDLE_SECONDS + received / MIN_BYTES_PER_SECOND, MAX_SECONDS)
                limit.reschedule(min(loop.time() + IDLE_SECONDS, in_time))
                message = await exchange.receive()
                if message["type"] != "http.request":
                    raise Problem(400, _BROKEN_OFF)
                chunk = message.get("body", b"")
                received += len(chunk)
                if received > most:
                    raise content_too_large(most)
                body = _grown(body, chunk)
                if not message.get("more_body", False):
                    return body
    except TimeoutError:
        raise Problem(408, _STOPPED) from None


def _grown(body: bytes | bytearray, chunk: bytes) -> bytes | bytearray:
    if not body:
        return chunk
    if isinstance(body, bytes):
        body = bytearray(body)
    body += chunk
    return body
