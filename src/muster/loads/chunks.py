"""Chunks: consecutive records of a file that are checked together and become one batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, Final

from muster.customer import Violation
from muster.customer.findings import CompiledError
from muster.intake.candidates import UnreadableItem
from muster.intake.checkpoint import Position
from muster.intake.chunks import ChunkIntake, ChunkOptions, PreparedChunk
from muster.intake.decode import GROUP_SIZE, MAX_GROUP_BYTES
from muster.loads.records import Record, RecordMapper
from muster.loads.row_errors import RowError
from muster.loads.rows import FileChangedError, InvalidFileError, Row, RowProblem, RowSource, measure_row

# What a chunk keeps of rows and of documents, in characters or bytes, and the content that it spans. It bounds the
# memory of a load, which holds two chunks: with 64 MiB, rows of 1 KB took 128 MiB in chunks of 10,000. With 4 they take
# 45, for some 3 % more processor time. 10,000 minimal customers fit: their documents have 3.5 MB.
MAX_CHUNK_SIZE: Final = 4 * 1024 * 1024
# Records of the first chunk: a mistake that all rows share is told within a second, also when checking is slow.
FIRST_CHUNK_RECORDS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk to be saved: the position after its last record, the number of its first row, and how many it has.

    Of the records, it keeps what the refused rows need: no documents, and no values of text rows, whose `raw` has them.
    """

    records: list[Record]
    prepared: PreparedChunk
    after: Position
    first_row: int
    row_count: int


class ChunkReader:
    """Reads, maps and checks the chunks of a file from a position on.

    `failure` is set when the file can't be read to its end; the records before are in the chunks.
    """

    def __init__(
        self, source: RowSource, mapper: RecordMapper, after: Position, *, max_size: int = MAX_CHUNK_SIZE
    ) -> None:
        self._source = source
        self._records = self._read_records(mapper.map(source.rows(after)))
        self._max_size = max_size
        self._offset = after.offset  # of the content after the last record
        self._is_first = True
        self.failure: InvalidFileError | None = None

    def read(self, intake: ChunkIntake, options: ChunkOptions, max_records: int) -> Chunk | None:
        """The next chunk, None at the end. Raises `FileChangedError` and the errors of the store of classifiers."""
        if self._is_first:
            max_records, self._is_first = min(max_records, FIRST_CHUNK_RECORDS), False
        records: list[Record] = []
        prepared = intake.prepare(self._read_groups(records, max_records), options, max_bytes=self._max_size)
        if not records:
            return None
        after = self._source.position_after(records[-1].rows[-1])
        row_count = sum(len(record.rows) for record in records)
        return Chunk(records, prepared, after, records[0].rows[0].number, row_count)

    def _read_groups(self, records: list[Record], max_records: int) -> Iterator[list[Any]]:
        """Groups of documents for the checker, which releases each before the next one is read."""
        group: list[Any] = []
        group_size, left = 0, self._max_size
        for record in islice(self._records, max_records):
            rows = record.rows
            group.append(to_item(record))
            record.document = None
            size = _drop_value(rows[0]) if len(rows) == 1 else sum(map(_drop_value, rows))
            records.append(record)
            end = rows[-1].end
            left -= max(size, end - self._offset)
            self._offset = end
            group_size += size + record.added_size
            if len(group) == GROUP_SIZE or group_size > MAX_GROUP_BYTES:
                yield group
                group, group_size = [], 0
            if left <= 0:
                break
        if group:
            yield group

    def _read_records(self, records: Iterator[Record]) -> Iterator[Record]:
        try:
            yield from records
        except FileChangedError:
            raise
        except InvalidFileError as error:
            self.failure = error


def to_item(record: Record) -> Any:
    """What the checker gets of a record: its document, or an `UnreadableItem`."""
    return UnreadableItem(record.document, _to_violations(record.problems)) if record.problems else record.document


def _drop_value(row: Row) -> int:
    """Drops the value of a text row, and gives the size of what is kept."""
    if not row.raw:
        return measure_row(row)
    row.value = None
    return len(row.raw)


def _to_violations(problems: tuple[RowProblem, ...]) -> tuple[Violation, ...]:
    return tuple(Violation(_compile(problem.error), ()) for problem in problems)


@cache
def _compile(error: RowError) -> CompiledError:
    return CompiledError(0, error.code, error.text, error.cure)
