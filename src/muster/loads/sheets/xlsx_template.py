"""XLSX templates: a sheet to fill in, with a note for each field and lists of the codes."""

from collections.abc import Sequence
from typing import Any, BinaryIO, Final

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from muster.loads.sheets.table_rows import MAX_ROWS
from muster.loads.template import TemplateColumn

# Excel refuses longer lists within a rule; longer ones stand on a hidden sheet.
_MAX_INLINE_LIST: Final = 255
_CODES_SHEET: Final = "Codes"
_MAX_NOTE: Final = 2000
_TEXT: Final = {"num_format": "@"}


def write_template_xlsx(columns: Sequence[TemplateColumn], output: BinaryIO) -> None:
    """Writes a workbook with the header alone. Its cells have the format Text, so that no code loses its zeros."""
    workbook = Workbook(output, {"in_memory": True})
    worksheet = workbook.add_worksheet("Customers")
    text = workbook.add_format(_TEXT)
    optional = workbook.add_format(_TEXT | {"bold": True})
    mandatory = workbook.add_format(_TEXT | {"bold": True, "bg_color": "#FFE699"})
    codes = _CodeLists(workbook)
    for index, column in enumerate(columns):
        worksheet.set_column(index, index, min(max(len(column.name) + 3, 12), 40), text)
        worksheet.write_string(0, index, column.name, mandatory if column.is_mandatory else optional)
        if column.note:
            worksheet.write_comment(0, index, column.note[:_MAX_NOTE], {"x_scale": 2, "y_scale": 1.5})
        if column.codes:
            worksheet.data_validation(1, index, MAX_ROWS - 1, index, codes.make_rule(column))
    worksheet.freeze_panes(1, 0)
    codes.write()
    workbook.close()


class _CodeLists:
    """The lists of codes that are too long for a rule, in columns of a hidden sheet. Equal lists share a column."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self._columns: dict[tuple[str, ...], int] = {}

    def make_rule(self, column: TemplateColumn) -> dict[str, Any]:
        return {
            "validate": "list",
            "source": self._make_source(column.codes),
            "error_title": "Not one of the codes",
            "error_message": f"{column.name[:100]} takes one of the codes of its list.",
        }

    def _make_source(self, codes: tuple[str, ...]) -> list[str] | str:
        if len(",".join(codes)) <= _MAX_INLINE_LIST and not any("," in code or code != code.strip() for code in codes):
            return list(codes)
        letters = xl_col_to_name(self._columns.setdefault(codes, len(self._columns)), col_abs=True)
        return f"={_CODES_SHEET}!{letters}$1:{letters}${len(codes)}"

    def write(self) -> None:
        if not self._columns:
            return
        worksheet = self._workbook.add_worksheet(_CODES_SHEET)
        text = self._workbook.add_format(_TEXT)
        for codes, index in self._columns.items():
            for row, code in enumerate(codes):
                worksheet.write_string(row, index, code, text)
        worksheet.hide()
