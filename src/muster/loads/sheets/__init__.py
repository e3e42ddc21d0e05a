"""Spreadsheets (XLSX, ODS) and Parquet: rows as exact text in bounded memory, and XLSX files with cells of text."""

from muster.loads.sheets.parquet import open_parquet
from muster.loads.sheets.workbook import open_workbook
from muster.loads.sheets.xlsx_template import write_template_xlsx
from muster.loads.sheets.xlsx_writer import write_xlsx

__all__ = [
    "open_parquet",
    "open_workbook",
    "write_template_xlsx",
    "write_xlsx",
]
