"""Parquet files, read in batches with pyarrow, which the extra `parquet` installs."""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from muster.intake.checkpoint import Position
from muster.loads.read_deadline import ReadDeadline
from muster.loads.rows import InvalidFileError, Layout, Row, RowProblem
from muster.loads.sheets.archive import FREE_BYTES, ReadBudget
from muster.loads.sheets.hashed_source import HashedSource

_BATCH_ROWS: Final = 512
_PAGE_BUFFER_BYTES: Final = 1 << 18
# What pyarrow may allocate for the description of a file, which declares its own sizes.
_MAX_METADATA_BYTES: Final = 64 << 20
_MAX_METADATA_ITEMS: Final = 4 << 20


class ParquetSource(HashedSource):
    """The rows of a Parquet file. They are numbered from 1: no row has the names of the columns."""

    def __init__(self, file: BinaryIO, free_bytes: int, deadline: ReadDeadline | None) -> None:
        import pyarrow as pa

        from muster.loads.sheets.arrow_rows import ArrowRowConverter

        # What pyarrow raises for damaged files. Its texts may have values, so they are not repeated.
        self._errors = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError)
        super().__init__(file)
        self._budget = ReadBudget(self.size, free_bytes, deadline)
        self._rows_read = 0
        try:
            self._parquet = self._open(file)
            schema = self._parquet.schema_arrow
        except self._errors as error:
            raise _damaged(0) from error
        self._converter = ArrowRowConverter(schema)
        self.layout = Layout("parquet", tuple(schema.names))

    @property
    def bytes_read(self) -> int:
        """The share of the rows that was read, as bytes of the file."""
        rows: int = max(self._parquet.metadata.num_rows, self._rows_read, 1)
        return self.size * self._rows_read // rows

    def rows(self, after: Position) -> Iterator[Row]:
        """The rows after this one. Groups of rows before it are not read."""
        self._check(after)
        self._budget.reset()
        groups, number = self._groups_after(after.row)
        self._rows_read = number
        batches = self._parquet.iter_batches(_BATCH_ROWS, row_groups=groups, use_threads=False)
        while (batch := self._next_batch(batches)) is not None:
            for cells, problems in self._convert(batch):
                number += 1
                if number > after.row:
                    yield Row(number, cells, "", 0, problems)
            self._rows_read = number
        self._rows_read = max(number, self._parquet.metadata.num_rows)

    def close(self) -> None:
        self._parquet.close()
        super().close()

    def _open(self, file: BinaryIO) -> Any:
        from pyarrow import parquet

        return parquet.ParquetFile(
            file,
            buffer_size=_PAGE_BUFFER_BYTES,
            page_checksum_verification=True,
            pre_buffer=False,  # or a whole group of rows is in memory
            thrift_string_size_limit=_MAX_METADATA_BYTES,
            thrift_container_size_limit=_MAX_METADATA_ITEMS,
        )

    def _groups_after(self, row: int) -> tuple[list[int], int]:
        """The groups that have rows after this one, and the number of rows before them."""
        metadata = self._parquet.metadata
        before = 0
        for group in range(metadata.num_row_groups):
            end = before + metadata.row_group(group).num_rows
            if end > row:
                return list(range(group, metadata.num_row_groups)), before
            before = end
        return [], before

    def _next_batch(self, batches: Iterator[Any]) -> Any:
        try:
            return next(batches, None)
        except self._errors as error:
            raise _damaged(self._rows_read) from error

    def _convert(self, batch: Any) -> Iterator[tuple[tuple[str | None, ...], tuple[RowProblem, ...]]]:
        try:
            rows = self._converter.convert(batch)
        except self._errors as error:
            raise _damaged(self._rows_read) from error
        for cells, problems, size in rows:
            self._budget.spend(size)
            yield cells, problems


def open_parquet(
    file: BinaryIO, *, free_bytes: int = FREE_BYTES, deadline: ReadDeadline | None = None
) -> ParquetSource:
    """Opens a Parquet file. `file` is seekable, and the source closes it; it stays open when this fails.

    A file may grow to `free_bytes` and 200 times its size when it is read. Raises `InvalidFileError`.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise InvalidFileError(
            "Parquet files need pyarrow, which is not installed: pip install 'muster[parquet]'; or send CSV"
        ) from error
    return ParquetSource(file, free_bytes, deadline)


def _damaged(rows: int) -> InvalidFileError:
    return InvalidFileError(
        f"the file is damaged, or no Parquet file, after row {rows:,}; write it again, or send it again"
    )
