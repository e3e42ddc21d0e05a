"""What a chunk keeps is bounded, whatever the mapping makes of a row."""

from collections.abc import Sequence
from typing import Any

from muster.intake.candidates import Valid
from muster.intake.checkpoint import START
from muster.intake.chunks import ChunkOptions
from muster.loads.chunks import MAX_CHUNK_SIZE, ChunkReader
from muster.loads.mapping import make_mapper
from muster.loads.rows import Layout, Row
from tests.loads.file_fakes import SENDER, ListSource, make_chunk_intake
from tests.samples import individual

ROWS = 1_000


def count_first_chunk(rows: Sequence[Sequence[Any]], header: Sequence[str], mapping: Any, max_size: int) -> int:
    source = ListSource(rows, tuple(header))
    mapper = make_mapper(source.layout, mapping, job="j")
    reader = ChunkReader(source, mapper, START, max_size=max_size)
    chunk = reader.read(make_chunk_intake(), ChunkOptions(SENDER), ROWS)
    assert chunk is not None
    assert chunk.after.row == len(chunk.records) + 1
    return len(chunk.records)


def test_documents_that_are_larger_than_their_rows_end_a_chunk() -> None:
    rows = [[*map(str, individual().values()), "|".join(["LT"] * 30)] for _ in range(ROWS)]
    header = [*individual(), "COUNTRIES"]
    ignored = {"ignore": ["COUNTRIES"]}
    address = {"country": {"column": "COUNTRIES", "split": "|"}, "addressDetails": {"constant": "x" * 200}}
    split = {"fields": {f"listAddress[].{name}": rule for name, rule in address.items()}}
    assert count_first_chunk(rows, header, ignored, 1_000_000) == ROWS
    assert count_first_chunk(rows, header, split, 1_000_000) < 400


def test_empty_cells_of_wide_sheets_end_a_chunk() -> None:
    class SheetSource(ListSource):
        @property
        def layout(self) -> Layout:
            return Layout("xlsx", self.header)

        def rows(self, after: Any) -> Any:
            return (Row(row.number, tuple(row.value), "", 0) for row in super().rows(after))

    header = [*individual(), *(f"x{index}" for index in range(1_000))]
    rows = [[*map(str, individual().values()), *[None] * 1_000] for _ in range(300)]
    source = SheetSource(rows, tuple(header))
    reader = ChunkReader(
        source, make_mapper(source.layout, {"ignore_other_columns": True}, job="j"), START, max_size=1_000_000
    )
    chunk = reader.read(make_chunk_intake(), ChunkOptions(SENDER), ROWS)
    assert chunk is not None
    assert len(chunk.records) < 150


def test_ten_thousand_minimal_customers_fit_into_a_chunk() -> None:
    source = ListSource([individual()])
    reader = ChunkReader(source, make_mapper(source.layout, None, job="j"), START)
    chunk = reader.read(make_chunk_intake(), ChunkOptions(SENDER), 10_000)
    assert chunk is not None
    [candidate] = chunk.prepared.checked.candidates
    assert isinstance(candidate, Valid)
    assert 10_000 * len(candidate.document) < MAX_CHUNK_SIZE
