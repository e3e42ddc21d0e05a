"""The mapper of tables: each row is a customer."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from muster.loads.mapping.cell_sources import Cells
from muster.loads.mapping.table_plan import TablePlan
from muster.loads.records import Cell, Record
from muster.loads.row_errors import TOO_MANY_CELLS
from muster.loads.rows import Row, RowProblem


class TableMapper:
    """Makes a record of each row."""

    def __init__(self, plan: TablePlan) -> None:
        self._plan = plan
        self._width = plan.width
        self._unnamed = plan.unnamed

    def map(self, rows: Iterable[Row]) -> Iterator[Record]:
        # The loop takes 1 µs for a row of 7 cells, so it has its own way for a row that nothing is wrong with.
        build, width, unnamed = self._plan.builder.build_customer, self._width, self._unnamed
        measure_added = _measure if self._plan.splits else None
        problems: list[RowProblem] = []
        for row in rows:
            number, cells = row.number, row.value
            if row.problems or len(cells) != width or (unnamed and any(map(cells.__getitem__, unnamed))):
                document, found = self.make_document(row, number)
                yield Record(document, (row,), found, added_size=self.measure_added(document))
                continue
            document = build(cells, number, problems)
            if problems:
                yield Record(document, (row,), tuple(problems), added_size=self.measure_added(document))
                problems.clear()
            else:
                yield Record(document, (row,), added_size=0 if measure_added is None else measure_added(document))

    def make_document(self, row: Row, number: int) -> tuple[Any, tuple[RowProblem, ...]]:
        """The document of a row, and what is wrong with its cells. `number` is what `{row}` stands for.

        There is no document when the reader could not tell the cells.
        """
        if not isinstance(row.value, list | tuple):
            return None, row.problems
        cells = fit(row.value, self._width)
        problems = [problem for problem in row.problems if self._plan.concerns(problem, cells)]
        surplus = (RowProblem(TOO_MANY_CELLS, column) for column in self._unnamed if (cells[column] or "").strip())
        problems += (problem for problem in surplus if problem not in problems)
        document = self._plan.builder.build_customer(cells, number, problems)
        return document, tuple(problems)

    def measure_added(self, document: Any) -> int:
        """The size of a document whose cells may be split: each part repeats the other fields of its element."""
        return _measure(document) if self._plan.splits else 0

    def locate(self, path: Sequence[str | int]) -> Cell | None:
        column = self.find_column(path)
        return None if column is None else self._plan.columns.cell(column)

    def find_column(self, path: Sequence[str | int]) -> int | None:
        """The index of the column that a value comes from, or of the nearest one."""
        return self._plan.tree.find_column(path)


def _measure(value: Any) -> int:
    """The characters of a value, each part of it with a pointer of 8 bytes."""
    size, waiting = 0, [value]
    while waiting:
        part = waiting.pop()
        size += 8
        if isinstance(part, str):
            size += len(part)
        elif isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return size


def fit(cells: Sequence[str | None], width: int) -> Cells:
    """The cells of a row that may have more or fewer than the header."""
    return (*cells[:width], *(None,) * (width - len(cells)))
