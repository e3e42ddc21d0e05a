"""Rows of a frame as customers: its batches of Arrow are read as those of a Parquet file are, by the same mapping."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from muster.intake.decode import GROUP_SIZE, MAX_GROUP_BYTES
from muster.loads.chunks import to_item
from muster.loads.mapping import make_mapper
from muster.loads.records import Record, RecordMapper
from muster.loads.rows import Layout, Row
from muster.loads.sheets.arrow_rows import ArrowRow, ArrowRowConverter

# Columns that are added to a frame. ORDER is a struct of the columns of `order_by`. HASH is a hash of all columns: rows
# that the order does not tell apart are in the order of their content, which is the same in every run.
ORDER: Final = "row"
HASH: Final = "_hash"
# Rows that are judged together. A load has chunks of as many.
MAX_CHUNK_ROWS: Final = 10_000


@dataclass(frozen=True)
class FrameRows:
    """Reads the rows of a frame with these columns. Can be pickled, and is sent to executors.

    `text_columns` are the indexes of those that hold texts, and no numbers or booleans.
    """

    header: tuple[str, ...]
    text_columns: frozenset[int] = frozenset()
    mapping: Mapping[str, Any] | None = None
    job: str = ""

    @cached_property
    def mapper(self) -> RecordMapper:
        """Raises `InvalidMappingError`."""
        layout = Layout("spark", self.header)
        return make_mapper(layout, self.mapping, job=self.job, text_columns=self.text_columns)

    def __reduce__(self) -> tuple[Any, ...]:
        # Without the mapper, whose functions can't be pickled.
        return FrameRows, (self.header, self.text_columns, self.mapping, self.job)

    def read(self, batches: Iterator[Any]) -> Iterator["FrameChunk"]:
        """Chunks of the batches. Raises the errors of pyarrow."""
        converter: ArrowRowConverter | None = None
        for batch in batches:
            for start in range(0, batch.num_rows, MAX_CHUNK_ROWS):
                part = batch.slice(start, MAX_CHUNK_ROWS)
                columns = part.select(list(self.header))
                if converter is None:
                    converter = ArrowRowConverter(columns.schema)
                yield FrameChunk(part, converter.convert(columns), self.mapper)


class FrameChunk:
    """Rows of a frame: their columns in `batch`, and, while they are read, their records, one for each row.

    `problems` has what has been read of the records that are no customers, by their index.
    """

    def __init__(self, batch: Any, rows: Iterator[ArrowRow], mapper: RecordMapper) -> None:
        self.batch = batch
        self.problems: dict[int, Record] = {}
        self._rows = rows
        self._mapper = mapper

    def records(self) -> Iterator[tuple[Record, int]]:
        """Each record, and its size in characters."""
        size = 0

        def read_rows() -> Iterator[Row]:
            nonlocal size
            for cells, problems, characters in self._rows:
                size = characters
                yield Row(0, cells, "", 0, problems)

        for index, record in enumerate(self._mapper.map(read_rows())):
            if record.problems:
                self.problems[index] = record
            yield record, size + record.added_size

    def groups(self) -> Iterator[list[Any]]:
        """Groups of items for the checker."""
        group: list[Any] = []
        group_size = 0
        for record, size in self.records():
            group.append(to_item(record))
            group_size += size
            if len(group) == GROUP_SIZE or group_size > MAX_GROUP_BYTES:
                yield group
                group, group_size = [], 0
        if group:
            yield group
