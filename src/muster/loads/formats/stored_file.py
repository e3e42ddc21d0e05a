"""The file as it is stored: counts its bytes and hashes them. Whatever is read of a file is read through this."""

import hashlib
import io
from typing import BinaryIO, Final, cast

FINGERPRINT_BYTES: Final = 64 * 1024
BLOCK_BYTES: Final = 256 * 1024


class StoredFile:
    """Reads a file once, from where it stands. It need not be seekable, and may give less than it is asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._peeked = b""
        self.bytes_read = 0

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end of the file. They are read again."""
        while len(self._peeked) < size and (block := self._file.read(size - len(self._peeked))):
            self._peeked += block
        return self._peeked[:size]

    def read(self) -> bytes:
        """The next block; empty at the end of the file."""
        block, self._peeked = self._peeked or self._file.read(BLOCK_BYTES) or b"", b""
        self._hash.update(block)
        self.bytes_read += len(block)
        return block

    def sha256(self) -> bytes:
        """The SHA-256 of what was read so far."""
        return self._hash.digest()

    def close(self) -> None:
        self._file.close()


class PeekableFile(io.RawIOBase):
    """A pipe whose beginning can be looked at before it is read, for `fingerprint`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._peeked = b""

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end of the file."""
        while len(self._peeked) < size and (block := self._file.read(size - len(self._peeked))):
            self._peeked += block
        return self._peeked[:size]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        block = self._peeked[: len(buffer)] or self._file.read(len(buffer)) or b""
        self._peeked = self._peeked[len(block) :]
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._file.close()
        super().close()


def make_peekable(file: BinaryIO) -> BinaryIO:
    """The same file for a seekable one; for a pipe one that `fingerprint` and then `open_rows` can read."""
    return file if file.seekable() else cast(BinaryIO, PeekableFile(file))


def fingerprint(file: BinaryIO, size: int | None) -> bytes:
    """The SHA-256 of the size and the first 64 KiB, by which an earlier load of the file is found.

    Leaves the file where it stands. A pipe must have gone through `make_peekable`.
    """
    if isinstance(file, PeekableFile):
        beginning = file.peek(FINGERPRINT_BYTES)
    else:
        start = file.tell()
        beginning = StoredFile(file).peek(FINGERPRINT_BYTES)
        file.seek(start)
    return hashlib.sha256(b"%d\n%b" % (-1 if size is None else size, beginning)).digest()
