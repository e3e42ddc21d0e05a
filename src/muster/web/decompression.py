"""Undoing the content coding of a body, in bounded memory whatever the body claims."""

import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

import zstandard

from muster.web.problems import Problem, content_too_large

# A zstd block gives at most 128 KiB and takes at least 4 bytes, and zstandard can't bound what one call gives. So one
# with 256 bytes gives at most 8 MiB. Larger pieces are only a little faster: 60 MiB took 110 ms, and 85 ms in one.
ZSTD_CHUNK_BYTES: Final = 256
# RFC 9659: a decoder of this content coding may refuse more than 8 MiB.
MAX_ZSTD_WINDOW_BYTES: Final = 8 * 1024 * 1024
GZIP_CHUNK_BYTES: Final = 64 * 1024
MAX_GZIP_OUTPUT_BYTES: Final = 1024 * 1024
# Files may be joined from members; but millions of empty ones would cost minutes.
MAX_MEMBERS: Final = 10_000


class _Member(Protocol):
    """The decompressor of one gzip member or one zstd frame."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...


Feed = Callable[[Any, memoryview, bytearray, int], None]


def decompress(body: bytes | bytearray, coding: str, most: int) -> bytes | bytearray:
    """The body without its coding: `identity`, `gzip` or `zstd`, of one or more members.

    Raises `CommandError`: 413 as soon as there are more than `most` bytes, 400 for what is no sound body of that coding.
    """
    match coding:
        case "gzip":
            return _joined(body, most, lambda: zlib.decompressobj(wbits=31), _feed_gzip, GZIP_CHUNK_BYTES)
        case "zstd":
            decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW_BYTES)
            return _joined(body, most, decompressor.decompressobj, _feed_zstd, ZSTD_CHUNK_BYTES)
    return body


def _joined(body: bytes | bytearray, most: int, new: Callable[[], _Member], feed: Feed, piece: int) -> bytearray:
    """Feeds the body to one member after the other, `piece` bytes at a time."""
    view, at, plain = memoryview(body), 0, bytearray()
    for _ in range(MAX_MEMBERS):
        member = new()
        while not member.eof:
            if at == len(view):
                raise Problem(400, "the compressed body is cut short; send it whole")
            given = view[at : at + piece]
            try:
                feed(member, given, plain, most)
            except (zlib.error, zstandard.ZstdError):
                raise Problem(400, _UNSOUND) from None
            at += len(given)
        at -= len(member.unused_data)
        if at == len(view):
            return plain
    raise Problem(400, f"the compressed body has more than {MAX_MEMBERS} members; compress it as one")


_UNSOUND: Final = (
    "the body is not sound in the coding that Content-Encoding names, has something behind its end, "
    "or needs a zstd window of more than 8 MiB"
)


def _feed_gzip(member: Any, given: memoryview, plain: bytearray, most: int) -> None:
    left: memoryview | bytes = given
    while True:
        plain += member.decompress(left, MAX_GZIP_OUTPUT_BYTES)
        if len(plain) > most:
            raise content_too_large(most)
        left = member.unconsumed_tail
        if not left:
            return


def _feed_zstd(member: Any, given: memoryview, plain: bytearray, most: int) -> None:
    plain += member.decompress(given)
    if len(plain) > most:
        raise content_too_large(most)
