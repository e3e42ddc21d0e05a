"""Templates: a header with notes, lists of codes, and cells of the format Text."""

import io
from collections.abc import Sequence
from contextlib import closing

from openpyxl import load_workbook

from muster.intake.checkpoint import START
from muster.loads.sheets import open_workbook, write_template_xlsx
from muster.loads.template import TemplateColumn

COUNTRIES = tuple(f"C{number:03}" for number in range(250))
COLUMNS = (
    TemplateColumn("name", "The name of the customer.\nMandatory.", is_mandatory=True),
    TemplateColumn("entityType", "", ("LEGAL", "INDIVIDUAL")),
    TemplateColumn("citizenship", "A country.", COUNTRIES),
    TemplateColumn("listAddress[0].country", "A country.", COUNTRIES),
    TemplateColumn("code", "", ("a,b", "c")),
)


def write(columns: Sequence[TemplateColumn]) -> io.BytesIO:
    output = io.BytesIO()
    write_template_xlsx(columns, output)
    return output


def test_a_template_is_a_file_without_rows_that_names_the_fields() -> None:
    with closing(open_workbook(write(COLUMNS), sheet=None)) as source:
        assert source.layout.header == tuple(column.name for column in COLUMNS)
        assert list(source.rows(START)) == []


def test_each_field_has_its_note() -> None:
    header = next(load_workbook(write(COLUMNS)).worksheets[0].rows)

    assert [cell.comment and cell.comment.text for cell in header] == [column.note or None for column in COLUMNS]


def test_codes_are_lists_to_choose_from() -> None:
    workbook = load_workbook(write(COLUMNS))
    rules = workbook.worksheets[0].data_validations.dataValidation

    assert {str(rule.sqref): rule.formula1 for rule in rules} == {
        "B2:B1048576": '"LEGAL,INDIVIDUAL"',
        "C2:C1048576": "Codes!$A$1:$A$250",
        "D2:D1048576": "Codes!$A$1:$A$250",
        "E2:E1048576": "Codes!$B$1:$B$2",
    }
    assert [cell.value for cell in workbook["Codes"]["A"]] == list(COUNTRIES)
    assert workbook["Codes"].sheet_state == "hidden"


def test_cells_to_fill_in_have_the_format_text() -> None:
    sheet = load_workbook(write(COLUMNS)).worksheets[0]

    assert all(sheet.column_dimensions[letter].number_format == "@" for letter in "ABCDE")
