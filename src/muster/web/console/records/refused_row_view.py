"""Refused rows of a file as a page shows them: a part of each, whatever the size of a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Final, NamedTuple

from muster.loads.formats.refused_csv import get_cells, get_header
from muster.loads.reading import RefusedFile
from muster.loads.refused_rows import REFUSED_COLUMNS, RefusedRow
from muster.loads.rows import Layout
from muster.web.console.code_guides import cut_text

_MAX_CELLS: Final = 60
_MAX_CELL_LENGTH: Final = 300
_MAX_ROW_LENGTH: Final = 3_000
_MAX_ERRORS: Final = 10


class ShownError(NamedTuple):
    code: str
    text: str


class ShownCell(NamedTuple):
    """A cell and the name of its column, which is empty for a cell beyond the header."""

    column: str
    text: str


@dataclass(frozen=True, slots=True)
class RefusedRowView:
    """A row with its first errors and cells, and how many more it has. A row without columns has its text alone."""

    number: int
    errors: Sequence[ShownError]
    more_errors: int
    cells: Sequence[ShownCell]
    more_cells: int
    text: str


def build_refused_rows(refused: RefusedFile) -> list[RefusedRowView]:
    return [_build_row(refused.layout, row) for row in refused.rows]


def _build_row(layout: Layout, row: RefusedRow) -> RefusedRowView:
    errors = [
        ShownError(code, cut_text(text, _MAX_ROW_LENGTH)) for code, text in zip(row.codes, row.errors, strict=True)
    ]
    cells: list[str | None] = get_cells(layout, row) if layout.header is not None else []
    header = get_header(layout)[len(REFUSED_COLUMNS) :]
    is_readable = layout.header is not None and cells != [row.raw]
    named = zip_longest(header, cells, fillvalue="") if is_readable else iter(())
    shown = [
        ShownCell(cut_text(name or "", _MAX_CELL_LENGTH), cut_text(cell, _MAX_CELL_LENGTH))
        for name, cell in islice(((name, cell) for name, cell in named if cell), _MAX_CELLS)
    ]
    filled = sum(1 for cell in cells if cell) if is_readable else 0
    return RefusedRowView(
        row.number,
        errors[:_MAX_ERRORS],
        max(len(errors) - _MAX_ERRORS, 0),
        shown,
        filled - len(shown),
        "" if is_readable else cut_text(row.raw, _MAX_ROW_LENGTH),
    )
