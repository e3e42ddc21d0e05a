"""Rows of Arrow data, each cell as exact text: of Parquet files and of Spark's frames.

Imported only where pyarrow is there.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from muster.loads.row_errors import ROW_TOO_LONG, RowError
from muster.loads.rows import InvalidFileError, RowProblem
from muster.loads.sheets.parquet_columns import make_column_converter
from muster.loads.sheets.table_rows import MAX_COLUMNS, MAX_ROW_CHARACTERS


class ArrowRow(NamedTuple):
    """The cells of a row, what is wrong with them, and how many characters they have."""

    cells: tuple[str | None, ...]
    problems: tuple[RowProblem, ...]
    size: int


class ArrowRowConverter:
    """Converts record batches of one schema. Raises `InvalidFileError` for a type that no field takes."""

    def __init__(self, schema: Any) -> None:
        if len(schema.names) > MAX_COLUMNS:
            raise InvalidFileError(f"the file has more than {MAX_COLUMNS:,} columns")
        self._converters = []
        for name, data_type in zip(schema.names, schema.types, strict=True):
            converter = make_column_converter(data_type)
            if converter is None:
                raise InvalidFileError(
                    f"column {name[:100]!a} has a type that no field takes; leave it out, or write it as a string"
                )
            self._converters.append(converter)

    def convert(self, batch: Any) -> Iterator[ArrowRow]:
        """The rows of a batch. Its columns are converted at once; raises the errors of pyarrow for damaged ones."""
        columns = []
        problems: dict[int, list[RowProblem]] = {}
        for index, (convert, array) in enumerate(zip(self._converters, batch.columns, strict=True)):
            errors: dict[int, RowError] = {}
            columns.append(convert(array, errors))
            for row, problem in errors.items():
                problems.setdefault(row, []).append(RowProblem(problem, index))
        return _join(columns, problems)


def _join(columns: list[list[str | None]], problems: dict[int, list[RowProblem]]) -> Iterator[ArrowRow]:
    for row, cells in enumerate(zip(*columns, strict=True)):
        size = sum(map(len, filter(None, cells)))
        if size > MAX_ROW_CHARACTERS:
            yield ArrowRow((None,) * len(cells), (RowProblem(ROW_TOO_LONG),), size)
        else:
            yield ArrowRow(cells, tuple(problems.get(row, ())), size)
