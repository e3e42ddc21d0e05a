"""Writes refused rows as CSV: byte for byte as they stood, with three columns before them.

The columns stand first, because nothing that a broken row holds can disturb them there: a row with too few or too many
cells, or with a quote that is not closed, keeps its own cells in their order. `muster_errors` is always quoted and
begins with a letter. So a quote that a row leaves open meets an error in the next line at the latest, and never makes
one row of two.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from muster.csv_injection import escape_formula
from muster.loads.formats.csv_layout import DELIMITERS
from muster.loads.formats.text_lines import restore_bytes
from muster.loads.refused_rows import REFUSED_COLUMNS, RefusedRow, find_refused_columns
from muster.loads.row_errors import NOT_TEXT
from muster.loads.rows import Layout

_BOM: Final = "\ufeff"


def write_csv(layout: Layout, rows: Iterable[RefusedRow]) -> Iterator[bytes]:
    """The file, in the encoding of the original one."""
    codec, delimiter = layout.encoding, layout.delimiter
    header = layout.header or ()
    clean = _make_cleaner(header, layout)
    yield _encode_beginning(layout)
    for row in rows:
        number, codes, errors = row.to_columns()
        quoted = errors.replace('"', '""')
        prefix = f'{number}{delimiter}{codes}{delimiter}"{quoted}"{delimiter}'
        raw = clean(row.raw)
        if not raw.endswith(("\n", "\r")):
            raw += layout.line_end
        is_text = NOT_TEXT.code not in row.codes
        yield prefix.encode(codec, "backslashreplace") + (raw.encode(codec) if is_text else restore_bytes(raw, codec))


def write_cells_as_csv(layout: Layout, rows: Iterable[RefusedRow], *, for_excel: bool) -> Iterator[bytes]:
    """The file in UTF-8, for rows without a text of their own, or for Excel.

    For Excel it has a byte order mark and no formulas: an apostrophe stands before what looks like one. So it is for
    looking at, not for loading again. A row that can't be read is in one cell.
    """
    escape = escape_formula if for_excel else _leave
    line_end = "\r\n" if for_excel else layout.line_end
    yield ((_BOM if for_excel else "") + _format(map(escape, get_header(layout)), layout.delimiter, line_end)).encode()
    for row in rows:
        values = (*row.to_columns(), *(cell or "" for cell in get_cells(layout, row)))
        yield _format(map(escape, values), layout.delimiter, line_end).encode()


def get_header(layout: Layout) -> tuple[str, ...]:
    """The header of the file of refused rows."""
    header = layout.header or ()
    dropped = find_refused_columns(header)
    return (*REFUSED_COLUMNS, *(name for index, name in enumerate(header) if index not in dropped))


def get_cells(layout: Layout, row: RefusedRow) -> list[str | None]:
    """The original cells of a row. A row of text that can't be read is one cell."""
    cells: Sequence[str | None] | None = row.cells
    if cells is None:
        cells = parse_row(row.raw, layout.delimiter)
        if cells is None:
            return [row.raw]
    dropped = find_refused_columns(layout.header or ())
    return [cell for index, cell in enumerate(cells) if index not in dropped]


def parse_row(raw: str, delimiter: str) -> list[str] | None:
    """The cells of a row; None when it can't be read."""
    try:
        records = list(csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return records[0] if len(records) == 1 else None


def _encode_beginning(layout: Layout) -> bytes:
    separator = "" if layout.delimiter in DELIMITERS else f"sep={layout.delimiter}{layout.line_end}"
    header = _format(get_header(layout), layout.delimiter, layout.line_end)
    return ((_BOM if layout.has_bom else "") + separator + header).encode(layout.encoding)


def _make_cleaner(header: Sequence[str], layout: Layout) -> Callable[[str], str]:
    """What removes the columns from the text of a row whose file was one of refused rows already."""
    dropped = find_refused_columns(header)
    if not dropped:
        return _leave
    if dropped == {0, 1, 2}:
        delimiter = re.escape(layout.delimiter)
        cell = rf'(?>"(?>[^"]++|"")*+"|[^"{delimiter}\r\n]*+){delimiter}'
        match_columns = re.compile(cell * 3).match
        return lambda raw: raw[found.end() :] if (found := match_columns(raw)) else raw

    def rewrite(raw: str) -> str:
        cells = parse_row(raw, layout.delimiter)
        if cells is None:
            return raw
        kept = [cell for index, cell in enumerate(cells) if index not in dropped]
        return _format(kept, layout.delimiter, layout.line_end)

    return rewrite


def _format(cells: Iterable[str], delimiter: str, line_end: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerow(cells)
    return text.getvalue()


def _leave(text: str) -> str:
    return text
