"""The file of `muster load`: opened, with its name, size and fingerprint."""

import hashlib
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final, cast

from muster.cli.errors import UsageError
from muster.loads.formats import fingerprint, make_peekable

STANDARD_INPUT: Final = "-"


@dataclass
class InputFile:
    """An opened file. `size` is None for a pipe."""

    file: BinaryIO
    name: str
    size: int | None

    def compute_fingerprint(self, sheet: str | None) -> bytes:
        """Identifies the file, and the sheet of it that is loaded."""
        found = fingerprint(self.file, self.size)
        return found if sheet is None else hashlib.sha256(found + sheet.encode()).digest()

    def compute_sha256(self) -> bytes:
        self.make_seekable()
        self.file.seek(0)
        digest = hashlib.file_digest(cast(Any, self.file), "sha256").digest()
        self.file.seek(0)
        return digest

    def make_seekable(self) -> None:
        """Copies a pipe to a temporary file, which has no name."""
        if self.size is None:
            copy = TemporaryFile()  # noqa: SIM115 - closed with the process, or by `open_input`
            shutil.copyfileobj(self.file, copy)
            self.size = copy.tell()
            copy.seek(0)
            self.file = cast(BinaryIO, copy)

    def open(self) -> BinaryIO:
        """A file object of its own, at the start of the file; a pipe can be opened once."""
        if self.size is None:
            return self.file
        opened = os.fdopen(os.dup(self.file.fileno()), "rb")
        opened.seek(0)
        return opened


@contextmanager
def open_input(path: str) -> Iterator[InputFile]:
    """Opens a file, or standard input. Raises `UsageError`."""
    if path == STANDARD_INPUT:
        # Not closed: the descriptor belongs to the process.
        file, name = open(sys.stdin.fileno(), "rb", closefd=False), "standard input"  # noqa: SIM115
    else:
        try:
            file, name = open(path, "rb"), os.path.basename(path)  # noqa: SIM115
        except OSError as error:
            raise UsageError(f"the file {path} can't be read: {error.strerror}") from None
    opened = InputFile(make_peekable(file), name, _find_size(file))
    try:
        yield opened
    finally:
        opened.file.close()
        file.close()


def _find_size(file: BinaryIO) -> int | None:
    found = os.fstat(file.fileno())
    return found.st_size if stat.S_ISREG(found.st_mode) else None
