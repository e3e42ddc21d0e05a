"""NDJSON files as row sources: a JSON object in each line."""

from collections.abc import Generator, Iterator
from typing import Any, Final

import msgspec

from muster.intake.checkpoint import Position
from muster.intake.json_scanner import InvalidJsonError, check_syntax
from muster.intake.value_decoder import decode_value, fast_decoder
from muster.loads.formats.content import Content
from muster.loads.formats.stored_file import StoredFile
from muster.loads.formats.text_encoding import TextEncoding
from muster.loads.formats.text_lines import Lines, read_lines
from muster.loads.formats.text_source import TextSource
from muster.loads.refused_rows import REFUSED_COLUMNS
from muster.loads.row_errors import NOT_JSON, RowError
from muster.loads.rows import Layout, Row, RowProblem

_decode: Final = fast_decoder.decode
_NOTE: Final = frozenset(REFUSED_COLUMNS)


class NdjsonFile(TextSource):
    """A file of JSON objects, one a line. Empty lines, and the notes of `refused_json.py`, are skipped, and counted."""

    def __init__(self, stored: StoredFile, content: Content, encoding: TextEncoding, size: int | None) -> None:
        line_end = "\r\n" if b"\r\n" in content.peek(64 * 1024) else "\n"
        layout = Layout("ndjson", encoding=encoding.codec, line_end=line_end, has_bom=bool(encoding.bom))
        super().__init__(stored, content, layout, size)
        self._encoding = encoding

    def rows(self, after: Position) -> Iterator[Row]:
        """See `RowSource`. A line that is no object is refused."""
        number = self._start(after, len(self._encoding.bom))
        row_end = 0
        for lines in read_lines(self._content, self._encoding):
            last_end = yield from _make_rows(lines, number)
            if last_end:
                row_end = last_end
            else:
                self._content.release(row_end, lines.ends[-1])
            number += len(lines.texts)


def _make_rows(lines: Lines, number: int) -> Generator[Row, None, int]:
    """Returns the offset after the last row; 0 when all lines are empty, or notes."""
    last_end = 0
    for text, end in zip(lines.texts, lines.ends, strict=True):
        number += 1
        if lines.error:
            yield _refuse(number, text, end, lines.error)
            return end
        try:
            value = _decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            if not text.strip():
                continue
            value = _decode_slowly(text)
        if type(value) is not dict:
            yield _refuse(number, text, end, NOT_JSON)
        elif value.keys() != _NOTE:
            yield Row(number, value, text, end)
        else:
            continue
        last_end = end
    return last_end


def _decode_slowly(text: str) -> Any:
    """The value of a line that is JSON, but that msgspec does not decode; None when it is none."""
    line = text.encode("utf-8")
    try:
        check_syntax(line)
    except InvalidJsonError:
        return None
    return decode_value(line)


def _refuse(number: int, text: str, end: int, error: RowError) -> Row:
    return Row(number, None, text, end, (RowProblem(error),))
