"""Where downloads are written: complete, or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO


class FileSink:
    """Writes to a file that can be cut back to where it began, for another attempt."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._start = file.tell()
        self.written = 0

    def restart(self) -> None:
        self._file.seek(self._start)
        self._file.truncate()
        self.written = 0

    def write(self, chunk: bytes, /) -> None:
        self._file.write(chunk)
        self.written += len(chunk)


@contextmanager
def open_sink(to: str | os.PathLike[str] | BinaryIO) -> Iterator[FileSink]:
    """A sink for a path or an open binary file.

    The path gets the file when the download is complete: until then it is a file beside it, that only the user may
    read. An open file that cannot be cut back gets the content when it is complete.
    """
    if isinstance(to, str | os.PathLike):
        with _replace_when_complete(Path(to)) as file:
            yield FileSink(file)
        return
    if to.seekable():
        yield FileSink(to)
        return
    with tempfile.TemporaryFile() as spool:
        yield FileSink(spool)
        spool.seek(0)
        while chunk := spool.read(1024 * 1024):
            to.write(chunk)


@contextmanager
def _replace_when_complete(path: Path) -> Iterator[IO[bytes]]:
    # Readable by its owner alone, as refused rows are personal data.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            yield file
        except BaseException:
            os.unlink(file.name)
            raise
    os.replace(file.name, path)
