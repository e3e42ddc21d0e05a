"""XLSX files that muster writes: read back as they were, and by another program."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from muster.loads.refused_rows import UnsupportedFormatError
from muster.loads.sheets import write_xlsx
from tests.loads.sheets.workbooks import read_values


def write(header: list[str], rows: list[list[str | None]]) -> io.BytesIO:
    output = io.BytesIO()
    write_xlsx(header, rows, output)
    return output


class Pipe(io.RawIOBase):
    """A stream that can't seek, as the body of a response."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.content += bytes(data)
        return len(data)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=3, max_size=3), max_size=4))
def test_texts_are_read_back_as_they_were(rows: list[list[str]]) -> None:
    written = [(*row, "end") for row in rows]

    values = read_values(write(["a", "b", "c", "d"], [list(row) for row in written]))

    assert [tuple(cell or "" for cell in cells) for _, cells in values] == written


def test_another_program_reads_text_in_cells_of_the_format_text() -> None:
    file = write(["name", "code"], [["=1+1", "007"], [None, "45306"]])

    sheet = load_workbook(file).worksheets[0]

    assert [[cell.value for cell in row] for row in sheet.rows] == [["name", "code"], ["=1+1", "007"], [None, "45306"]]
    assert {cell.data_type for row in sheet.rows for cell in row if cell.value} == {"s"}
    assert {cell.number_format for row in sheet.rows for cell in row if cell.value} == {"@"}


def test_output_need_not_seek() -> None:
    pipe = Pipe()

    write_xlsx(["name"], [["a"]], pipe)  # type: ignore[arg-type]

    assert read_values(io.BytesIO(pipe.content)) == [(2, ("a",))]


@pytest.mark.parametrize("text", ["x" * 32_768, "😀" * 16_384])
def test_a_text_that_xlsx_cannot_hold_is_refused_with_its_row(text: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=r"row 3 .*write CSV instead"):
        write(["name"], [["a"], [text]])


def test_texts_like_escapes_that_overlap_are_read_back() -> None:
    assert read_values(write(["name"], [["_x0041_x0042_"]])) == [(2, ("_x0041_x0042_",))]


@pytest.mark.untraced  # it repeats lines that other tests cover
def test_more_rows_than_a_sheet_has_are_refused() -> None:
    with pytest.raises(UnsupportedFormatError, match="1,048,575 rows"):
        write_xlsx([], ([] for _ in range(1_048_576)), io.BytesIO())


def test_more_columns_than_a_sheet_has_are_refused() -> None:
    with pytest.raises(UnsupportedFormatError, match="16,384 columns"):
        write_xlsx(["x"] * 16_385, [], io.BytesIO())
