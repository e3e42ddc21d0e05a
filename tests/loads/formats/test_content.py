"""What is kept of the content of a file until a position is asked for."""

import hashlib
import io
from typing import Any

import pytest

from muster.intake.checkpoint import START, Position
from muster.loads.formats.content import Content
from muster.loads.formats.csv_file import CsvFile
from muster.loads.formats.json_file import JsonFile
from muster.loads.formats.ndjson_file import NdjsonFile
from muster.loads.formats.stored_file import StoredFile
from muster.loads.formats.text_encoding import find_encoding

BLOCK = 16 * 1024
KEPT = 8 * BLOCK  # the beginning of a file is one block of 64 KiB
NOTE = b'{"muster_row":1,"muster_codes":"C001","muster_errors":"x"}\n'


def fill(line: bytes) -> bytes:
    return line * (32 * BLOCK // len(line))


@pytest.mark.untraced  # it repeats lines that other tests cover
@pytest.mark.parametrize(
    ("source", "before", "filler", "after"),
    [
        (CsvFile, b"a;b\n1;2\n", fill(b"\n"), b"3;4\n"),
        (CsvFile, b"a;b\n1;2\n", fill(b";;;\r\n"), b"3;4\n"),
        (NdjsonFile, b'{"a":1}\n', fill(b"  \n"), b'{"a":2}\n'),
        (NdjsonFile, b'{"a":1}\n', fill(NOTE), b'{"a":2}\n'),
        (JsonFile, b'[{"a":1}', fill(b" \n"), b',{"a":2}]'),
    ],
    ids=["blank lines", "empty cells", "blank NDJSON", "notes", "blank JSON"],
)
def test_content_without_rows_is_not_kept(source: Any, before: bytes, filler: bytes, after: bytes) -> None:
    content = before + filler + after
    stored = StoredFile(io.BytesIO(content))
    blocks = (content[start : start + BLOCK] for start in range(0, len(content), BLOCK))
    opened = source(stored, Content(blocks, max_kept_bytes=KEPT), find_encoding(content, None), len(content))
    rows = list(opened.rows(START))
    # As late as a mapping with `group_by` asks.
    for row in rows:
        digest = hashlib.sha256(content[: row.end]).digest()
        assert opened.position_after(row) == Position(row.number, row.end, digest)
    assert len(rows) >= 2


@pytest.mark.untraced  # it repeats lines that other tests cover
@pytest.mark.parametrize("pair", [b'"x": "y", ', b'"x": [1, 2], '])
def test_what_stands_beside_the_list_of_a_json_file_is_not_kept(pair: bytes) -> None:
    content = b"{" + fill(pair) + b'"customers": [{"a":1}], ' + fill(pair) + b'"z": 1}'
    stored = StoredFile(io.BytesIO(content))
    blocks = (content[start : start + BLOCK] for start in range(0, len(content), BLOCK))
    opened = JsonFile(stored, Content(blocks, max_kept_bytes=KEPT), find_encoding(content, None), len(content))
    (row,) = opened.rows(START)
    assert opened.position_after(row).digest == hashlib.sha256(content[: row.end]).digest()
