"""The mapper of tables in which consecutive rows are one customer."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from muster.loads.mapping.merging import MergedDocument
from muster.loads.mapping.row_keys import Key, read_key
from muster.loads.mapping.table_mapper import TableMapper
from muster.loads.records import Cell, Record
from muster.loads.row_errors import GROUP_DIFFERS
from muster.loads.rows import InvalidFileError, Row, RowProblem, measure_row

# A column that is the same in all rows would make one customer of the file.
MAX_GROUP_ROWS: Final = 10_000
MAX_GROUP_CHARACTERS: Final = 16 * 1024 * 1024


class GroupedTableMapper:
    """Makes a record of the consecutive rows that have the same cells in the key columns.

    A row without a key is a customer of its own. When the key of a row can't be read, the row may belong to the
    customer before it or after it. All three are refused, because one of them would lose a part unseen; and they are
    one record, so that a load which goes on after an interruption never begins between them.
    """

    def __init__(
        self,
        mapper: TableMapper,
        key_columns: Sequence[int],
        *,
        max_rows: int = MAX_GROUP_ROWS,
        max_characters: int = MAX_GROUP_CHARACTERS,
    ) -> None:
        self._mapper = mapper
        self._key_columns = tuple(key_columns)
        self._max_rows = max_rows
        self._max_characters = max_characters

    def map(self, rows: Iterable[Row]) -> Iterator[Record]:
        """Raises `InvalidFileError` when a customer has more rows than fit into memory."""
        group: list[Row] = []
        key: Key | None = None
        is_open = False  # whether the last row of the group may belong to the next customer
        size = 0
        for row in rows:
            row_key = read_key(row, self._key_columns)
            if group and row_key is not None and (row_key != key or key == ()) and not is_open:
                yield self._make_record(group)
                group, size = [], 0
            is_open = row_key is None
            if row_key is not None:
                key = row_key
            group.append(row)
            size += measure_row(row)
            # Empty rows between the rows of a customer count, too: the content of the file is kept until its last one.
            if len(group) > self._max_rows or max(size, row.end - group[0].end) > self._max_characters:
                raise self._make_size_error(group)
        if group:
            yield self._make_record(group)

    def locate(self, path: Sequence[str | int]) -> Cell | None:
        return self._mapper.locate(path)

    def _make_record(self, group: Sequence[Row]) -> Record:
        merged = MergedDocument({})
        problems: list[RowProblem] = []
        rows: list[Row] = []
        added_size = 0
        is_one_customer = all(read_key(row, self._key_columns) is not None for row in group)
        for index, row in enumerate(group):
            document, found = self._mapper.make_document(row, group[0].number)
            added_size += self._mapper.measure_added(document)
            if document is not None and (is_one_customer or not merged.document):
                differing = merged.add(document, index)
                found = (*found, *(RowProblem(GROUP_DIFFERS, self._mapper.find_column(path)) for path in differing))
            problems += found
            # The row keeps what is wrong with it, so that an error names its cell.
            rows.append(msgspec.structs.replace(row, problems=found) if found else row)
        return Record(merged.document, tuple(rows), tuple(dict.fromkeys(problems)), merged.origins, added_size)

    def _make_size_error(self, group: Sequence[Row]) -> InvalidFileError:
        return InvalidFileError(
            f"rows {group[0].number} to {group[-1].number} are one customer by group_by, or stand beside rows that "
            f"can't be read; one may have {self._max_rows} rows and {self._max_characters} characters, so look for a "
            "column that tells customers apart"
        )
