"""Decompresses files block by block, in bounded memory whatever they claim.

There is no bound on the size of the content: it is read as a stream. Only an absurd ratio is refused, because it costs
hours of computing for a small upload.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import zstandard

from muster.loads.formats.stored_file import BLOCK_BYTES, StoredFile
from muster.loads.rows import InvalidFileError

GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
# A frame without content: pzstd begins its files with one.
_match_skippable_frame: Final = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18").match

# gzip reaches 1,032 at most, with a single byte repeated. Customers reach 5 to 30.
MAX_RATIO: Final = 1_000
# Content up to which the ratio doesn't matter.
MIN_BOMB_BYTES: Final = 64 * 1024 * 1024
# zstandard can't bound the output of one call. A zstd block has at least 4 bytes and at most 128 KiB of output, so 256
# bytes of input have at most 8 MiB.
_ZSTD_CHUNK_BYTES: Final = 256
_GZIP_CHUNK_BYTES: Final = 64 * 1024
# RFC 9659: a decoder may refuse larger windows.
_MAX_ZSTD_WINDOW_BYTES: Final = 8 * 1024 * 1024


class _Stream(Protocol):
    """The decompressor of one gzip member or one zstd frame."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def read_blocks(stored: StoredFile, *, min_bomb_bytes: int = MIN_BOMB_BYTES) -> Iterator[bytes]:
    """The content of the file, decompressed when it is gzip or zstd. No block is empty.

    Up to `min_bomb_bytes` of content, no ratio is absurd. Raises `InvalidFileError` for compressed data that is
    corrupt, breaks off or expands absurdly.
    """
    beginning = stored.peek(len(ZSTD_MAGIC))
    if beginning.startswith(GZIP_MAGIC):
        return _limit_ratio(stored, _decompress(stored, "gzip", _GzipMember, _GZIP_CHUNK_BYTES), min_bomb_bytes)
    if beginning == ZSTD_MAGIC or _match_skippable_frame(beginning):
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW_BYTES)
        return _limit_ratio(
            stored, _decompress(stored, "zstd", decompressor.decompressobj, _ZSTD_CHUNK_BYTES), min_bomb_bytes
        )
    return iter(stored.read, b"")


class _GzipMember:
    """A gzip member whose output comes in bounded pieces: what it does not take yet is its `unconsumed_tail`."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._member.eof

    @property
    def unused_data(self) -> bytes:
        return self._member.unused_data

    @property
    def unconsumed_tail(self) -> bytes:
        return self._member.unconsumed_tail

    def decompress(self, data: bytes, /) -> bytes:
        return self._member.decompress(data, BLOCK_BYTES)


def _decompress(stored: StoredFile, name: str, new_stream: Callable[[], _Stream], chunk_bytes: int) -> Iterator[bytes]:
    """Feeds the file to one member or frame after the other, `chunk_bytes` at a time."""
    block, at = stored.read(), 0
    while True:
        stream = new_stream()
        while not stream.eof:
            if at == len(block):
                block, at = stored.read(), 0
                if not block:
                    raise InvalidFileError(f"the {name} file breaks off (byte {stored.bytes_read}); send it whole")
            chunk = block[at : at + chunk_bytes]
            try:
                output = stream.decompress(chunk)
            except (zlib.error, zstandard.ZstdError):
                start = stored.bytes_read - len(block) + at
                raise InvalidFileError(_describe_corruption(name, start, len(chunk))) from None
            # zlib leaves what follows the end in both.
            at += len(chunk) - len(stream.unused_data if stream.eof else stream.unconsumed_tail)
            if output:
                yield output
        if name == "gzip":  # gzip pads with zeros, and skips them
            while at < len(block) and not block[at:].strip(b"\0"):
                block, at = stored.read(), 0
        if at == len(block):
            block, at = stored.read(), 0
            if not block:
                return


def _describe_corruption(name: str, start: int, size: int) -> str:
    where = f"between byte {start} and byte {start + size}"
    hint = "; it may need a window of more than 8 MiB: compress it without --long and --ultra" if name == "zstd" else ""
    return f"the {name} file is corrupt {where}, or something else follows its end{hint}"


def _limit_ratio(stored: StoredFile, outputs: Iterator[bytes], min_bomb_bytes: int) -> Iterator[bytes]:
    """Joins small outputs to blocks."""
    size = kept_size = 0
    kept = []
    for output in outputs:
        size += len(output)
        if size > min_bomb_bytes and size > MAX_RATIO * stored.bytes_read:
            raise InvalidFileError(
                f"the file decompresses to more than {MAX_RATIO} times its size (byte {stored.bytes_read})"
            )
        kept.append(output)
        kept_size += len(output)
        if kept_size >= BLOCK_BYTES:
            yield b"".join(kept)
            kept, kept_size = [], 0
    if kept:
        yield b"".join(kept)
