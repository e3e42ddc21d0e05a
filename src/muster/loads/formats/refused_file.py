"""Writes the refused rows of a load as a file that its sender mends and loads again."""

from collections.abc import Iterable
from typing import BinaryIO, Final

from muster.loads.formats.refused_csv import get_cells, get_header, write_cells_as_csv, write_csv
from muster.loads.formats.refused_json import write_cells_as_ndjson, write_ndjson
from muster.loads.refused_rows import RefusedRow, UnsupportedFormatError
from muster.loads.rows import Layout

# The format of the refused rows by that of the file. A sheet can't hold the rows of every Parquet file.
DEFAULT_FORMATS: Final = {
    "csv": "csv",
    "ndjson": "ndjson",
    "json": "ndjson",
    "xlsx": "xlsx",
    "ods": "xlsx",
    "parquet": "csv",
}


def write_refused(
    layout: Layout,
    rows: Iterable[RefusedRow],
    output: BinaryIO,
    *,
    format: str | None = None,  # noqa: A002 - as in the API
    for_excel: bool = False,
) -> None:
    """Writes the rows as `csv`, `ndjson` or `xlsx`; by default in the format of the file. One row at a time.

    Rows of text stand as they stood in the file: encoding, separator, quotes and line ends. `for_excel` is for CSV.
    Raises `UnsupportedFormatError`, for a row
    that is too large for XLSX, too; then `output` has no whole file.
    """
    target = format or DEFAULT_FORMATS[layout.format]
    has_columns = layout.header is not None
    if target == "ndjson":
        output.writelines(write_cells_as_ndjson(layout, rows) if has_columns else write_ndjson(layout, rows))
    elif not has_columns or target not in ("csv", "xlsx"):
        known = "csv, xlsx or ndjson" if has_columns else "ndjson"
        raise UnsupportedFormatError(f"refused rows of this file are written as {known}")
    elif target == "csv":
        is_text = layout.format == "csv" and not for_excel
        output.writelines(write_csv(layout, rows) if is_text else write_cells_as_csv(layout, rows, for_excel=for_excel))
    else:
        from muster.loads.sheets import write_xlsx

        write_xlsx(get_header(layout), ((*row.to_columns(), *get_cells(layout, row)) for row in rows), output)
