"""Tables for the tests of mapping: rows of cells, and what the mapper makes of them."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from muster.loads.mapping import InvalidMappingError, make_mapper, parse_mapping
from muster.loads.records import Record
from muster.loads.rows import Layout, Row, RowProblem

JOB = "job-1"


def make_rows(*rows: Sequence[str | None], problems: Sequence[RowProblem] = ()) -> list[Row]:
    """Rows below a header; the problems are those of each row."""
    return [Row(number, tuple(cells), "", 0, tuple(problems)) for number, cells in enumerate(rows, 2)]


def map_rows(header: Iterable[str], rows: Iterable[Row], toml: str = "", *, file_format: str = "csv") -> list[Record]:
    mapper = make_mapper(Layout(file_format, tuple(header)), parse_mapping(toml), job=JOB)
    return list(mapper.map(rows))


def map_cells(cells: dict[str, str | None], toml: str = "", *, file_format: str = "csv") -> dict[str, Any]:
    """The document of one row, which has no problems."""
    (record,) = map_rows(cells, make_rows(tuple(cells.values())), toml, file_format=file_format)
    assert record.problems == ()
    document: dict[str, Any] = record.document
    return document


def map_problems(cells: dict[str, str | None], toml: str = "") -> list[tuple[str, int | None]]:
    """The problems of one row: code and column."""
    (record,) = map_rows(cells, make_rows(tuple(cells.values())), toml)
    return [(problem.error.code, problem.column) for problem in record.problems]


def find_problems(header: Iterable[str], toml: str = "") -> tuple[str, ...]:
    """What is wrong with a header and its mapping."""
    with pytest.raises(InvalidMappingError) as caught:
        make_mapper(Layout("csv", tuple(header)), parse_mapping(toml), job=JOB)
    return caught.value.problems
