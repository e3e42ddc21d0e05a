"""Every row of a CSV file is given as it stands, or refused by itself."""

import csv
import io
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muster.loads.formats.csv_rows import CsvRows
from muster.loads.formats.text_lines import Lines, is_plain
from muster.loads.rows import Row
from tests.loads.formats.reading import get_codes, get_values, read

HOSTILE_LETTERS = st.sampled_from(list("ab0 ,;\t|\"'\n\r=ąЖ😀\u2028\x0b\x1c\x85\ufeff"))
HOSTILE_CELLS = st.text(HOSTILE_LETTERS, max_size=6)


def read_lines(lines: list[str], max_bytes: int, columns: int = 3) -> list[Row]:
    ends = [sum(map(len, lines[: index + 1])) for index in range(len(lines))]
    groups = [Lines([line], [end], end - len(line)) for line, end in zip(lines, ends, strict=True)]
    rows = CsvRows(["c"] * columns, ",", max_bytes=max_bytes)
    return list(rows.read(iter(groups), 1))


def get_letters(texts: Iterable[str]) -> str:
    return "".join(letter for text in texts for letter in text if letter.isalpha())


def test_a_quoted_newline_stays_in_its_cell() -> None:
    rows = read(b'id,street\n1,"Main 5\r\nFlat 2"\n2,x\n')
    assert get_values(rows) == [["1", "Main 5\r\nFlat 2"], ["2", "x"]]
    assert rows[0].raw == '1,"Main 5\r\nFlat 2"\n'
    assert [row.number for row in rows] == [2, 3]


@pytest.mark.parametrize(
    "cell", ["007", "12345678901234567890", "0.10", "1e5", "TRUE", " x ", "31.01.1980", "'x", 'a"b']
)
def test_a_cell_is_its_text(cell: str) -> None:
    assert get_values(read(f"id,name\n1,{cell}\n".encode())) == [["1", cell]]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_rows_end_with_any_line_end(line_end: str) -> None:
    text = line_end.join(["id,name", "1,a", "", "2,b"])
    rows = read(text.encode())
    assert get_values(rows) == [["1", "a"], ["2", "b"]]
    assert [row.number for row in rows] == [2, 4]
    assert [row.raw for row in rows] == ["1,a" + line_end, "2,b"]


def test_a_cell_that_is_empty_is_absent_quoted_or_not() -> None:
    assert get_values(read(b'a,b,c\n,"",x\n')) == [[None, None, "x"]]


def test_cells_that_are_not_there_are_absent() -> None:
    assert get_values(read(b"a,b,c\n1\n1,2\n")) == [["1", None, None], ["1", "2", None]]


def test_rows_of_empty_cells_are_skipped_and_counted() -> None:
    rows = read(b"a,b\n\n,\n  \n1,2\n,,,\n")
    assert [(row.number, row.value) for row in rows] == [(5, ["1", "2"])]


def test_a_row_with_more_cells_than_the_header_is_refused() -> None:
    rows = read(b"a,b\n1,2,3\n4,5\n6,7,,\n")
    assert get_codes(rows) == ["F002", "", ""]
    assert rows[0].problems[0].column == 2
    assert rows[0].raw == "1,2,3\n"
    assert rows[2].value == ["6", "7"]


def test_a_column_without_a_name_may_be_empty_only() -> None:
    rows = read(b"a,,b,\n1,,2,\n1,x,2\n1,,2,y\n")
    assert get_codes(rows) == ["", "F002", "F002"]
    assert [row.problems[0].column for row in rows[1:]] == [1, 3]


def test_a_nul_byte_refuses_its_row_alone() -> None:
    assert get_codes(read(b"a,b\n1,2\n1,\0\n3,4\n")) == ["", "F004", ""]


def test_text_after_a_quote_refuses_its_row_alone() -> None:
    rows = read(b'a,b\n1,2\n1,"x"y\n3,4\n')
    assert get_codes(rows) == ["", "F001", ""]
    assert rows[1].raw == '1,"x"y\n'


def test_a_carriage_return_in_a_cell_never_makes_two_rows_of_one() -> None:
    rows = read(b"a,b,c\n1,Na\rme,LT\n2,x,LV\n")
    assert get_codes(rows) == ["F001", ""]


def test_a_quote_that_is_not_closed_costs_its_line_alone() -> None:
    rows = read(b'a,b\n1,"x\n2,y\n3,"z"\n4,v\n')
    assert get_codes(rows) == ["F001", "", "", ""]
    assert get_values(rows[1:]) == [["2", "y"], ["3", "z"], ["4", "v"]]
    assert [row.number for row in rows] == [2, 3, 4, 5]


def test_a_quote_that_is_not_closed_up_to_the_end_costs_its_line_alone() -> None:
    assert get_codes(read(b'a,b\n1,"x\n2,y\n3,z')) == ["F001", "", ""]


def test_a_row_of_many_lines_may_be_as_long_as_the_bound() -> None:
    lines = ['1,"a\n', "b\n", 'c",x\n', "2,b,y\n"]
    length = sum(map(len, lines[:3]))
    assert get_values(read_lines(lines, length)) == [["1", "a\nb\nc", "x"], ["2", "b", "y"]]
    refused = read_lines(lines, length - 1)
    assert get_codes(refused) == ["F001", "", "", ""]
    assert refused[0].raw == lines[0]


def test_lines_that_each_leave_a_quote_open_take_time_in_proportion() -> None:
    def count_steps(count: int) -> int:
        lines = ['x","y\n'] * count
        ends = [7 * (index + 1) for index in range(count)]

        class CountingList(list[str]):
            steps = 0

            def __getitem__(self, index: Any) -> Any:
                CountingList.steps += 1
                return super().__getitem__(index)

        rows = CsvRows(["a", "b"], ",", max_bytes=7_000)
        assert get_codes(rows.read(iter([Lines(CountingList(lines), ends, 0)]), 1)) == ["F001"] * count
        return CountingList.steps

    assert count_steps(4_000) < 2.5 * count_steps(2_000)


@given(st.lists(st.lists(HOSTILE_CELLS, min_size=3, max_size=3), max_size=5), st.sampled_from(",;\t|"))
def test_what_the_standard_library_writes_comes_back_cell_by_cell(table: list[list[str]], delimiter: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["first", "second", "third"], *table])
    expected = [[cell or None for cell in cells] for cells in table if any(cells)]
    assert get_values(read(text.getvalue().encode())) == expected


@given(
    st.lists(st.lists(st.text("ab0 '=Ж😀\u2028\x0b\x1c\x85", max_size=3), max_size=4), max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
@example([["a", "b"], [], [""], [" "], ["", ""], ["", "", ""], ["a", "", ""], ["a", "b", "c", ""]], "\n", False)
@example([["a", "b", "c", "d"], [" "], [""]], "\r\n", True)
def test_lines_without_quotes_are_split_as_the_standard_library_reads_them(
    table: list[list[str]], line_end: str, ends_open: bool
) -> None:
    text = line_end.join([*map(",".join, table), "x"]) + ("" if ends_open else line_end)
    lines = io.StringIO(text, newline="\n").readlines()
    ends = [sum(map(len, lines[: index + 1])) for index in range(len(lines))]
    read_all = [
        list(CsvRows(["a", "b", "c"], ",").read(iter([Lines(lines, ends, 0, is_plain=is_plain)]), 1))
        for is_plain in (True, False)
    ]
    assert read_all[0] == read_all[1]


def test_blocks_of_empty_lines_are_counted() -> None:
    [row] = read(b"id,name\n" + b"\n" * 600_000 + b"1,a\n")
    assert row.number == 600_002


def test_text_is_plain_unless_a_line_may_be_more_than_its_cells() -> None:
    assert is_plain("a,b\r\nc,d\n")
    assert not any(map(is_plain, ['a,"b"\n', "a,b\0\n", "a\rb\n", "a\r\r\n", "a\r"]))


@given(
    st.lists(
        st.sampled_from(['"', 'a,"', '",b\n', "c\n", 'd"\n', '"",\n', '"e","f\n', "\r", '""\n', "g,h,i\n"]), max_size=25
    ),
    st.integers(3, 40),
    st.data(),
)
def test_rows_depend_on_the_text_after_their_beginning_alone(parts: list[str], bound: int, data: st.DataObject) -> None:
    lines = [line for line in io.StringIO("".join(parts), newline="\n") if len(line) <= bound]
    rows = read_lines(lines, bound)
    assert get_letters(row.raw for row in rows) == get_letters(lines)
    if rows:
        split = data.draw(st.sampled_from(rows))
        taken, rest = 0, list(lines)
        while taken < split.end:
            taken += len(rest.pop(0))
        later = [(row.value, row.raw) for row in rows if row.end > split.end]
        assert [(row.value, row.raw) for row in read_lines(rest, bound)] == later
