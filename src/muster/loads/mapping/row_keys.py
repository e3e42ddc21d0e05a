"""Row keys: the cells of a row that tell whose row it is."""

from collections.abc import Sequence

from muster.loads.row_errors import DIGITS_LOST, TOO_MANY_CELLS
from muster.loads.rows import Row

Key = tuple[str, ...]


def read_key(row: Row, columns: Sequence[int]) -> Key | None:
    """The cells of these columns, `()` when all are empty.

    None when they can't be told: the row could not be read, its cells may stand in the wrong columns, or a cell of the
    key is at fault. A number that lost digits is a key: it differs from all numbers that a spreadsheet keeps whole.
    """
    cells = row.value
    if not isinstance(cells, list | tuple):
        return None
    for problem in row.problems:
        if problem.error is DIGITS_LOST:
            continue
        if problem.column is None or problem.error is TOO_MANY_CELLS or problem.column in columns:
            return None
    key = tuple((cells[column] or "") if column < len(cells) else "" for column in columns)
    return key if any(map(str.strip, key)) else ()
