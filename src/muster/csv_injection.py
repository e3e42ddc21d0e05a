"""Cells of CSV that a spreadsheet program would run as formulas (OWASP, "CSV Injection")."""

from typing import Final

# Also as full-width characters, which programs of East Asia take for the same.
_FORMULA_STARTS: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def escape_formula(cell: str) -> str:
    """With an apostrophe before what would be a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
