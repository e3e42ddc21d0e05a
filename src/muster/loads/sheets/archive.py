"""Zip archives of unknown origin: read member by member, with bounds that trust no declared size."""

import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO, Final

from muster.loads.read_deadline import ReadDeadline
from muster.loads.rows import InvalidFileError

CHUNK_BYTES: Final = 1 << 16
# zipfile reads the whole directory: 2 MiB of it become 30 MiB of objects. A workbook of 1,000 sheets has 0.1 MiB.
MAX_DIRECTORY_BYTES: Final = 2 << 20
# Deflate reaches 1,030. Sheets of equal rows reach 60, blank rows with a style 100.
MAX_RATIO: Final = 200
# Small files may exceed the ratio.
FREE_BYTES: Final = 64 << 20
# What damaged and hostile archives make zipfile raise; zlib's error is no ValueError.
_ZIP_ERRORS: Final = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OverflowError, NotImplementedError)


class ReadBudget:
    """Bounds what is made of a file: the work for a file is in proportion to its size, and ends at a deadline."""

    def __init__(self, size: int, free_bytes: int = FREE_BYTES, deadline: ReadDeadline | None = None) -> None:
        self._limit = free_bytes + MAX_RATIO * size
        self.deadline = deadline
        self._spent = 0

    def reset(self) -> None:
        """Starts another reading of the file."""
        self._spent = 0

    def spend(self, octets: int) -> None:
        """Counts decompressed or repeated content. Raises `InvalidFileError` beyond the limit."""
        if self.deadline is not None:
            self.deadline.check()
        self._spent += octets
        if self._spent > self._limit:
            raise InvalidFileError(
                f"the file grows to more than {MAX_RATIO} times its size when it is read, like a decompression "
                "bomb; delete blank rows and columns, or save it as CSV"
            )


class _BoundedReads:
    """A file that never reads more than a directory may have at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, count: int = -1) -> bytes:
        content = self._file.read(MAX_DIRECTORY_BYTES + 1 if count < 0 else min(count, MAX_DIRECTORY_BYTES + 1))
        if len(content) > MAX_DIRECTORY_BYTES:
            raise InvalidFileError(
                "the file has too many parts for a workbook; copy the sheet with the customers into a new workbook"
            )
        return content


class Archive:
    """A zip archive. Names of members are looked up in its directory only, never on a disk."""

    def __init__(self, file: BinaryIO, budget: ReadBudget) -> None:
        self.budget = budget
        try:
            # zipfile needs these four methods of a file.
            self._zip = zipfile.ZipFile(_BoundedReads(file))
        except _ZIP_ERRORS as error:
            raise _damaged() from error
        self._infos = {info.filename.lower(): info for info in self._zip.infolist()}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._infos

    def declared_size(self, name: str) -> int:
        """The size of a member as the archive declares it. It may be false."""
        return self._infos[name.lower()].file_size

    def chunks(self, name: str, max_bytes: int) -> Iterator[bytes]:
        """The content of a member. Raises `InvalidFileError` when it is damaged, or longer than `max_bytes`."""
        info = self._infos.get(name.lower())
        if info is None:
            raise InvalidFileError(
                f"the workbook lacks its part {_shown(name)}; save it again with a spreadsheet program"
            )
        if info.flag_bits & 1:
            raise InvalidFileError("the file is protected by a password; save it without one")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # The decompressors of the other methods have no bound for what they return at once.
            raise InvalidFileError("the file is compressed in an unusual way; save it again with a spreadsheet program")
        try:
            with self._zip.open(info) as member:
                yield from self._bounded_chunks(member, name, max_bytes)
        except _ZIP_ERRORS as error:
            raise _damaged() from error

    def _bounded_chunks(self, member: IO[bytes], name: str, max_bytes: int) -> Iterator[bytes]:
        total = 0
        while chunk := member.read(CHUNK_BYTES):
            total += len(chunk)
            if total > max_bytes:
                raise InvalidFileError(
                    f"the part {_shown(name)} of the workbook has more than {max_bytes >> 20} MiB; "
                    "split the file, or save it as CSV"
                )
            self.budget.spend(len(chunk))
            yield chunk

    def close(self) -> None:
        self._zip.close()


def _damaged() -> InvalidFileError:
    return InvalidFileError("the file is cut off or damaged: it is not a complete zip archive; send it again")


def _shown(name: str) -> str:
    """The name of a member for an error text."""
    return ascii(name[:100])
