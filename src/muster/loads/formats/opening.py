"""Opens a file by its content, whatever its name says."""

import re
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final

import msgspec

from muster.loads.formats.content import Content
from muster.loads.formats.csv_file import CsvFile
from muster.loads.formats.decompression import GZIP_MAGIC, ZSTD_MAGIC, read_blocks
from muster.loads.formats.json_file import JsonFile
from muster.loads.formats.ndjson_file import NdjsonFile
from muster.loads.formats.stored_file import BLOCK_BYTES, StoredFile
from muster.loads.formats.text_encoding import find_encoding
from muster.loads.formats.text_lines import MAX_ROW_BYTES
from muster.loads.read_deadline import ReadDeadline
from muster.loads.rows import InvalidFileError, RowSource

# More is looked at of a JSON object in one line. One of more than 1 MiB is taken for one with a list of customers.
_HEAD_BYTES: Final = 64 * 1024
_WORKBOOK_MAGICS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_PARQUET_MAGIC: Final = b"PAR1"
_EXPECTED: Final = "send CSV, NDJSON, JSON, XLSX, ODS or Parquet"
# Formats that are taken for a table by mistake: how their content begins, and what they are.
_OTHER_FORMATS: Final = (
    (rb"\s*<(?:!doctype\s+html|html|head|body|table|meta|script)\b", "HTML, maybe saved from a page or a login form"),
    (rb"\s*<", "XML"),
    (rb"%PDF", "PDF"),
    (rb"\{\\rtf", "RTF"),
    (rb"BZh", "bzip2: unpack it, or use gzip or zstd"),
    (rb"\xfd7zXZ", "xz: unpack it, or use gzip or zstd"),
    (rb"7z\xbc\xaf|Rar!", "an archive: unpack it"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "an image"),
    (rb"SQLite format 3\0", "a SQLite database"),
    (re.escape(GZIP_MAGIC) + b"|" + re.escape(ZSTD_MAGIC), "compressed twice: unpack it once"),
    (rb"PK\x03\x04|PAR1|\xd0\xcf\x11\xe0", "a workbook or Parquet file that is compressed again: unpack it"),
)
_formats: Final = tuple((re.compile(pattern, re.IGNORECASE).match, name) for pattern, name in _OTHER_FORMATS)
# Control codes that no header has. In the rows they are left to the checker.
_search_control_code: Final = re.compile(rb"[\x01-\x08\x0e-\x19\x1b-\x1f\x7f]").search
_MAX_NULS: Final = 8
_match_first_key: Final = re.compile(rb'\s*\{\s*"customers"\s*:').match
_match_list: Final = re.compile(rb"\s*\[\s*(?:\{|\]|\Z)").match


def open_rows(
    file: BinaryIO,
    *,
    name: str,
    size: int | None,
    encoding: str | None = None,
    sheet: str | None = None,
    deadline: ReadDeadline | None = None,
) -> RowSource:
    """The rows of a file, which is read from where it stands and closed by the source.

    The content decides: gzip or zstd of a text format, a workbook, Parquet, JSON, NDJSON, or else CSV. `name` is not
    looked at; `encoding` is for CSV and NDJSON that are not UTF-8, and `sheet` for workbooks. With a
    `deadline`, only the first rows are wanted. Raises `InvalidFileError`, `ReadTimeoutError` after the deadline, and
    `UnknownEncodingError` for text that is not UTF-8.
    """
    stored = StoredFile(file)
    beginning = stored.peek(len(_WORKBOOK_MAGICS[-1]))
    if beginning.startswith(_WORKBOOK_MAGICS):
        from muster.loads.sheets import open_workbook

        return open_workbook(_make_seekable(file, beginning), sheet=sheet, deadline=deadline)
    if beginning.startswith(_PARQUET_MAGIC):
        from muster.loads.sheets import open_parquet

        return open_parquet(_make_seekable(file, beginning), deadline=deadline)
    blocks = read_blocks(stored)
    content = Content(deadline.bound(blocks) if deadline is not None else blocks)
    head = content.peek(_HEAD_BYTES)
    text_encoding = find_encoding(head, encoding)
    text = head[len(text_encoding.bom) :]
    if text_encoding.is_wide:
        text = text.decode(text_encoding.codec, "ignore").encode()
    if not text.strip() and len(head) < _HEAD_BYTES:
        raise InvalidFileError("the file is empty")
    _refuse_other_formats(text)
    if text.lstrip().startswith(b"{") and b"\n" not in text.lstrip() and not text_encoding.is_wide:
        text = content.peek(MAX_ROW_BYTES)[len(text_encoding.bom) :]
    source: Any = _choose_format(text, is_cut=len(text) > MAX_ROW_BYTES - len(text_encoding.bom) - 1)
    opened: RowSource = source(stored, content, text_encoding, size)
    return opened


def _choose_format(text: bytes, *, is_cut: bool) -> type[CsvFile | JsonFile | NdjsonFile]:
    if _match_list(text):
        return JsonFile
    line, line_end, _ = text.lstrip().partition(b"\n")
    line = line.strip()
    if not line.startswith(b"{"):
        return CsvFile
    if _match_first_key(text) or (is_cut and not line_end):
        return JsonFile
    try:
        return JsonFile if "customers" in msgspec.json.decode(line, type=dict[str, msgspec.Raw]) else NdjsonFile
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        # A line that is no JSON may be the first broken one of many.
        return NdjsonFile if line.endswith(b"}") else JsonFile


def _refuse_other_formats(text: bytes) -> None:
    known = next((name for match, name in _formats if match(text)), None)
    if known:
        raise InvalidFileError(f"the file looks like {known}; {_EXPECTED}")
    nuls = text.count(0)
    if nuls > len(text) // 3 and 0 in (text[::2].count(0), text[1::2].count(0)):
        raise InvalidFileError("the file looks like UTF-16 without a byte order mark: name utf-16-le or utf-16-be")
    line = text.lstrip().partition(b"\n")[0]
    is_json = line.startswith((b"{", b"["))
    if not is_json and (_search_control_code(line) or line.count(0) > _MAX_NULS):
        raise InvalidFileError(f"the file is binary; {_EXPECTED}")


def _make_seekable(file: BinaryIO, beginning: bytes) -> BinaryIO:
    """The file from its beginning. A pipe is copied to a file that has no name."""
    if file.seekable():
        file.seek(-len(beginning), 1)
        return file
    copy = TemporaryFile()  # noqa: SIM115 - the source closes it
    copy.write(beginning)
    while block := file.read(BLOCK_BYTES):
        copy.write(block)
    file.close()
    copy.seek(0)
    return copy
