"""Object checks: doubts about two fields of one object. Each gives a warning.

The field tables name the fields (`lower_bound`, `companion`); compiling them makes the checks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import le
from typing import Any, Protocol

from muster.customer.dates import get_day
from muster.customer.findings import Findings, Path
from muster.customer.value_readers import is_absent
from muster.customer.warnings import WarningKind

Document = dict[str, Any]
Columns = Mapping[str, Sequence[Any]]  # the values of each field, in the order of the objects


class ObjectCheck(Protocol):
    def check(self, source: Document, document: Document, path: Path, findings: Findings) -> None:
        """Adds the warning to `findings`. `source` is the object as it was sent, `document` as it was read."""
        ...

    def precheck(self, columns: Columns, rows: Sequence[int], needs_check: set[int]) -> None:
        """Adds the row of each object that may have the warning. All of them have the fields of `columns`."""
        ...


@dataclass(frozen=True, slots=True)
class OrderCheck:
    """A value is not below that of another field. Dates are compared by their days."""

    field: str
    lower_bound: str
    warning: WarningKind

    def check(self, source: Document, document: Document, path: Path, findings: Findings) -> None:
        if _is_below(document.get(self.field), document.get(self.lower_bound)):
            findings.add_warning(self.warning, (*path, self.field))

    def precheck(self, columns: Columns, rows: Sequence[int], needs_check: set[int]) -> None:
        values, bounds = columns.get(self.field), columns.get(self.lower_bound)
        if values is None or bounds is None or _are_ordered(bounds, values):
            return
        needs_check.update(
            row for row, value, bound in zip(rows, values, bounds, strict=True) if _is_below(value, bound)
        )


@dataclass(frozen=True, slots=True)
class CompanionCheck:
    """A field does not stand without another one."""

    field: str
    companion: str
    warning: WarningKind

    def check(self, source: Document, document: Document, path: Path, findings: Findings) -> None:
        if self.field in document and is_absent(source.get(self.companion)):
            findings.add_warning(self.warning, (*path, self.companion))

    def precheck(self, columns: Columns, rows: Sequence[int], needs_check: set[int]) -> None:
        if self.field in columns and self.companion not in columns:
            needs_check.update(rows)


def _are_ordered(bounds: Sequence[Any], values: Sequence[Any]) -> bool:
    try:
        return all(map(le, bounds, values))
    except TypeError:  # values of different types
        return False


def _is_below(value: object, bound: object) -> bool:
    if type(value) is str and type(bound) is str:
        return get_day(value) < get_day(bound)
    return type(value) is int and type(bound) is int and value < bound
