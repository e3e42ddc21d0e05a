"""What the sources of workbooks and Parquet share: they hash the whole file when they open it."""

import hashlib
import os
from typing import Any, BinaryIO, cast

from muster.intake.checkpoint import Position
from muster.loads.rows import FileChangedError, Row


class HashedSource:
    """An opened file, whose digest is that of every position in it. A subclass adds the rest of a `RowSource`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size: int = file.seek(0, os.SEEK_END)
        file.seek(0)
        self._sha256 = hashlib.file_digest(cast(Any, file), "sha256").digest()
        file.seek(0)

    def position_after(self, row: Row) -> Position:
        return Position(row.number, 0, self._sha256)

    def sha256(self) -> bytes:
        return self._sha256

    def close(self) -> None:
        self._file.close()

    def _check(self, after: Position) -> None:
        if after.digest and after.digest != self._sha256:
            raise FileChangedError("the file is not the one whose load began")
