"""The body of a large response, held in compressed pieces.

The findings of 100,000 places are 25 MB of text that repeats itself: compressed they take less than one.
"""

from collections.abc import Iterator
from typing import Final

import zstandard

# Bytes of text that are compressed, and decompressed, at a time.
PIECE_BYTES: Final = 256 * 1024

# Bytes of a response that is not held compressed.
MAX_PLAIN_BYTES: Final = 1024 * 1024

_LEVEL: Final = 1  # 30 ms for 25 MB


class LargeBody:
    """Text that is appended in parts of any size, and read in pieces. It grows by what its pieces take compressed."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._rest = bytearray()  # not compressed yet
        self._size = 0

    def append(self, text: bytes | memoryview) -> None:
        self._rest += text
        self._size += len(text)
        if len(self._rest) >= PIECE_BYTES:
            # Copied, because the result of `compress` keeps the memory of its text.
            self._pieces.append(bytes(memoryview(zstandard.compress(self._rest, _LEVEL))))
            self._rest = bytearray()

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        yield from map(zstandard.decompress, self._pieces)
        if self._rest:
            yield bytes(self._rest)

    def __bytes__(self) -> bytes:
        return b"".join(self)


# The body of a response: the type of most is `bytes`.
ResponseBody = bytes | LargeBody
