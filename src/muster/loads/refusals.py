"""Refusals: the rows of a chunk that are refused, with every error in words and with its cell."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from muster.customer import Violation
from muster.customer.json_pointer import to_json_pointer
from muster.intake.checkpoint import CodeCount, Totals
from muster.intake.decision import Decision
from muster.intake.redaction import redact_violation
from muster.loads.chunks import Chunk
from muster.loads.column_letters import to_column_letters
from muster.loads.records import Cell, Record, RecordMapper
from muster.loads.refused_rows import RefusedRow
from muster.loads.rows import Layout, Row, RowProblem


class _Place(NamedTuple):
    """Where an error is: `Q17` and the header, both empty where there are no columns."""

    cell: str
    label: str


class RefusalDescriber:
    """Describes what is wrong with the rows of one file."""

    def __init__(self, layout: Layout, mapper: RecordMapper) -> None:
        self._header = layout.header
        self._mapper = mapper

    def list_refused_rows(self, chunk: Chunk, decision: Decision) -> Iterator[RefusedRow]:
        """The refused rows in the order of the file, with all errors that are known of each."""
        for record, violations in zip(chunk.records, decision.violations, strict=True):
            if violations:
                errors = self._describe(record, list(violations))
                codes = tuple(violation.code for violation in violations)
                for row in record.rows:
                    yield RefusedRow(row.number, row.raw, _get_cells(row), codes, errors)

    def add_to_totals(self, totals: Totals, chunk: Chunk, decision: Decision) -> Totals:
        """The totals with this chunk. `description` of a code shows no value of a cell."""
        codes = {counted.code: counted for counted in totals.codes}
        refused = 0
        for record, violations in zip(chunk.records, decision.violations, strict=True):
            if violations:
                count, first = len(record.rows), violations[0]
                refused += count
                known = codes.get(first.code)
                if known is None:
                    codes[first.code] = self._begin_count(record, first, count)
                else:
                    codes[first.code] = CodeCount(
                        known.code, known.count + count, known.description, known.first_row, known.cell
                    )
        return Totals(
            totals.rows + chunk.row_count,
            totals.accepted + chunk.row_count - refused,
            totals.refused + refused,
            totals.warnings + sum(chunk.prepared.checked.warning_counts.values()),
            tuple(codes.values()),
        )

    def _begin_count(self, record: Record, violation: Violation, count: int) -> CodeCount:
        place = self._locate(record, 0, violation)
        description = redact_violation(violation).description
        return CodeCount(violation.code, count, description, record.rows[0].number, place.cell or None)

    def _describe(self, record: Record, violations: Sequence[Violation]) -> tuple[str, ...]:
        return tuple(
            _join(self._locate(record, index, violation).label, violation) for index, violation in enumerate(violations)
        )

    def _locate(self, record: Record, index: int, violation: Violation) -> _Place:
        """The place of the violation at this index of a record."""
        if record.problems:
            return self._locate_problem(record, record.problems[index])
        path = violation.path
        found = self._mapper.locate(path)
        if found is None:
            return _Place("", "" if self._header is not None else to_json_pointer(path))
        origins = record.origins
        lengths = range(len(path), 0, -1) if origins else ()
        index = next((origins[path[:length]] for length in lengths if path[:length] in origins), 0)
        return _to_place(found, record.rows[index].number)

    def _locate_problem(self, record: Record, problem: RowProblem) -> _Place:
        if problem.column is None:
            return _Place("", "")
        number = next((row.number for row in record.rows if problem in row.problems), record.rows[0].number)
        header = self._header or ()
        name = header[problem.column] if problem.column < len(header) else ""
        return _to_place(Cell(to_column_letters(problem.column), name), number)


def _to_place(cell: Cell, row: int) -> _Place:
    name = f"{cell.column}{row}"
    return _Place(name, f"{name} {cell.header}".rstrip())


def _join(label: str, violation: Violation) -> str:
    text = f"{label}: {violation.description}" if label else violation.description
    return f"{text} (expected: {violation.error.expected})" if violation.error.expected else text


def _get_cells(row: Row) -> tuple[str | None, ...] | None:
    cells: Any = row.value
    if not isinstance(cells, list | tuple):
        return None
    # Texts of numbers and booleans are subclasses of `str`, which can't be packed.
    return tuple(None if cell is None else str(cell) for cell in cells)
