"""Where each request of an HTTP/1.1 connection begins and ends (RFC 9112 6), and what its head must not have.

The bytes go on to gunicorn's parser as they came, but for `Upgrade` headers (`upgrade_filter`).

This code parses no more than it needs. Gunicorn's parser refuses, with 400 and the end of the connection, whatever
the two could read differently: bare line feeds, folded lines, spaces before a colon, two lengths, a length and chunks.
"""

import re
from typing import Final

from muster.server.limits import ConnectionLimits
from muster.server.upgrade_filter import remove_upgrade

_END_OF_HEAD: Final = b"\r\n\r\n"
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
_MAX_LENGTH_DIGITS: Final = 18


class _RefusedError(Exception):
    """With the status of the response."""


class RequestFraming:
    """Follows the requests of one connection."""

    __slots__ = ("_chunked", "_content", "_limits", "_line", "_overhead", "_skip", "_trailers", "heads", "refused")

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._line = bytearray()  # of a head, a chunk size or a trailer that is not complete
        self._skip = 0  # bytes of content that are still to come
        self._chunked = self._trailers = False
        self._content = self._overhead = 0  # bytes of the chunked body so far
        self.heads = 0  # complete ones
        self.refused = 0  # the status of the last response, when the connection can't go on

    @property
    def is_within_head(self) -> bool:
        """Whether a head has begun and is not complete."""
        return bool(self._line) and not self._chunked

    @property
    def is_within_body(self) -> bool:
        """Whether the body of the last request is not complete."""
        return self._skip > 0 or self._chunked

    def feed(self, data: bytes) -> bytes:
        """The part of these bytes that the parser may have."""
        size = len(data)
        if self._skip >= size:  # most of a large body, without a copy
            self._skip -= size
            return data
        if self.refused:
            return b""
        parts: list[bytes] = []
        start = at = 0  # data[start:at] goes on as it is
        try:
            while at < size:
                if self._skip:
                    step = min(self._skip, size - at)
                    self._skip -= step
                    at += step
                elif self._chunked:
                    at = self._read_chunk_line(data, at)
                else:
                    parts.append(data[start:at])
                    start = at
                    head, at = self._read_head(data, at)
                    parts.append(head)
                    start = at
        except _RefusedError as error:
            (self.refused,) = error.args
        parts.append(data[start:at])
        return b"".join(parts)

    def _read_head(self, data: bytes, at: int) -> tuple[bytes, int]:
        """The head for the parser, empty when it is not complete; and where in the data it ends."""
        held = len(self._line)
        if not held and data.startswith(b"\r\n", at):  # an empty line before a request is ignored (RFC 9112 2.2)
            return b"", at + 2
        most = self._limits.max_head_bytes
        self._line += data[at : at + most + 1]
        end = self._line.find(_END_OF_HEAD, max(0, held - 3))
        length = end + 4 if end >= 0 else len(self._line)
        if length > most:
            raise _RefusedError(431)
        if self._line.count(b"\n", 0, length) != self._line.count(b"\r\n", 0, length):
            raise _RefusedError(400)
        if end < 0:
            return b"", len(data)
        head = bytes(self._line[:length])
        self._line.clear()
        return self._accept(head), at + length - held

    def _accept(self, head: bytes) -> bytes:
        lowered = head.lower()
        hosts = lowered.count(b"\r\nhost:")
        if hosts != 1 and (hosts or not lowered.partition(b"\r\n")[0].endswith(b" http/1.0")):
            raise _RefusedError(400)
        if b"\r\ntransfer-encoding:" in lowered:
            if _header(lowered, b"transfer-encoding") != b"chunked":
                raise _RefusedError(501)
            self._chunked, self._content, self._overhead = True, 0, 0
        elif b"\r\ncontent-length:" in lowered:
            length = _header(lowered, b"content-length")
            if not length.isdigit() or len(length) > _MAX_LENGTH_DIGITS:
                raise _RefusedError(400)
            self._skip = int(length)
        self.heads += 1
        return remove_upgrade(head) if b"\r\nupgrade:" in lowered else head

    def _read_chunk_line(self, data: bytes, at: int) -> int:
        """Where in the data the line ends. Chunk sizes, extensions and trailers are bounded together."""
        if not self._line and not self._trailers and (whole := _CHUNK_SIZE.match(data, at)):
            self._count_overhead(whole.end() - at)
            self._begin_chunk(whole)
            return whole.end()
        after = data.find(b"\n", at) + 1
        end = after or len(data)
        self._count_overhead(end - at)
        self._line += data[at:end]
        if after:
            self._end_chunk_line(bytes(self._line))
            self._line.clear()
        return end

    def _count_overhead(self, size: int) -> None:
        self._overhead += size
        limits = self._limits
        if self._overhead > limits.max_framing_bytes + limits.max_framing_per_byte * self._content:
            raise _RefusedError(400)

    def _end_chunk_line(self, line: bytes) -> None:
        if self._trailers:
            self._trailers = self._chunked = line != b"\r\n"
            return
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            raise _RefusedError(400)
        self._begin_chunk(found)

    def _begin_chunk(self, line: re.Match[bytes]) -> None:
        size = int(line[1], 16)
        self._trailers = size == 0
        self._content += size
        self._skip = size + 2 if size else 0  # and the line break behind it


def _header(lowered: bytes, name: bytes) -> bytes:
    return lowered.split(b"\r\n" + name + b":", 1)[1].split(b"\r\n", 1)[0].strip(b" \t")
