"""Sheets of XLSX: which one is read, which rows it has, and what its cells hold."""

import pytest

from muster.intake.checkpoint import START, Position
from muster.loads.row_errors import DIGITS_LOST, ERROR_CELL, ROW_TOO_LONG, TOO_MANY_CELLS, RowError
from muster.loads.rows import FileChangedError, InvalidFileError, NumberText
from muster.loads.sheets import open_workbook
from tests.loads.sheets.workbooks import (
    HEADER_ROW,
    MAIN,
    STRICT,
    make_xlsx,
    read_rows,
    read_values,
    worksheet,
)

FORMATS = (
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="dd.mm.yyyy hh:mm:ss"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="46"/><xf numFmtId="21"/></cellXfs>'
)


def text_cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def read_cell(cell: str, *, strings: str | None = None, is_1904: bool = False) -> str | None:
    """The text of a cell of the second row."""
    sheet = worksheet(f'{HEADER_ROW}<row r="2">{cell}{text_cell("B2", "end")}</row>'.replace("name", "a"))
    sheet = sheet.replace('</c></row><row r="2">', f'</c>{text_cell("B1", "b")}</row><row r="2">')
    (row,) = read_rows(make_xlsx(sheet, strings=strings, styles=FORMATS, is_1904=is_1904))
    assert row.value[1] == "end"
    return row.value[0]  # type: ignore[no-any-return]


def test_blank_rows_are_left_out_and_numbers_are_those_of_the_spreadsheet() -> None:
    rows = (
        f'<row r="3">{text_cell("A3", "name")}</row><row r="4"/><row r="7">{text_cell("A7", "x")}</row>'
        '<row r="8"><c r="A8" s="1"/></row>'
    )

    assert read_values(make_xlsx(worksheet(rows))) == [(7, ("x",))]


def test_rows_and_cells_without_references_follow_each_other() -> None:
    rows = "<row><c><v>1</v></c><c/><c><v>3</v></c></row><row/><row><c><v>4</v></c><c/><c><v>6</v></c></row>"

    assert read_values(make_xlsx(worksheet(rows))) == [(3, ("4", None, "6"))]


def test_sparse_cells_stand_under_their_header() -> None:
    rows = (
        f'<row r="1">{"".join(text_cell(f"{letter}1", letter) for letter in "ABCD")}</row>'
        f'<row r="2">{text_cell("B2", "b")}{text_cell("D2", "d")}</row><row r="3">{text_cell("C3", "c")}</row>'
        f'<row r="4">{text_cell("D4", "d")}{text_cell("A4", "a")}</row>'
    )

    assert read_values(make_xlsx(worksheet(rows))) == [
        (2, (None, "b", None, "d")),
        (3, (None, None, "c", None)),
        (4, ("a", None, None, "d")),
    ]


def test_a_cell_beyond_the_header_is_a_problem_of_its_row() -> None:
    rows = (
        f'{HEADER_ROW}<row r="2">{text_cell("A2", "a")}{text_cell("C2", "c")}</row>'
        f'<row r="3">{text_cell("A3", "b")}<c r="B3" s="1"/></row>'
    )

    first, second = read_rows(make_xlsx(worksheet(rows)))

    assert (first.value, [problem.error for problem in first.problems]) == (("a", None, "c"), [TOO_MANY_CELLS])
    assert (second.value, second.problems) == (("b",), ())


def test_the_header_is_the_first_row_with_text_and_ends_with_its_last_name() -> None:
    rows = f'<row r="2">{text_cell("A2", "a")}<c r="B2"/>{text_cell("C2", "c")}{text_cell("D2", "")}</row>'
    source = open_workbook(make_xlsx(worksheet(rows)), sheet=None)

    assert source.layout.header == ("a", "", "c")
    assert source.layout.format == "xlsx"
    source.close()


def test_a_header_with_an_error_is_refused() -> None:
    with pytest.raises(InvalidFileError, match=r"row 1 should name the fields.*error"):
        read_rows(make_xlsx(worksheet('<row r="1"><c r="A1" t="e"><v>#REF!</v></c></row>')))


def test_rich_text_is_the_text_of_its_runs() -> None:
    shared = "<si><r><rPr><b/></rPr><t>Ann</t></r><r><t> Lee</t></r><rPh><t>an</t></rPh></si>"
    inline = "<is><r><t>Ann</t></r><r><t> Lee</t></r><rPh><t>an</t></rPh></is>"

    assert read_cell('<c r="A2" t="s"><v>0</v></c>', strings=shared) == "Ann Lee"
    assert read_cell(f'<c r="A2" t="inlineStr">{inline}</c>') == "Ann Lee"


def test_a_formula_gives_its_stored_result() -> None:
    assert read_cell('<c r="A2"><f>1+1</f><v>2</v></c>') == "2"
    assert read_cell('<c r="A2" t="str"><f t="shared" si="0"/><v>a&amp;b</v></c>') == "a&b"
    assert read_cell('<c r="A2"><f>NOT(CALCULATED)</f></c>') is None


def test_an_error_is_a_problem_of_its_cell() -> None:
    sheet = worksheet(f'{HEADER_ROW}<row r="2"><c r="A2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>')

    (row,) = read_rows(make_xlsx(sheet))

    assert row.value == ("#DIV/0!",)
    assert [(problem.error, problem.column) for problem in row.problems] == [(ERROR_CELL, 0)]


@pytest.mark.parametrize(
    ("stored", "text", "error"),
    [
        ("1.1000000000000001", "1.1", None),
        ("64.099999999999994", "64.1", None),
        ("0.30000000000000004", "0.30000000000000004", DIGITS_LOST),
        ("123456789012345", "123456789012345", None),
        ("1.23456789012345E+19", "12345678901234500000", DIGITS_LOST),
        ("1E+16", "10000000000000000", DIGITS_LOST),
        ("1E+15", "1000000000000000", DIGITS_LOST),
        ("1E+14", "100000000000000", None),
        ("12345678901234567890", "12345678901234567890", DIGITS_LOST),
        ("1E-7", "0.0000001", None),
        ("-0", "0", None),
        ("007", "7", None),
        ("10.50", "10.5", None),
        (" 5 ", "5", None),
        ("1E+400", "1E+400", ERROR_CELL),
        ("1E+999999999", "1E+999999999", ERROR_CELL),
        ("NaN", "NaN", ERROR_CELL),
        ("\u0661", "\u0661", ERROR_CELL),
    ],
)
def test_a_number_is_the_shortest_text_of_what_is_stored(stored: str, text: str, error: RowError | None) -> None:
    (row,) = read_rows(make_xlsx(worksheet(f'{HEADER_ROW}<row r="2"><c r="A2"><v>{stored}</v></c></row>')))

    assert row.value == (text,)
    assert type(row.value[0]) is (str if error is ERROR_CELL else NumberText)
    assert [problem.error for problem in row.problems] == ([] if error is None else [error])


@pytest.mark.parametrize(
    ("stored", "style", "text"),
    [
        ("45306", 1, "2024-01-15"),
        ("45306.75", 1, "2024-01-15"),
        ("45306", 2, "2024-01-15"),
        ("45306.4375", 2, "2024-01-15T10:30:00"),
        ("45306.4375001", 2, "2024-01-15T10:30:00.009"),
        ("45305.9999999999", 2, "2024-01-15"),
        ("59", 1, "1900-02-28"),
        ("60", 1, "1900-02-29"),
        ("61", 1, "1900-03-01"),
        ("1", 1, "1900-01-01"),
        ("0", 1, "1900-01-00"),
        ("2958465", 1, "9999-12-31"),
        ("2958466", 1, "2958466"),
        ("-1", 1, "-1"),
        ("1.5", 3, "36:00:00"),
        ("0.4375", 4, "10:30:00"),
    ],
)
def test_a_date_is_told_by_its_format(stored: str, style: int, text: str) -> None:
    assert read_cell(f'<c r="A2" s="{style}"><v>{stored}</v></c>') == text


def test_the_calendar_of_1904_begins_there() -> None:
    assert read_cell('<c r="A2" s="1"><v>0</v></c>', is_1904=True) == "1904-01-01"
    assert read_cell('<c r="A2" s="1"><v>43844</v></c>', is_1904=True) == "2024-01-15"
    assert read_cell('<c r="A2" s="1"><v>2957004</v></c>', is_1904=True) == "2957004"


def test_a_date_may_be_stored_as_one() -> None:
    assert read_cell('<c r="A2" t="d"><v>2024-01-15T00:00:00</v></c>') == "2024-01-15"
    assert read_cell('<c r="A2" t="d"><v>2024-01-15T10:30:00</v></c>') == "2024-01-15T10:30:00"


def test_a_format_that_is_not_there_is_general() -> None:
    assert read_cell('<c r="A2" s="99"><v>45306</v></c>') == "45306"


def test_a_row_of_more_than_a_mebibyte_is_refused_and_the_next_one_is_read() -> None:
    for text in ("x" * 1_100_000, "ž&amp;" * 600_000):
        sheet = worksheet(
            f'{HEADER_ROW}<row r="2">{text_cell("A2", text)}</row><row r="3">{text_cell("A3", "b")}</row>'
        )

        long, next_row = read_rows(make_xlsx(sheet))

        assert (long.value, [problem.error for problem in long.problems]) == ((None,), [ROW_TOO_LONG])
        assert (next_row.number, next_row.value) == (3, ("b",))


def test_the_strict_form_and_prefixes_are_read() -> None:
    sheet = worksheet(f'{HEADER_ROW}<row r="2">{text_cell("A2", "a")}</row>', namespace=STRICT)
    prefixed = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row>'
        '<x:row r="2"><x:c r="A2"><x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )

    assert read_values(make_xlsx(sheet)) == [(2, ("a",))]
    assert read_values(make_xlsx(prefixed)) == [(2, ("2",))]


def test_elements_of_other_namespaces_are_no_cells() -> None:
    extension = f'<extLst><ext xmlns:z="urn:z"><z:row><z:c><z:v>9</z:v></z:c></z:row></ext></extLst>'  # noqa: F541
    sheet = worksheet(f'{HEADER_ROW}<row r="2">{text_cell("A2", "a")}{extension}</row>')

    assert read_values(make_xlsx(sheet)) == [(2, ("a",))]


FILLED = worksheet(HEADER_ROW + f'<row r="2">{text_cell("A2", "a")}</row>')
OTHER = worksheet(HEADER_ROW + f'<row r="2">{text_cell("A2", "b")}</row>')
BLANK = worksheet('<row r="1"><c r="A1" s="1"/></row>')


def test_without_a_name_the_only_visible_sheet_with_rows_is_read() -> None:
    assert read_values(make_xlsx(BLANK, FILLED, OTHER, states=("visible", "visible", "hidden"))) == [(2, ("a",))]
    assert read_values(make_xlsx(FILLED, OTHER, states=("veryHidden",))) == [(2, ("b",))]


def test_a_sheet_is_read_by_its_name_also_a_hidden_one() -> None:
    file = make_xlsx(FILLED, OTHER, states=("visible", "hidden"))

    assert read_values(file, "Sheet2") == [(2, ("b",))]


def test_several_sheets_with_rows_are_listed() -> None:
    with pytest.raises(InvalidFileError, match=r"several sheets have rows: 'Sheet1', 'Sheet3'; name the one"):
        read_rows(make_xlsx(FILLED, BLANK, OTHER))


def test_a_sheet_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(InvalidFileError, match=r"no sheet 'Customers'; it has: 'Sheet1', 'Sheet2'"):
        read_rows(make_xlsx(FILLED, BLANK), "Customers")


def test_a_workbook_without_rows_is_refused() -> None:
    for file in (make_xlsx(BLANK), make_xlsx(BLANK, BLANK), make_xlsx(FILLED, states=("hidden",))):
        with pytest.raises(InvalidFileError, match="rows"):
            read_rows(file)


def test_another_file_is_not_read_on() -> None:
    source = open_workbook(make_xlsx(FILLED), sheet=None)

    with pytest.raises(FileChangedError):
        next(source.rows(Position(1, 0, bytes(32))))
    assert [row.value for row in source.rows(START)] == [("a",)]
    source.close()
