"""Hard cells, written by programs of others and read by muster: none is changed silently.

A reader of another format takes part with a writer in `WRITERS`.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa
import pytest
import xlsxwriter
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P, S, Tab
from openpyxl import Workbook
from pyarrow import parquet

from muster.intake.checkpoint import START, Position
from muster.loads.formats import open_rows
from muster.loads.row_errors import DIGITS_LOST
from muster.loads.rows import BooleanText, NumberText, Row, RowSource
from muster.loads.sheets import open_parquet, open_workbook, write_xlsx
from tests.loads.hard_cells import CONTROLS, TEXTS, TYPED_CELLS

Open = Callable[[io.BytesIO], RowSource]
Write = Callable[[Sequence[str]], io.BytesIO]


def read(open_: Open, file: io.BytesIO, after: Position = START) -> list[Row]:
    with closing(open_(io.BytesIO(file.getvalue()))) as source:
        return list(source.rows(after))


def open_sheet(file: io.BytesIO) -> RowSource:
    return open_workbook(file, sheet=None)


def write_with_xlsxwriter(texts: Sequence[str], *, constant_memory: bool = False) -> io.BytesIO:
    output = io.BytesIO()
    workbook = xlsxwriter.Workbook(output, {"constant_memory": constant_memory})
    sheet = workbook.add_worksheet()
    for number, text in enumerate(("name", *texts)):
        sheet.write_string(number, 0, text)
        sheet.write_string(number, 1, "end")
    workbook.close()
    return output


def write_inline(texts: Sequence[str]) -> io.BytesIO:
    return write_with_xlsxwriter(texts, constant_memory=True)


def write_with_openpyxl(texts: Sequence[str]) -> io.BytesIO:
    output = io.BytesIO()
    workbook = Workbook()
    sheet = workbook.active
    for number, text in enumerate(("name", *texts), start=1):
        cell = sheet.cell(number, 1)
        # It writes escapes of Excel as they are, so Excel would show the character.
        cell.value = text.replace("_x", "_x005F_x")
        cell.data_type = "s"
        sheet.cell(number, 2, "end")
    workbook.save(output)
    return output


def write_with_muster(texts: Sequence[str]) -> io.BytesIO:
    output = io.BytesIO()
    write_xlsx(("name", "end"), [(text, "end") for text in texts], output)
    return output


def make_paragraph(line: str) -> P:
    paragraph = P()
    for part in re.split("( +|\t)", line):
        if part.startswith(" "):
            paragraph.addElement(S(c=len(part)))  # OpenDocument drops plain blanks at the ends
        elif part == "\t":
            paragraph.addElement(Tab())
        else:
            paragraph.addText(part)
    return paragraph


def write_with_odfpy(texts: Sequence[str]) -> io.BytesIO:
    output = io.BytesIO()
    document = OpenDocumentSpreadsheet()
    table = Table(name="Customers")
    for text in ("name", *texts):
        row = TableRow()
        cell = TableCell(valuetype="string")
        for line in text.split("\n"):
            cell.addElement(make_paragraph(line))
        row.addElement(cell)
        end = TableCell(valuetype="string")
        end.addElement(P(text="end"))
        row.addElement(end)
        table.addElement(row)
    document.spreadsheet.addElement(table)
    document.write(output)
    return output


def write_with_pyarrow(texts: Sequence[str]) -> io.BytesIO:
    output = io.BytesIO()
    parquet.write_table(pa.table({"name": list(texts), "end": ["end"] * len(texts)}), output)
    return output


def write_csv(texts: Sequence[str]) -> io.BytesIO:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("name", "end"), *((text, "end") for text in texts)])
    return io.BytesIO(text.getvalue().encode())


def open_text(file: io.BytesIO) -> RowSource:
    return open_rows(file, name="customers", size=len(file.getvalue()))


# Format: how it is written, how it is read, and the texts that it can't hold.
WRITERS: dict[str, tuple[Write, Open, frozenset[str]]] = {
    "xlsx, shared": (write_with_xlsxwriter, open_sheet, frozenset()),
    "xlsx, inline": (write_inline, open_sheet, frozenset()),
    "xlsx of openpyxl": (write_with_openpyxl, open_sheet, frozenset(CONTROLS)),
    "xlsx of muster": (write_with_muster, open_sheet, frozenset()),
    "ods": (write_with_odfpy, open_sheet, frozenset(CONTROLS)),
    "parquet": (write_with_pyarrow, open_parquet, frozenset()),
    "csv": (write_csv, open_text, frozenset()),
}


def test_there_are_two_hundred_texts() -> None:
    assert len(set(TEXTS)) == len(TEXTS) >= 200


@pytest.mark.parametrize("name", WRITERS)
def test_every_text_is_read_as_it_was_written(name: str) -> None:
    write, open_, missing = WRITERS[name]
    texts = [text for text in (*TEXTS, *CONTROLS) if text not in missing]

    rows = read(open_, write(texts))

    assert [(ascii(row.value[0]), row.value[1]) for row in rows] == [(ascii(text), "end") for text in texts]
    assert all(type(row.value[0]) is str and not row.problems for row in rows)


def test_typed_cells_of_xlsx_become_exact_text() -> None:
    output = io.BytesIO()
    workbook = xlsxwriter.Workbook(output)
    sheet = workbook.add_worksheet()
    sheet.write_string(0, 0, "name")
    for number, cell in enumerate(TYPED_CELLS, start=1):
        sheet.write(number, 0, cell.value, workbook.add_format({"num_format": cell.number_format}))
    workbook.close()

    rows = read(open_sheet, output)

    assert [row.value for row in rows] == [(cell.text,) for cell in TYPED_CELLS]
    assert [row.problems for row in rows] == [()] * len(rows)


def test_typed_cells_of_openpyxl_become_exact_text() -> None:
    output = io.BytesIO()
    workbook = Workbook()
    workbook.active.append(["name"])
    for number, cell in enumerate(TYPED_CELLS, start=2):
        target = workbook.active.cell(number, 1, cell.value)
        target.number_format = cell.number_format
    workbook.save(output)

    rows = read(open_sheet, output)

    assert [row.value for row in rows] == [(cell.text,) for cell in TYPED_CELLS]


def make_ods_cell(value: Any) -> TableCell:
    if isinstance(value, bool):
        return TableCell(valuetype="boolean", booleanvalue=str(value).lower())
    if isinstance(value, datetime | date):
        return TableCell(valuetype="date", datevalue=value.isoformat())
    if isinstance(value, time):
        return TableCell(valuetype="time", timevalue=value.strftime("PT%HH%MM%SS"))
    return TableCell(valuetype="float", value=repr(value))


def test_typed_cells_of_ods_become_exact_text() -> None:
    # The formats of numbers are styles there; a percentage is a type.
    cells = [cell for cell in TYPED_CELLS if "%" not in cell.number_format and cell.number_format != "00000"]
    output = io.BytesIO()
    document = OpenDocumentSpreadsheet()
    table = Table(name="Customers")
    header = TableRow()
    header.addElement(name := TableCell(valuetype="string"))
    name.addElement(P(text="name"))
    table.addElement(header)
    for cell in cells:
        row = TableRow()
        row.addElement(make_ods_cell(cell.value))
        table.addElement(row)
    document.spreadsheet.addElement(table)
    document.write(output)

    rows = read(open_sheet, output)

    assert [row.value for row in rows] == [(cell.text,) for cell in cells]


@pytest.mark.parametrize("name", WRITERS)
def test_reading_goes_on_after_a_position(name: str) -> None:
    write, open_, _ = WRITERS[name]
    file = write([f"text {index}" for index in range(100)])
    with closing(open_(io.BytesIO(file.getvalue()))) as source:
        rows = list(source.rows(START))
        position = source.position_after(rows[59])

        assert source.bytes_read == source.size
        assert (position.digest == source.sha256()) == (
            source.layout.format != "csv"
        )  # read in order, so up to the row
    assert read(open_, file, position) == rows[60:]


def test_numbers_and_booleans_are_told_from_text() -> None:
    output = io.BytesIO()
    workbook = xlsxwriter.Workbook(output)
    sheet = workbook.add_worksheet()
    sheet.write_row(0, 0, ["a", "b", "c", "d"])
    sheet.write_string(1, 0, "7")
    sheet.write_number(1, 1, 7)
    sheet.write_boolean(1, 2, True)
    sheet.write_number(1, 3, 1e16)
    workbook.close()

    (row,) = read(open_sheet, output)

    assert row.value == ("7", "7", "true", "10000000000000000")
    assert [type(cell) for cell in row.value] == [str, NumberText, BooleanText, NumberText]
    assert [(problem.error, problem.column) for problem in row.problems] == [(DIGITS_LOST, 3)]
