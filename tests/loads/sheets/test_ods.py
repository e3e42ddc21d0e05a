"""Tables of ODS: which one is read, which rows it has, and what its cells hold."""

from collections.abc import Iterator

import pytest

from muster.loads.row_errors import DIGITS_LOST, ERROR_CELL, ROW_TOO_LONG, TOO_MANY_CELLS, RowError
from muster.loads.rows import BooleanText, InvalidFileError, NumberText
from muster.loads.sheets.ods_sheets import has_one_table, scan_sheets
from tests.loads.sheets.workbooks import make_ods, ods_cell, ods_table, read_rows, read_values

HEADER = ods_cell("name")
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
CALCEXT = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"


def read_cell(cell: str) -> str | None:
    """The text of a cell of the second row."""
    (row,) = read_rows(make_ods(ods_table(HEADER + ods_cell("end"), cell + ods_cell("end"))))
    assert row.value[1] == "end"
    return row.value[0]  # type: ignore[no-any-return]


def read_typed(type_: str, value: str) -> str | None:
    return read_cell(f'<table:table-cell office:value-type="{type_}" {value}><text:p>shown</text:p></table:table-cell>')


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a  b", "a b"),
        (" a\n  b ", "a b"),
        ('<text:s text:c="2"/>a<text:s/>', "  a "),
        ("a <text:s/>b", "a  b"),
        ("a<text:tab/>b<text:line-break/>c", "a\tb\nc"),
        ("a<text:span>b <text:a>c</text:a></text:span>d", "ab cd"),
        ("a</text:p><text:p>b</text:p><text:p>", "a\nb\n"),
        ("a<office:annotation><text:p>note</text:p></office:annotation>b", "ab"),
        ("a<draw:frame><draw:text-box><text:p>box</text:p></draw:text-box></draw:frame>b", "ab"),
        ("a&amp;b", "a&b"),
        ("", ""),
    ],
)
def test_text_is_what_a_person_sees(content: str, text: str) -> None:
    assert read_cell(ods_cell(content)) == (text or None)


def test_a_note_or_a_picture_of_a_cell_is_not_its_text() -> None:
    extra = "<office:annotation><text:p>note</text:p></office:annotation><draw:frame><text:p>box</text:p></draw:frame>"

    assert (
        read_cell(f'<table:table-cell office:value-type="string">{extra}<text:p>a</text:p></table:table-cell>') == "a"
    )


def test_a_table_within_a_cell_is_left_out() -> None:
    inner = ods_table(ods_cell("x"), name="inner", attributes='table:is-sub-table="true"')

    assert read_cell(f"<table:table-cell>{inner}</table:table-cell>") is None


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        ("float", 'office:value="0.1"', "0.1"),
        ("float", 'office:value="1E-7"', "0.0000001"),
        ("currency", 'office:value="1.1000000000000001"', "1.1"),
        ("percentage", 'office:value="0.25"', "25%"),
        ("date", 'office:date-value="2024-01-15"', "2024-01-15"),
        ("date", 'office:date-value="2024-01-15T00:00:00"', "2024-01-15"),
        ("date", 'office:date-value="2024-01-15T10:30:00"', "2024-01-15T10:30:00"),
        ("time", 'office:time-value="PT10H30M00S"', "10:30:00"),
        ("time", 'office:time-value="PT36H00M00.500S"', "36:00:00.5"),
        ("boolean", 'office:boolean-value="true"', "true"),
        ("string", 'office:string-value=" as stored "', " as stored "),
    ],
)
def test_a_typed_cell_is_read_by_its_value(type_: str, value: str, text: str) -> None:
    assert read_typed(type_, value) == text


def test_numbers_and_booleans_are_told_from_text() -> None:
    assert type(read_typed("float", 'office:value="7"')) is NumberText
    assert type(read_typed("boolean", 'office:boolean-value="false"')) is BooleanText
    assert type(read_cell(ods_cell("7"))) is str


def test_zeros_that_a_format_shows_are_kept() -> None:
    cell = '<table:table-cell office:value-type="float" office:value="7"><text:p>00007</text:p></table:table-cell>'

    assert read_cell(cell) == "00007"


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ('office:value-type="float" office:value="12345678901234567000"', DIGITS_LOST),
        ('office:value-type="float" office:value="x"', ERROR_CELL),
        (f'office:value-type="string" xmlns:calcext="{CALCEXT}" calcext:value-type="error"', ERROR_CELL),
    ],
)
def test_what_is_wrong_with_a_cell_is_a_problem_of_its_row(attributes: str, error: RowError) -> None:
    cell = f"<table:table-cell {attributes}><text:p>#N/A</text:p></table:table-cell>"

    (row,) = read_rows(make_ods(ods_table(HEADER * 2, ods_cell("a") + cell)))

    assert [(problem.error, problem.column) for problem in row.problems] == [(error, 1)]


def row(cells: str, repeated: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{repeated}">{cells}</table:table-row>'


def blank(repeated: int) -> str:
    return f'<table:table-cell table:number-columns-repeated="{repeated}"/>'


def table(rows: str) -> str:
    return f'<table:table table:name="Sheet1">{rows}</table:table>'


def test_repeated_rows_and_cells_are_as_many_as_they_stand_for() -> None:
    rows = (
        row(ods_cell("h", 'table:number-columns-repeated="3"') + blank(16_381))
        + row(blank(16_384), 3)
        + row(blank(1) + ods_cell("x", 'table:number-columns-repeated="2"'), 2)
        + row(blank(1), 1_048_570)
    )

    assert read_values(make_ods(table(rows))) == [(5, (None, "x", "x")), (6, (None, "x", "x"))]


def test_grouped_rows_and_covered_cells_are_read() -> None:
    covered = "<table:covered-table-cell/>"
    rows = (
        f"<table:table-header-rows>{row(HEADER + ods_cell('b'))}</table:table-header-rows>"
        f"<table:table-row-group><table:table-row-group>{row(ods_cell('a') + covered)}</table:table-row-group>"
        f"{row(covered + ods_cell('c'))}</table:table-row-group>"
    )

    assert read_values(make_ods(table(rows))) == [(2, ("a", None)), (3, (None, "c"))]


def test_a_cell_beyond_the_header_is_a_problem_of_its_row() -> None:
    (row_,) = read_rows(make_ods(ods_table(HEADER, ods_cell("a") + ods_cell("b"))))

    assert [problem.error for problem in row_.problems] == [TOO_MANY_CELLS]


def test_a_row_of_more_than_a_mebibyte_is_refused_and_the_next_one_is_read() -> None:
    for text in ("x" * 1_100_000, '<text:s text:c="999999999"/>', '<text:s text:c="600000"/>' * 2):
        long, next_row = read_rows(make_ods(ods_table(HEADER, ods_cell(text), ods_cell("b"))))

        assert [problem.error for problem in long.problems] == [ROW_TOO_LONG]
        assert (next_row.number, next_row.value) == (3, ("b",))


FILLED = ods_table(HEADER, ods_cell("a"), name="Filled")
BLANK = ods_table(blank(5), name="Blank")
STYLE = (
    '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'
)


def test_without_a_name_the_only_visible_table_with_rows_is_read() -> None:
    hidden = ods_table(HEADER, ods_cell("b"), name="Hidden", attributes='table:style-name="ta2"')
    file = make_ods(BLANK + hidden + FILLED, styles=STYLE)

    assert read_values(file) == [(2, ("a",))]
    assert read_values(file, "Hidden") == [(2, ("b",))]


def test_several_tables_with_rows_are_listed() -> None:
    with pytest.raises(InvalidFileError, match="several sheets have rows: 'Filled', 'Other'"):
        read_rows(make_ods(FILLED + BLANK + ods_table(HEADER, name="Other")))


def test_a_table_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(InvalidFileError, match=r"no sheet 'X'; it has: 'Filled', 'Blank'"):
        read_rows(make_ods(FILLED + BLANK), "X")


def test_a_workbook_without_rows_is_refused() -> None:
    with pytest.raises(InvalidFileError, match="no visible sheet"):
        read_rows(make_ods(BLANK))


def test_a_second_table_with_rows_is_found_in_another_piece_of_the_file() -> None:
    with pytest.raises(InvalidFileError, match="several sheets"):
        read_rows(make_ods(FILLED + " " * (1 << 17) + ods_table(HEADER, name="Other")))


def test_one_table_is_known_by_its_two_tags() -> None:
    text = ods_cell("a table / <table of :table".replace("<", "&lt;"))
    for tags, is_one in (
        ("<t:table a='1'><t:table-row/></t:table>", True),
        ("<table\n></table >", True),
        (f"<table:table>{text}</table:table>", True),
        ("<table:table>:table </table:table>", False),
        ("<table:table/>", False),
        ("<table:table></table:table><table:table/>", False),
    ):
        content = tags.encode()
        for cut in range(len(content)):
            assert has_one_table([content[:cut], content[cut:]]) is is_one


def test_tables_are_no_longer_looked_for_once_it_is_known_which_is_read() -> None:
    def chunks() -> Iterator[bytes]:
        yield f"<o:spreadsheet xmlns:o='o' xmlns:table='{TABLE}'>{ods_table(name='A')}{ods_table(name='B')}".encode()
        raise AssertionError("nothing more is read")

    names = [sheet.name for sheet in scan_sheets(chunks(), lambda sheets: any(sheet.name == "B" for sheet in sheets))]
    assert names == ["A", "B"]
