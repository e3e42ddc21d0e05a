"""Parquet: columns as exact text, row by row."""

import io
import json
import sys
from contextlib import closing
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from muster.intake.checkpoint import START, Position
from muster.loads.row_errors import DIGITS_LOST, ERROR_CELL, NOT_TEXT, ROW_TOO_LONG
from muster.loads.rows import BooleanText, FileChangedError, InvalidFileError, NumberText, Row
from muster.loads.sheets import open_parquet

MOMENT = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
NAIVE = MOMENT.replace(tzinfo=None)


def write(array: Any, **options: Any) -> io.BytesIO:
    output = io.BytesIO()
    parquet.write_table(pa.table({"name": array}), output, **options)
    return output


def read_rows(file: io.BytesIO, after: Position = START) -> list[Row]:
    with closing(open_parquet(io.BytesIO(file.getvalue()))) as source:
        return list(source.rows(after))


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        ("007", pa.string(), "007"),
        ("007", pa.large_string(), "007"),
        ("007", pa.string_view(), "007"),
        ("007", pa.dictionary(pa.int32(), pa.string()), "007"),
        (b"\xc5\xbe", pa.binary(), "ž"),
        ("", pa.string(), ""),
        (True, pa.bool_(), "true"),
        (7, pa.int8(), "7"),
        (2**64 - 1, pa.uint64(), "18446744073709551615"),
        (Decimal("12345678901234567890.10"), pa.decimal128(38, 2), "12345678901234567890.10"),
        (Decimal("0.0000000001"), pa.decimal128(20, 10), "0.0000000001"),
        (0.1, pa.float64(), "0.1"),
        (0.1, pa.float32(), "0.1"),
        (12345.0, pa.float64(), "12345"),
        (1e-7, pa.float64(), "0.0000001"),
        (date(2024, 1, 15), pa.date32(), "2024-01-15"),
        (date(2024, 1, 15), pa.date64(), "2024-01-15"),
        (NAIVE, pa.timestamp("us"), "2024-01-15T10:30:00"),
        (datetime(2024, 1, 15), pa.timestamp("ms"), "2024-01-15"),  # noqa: DTZ001 (a column has no zone)
        (MOMENT, pa.timestamp("us", "UTC"), "2024-01-15T10:30:00Z"),
        (MOMENT, pa.timestamp("us", "Europe/Vilnius"), "2024-01-15T12:30:00+02:00"),
        (MOMENT.replace(microsecond=120_000), pa.timestamp("us", "UTC"), "2024-01-15T10:30:00.12Z"),
        (MOMENT, pa.timestamp("us", "+05:30"), "2024-01-15T16:00:00+05:30"),
        (1705314600123456789, pa.timestamp("ns"), "2024-01-15T10:30:00.123456789"),
        (time(10, 30), pa.time64("us"), "10:30:00"),
        (None, pa.string(), None),
        (None, pa.float64(), None),
        (None, pa.null(), None),
    ],
)
def test_a_value_becomes_its_exact_text(value: Any, type_: Any, text: str | None) -> None:
    (row,) = read_rows(write(pa.array([value], type_)))

    assert row.value == (text,)
    assert row.problems == ()


def test_numbers_and_booleans_are_told_from_text() -> None:
    for array, kind in ((pa.array(["7"]), str), (pa.array([7]), NumberText), (pa.array([True]), BooleanText)):
        assert type(read_rows(write(array))[0].value[0]) is kind


def test_lists_and_structs_become_json() -> None:
    value = [{"country": "LT", "share": Decimal("0.10"), "since": date(2024, 1, 15), "none": None}]

    (row,) = read_rows(write(pa.array([value])))

    assert json.loads(row.value[0], parse_float=Decimal) == [
        {"country": "LT", "share": Decimal("0.10"), "since": "2024-01-15", "none": None}
    ]
    assert '"share":0.10' in row.value[0]


@pytest.mark.parametrize(
    ("array", "error"),
    [
        (pa.array([float("nan")], from_pandas=False), ERROR_CELL),
        (pa.array([float("inf")]), ERROR_CELL),
        (pa.array([[float("nan")]]), ERROR_CELL),
        (pa.array([1e17]), DIGITS_LOST),
        (pa.array([0.1 + 0.2]), DIGITS_LOST),
        (pa.array([b"\xff"]), NOT_TEXT),
        (pa.array(["x" * 1_100_000]), ROW_TOO_LONG),
    ],
)
def test_what_is_wrong_with_a_cell_is_a_problem_of_its_row(array: Any, error: object) -> None:
    (row,) = read_rows(write(array))

    assert [problem.error for problem in row.problems] == [error]


def test_a_type_that_no_field_takes_is_refused_with_its_column() -> None:
    with pytest.raises(InvalidFileError, match="column 'name' has a type"):
        open_parquet(write(pa.array([5], pa.duration("s"))))


def test_reading_goes_on_within_a_group_of_rows() -> None:
    file = write(pa.array([str(index) for index in range(1, 2001)]), row_group_size=700)
    with closing(open_parquet(io.BytesIO(file.getvalue()))) as source:
        rows = list(source.rows(START))
        position = source.position_after(rows[1499])

    assert [row.number for row in rows] == list(range(1, 2001))
    assert [row.value[0] for row in read_rows(file, position)] == [str(index) for index in range(1501, 2001)]
    assert read_rows(file, Position(2000, 0, position.digest)) == []


def test_another_file_is_not_read_on() -> None:
    with pytest.raises(FileChangedError):
        read_rows(write(pa.array(["a"])), Position(1, 0, bytes(32)))


@pytest.mark.parametrize("length", [0, 4, 20, -1, -10])
def test_a_truncated_file_is_refused(length: int) -> None:
    with pytest.raises(InvalidFileError, match="damaged"):
        read_rows(io.BytesIO(write(pa.array(["a", "b"])).getvalue()[:length]))


def test_a_damaged_page_is_refused_and_its_values_are_not_shown() -> None:
    content = bytearray(write(pa.array(["SECRET" * 100] * 5), write_page_checksum=True).getvalue())
    content[40:60] = b"\xff" * 20

    with pytest.raises(InvalidFileError) as caught:
        read_rows(io.BytesIO(bytes(content)))

    assert "SECRET" not in str(caught.value)


def test_columns_that_grow_without_bound_are_stopped() -> None:
    source = open_parquet(write(pa.array(["x" * 1000] * 10_000)), free_bytes=1 << 20)

    with pytest.raises(InvalidFileError, match="more than 200 times its size"):
        list(source.rows(START))


def test_without_pyarrow_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)

    with pytest.raises(InvalidFileError, match=r"pip install 'muster\[parquet\]'"):
        open_parquet(io.BytesIO(b"PAR1"))
