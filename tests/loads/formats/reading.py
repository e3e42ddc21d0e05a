"""Reads files in tests."""

import io
from collections.abc import Iterable
from typing import Any

from muster.intake.checkpoint import START, Position
from muster.loads.formats import open_rows
from muster.loads.rows import Row, RowSource


class Pipe(io.RawIOBase):
    """A file that can't be seeked, and gives a few bytes at a time."""

    def __init__(self, content: bytes, step: int = 7) -> None:
        self._content = io.BytesIO(content)
        self._step = step

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._content.read(min(self._step, len(buffer)))
        buffer[: len(block)] = block
        return len(block)


def open_bytes(content: bytes, *, encoding: str | None = None) -> RowSource:
    return open_rows(io.BytesIO(content), name="customers", size=len(content), encoding=encoding)


def read(content: bytes, *, encoding: str | None = None, after: Position = START) -> list[Row]:
    return list(open_bytes(content, encoding=encoding).rows(after))


def get_values(rows: Iterable[Row]) -> list[Any]:
    return [row.value for row in rows]


def get_codes(rows: Iterable[Row]) -> list[str]:
    """The code of each row's first problem; an empty text for a row without."""
    return [row.problems[0].error.code if row.problems else "" for row in rows]


def get_all_positions(content: bytes, *, encoding: str | None = None) -> list[tuple[Row, Position]]:
    source = open_bytes(content, encoding=encoding)
    return [(row, source.position_after(row)) for row in source.rows(START)]
