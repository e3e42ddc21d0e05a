"""Results as rows: the columns of a report, built for a whole chunk."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import pyarrow as pa

from muster.customer import Violation
from muster.customer.findings import FieldWarning
from muster.customer.json_pointer import to_json_pointer
from muster.loads.records import Record, RecordMapper

# The schema of a report, in Spark's words. `row` stands before it where rows have an order.
FINDING: Final = "struct<code:string,description:string,pointer:string,column:string,expected:string>"
REPORT: Final = {
    "communicationNumber": "string",
    "customerExtId": "string",
    "businessUnit": "string",
    "accepted": "boolean",
    "errorCode": "string",
    "errors": f"array<{FINDING}>",
    "warnings": f"array<{FINDING}>",
    "moreFindings": "boolean",
}
_FINDING_NAMES: Final = ("code", "description", "pointer", "column", "expected")


class FindingRow(NamedTuple):
    """An error or a warning. `pointer` is within the customer; `column` is that of the frame, None where there is none.

    Warnings have no `expected`.
    """

    code: str
    description: str
    pointer: str
    column: str | None
    expected: str | None


class FindingColumn:
    """A column of lists of findings."""

    def __init__(self) -> None:
        self._ends = [0]
        self._findings: list[FindingRow] = []

    def add(self, findings: Iterable[FindingRow] = ()) -> None:
        self._findings += findings
        self._ends.append(len(self._findings))

    def build(self) -> Any:
        columns = zip(*self._findings, strict=True) if self._findings else ((),) * len(_FINDING_NAMES)
        structs = pa.StructArray.from_arrays([pa.array(each, pa.string()) for each in columns], _FINDING_NAMES)
        return pa.ListArray.from_arrays(pa.array(self._ends, pa.int32()), structs)


class FindingDescriber:
    """Describes findings of a frame's customers, with the columns that they come from."""

    def __init__(self, mapper: RecordMapper, header: Sequence[str]) -> None:
        self._mapper = mapper
        self._header = header

    def describe(self, violation: Violation) -> FindingRow:
        return self._make(violation, violation.error.expected or None)

    def describe_warning(self, warning: FieldWarning) -> FindingRow:
        return self._make(warning, None)

    def describe_problems(self, record: Record) -> list[FindingRow]:
        """What is wrong with a row that can't be read."""
        return [
            FindingRow(
                problem.error.code,
                problem.error.text,
                "",
                None if problem.column is None else self._header[problem.column],
                problem.error.cure,
            )
            for problem in record.problems
        ]

    def _make(self, finding: Violation | FieldWarning, expected: str | None) -> FindingRow:
        return FindingRow(
            finding.code, finding.description, to_json_pointer(finding.path), self.find_column(finding.path), expected
        )

    def find_column(self, path: Sequence[str | int]) -> str | None:
        cell = self._mapper.locate(path)
        return None if cell is None else cell.header
