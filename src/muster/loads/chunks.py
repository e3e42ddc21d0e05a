"""Chunks: consecutive records of a file that are checked together and become one batch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

from muster.customer import Violation
from muster.customer.findings import CompiledError
from muster.intake.candidates import CheckedBatch, UnreadableItem
from muster.intake.checkpoint import Position
from muster.intake.chunks import ChunkIntake, ChunkOptions
from muster.intake.decode import GROUP_SIZE, MAX_GROUP_BYTES
from muster.loads.records import DocumentPath, Record, RecordMapper
from muster.loads.row_errors import RowError
from muster.loads.rows import FileChangedError, InvalidFileError, Row, RowProblem, RowSource, measure_row

# What a chunk keeps of rows and of documents, in characters or bytes, and the content that it spans. It is the default
# bound of a request's body.
MAX_CHUNK_SIZE: Final = 64 * 1024 * 1024
# Records of the first chunk: a mistake that all rows share is told within a second, also when checking is slow.
FIRST_CHUNK_RECORDS: Final = 1_000


class ReadRecord(NamedTuple):
    """What a chunk keeps of a `Record` for its refused rows. The values of text rows are dropped: `raw` has them."""

    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]
    origins: Mapping[DocumentPath, int]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A checked chunk: the records, the position after the last of them, and the number of its rows."""

    records: list[ReadRecord]
    checked: CheckedBatch
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
        self._records = mapper.map(source.rows(after))
        self._max_size = max_size
        self._offset = after.offset  # of the content after the last record
        self._is_first = True
        self.failure: InvalidFileError | None = None

    def read(self, intake: ChunkIntake, options: ChunkOptions, max_records: int) -> Chunk | None:
        """The next chunk, None at the end. Raises `FileChangedError` and the errors of the store of classifiers."""
        if self._is_first:
            max_records, self._is_first = min(max_records, FIRST_CHUNK_RECORDS), False
        records: list[ReadRecord] = []
        checked = intake.check(self._read_groups(records, max_records), options, max_bytes=self._max_size)
        if not records:
            return None
        after = self._source.position_after(records[-1].rows[-1])
        row_count = sum(len(record.rows) for record in records)
        return Chunk(records, checked, after, records[0].rows[0].number, row_count)

    def _read_groups(self, records: list[ReadRecord], max_records: int) -> Iterator[list[Any]]:
        """Groups of documents for the checker, which releases each before the next one is read."""
        group: list[Any] = []
        group_size, left = 0, self._max_size
        while len(records) < max_records and left > 0 and (record := self._read_record()) is not None:
            document, rows, problems, origins, added_size = record
            group.append(UnreadableItem(document, _to_violations(problems)) if problems else document)
            if len(rows) == 1:  # the usual one, in a third of the time
                [row] = rows
                size = len(row.raw) or measure_row(row)
                records.append(ReadRecord((_without_value(row),), problems, origins))
            else:
                size = sum(map(measure_row, rows))
                records.append(ReadRecord(tuple(map(_without_value, rows)), problems, origins))
            end = rows[-1].end
            left -= max(size, end - self._offset)
            self._offset = end
            group_size += size + added_size
            if len(group) == GROUP_SIZE or group_size > MAX_GROUP_BYTES:
                yield group
                group, group_size = [], 0
            del document, record
        if group:
            yield group

    def _read_record(self) -> Record | None:
        if self.failure is not None:
            return None
        try:
            return next(self._records, None)
        except FileChangedError:
            raise
        except InvalidFileError as error:
            self.failure = error
            return None


def _without_value(row: Row) -> Row:
    return Row(row.number, None, row.raw, row.end, row.problems) if row.raw else row


def _to_violations(problems: tuple[RowProblem, ...]) -> tuple[Violation, ...]:
    return tuple(Violation(_compile(problem.error), ()) for problem in problems)


@cache
def _compile(error: RowError) -> CompiledError:
    return CompiledError(0, error.code, error.text, error.cure)
