"""The decompressed content of a file: where a reader is in it, and the digest of what lies before a position."""

import hashlib
from collections import deque
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from muster.intake.checkpoint import Position
from muster.loads.rows import FileChangedError

# Content that is kept until a position after it is asked for. A chunk of a load spans 4 MiB and a record, and asks
# once, so it never comes near.
MAX_KEPT_BYTES: Final = 128 * 1024 * 1024


class Content:
    """Reads blocks, none of them empty, once and in order. `offset` is that of the next byte that `read` gives."""

    def __init__(self, blocks: Iterator[bytes], *, max_kept_bytes: int = MAX_KEPT_BYTES) -> None:
        self._blocks = blocks
        self._peeked: deque[bytes] = deque()
        self._digests = _Digests(max_kept_bytes)
        self.offset = 0

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end of the content. They are read again."""
        while sum(map(len, self._peeked)) < size and (block := next(self._blocks, b"")):
            self._peeked.append(block)
        joined = b"".join(self._peeked)
        self._peeked = deque([joined] if joined else [])
        return joined[:size]

    def read(self) -> bytes:
        """The next block; empty at the end of the content."""
        block = self._peeked.popleft() if self._peeked else next(self._blocks, b"")
        self._add(block)
        return block

    def skip(self, size: int) -> None:
        """Goes over `size` bytes, fewer at the end of the content."""
        while size > 0 and (block := self._peeked.popleft() if self._peeked else next(self._blocks, b"")):
            if len(block) > size:
                self._peeked.appendleft(block[size:])
            self._add(block[:size])
            self.release(0, self.offset)
            size -= len(block)

    def release(self, start: int, end: int) -> None:
        """Frees the blocks between two offsets: no row ends there, so no position in them will be asked for."""
        self._digests.release(start, end)

    def go_to(self, position: Position) -> None:
        """Goes from the beginning to a position; raises `FileChangedError` when something else lies before it."""
        self.skip(position.offset)
        if self.offset < position.offset:
            raise FileChangedError(f"the file is shorter than when its load began (byte {self.offset})")
        if self._digests.digest() != position.digest:
            raise FileChangedError(f"the file is not the one whose load began: its first {self.offset} bytes differ")

    def digest_at(self, offset: int) -> bytes:
        """The SHA-256 of the content up to an offset where a row ends. Offsets are asked for in ascending order."""
        return self._digests.digest_at(offset)

    def _add(self, block: bytes) -> None:
        if block:
            self._digests.add(block, self.offset)
            self.offset += len(block)


class _Kept(NamedTuple):
    """A block, its offset, and the hash of what lies before it."""

    offset: int
    before: Any
    block: bytes

    @property
    def end(self) -> int:
        return self.offset + len(self.block)


class _Digests:
    """Hashes the content as it is read, and keeps the blocks that a position may be in."""

    def __init__(self, max_kept_bytes: int) -> None:
        self._max_kept_bytes = max_kept_bytes
        self._hash = hashlib.sha256()
        self._kept: deque[_Kept] = deque()
        self._kept_bytes = 0
        self._size = 0

    def add(self, block: bytes, offset: int) -> None:
        self._kept.append(_Kept(offset, self._hash.copy(), block))
        self._kept_bytes += len(block)
        self._hash.update(block)
        self._size = offset + len(block)
        while self._kept_bytes > self._max_kept_bytes and len(self._kept) > 1:
            self._kept_bytes -= len(self._kept.popleft().block)

    def release(self, start: int, end: int) -> None:
        later = []
        while self._kept and self._kept[-1].end > end:
            later.append(self._kept.pop())
        while self._kept and self._kept[-1].offset >= start:
            self._kept_bytes -= len(self._kept.pop().block)
        self._kept.extend(reversed(later))

    def digest(self) -> bytes:
        return self._hash.digest()

    def digest_at(self, offset: int) -> bytes:
        while self._kept and self._kept[0].end < offset:
            self._kept_bytes -= len(self._kept.popleft().block)
        if not self._kept and offset == self._size:
            return self.digest()
        if not self._kept or self._kept[0].offset > offset:
            raise ValueError("the position lies too far back, or no row ends there")
        start, before, block = self._kept[0]
        digest = before.copy()
        digest.update(memoryview(block)[: offset - start])
        result: bytes = digest.digest()
        return result
