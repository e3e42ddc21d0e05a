"""What an uploaded file holds, before it is loaded: its first rows, and the customers that they become."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, Final, Protocol, cast

from muster.intake.checkpoint import START
from muster.loads.formats.encoding_search import find_undecodable_lines
from muster.loads.formats.text_encoding import UnknownEncodingError
from muster.loads.job import MakeMapper
from muster.loads.load_store import Load
from muster.loads.parts_file import PartReader, open_parts
from muster.loads.read_deadline import ReadDeadline
from muster.loads.records import Record
from muster.loads.rows import InvalidFileError, Layout, Row, RowSource, measure_row

# Enough to meet most codes of a column, and read within a moment.
SAMPLE_ROWS: Final = 1000
SAMPLE_CHARACTERS: Final = 8 * 1024 * 1024
_BUFFER_BYTES: Final = 256 * 1024


class OpenFirstRows(Protocol):
    def __call__(
        self,
        file: BinaryIO,
        *,
        name: str,
        size: int | None,
        encoding: str | None,
        sheet: str | None,
        deadline: ReadDeadline,
    ) -> RowSource: ...


@dataclass(frozen=True, slots=True)
class FileSample:
    """The first rows of a file. They are customers' data."""

    layout: Layout
    rows: Sequence[Row]

    def list_cells(self) -> Sequence[Sequence[str | None]]:
        """The cells of the rows, of a format with columns."""
        return [row.value for row in self.rows if isinstance(row.value, list | tuple)]


class FilePreview:
    """Reads uploads whose parts are in the store. Checks no permissions; everything blocks."""

    def __init__(
        self,
        store: PartReader,
        open_rows: OpenFirstRows,
        make_mapper: MakeMapper,
        start_deadline: Callable[[], ReadDeadline] = ReadDeadline,
    ) -> None:
        self._store = store
        self._open_rows = open_rows
        self._make_mapper = make_mapper
        self._start_deadline = start_deadline

    def read_sample(self, load: Load, *, max_rows: int = SAMPLE_ROWS) -> FileSample:
        """The first rows, at most some memory of them.

        Raises `InvalidFileError`: `UnknownEncodingError` when the first of them are not UTF-8, `SheetChoiceError`, and
        `ReadTimeoutError` for a file that takes too much work, such as one with millions of texts for one cell.
        """
        deadline = self._start_deadline()
        with self._open(load) as file:
            encoding, sheet = load.options.encoding, load.options.sheet
            source = self._open_rows(file, name=load.name, size=None, encoding=encoding, sheet=sheet, deadline=deadline)
            with closing(source):
                return FileSample(source.layout, list(take_sample(source.rows(START), max_rows)))

    def map_sample(self, load: Load, sample: FileSample, mapping: Mapping[str, Any] | None) -> Iterator[Record]:
        """The customers of the rows; the last one may lack rows. Raises `InvalidMappingError`, before the first."""
        return self._make_mapper(sample.layout, mapping, job=str(load.id)).map(sample.rows)

    def find_undecodable_lines(self, load: Load) -> UnknownEncodingError | None:
        """The first lines that are not UTF-8, looked for in the whole file. Raises `InvalidFileError`."""
        with self._open(load) as file:
            return find_undecodable_lines(file)

    @contextmanager
    def _open(self, load: Load) -> Iterator[BinaryIO]:
        parts = open_parts(self._store, load)
        if not parts.size:
            raise InvalidFileError("the file is empty")
        with io.BufferedReader(parts, _BUFFER_BYTES) as file:
            yield cast(BinaryIO, file)


def take_sample(rows: Iterator[Row], max_rows: int = SAMPLE_ROWS) -> Iterator[Row]:
    """The first rows, as many as fit into some memory."""
    characters = 0
    for row in islice(rows, max_rows):
        yield row
        characters += measure_row(row)
        if characters > SAMPLE_CHARACTERS:
            return
