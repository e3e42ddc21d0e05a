"""The content of a file says its format; what is no table is refused with what it looks like."""

import io
import sys
from types import ModuleType
from typing import Any, BinaryIO

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from muster.intake.checkpoint import START
from muster.loads.column_letters import to_column_letters
from muster.loads.formats import open_rows
from muster.loads.formats.csv_layout import MAX_COLUMNS
from muster.loads.rows import InvalidFileError, Layout
from tests.loads.formats.reading import Pipe, get_values, open_bytes, read


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found(delimiter: str) -> None:
    content = delimiter.join(["id", "name, first; last|all", "sum"]).replace("name, first; last|all", '"a, b; c|d"')
    source = open_bytes(f"{content}\n1{delimiter}x{delimiter}2\n".encode())
    assert source.layout == Layout("csv", ("id", "a, b; c|d", "sum"), delimiter=delimiter)


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("id;sum\n1;1,50\n2;2,50\n", ";"),
        ("id;name, surname;country\n1;Jonas, Jonaitis;LT\n", ";"),
        ("id,note\n1,a;b;c\n2,d;e;f\n", ","),
        ('id,note\n1,"a;b\nc;d"\n', ","),
        ("id;note\n1;a\rb,c\n2;d\n", ";"),
        ("id\n1\n2\n", ","),
        ('"a ""b""";"c,""";d\n1;2;3\n', ";"),
        ("id;name", ";"),
        ("sep=|\nid;a|name\n", "|"),
        ('"sep=;"\nid,a;name\n', ";"),
        ("sep=^\nid^name\n", "^"),
    ],
)
def test_the_separator_is_that_of_the_header(text: str, delimiter: str) -> None:
    assert open_bytes(text.encode()).layout.delimiter == delimiter


def test_rows_are_counted_as_a_spreadsheet_shows_them() -> None:
    assert [row.number for row in read(b"sep=;\nid;name\n1;a\n")] == [2]
    assert [row.number for row in read(b"\n\nid;name\n1;a\n")] == [4]


def test_a_file_may_have_a_header_only() -> None:
    assert read(b"id,name\n") == read(b"id,name") == []


def test_the_header_may_be_longer_than_the_first_look() -> None:
    names = [f"column{number}" for number in range(MAX_COLUMNS)]
    source = open_bytes(("\n".join([",".join(names), "1,2"])).encode())
    assert source.layout.header == tuple(names)
    assert get_values(source.rows(START))[0][:3] == ["1", "2", None]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n\r\n  \n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b",,\n,,\n", "has no header"),
        (b"a,b,a\n", "same name in several columns: A and C"),
        (b"a,b, a ,b\n", "same name in several columns: A and C, B and D"),
        (b'a,"b\n1,2\n', "the header can't be read: its quotes"),
        (b"a,b\0\n", "the header has a NUL byte"),
        (b",".join([b"a"] * 16_385), "the header has 16385 columns; at most 16384"),
        (b"x" * 2_000_000, "the header can't be read: its quotes are not balanced, or it is longer than 1 MiB"),
        (b"sep=a\nab\n", "names a separator"),
        (b"<!DOCTYPE html><html>", "looks like HTML"),
        (b"\n <HTML><body>", "looks like HTML"),
        (b"<?xml version='1.0'?><a/>", "looks like XML"),
        (b"%PDF-1.7", "looks like PDF"),
        (b"{\\rtf1", "looks like RTF"),
        (b"BZh91AY&SY", "looks like bzip2"),
        (b"\x89PNG\r\n\x1a\n", "looks like an image"),
        (bytes(range(256)), "the file is binary"),
        ("id,name\n1,a\n".encode("utf-16-le"), "looks like UTF-16 without a byte order mark"),
        ("id,name\n1,a\n".encode("utf-16-be"), "looks like UTF-16 without a byte order mark"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(InvalidFileError, match=message):
        open_bytes(content)


@pytest.mark.parametrize(
    ("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")]
)
def test_columns_have_the_letters_of_a_spreadsheet(index: int, letters: str) -> None:
    assert to_column_letters(index) == letters


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        (b'{"customers": []}', "json"),
        (b'{"customers": [{"a": 1}]}\n', "json"),
        (b'{\n  "meta": 1,\n "customers": []}', "json"),
        (b'{"meta": 1, "customers": []}', "json"),
        (b'\xef\xbb\xbf [ {"a": 1}]', "json"),
        (b"[]", "json"),
        (b'{"a": 1}', "ndjson"),
        (b'{"a": 1}\n{"a": 2}\n', "ndjson"),
        (b'\n\n{"a": }\n{"a": 2}\n', "ndjson"),
        (b'{"a": "' + b"x" * 100_000 + b'"}\n{"a": 2}\n', "ndjson"),
        (b'{"a": "' + b"x" * 100_000 + b'"}', "ndjson"),
        (b'{"a": "' + b"x" * 100_000 + b'", "customers": []}', "json"),
        (b'{"a": [' + b"{}," * 1_000_000 + b'1], "customers": []}', "json"),
        (b"[id],[name]\n", "csv"),
        (b"customers\n", "csv"),
    ],
)
def test_json_is_told_from_json_lines_and_tables(content: bytes, format_: str) -> None:
    assert open_bytes(content).layout.format == format_


@pytest.mark.parametrize("magic", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"])
@pytest.mark.parametrize("is_pipe", [False, True])
def test_workbooks_and_parquet_get_a_file_that_can_be_seeked(
    magic: bytes, is_pipe: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = magic + bytes(range(256)) * 10
    sheets: Any = ModuleType("muster.loads.sheets")
    sheets.open_workbook = lambda file, *, sheet, deadline: ("workbook", file, sheet)
    sheets.open_parquet = lambda file, *, deadline: ("parquet", file, None)
    monkeypatch.setitem(sys.modules, "muster.loads.sheets", sheets)
    file: BinaryIO = io.BufferedReader(Pipe(content)) if is_pipe else io.BytesIO(content)
    opened: Any = open_rows(file, name="x.csv", size=None, sheet="S")
    kind, given_file, sheet = opened
    assert (kind, sheet) == (("parquet", None) if magic == b"PAR1" else ("workbook", "S"))
    assert given_file.seekable()
    assert given_file.read() == content
    given_file.close()


@given(st.binary(max_size=300) | st.text(st.sampled_from('{}[]",:;\n\r1a\\u\0é='), max_size=100).map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assume(not content.startswith(b"PAR1"))
    for encoding in (None, "cp1257", "utf-8"):
        try:
            rows = read(content, encoding=encoding)
        except InvalidFileError:
            continue
        assert all(row.end <= len(content) for row in rows)
