"""Rows of ODS that are left out before the XML is parsed: the tables are found as if nothing was left out."""

import io
from collections.abc import Iterator

import pytest

from muster.loads.sheets.ods_row_skipping import skip_rows
from muster.loads.sheets.ods_sheets import OdsSheet, scan_sheets
from tests.loads.sheets.workbooks import make_ods, ods_cell, ods_table, read_values

# Longer than each tag, and shorter than the rows.
SETTLED_BYTES = 120
ROWS = [ods_cell(f"value {number}") for number in range(12)]
BLANK = ["<table:table-cell/>"] * 12
INNER = f"<table:table-cell>{ods_table(*ROWS, name='inner')}</table:table-cell>"
GROUPED = "<table:table-row-group>" + "<table:table-row/>" * 3 + "</table:table-row-group>"
NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("table", "office", "text")
)


def split(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def spreadsheet(*tables: str) -> bytes:
    return f'<?xml version="1.0"?><office:spreadsheet {NAMESPACES}>{"".join(tables)}</office:spreadsheet>'.encode()


def scan(chunks: Iterator[bytes]) -> list[OdsSheet]:
    return list(scan_sheets(chunks, lambda sheets: False, settled_bytes=SETTLED_BYTES))


@pytest.mark.parametrize(
    "tables",
    [
        (ods_table(*ROWS, name="A"), ods_table(*BLANK, *ROWS, *BLANK, name="B"), ods_table(*BLANK, name="C")),
        (ods_table(*ROWS, INNER, *ROWS, name="A"), ods_table(*BLANK, name="B"), ods_table(*ROWS, name="C")),
        (ods_table(*ROWS, name="A").replace("</table:table>", f"{GROUPED}</table:table>"), ods_table(name="B")),
        (ods_table(*ROWS, name="A"), f"<!-- {ods_table(*ROWS, name='no')} -->", ods_table(*BLANK, *ROWS, name="B")),
        (ods_table(*ROWS, name="A"), "<?what </table:table-row></table:table-row> ?>", ods_table(*BLANK, name="B")),
    ],
)
def test_tables_are_found_as_if_no_row_was_left_out(tables: tuple[str, ...]) -> None:
    content = spreadsheet(*tables)
    whole = list(scan_sheets([content], lambda sheets: False))
    assert len(whole) > 1
    for size in (*range(16, 400, 3), 1000):
        assert scan(split(content, size)) == whole, size


def test_rows_in_the_middle_of_a_large_table_are_left_out() -> None:
    content = spreadsheet(ods_table(*ROWS * 100, name="A"), ods_table(name="B"))
    kept = b"".join(skip_rows(split(content, 1000), lambda: True, SETTLED_BYTES))
    assert len(kept) < len(content) / 2
    assert kept.endswith(content[-200:])
    assert kept.count(b"<table:table-row>") == kept.count(b"</table:table-row>")
    assert b"".join(skip_rows(split(content, 1000), lambda: False, SETTLED_BYTES)) == content


def test_a_sheet_behind_a_large_one_is_read_whole() -> None:
    large = ods_table(*[ods_cell("x" * 1000 + str(number)) for number in range(2000)], name="Large")
    small = ods_table(*[ods_cell(f"row {number}") for number in range(300)], name="Small")
    rows = read_values(io.BytesIO(make_ods(large + small).getvalue()), "Small")
    assert [cells for _, cells in rows] == [(f"row {number}",) for number in range(1, 300)]
