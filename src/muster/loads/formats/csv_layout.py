"""How a CSV file is laid out: separator, line end and header, from its beginning."""

import codecs
import csv
import io
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from muster.loads.column_letters import to_column_letters
from muster.loads.formats.content import Content
from muster.loads.formats.text_encoding import TextEncoding, UnknownEncodingError
from muster.loads.formats.text_lines import MAX_ROW_BYTES
from muster.loads.refused_rows import CODES_COLUMN, ROW_COLUMN
from muster.loads.rows import InvalidFileError, Layout

# A spreadsheet has no more.
MAX_COLUMNS: Final = 16_384
DELIMITERS: Final = (",", ";", "\t", "|")
# Enough to see the columns; the header may need more.
HEAD_BYTES: Final = 64 * 1024
_SAMPLE_RECORDS: Final = 20
# Names of columns that an error shows.
_SHOWN: Final = 10
_search_line_end: Final = re.compile(r"\r\n|\r|\n").search
_match_refused: Final = re.compile(rf'"?{ROW_COLUMN}"?([,;\t|])"?{CODES_COLUMN}"?\1').match
_match_separator: Final = re.compile(r'"?sep=(.)"?\s*$', re.IGNORECASE).match

# The standard library refuses longer cells. No row is longer, so this changes nothing for other readers but the bound.
csv.field_size_limit(max(csv.field_size_limit(), 4 * MAX_ROW_BYTES))


class CsvBeginning(NamedTuple):
    """The beginning of a CSV file. `size` is its bytes up to the first row, and `number` the row of its header."""

    layout: Layout
    size: int
    number: int


def read_beginning(content: Content, encoding: TextEncoding) -> CsvBeginning:
    """Raises `InvalidFileError` for a file that has no header, or one that can't be used."""
    for size in (HEAD_BYTES, MAX_ROW_BYTES):
        try:
            return _parse_beginning(_read_head(content, encoding, size), encoding)
        except csv.Error:
            pass  # the header may be longer
    raise InvalidFileError("the header can't be read: its quotes are not balanced, or it is longer than 1 MiB")


def _read_head(content: Content, encoding: TextEncoding, size: int) -> list[str]:
    """The whole lines in the first `size` bytes. Raises `csv.Error` when there is none."""
    beginning = content.peek(size + 1)
    is_cut = len(beginning) > size
    bom_bytes = len(encoding.bom)
    if encoding.is_wide:
        try:
            text = codecs.getincrementaldecoder(encoding.codec)().decode(beginning[bom_bytes:size])
        except UnicodeDecodeError as error:
            raise InvalidFileError(f"the file is not {encoding.codec} (byte {bom_bytes + error.start})") from None
    else:
        text = _decode_head(beginning[bom_bytes:size].splitlines(keepends=True), encoding, is_cut)
    lines = io.StringIO(text, newline="" if _find_line_end(text) == "\r" else "\n").readlines()
    if is_cut and encoding.is_wide:
        lines = lines[:-1]
    if is_cut and not lines:
        raise csv.Error
    return lines


def _decode_head(lines: list[bytes], encoding: TextEncoding, is_cut: bool) -> str:
    texts: list[str] = []
    at = len(encoding.bom)
    for line in lines[:-1] if is_cut else lines:
        try:
            texts.append(line.decode(encoding.codec))
        except UnicodeDecodeError as error:
            if not encoding.is_named:
                raise UnknownEncodingError(at + error.start, lines) from None
            break  # the row is refused when it is read
        at += len(line)
    return "".join(texts)


def _parse_beginning(lines: list[str], encoding: TextEncoding) -> CsvBeginning:
    first = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    if first == len(lines):
        raise InvalidFileError("the file has no header, or a header that is not text in its encoding")
    separator = _match_separator(lines[first])
    if separator:
        first += 1
        delimiter = _check_delimiter(separator[1])
    else:
        delimiter = _find_delimiter(lines[first:])
    header, end, blank = _read_header(lines, first, delimiter)
    _check_header(header)
    size = len(encoding.bom) + len("".join(lines[:end]).encode(encoding.codec))
    layout = Layout(
        "csv",
        tuple(header),
        encoding=encoding.codec,
        delimiter=delimiter,
        line_end=_find_line_end(lines[end - 1][-2:]),
        has_bom=bool(encoding.bom),
    )
    return CsvBeginning(layout, size, (0 if separator else first) + blank + 1)


def _check_delimiter(delimiter: str) -> str:
    if delimiter.isalnum() or delimiter in '"\r\n ':
        raise InvalidFileError("the first line names a separator (sep=) that can't be one")
    return delimiter


def _find_delimiter(lines: list[str]) -> str:
    """The separator that gives the header several columns, the first rows as many, and most of them."""

    def judge(delimiter: str) -> tuple[bool, float, int]:
        columns, *others = _count_columns(lines, delimiter) or [1]
        agreement = others.count(columns) / len(others) if others else 1.0
        return columns > 1, agreement, columns

    refused = _match_refused(lines[0])  # a file that was written here is read by the separator that it has
    return refused[1] if refused else max(DELIMITERS, key=judge)


def _count_columns(lines: list[str], delimiter: str) -> list[int]:
    """The cells of each of the first records, up to a broken one."""
    counts: list[int] = []
    with suppress(csv.Error):
        for record in csv.reader(lines, delimiter=delimiter, strict=True):
            if record:
                counts.append(len(record))
            if len(counts) == _SAMPLE_RECORDS:
                break
    return counts


def _read_header(lines: list[str], first: int, delimiter: str) -> tuple[list[str], int, int]:
    """The names, the index of the line after them, and the number of empty lines before. Raises `csv.Error`."""
    reader = csv.reader(lines[first:], delimiter=delimiter, strict=True)
    for blank, names in enumerate(reader):
        if any(name.strip() for name in names):
            return names, first + reader.line_num, blank
    raise InvalidFileError("the file has no header")


def _check_header(names: Sequence[str]) -> None:
    if len(names) > MAX_COLUMNS:
        raise InvalidFileError(f"the header has {len(names)} columns; at most {MAX_COLUMNS} are read")
    if any("\0" in name for name in names):
        raise InvalidFileError("the header has a NUL byte; export the file again")
    positions: dict[str, list[str]] = {}
    for index, name in enumerate(names):
        positions.setdefault(name.strip(), []).append(to_column_letters(index))
    doubles = [" and ".join(letters) for name, letters in positions.items() if name and len(letters) > 1]
    if doubles:
        raise InvalidFileError(f"the header has the same name in several columns: {', '.join(doubles[:_SHOWN])}")


def _find_line_end(text: str) -> str:
    found = _search_line_end(text)
    return found[0] if found else "\n"
