"""Refused rows come back as they stood, and can be mended and loaded again."""

import csv
import io
import json
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.intake.checkpoint import START
from muster.loads.formats import UnsupportedFormatError, open_rows, write_refused
from muster.loads.mapping.document_mapper import DocumentMapper
from muster.loads.refused_rows import RefusedRow, pack_refused_rows, unpack_refused_rows
from muster.loads.rows import Layout, Row
from tests.loads.formats.reading import get_codes, get_values, open_bytes, read

PREFIX = ["muster_row", "muster_codes", "muster_errors"]


def refuse(row: Row, errors: Sequence[str] = ('C2 (name): is "wrong", truly',)) -> RefusedRow:
    codes = tuple(problem.error.code for problem in row.problems) or ("C018",)
    return RefusedRow(
        row.number, row.raw, None if row.raw or row.value is None else tuple(row.value), codes, tuple(errors)
    )


def write_back(content: bytes, *, encoding: str | None = None, **options: object) -> bytes:
    """All rows of a file, refused."""
    source = open_bytes(content, encoding=encoding)
    rows = unpack_refused_rows(pack_refused_rows(map(refuse, source.rows(START))))
    output = io.BytesIO()
    write_refused(source.layout, rows, output, **options)  # type: ignore[arg-type]
    return output.getvalue()


def test_rows_come_back_as_they_stood_after_three_columns() -> None:
    content = b'id;name;note\r\n007;"Jonas";"a\r\nb"\r\n2;\xc5\xbd;\r\n'
    error = b'"C2 (name): is ""wrong"", truly"'
    assert write_back(content) == (
        b"muster_row;muster_codes;muster_errors;id;name;note\r\n"
        b"2;C018;" + error + b';007;"Jonas";"a\r\nb"\r\n'
        b"3;C018;" + error + b";2;\xc5\xbd;\r\n"
    )


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("id,name\n1,Žą\n2,b".encode("cp1257"), "cp1257"),
        ("id|name\n1|Žą\n".encode("utf-8-sig"), None),
        ("id\tname\r\n1\tŽą😀\r\n".encode("utf-16"), None),
        (b"sep=^\nid^name\n1^a\n", None),
        (b"id,name\r1,a\r2,b", None),
        (b'id,"na\nme"\n1,a\n', None),
        (b"sep=,\na;b;c;d;e;f;g\n1;2;3;4;5;6;7\n", None),
    ],
)
def test_what_was_written_reads_as_the_original(content: bytes, encoding: str | None) -> None:
    written = write_back(content, encoding=encoding)
    original, again = open_bytes(content, encoding=encoding), open_bytes(written, encoding=encoding)
    assert again.layout.header == (*PREFIX, *(original.layout.header or ()))
    assert [row.value[3:] for row in again.rows(START)] == get_values(original.rows(START))
    for name in ("encoding", "delimiter", "line_end", "has_bom"):
        assert getattr(again.layout, name) == getattr(original.layout, name)


def test_broken_rows_come_back_as_they_stood_and_harm_no_other() -> None:
    lines = [b'1,"open,x\n', b"2,b\n", b'3,"q"w,x\n', b"4,b,c,d\n", b'5,x","y\n', b"6,a\0,c\n", b"7,b,c\n"]
    written = write_back(b"id,name,note\n" + b"".join(lines))
    for line in lines:
        assert b'",' + line in written
    rows = read(written)
    assert get_codes(rows) == ["F001", "", "F001", "F002", "F001", "F004", ""]
    mended = written.replace(b'1,"open,x', b"1,open,x").replace(b'"q"w', b"qw").replace(b"4,b,c,d", b"4,b,c")
    mended = mended.replace(b'5,x","y', b"5,x,y").replace(b"\0", b"")
    assert [row.value[3] for row in read(mended)] == ["1", "2", "3", "4", "5", "6", "7"]
    assert set(get_codes(read(mended))) == {""}


def test_a_row_that_is_no_text_comes_back_byte_for_byte() -> None:
    written = write_back(b"id,name\n1,\xff\xc4\x97\n", encoding="utf-8")
    assert written.endswith(b'",1,\xff\xc4\x97\n')


def test_a_row_that_was_too_long_comes_back_without_its_cells() -> None:
    written = write_back(b"id,name\n1," + b"x" * 2_000_000 + b"\n2,b\n")
    assert read(written)[0].value[3:] == [None, None]
    assert len(written) < 1_000


@pytest.mark.parametrize("times", [2, 3])
def test_rows_that_are_refused_again_have_the_columns_once(times: int) -> None:
    content = b'id,name,note\n1,"open,x\n2,"b",\n3\n'
    written = first = write_back(content)
    for _ in range(times):
        written = write_back(written)
    assert written == first


def test_columns_that_were_moved_are_replaced_too() -> None:
    written = write_back(b'id,muster_errors,muster_row,muster_codes,name\n1,old,9,C001,"a\nb"\n')
    assert list(csv.reader(io.StringIO(written.decode(), newline=""))) == [
        [*PREFIX, "id", "name"],
        ["2", "C018", 'C2 (name): is "wrong", truly', "1", "a\nb"],
    ]


def test_a_column_that_was_left_is_not_written_twice() -> None:
    written = write_back(b"muster_errors,id\nold,1\n")
    assert read(written)[0].value == ["2", "C018", 'C2 (name): is "wrong", truly', "1"]


@given(st.lists(st.text(st.sampled_from('a,"\nė'), min_size=1, max_size=12), min_size=1, max_size=6))
def test_reading_what_was_written_gives_the_same_row_texts(lines: list[str]) -> None:
    content = ("id,name\n" + "\n".join(lines)).encode()
    rows = read(content)
    again = read(write_back(content))
    assert [row.raw.split('truly",', 1)[1].rstrip("\n") for row in again] == [row.raw.rstrip("\n") for row in rows]
    assert [code == "F001" for code in get_codes(again)] == [code == "F001" for code in get_codes(rows)]


def test_csv_stays_as_it_is_unless_it_is_for_excel() -> None:
    content = b'id,name\n=1+1,"@x"\n-5,+6\n1,"a\n=b"\n'
    assert b"=1+1" in write_back(content)
    assert b"'" not in write_back(content)
    written = write_back(content, for_excel=True)
    assert written.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(written.decode("utf-8-sig"), newline="")))
    assert [row[3:] for row in table] == [["id", "name"], ["'=1+1", "'@x"], ["'-5", "'+6"], ["1", "a\n=b"]]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\uff1dx"])
def test_for_excel_no_cell_begins_as_a_formula(cell: str) -> None:
    output = io.BytesIO()
    layout = Layout("xlsx", ("id",))
    write_refused(layout, [RefusedRow(2, "", (cell,), ("C018",), ("Wrong",))], output, format="csv", for_excel=True)
    [_, row] = csv.reader(io.StringIO(output.getvalue().decode("utf-8-sig"), newline=""))
    assert row[3] == f"'{cell}"


def test_a_broken_row_is_one_cell_for_excel() -> None:
    table = list(
        csv.reader(io.StringIO(write_back(b'id,name\n1,"x\n', for_excel=True).decode("utf-8-sig"), newline=""))
    )
    assert table[1][3:] == ['1,"x\n']


def test_customers_come_back_with_three_members() -> None:
    members = {"muster_codes": "C018", "muster_errors": 'C2 (name): is "wrong", truly'}
    content = b'{"a":  0.10, "b":"\xc5\xbd"}\n{}\n{"c":{}}'
    lines = write_back(content).splitlines(keepends=True)
    assert lines[0].startswith(b'{"a":  0.10, "b":"\xc5\xbd","muster_row":1')
    assert [json.loads(line) for line in lines] == [
        {"a": 0.1, "b": "Ž", "muster_row": 1, **members},
        {"muster_row": 2, **members},
        {},
        {"c": {}, "muster_row": 3, **members},
    ]


def get_documents(content: bytes) -> list[Any]:
    return [record.document for record in DocumentMapper().map(read(content))]


def test_an_empty_object_comes_back_after_a_note_and_is_refused_again() -> None:
    for content in (b"{}\n", b"[{ \n}]"):
        written = write_back(content)
        assert get_documents(written) == [{}]
        assert get_documents(write_back(written)) == [{}]


def test_customers_of_a_json_file_come_back_in_lines() -> None:
    written = write_back(b'{"customers": [{"a": 1,\r\n "b": [1,\n 2]}, {"c": 3}]}')
    assert len(written.splitlines()) == 2
    assert get_documents(written) == [{"a": 1, "b": [1, 2]}, {"c": 3}]


def test_a_line_that_is_no_object_comes_back_after_a_note() -> None:
    content = b'{"a": 1}\n{"a": nope}\n{"b": 2}\n'
    written = write_back(content)
    assert written.splitlines(keepends=True)[2] == b'{"a": nope}\n'
    assert get_codes(read(written)) == ["", "F008", ""]
    assert get_documents(written.replace(b"nope", b"5")) == [{"a": 1}, {"a": 5}, {"b": 2}]


def test_customers_that_are_refused_again_have_the_members_once() -> None:
    content = b'{"a": 1}\n{"b": "x}"}\nbroken\n'
    first = write_back(b'{"z": 0}\n' + content)
    again = write_back(first)
    assert again.count(b"muster_row") == first.count(b"muster_row")
    assert get_documents(again) == get_documents(first)


def test_rows_of_a_table_can_be_had_as_objects() -> None:
    written = write_back(b"id,name\n1,a\n2,\n", format="ndjson")
    assert get_documents(written) == [{"id": "1", "name": "a"}, {"id": "2"}]


def test_rows_of_a_table_can_be_had_as_a_workbook() -> None:
    written = write_back(b'id;name\n007;"a\nb"\n8;"x\n', format="xlsx")
    source = open_rows(io.BytesIO(written), name="x", size=len(written))
    assert source.layout.header == (*PREFIX, "id", "name")
    assert [list(row.value)[3:] for row in source.rows(START)] == [["007", "a\nb"], ['8;"x\n', None]]
    source.close()


def test_customers_can_not_be_had_as_a_table() -> None:
    for format_ in ("csv", "xlsx", "pdf"):
        with pytest.raises(UnsupportedFormatError, match="written as ndjson"):
            write_back(b'{"a": 1}', format=format_)
    with pytest.raises(UnsupportedFormatError, match="written as csv, xlsx or ndjson"):
        write_back(b"id,name\n1,2\n", format="pdf")


def test_any_number_of_errors_fits_a_cell_of_a_workbook() -> None:
    row = RefusedRow(2, "", ("1",), ("C018",) * 400, tuple(f"A{number} ą: " + "x" * 200 for number in range(400)))
    output = io.BytesIO()
    write_refused(Layout("xlsx", ("id",)), [row], output)
    output.seek(0)
    with closing(open_rows(output, name="x", size=None)) as source:
        (read_row,) = source.rows(START)
    assert read_row.value[2].endswith("… (there are 400 errors)")
