"""Decompresses request bodies in bounded memory, whatever the body claims."""

import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

import zstandard

from muster.web.problems import Problem, content_too_large

# zstandard can't bound the output of one call. A zstd block has at least 4 bytes and at most 128 KiB of output, so 256
# bytes of input have at most 8 MiB. Larger chunks are only a little faster: 60 MiB took 110 ms, and 85 ms in one call.
ZSTD_CHUNK_BYTES: Final = 256
# RFC 9659: a decoder may refuse larger windows.
MAX_ZSTD_WINDOW_BYTES: Final = 8 * 1024 * 1024
GZIP_CHUNK_BYTES: Final = 64 * 1024
MAX_GZIP_OUTPUT_BYTES: Final = 1024 * 1024
# Concatenated members are valid, but millions of empty ones take minutes.
MAX_MEMBERS: Final = 10_000


class _Member(Protocol):
    """The decompressor of one gzip member or one zstd frame."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...


Feed = Callable[[Any, memoryview, bytearray, int], None]


def decompress(body: bytes | bytearray, coding: str, max_bytes: int) -> bytes | bytearray:
    """The decompressed body. `coding` is `identity`, `gzip` or `zstd`; the body may have several members.

    Raises `Problem`: 413 as soon as the output exceeds `max_bytes`, 400 for an invalid body.
    """
    match coding:
        case "gzip":
            return _decompress_members(
                body, max_bytes, lambda: zlib.decompressobj(wbits=31), _feed_gzip, GZIP_CHUNK_BYTES
            )
        case "zstd":
            decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW_BYTES)
            return _decompress_members(body, max_bytes, decompressor.decompressobj, _feed_zstd, ZSTD_CHUNK_BYTES)
    return body


def _decompress_members(
    body: bytes | bytearray, max_bytes: int, new_member: Callable[[], _Member], feed: Feed, chunk_bytes: int
) -> bytearray:
    """Feeds the body to one member after the other, `chunk_bytes` at a time."""
    view, position, plain = memoryview(body), 0, bytearray()
    for _ in range(MAX_MEMBERS):
        member = new_member()
        while not member.eof:
            if position == len(view):
                raise Problem(400, "the compressed body is cut short; send it whole")
            chunk = view[position : position + chunk_bytes]
            try:
                feed(member, chunk, plain, max_bytes)
            except (zlib.error, zstandard.ZstdError):
                raise Problem(400, _INVALID) from None
            position += len(chunk)
        position -= len(member.unused_data)
        if position == len(view):
            return plain
    raise Problem(400, f"the compressed body has more than {MAX_MEMBERS} members; compress it as one")


_INVALID: Final = (
    "the body is not valid in the coding that Content-Encoding names, has bytes after its end, "
    "or needs a zstd window of more than 8 MiB"
)


def _feed_gzip(member: Any, chunk: memoryview, plain: bytearray, max_bytes: int) -> None:
    remaining: memoryview | bytes = chunk
    while True:
        plain += member.decompress(remaining, MAX_GZIP_OUTPUT_BYTES)
        if len(plain) > max_bytes:
            raise content_too_large(max_bytes)
        remaining = member.unconsumed_tail
        if not remaining:
            return


def _feed_zstd(member: Any, chunk: memoryview, plain: bytearray, max_bytes: int) -> None:
    plain += member.decompress(chunk)
    if len(plain) > max_bytes:
        raise content_too_large(max_bytes)
