"""Writes refused customers as NDJSON: their text as it stood, with three members at its end.

Before a line that is no object, or an empty one, stands a note: an object with these members alone, which is skipped
when the file is loaded. The line itself stands as it stood.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from muster.loads.formats.refused_csv import get_cells, get_header
from muster.loads.formats.text_lines import restore_bytes
from muster.loads.refused_rows import REFUSED_COLUMNS, RefusedRow
from muster.loads.row_errors import NOT_JSON, NOT_TEXT, ROW_TOO_LONG
from muster.loads.rows import Layout

_UNREADABLE: Final = frozenset({NOT_JSON.code, NOT_TEXT.code, ROW_TOO_LONG.code})
_VALUE: Final = r'\s*:\s*(?:[0-9]+|"(?>[^"\\]++|\\.)*+")\s*'
# The members of an earlier file of refused rows, which stand at the end of the object.
_search_members: Final = re.compile(
    rf'(?:,\s*)?"{REFUSED_COLUMNS[0]}"{_VALUE},\s*"{REFUSED_COLUMNS[1]}"{_VALUE},\s*"{REFUSED_COLUMNS[2]}"{_VALUE}\}}\Z'
).search
_LINE_ENDS: Final = str.maketrans("\r\n", "  ")


def write_ndjson(layout: Layout, rows: Iterable[RefusedRow]) -> Iterator[bytes]:
    """The customers of a JSON or NDJSON file."""
    if layout.has_bom and layout.format == "ndjson":
        yield "\ufeff".encode(layout.encoding)
    for row in rows:
        members = json.dumps(_get_members(row), separators=(",", ":"))
        text = row.raw.strip().translate(_LINE_ENDS)
        if text.startswith("{") and _UNREADABLE.isdisjoint(row.codes):
            beginning = _cut_end(text)
            if beginning != "{":
                yield f"{beginning},{members[1:]}{layout.line_end}".encode(layout.encoding)
                continue
            text = "{}"
        yield (members + layout.line_end).encode(layout.encoding)
        if text:
            line = text + layout.line_end
            is_text = NOT_TEXT.code not in row.codes
            yield line.encode(layout.encoding) if is_text else restore_bytes(line, layout.encoding)


def write_cells_as_ndjson(layout: Layout, rows: Iterable[RefusedRow]) -> Iterator[bytes]:
    """The rows of a table as objects with the names of the header, in UTF-8."""
    header = get_header(layout)
    for row in rows:
        cells = get_cells(layout, row)
        names = header[len(REFUSED_COLUMNS) :]
        value: dict[str, str | int] = {name: cell for name, cell in zip(names, cells, strict=False) if cell}
        yield json.dumps(value | _get_members(row), ensure_ascii=False).encode() + b"\n"


def _get_members(row: RefusedRow) -> dict[str, str | int]:
    _, codes, errors = row.to_columns()
    return dict(zip(REFUSED_COLUMNS, (row.number, codes, errors), strict=True))


def _cut_end(text: str) -> str:
    """An object without its closing brace, and without the members of an earlier file of refused rows."""
    found = _search_members(text)
    return text[: found.start() if found else -1].rstrip()
