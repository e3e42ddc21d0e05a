"""The mapper of a file whose customers have rows in other files or sheets, too."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from muster.intake.checkpoint import START
from muster.loads.mapping.errors import InvalidMappingError
from muster.loads.mapping.joined_rows import JoinedRows
from muster.loads.mapping.merging import MergedDocument
from muster.loads.mapping.row_keys import read_key
from muster.loads.mapping.specification import JoinedTable
from muster.loads.mapping.table_mapper import TableMapper
from muster.loads.mapping.table_plan import plan_table
from muster.loads.records import Cell, Record, RecordMapper
from muster.loads.row_errors import DIGITS_LOST, GROUP_DIFFERS, NO_CUSTOMER
from muster.loads.rows import InvalidFileError, Row, RowProblem, RowSource, measure_row

# Opens a file by its name in the mapping and a sheet by its name, from the start: the main file for None. Each call
# gives a source of its own. Raises `InvalidFileError`.
OpenTable = Callable[[str | None, str | None], RowSource]

MAX_JOINED_ROWS: Final = 10_000  # of one customer, which are in memory together
_MAX_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class _Join:
    """A joined table with its mapper, and the column of its key."""

    table: JoinedTable
    mapper: TableMapper
    key_column: int

    @property
    def name(self) -> str:
        return _name(self.table)


class JoinedMapper:
    """Adds the rows of other files and sheets to the customers of the main file, by customerExtId.

    All of them are read before the first record is given. So what is wrong with them as a whole is told before anything
    is loaded, and a load that goes on after an interruption finds the same rows.
    """

    def __init__(self, mapper: RecordMapper, tables: Sequence[JoinedTable], open_table: OpenTable, *, job: str) -> None:
        """Raises `InvalidMappingError`, and `InvalidFileError` of the other files."""
        self._mapper = mapper
        self._open_table = open_table
        self._joins: list[_Join] = []
        problems: list[str] = []
        for table in tables:
            try:
                self._joins.append(_make_join(table, open_table, job))
            except InvalidMappingError as error:
                problems += (f"{_name(table)}: {problem}" for problem in error.problems)
        if problems:
            raise InvalidMappingError(problems)

    def map(self, rows: Iterable[Row]) -> Iterator[Record]:
        """Raises `InvalidFileError` when a joined file can't be read, or has rows of unknown customers."""
        with closing(JoinedRows()) as index:
            self._read_all(index)
            for record in self._mapper.map(rows):
                yield self._add_rows(record, index)

    def locate(self, path: Sequence[str | int]) -> Cell | None:
        """A cell of the main file; else the header of the joined one, without a column: its row is not known."""
        found = self._mapper.locate(path)
        if found is not None:
            return found
        for join in self._joins:
            cell = join.mapper.locate(path)
            if cell is not None:
                return Cell("", f"{cell.header} of {join.name}")
        return None

    def _read_all(self, index: JoinedRows) -> None:
        for source, join in enumerate(self._joins):
            with closing(self._open_table(join.table.file, join.table.sheet)) as opened:
                index.add(source, _read_keys(join, opened.rows(START)))
        index.finish()
        self._check_matches(index)

    def _check_matches(self, index: JoinedRows) -> None:
        """Raises `InvalidFileError` with the rows that belong to no customer of the main file."""
        checked = [(source, join) for source, join in enumerate(self._joins) if not join.table.ignore_unmatched]
        if not checked:
            return
        with closing(self._open_table(None, None)) as main:
            keys = (_get_key(record.document) for record in self._mapper.map(main.rows(START)))
            index.add_customers(key for key in keys if key)
        for source, join in checked:
            numbers = index.list_unmatched(source, _MAX_LISTED + 1)
            if numbers:
                more = " and more" if len(numbers) > _MAX_LISTED else ""
                listed = ", ".join(map(str, numbers[:_MAX_LISTED])) + more
                raise InvalidFileError(
                    f"{NO_CUSTOMER.code} {NO_CUSTOMER.text}: {join.name}, rows {listed}; {NO_CUSTOMER.cure}, or write "
                    "ignore_unmatched = true in its [[join]]"
                )

    def _add_rows(self, record: Record, index: JoinedRows) -> Record:
        key = _get_key(record.document)
        found = index.look_up(key, MAX_JOINED_ROWS + 1) if key else []
        if not found:
            return record
        if len(found) > MAX_JOINED_ROWS:
            number = record.rows[0].number
            raise InvalidFileError(f"the customer of row {number} has more than {MAX_JOINED_ROWS} joined rows")
        merged = MergedDocument(record.document)
        problems = list(record.problems)
        added_size = record.added_size
        for source, row in found:
            mapper = self._joins[source].mapper
            document, wrong = mapper.make_document(row, record.rows[0].number)
            added_size += measure_row(row) + mapper.measure_added(document)
            # The columns of a problem are those of the main file.
            problems += (RowProblem(problem.error) for problem in wrong)
            document.pop("customerExtId", None)
            if merged.add(document):
                problems.append(RowProblem(GROUP_DIFFERS))
        return Record(merged.document, record.rows, tuple(dict.fromkeys(problems)), record.origins, added_size)


def _make_join(table: JoinedTable, open_table: OpenTable, job: str) -> _Join:
    """The header is read now, and the rows later."""
    with closing(open_table(table.file, table.sheet)) as source:
        layout = source.layout
    if layout.header is None:
        raise InvalidMappingError([f"it has no columns: it is {layout.format}"])
    plan, keys = plan_table(layout, table, job=job, keys=(table.key,))
    return _Join(table, TableMapper(plan), keys[0])


def _read_keys(join: _Join, rows: Iterable[Row]) -> Iterator[tuple[str, Row]]:
    for row in rows:
        key = read_key(row, (join.key_column,))
        if key is None or RowProblem(DIGITS_LOST, join.key_column) in row.problems:
            error = row.problems[0].error
            place = f"{join.name}, row {row.number}"
            raise InvalidFileError(f"{place}: {error.code} {error.text}, so its customer is not known; {error.cure}")
        yield key[0] if key else "", row


def _get_key(document: Any) -> str:
    """The key of a customer as a joined file has it. A number of a spreadsheet is its digits."""
    value = document.get("customerExtId") if type(document) is dict else None
    return "" if value is None else str(value)


def _name(table: JoinedTable) -> str:
    return " ".join(filter(None, (table.file, table.sheet and f"sheet {table.sheet}")))
