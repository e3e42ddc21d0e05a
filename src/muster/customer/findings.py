"""The findings of the checks in one customer: violations, which reject it, and warnings, which do not."""

import sys
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from muster.customer import errors
from muster.customer.error_order import get_rank
from muster.customer.error_prefix import CUSTOMER_PREFIX, ErrorPrefix
from muster.customer.errors import Error
from muster.customer.fields import FIELD_POSITIONS
from muster.customer.warnings import WarningKind

# The path to a value within the customer: ("listRelatedEntity", 2, "listContact", 0, "contactType").
Path = tuple[str | int, ...]

# Violations, and warnings, that are kept of one customer. A person corrects no more of them at once, and a body of 8 KB
# after compression can have millions.
MAX_FINDINGS: Final = 100

# Positions of fields that the tables do not have: after all others.
_LAST_POSITION: Final = len(FIELD_POSITIONS)


class CompiledError(NamedTuple):
    """An error at one place, with everything filled in that does not depend on a customer."""

    rank: int
    code: str
    text: str
    expected: str = ""

    @classmethod
    def compile(cls, error: Error, prefix: ErrorPrefix, expected: str = "", **known: str) -> "CompiledError":
        """`known` has the values of placeholders: `Field="LEI"` for `{Field}`.

        `expected` says what the field takes, for errors that do not say it themselves.
        """
        code, text = prefix.get_code(error), prefix.get_text(error)
        for name, value in known.items():
            code, text = code.replace(f"{{{name}}}", value), text.replace(f"{{{name}}}", value)
        return cls(get_rank(error, prefix), code, text, error.expected or expected)


class Violation(NamedTuple):
    """A broken rule. `shown_value` is the only value that the contract shows in the text, with its placeholder."""

    error: CompiledError
    path: Path
    shown_value: tuple[str, str] | None = None

    @property
    def code(self) -> str:
        return self.error.code

    @property
    def description(self) -> str:
        text = self.error.text
        indexes = (step for step in self.path if isinstance(step, int))
        for letter, index in zip("ij", indexes, strict=False):
            text = text.replace(f"{{{letter}}}", str(index))
        if self.shown_value is not None:
            # Last, so that braces in the value are not taken for placeholders.
            name, value = self.shown_value
            text = text.replace(f"{{{name}}}", value)
        return text


class FieldWarning(NamedTuple):
    """Something that is accepted but doubtful. The path ends with the name of a field, unless it is redacted."""

    kind: WarningKind
    path: Path

    @property
    def code(self) -> str:
        return self.kind.code

    @property
    def description(self) -> str:
        return self.kind.describe(str(self.path[-1]) if self.path else "")


_FIELD_UNKNOWN: Final = CompiledError.compile(errors.FIELD_UNKNOWN, CUSTOMER_PREFIX)


@dataclass(slots=True)
class Findings:
    """Collects the findings in one customer: the first violations in the order of the checks, and the first warnings.

    It keeps at most `max_findings` of each; `has_more_violations` says that there were more. `warning_counts` counts
    all warnings by their code, kept or not.

    `max_rank` is the last rank that is still kept. With `reject_unknown`, an unknown field is a violation instead of a
    warning.
    """

    violations: list[Violation] = field(default_factory=list)
    warnings: list[FieldWarning] = field(default_factory=list)
    has_more_violations: bool = False
    warning_counts: dict[str, int] = field(default_factory=dict)
    reject_unknown: bool = False
    max_findings: int = MAX_FINDINGS
    max_rank: int = sys.maxsize
    # The positions of the last violation that is kept for certain, once there are more.
    _last_positions: list[int] = field(default_factory=list)

    def add_violation(self, error: CompiledError, path: Path, shown_value: tuple[str, str] | None = None) -> None:
        # Most violations beyond the bound come later in the order. Comparing ranks first makes dropping them cheap.
        if error.rank > self.max_rank or (error.rank == self.max_rank and _get_positions(path) > self._last_positions):
            return
        self.violations.append(Violation(error, path, shown_value))
        if len(self.violations) >= 2 * self.max_findings:
            self.sort()

    def add_warning(self, kind: WarningKind, path: Path, count: int = 1) -> None:
        """Adds `count` warnings, of which the first is at `path`."""
        self.warning_counts[kind.code] = self.warning_counts.get(kind.code, 0) + count
        if len(self.warnings) < self.max_findings:
            self.warnings.append(FieldWarning(kind, path))

    def add_unknown_field(self, kind: WarningKind, path: Path, count: int = 1) -> None:
        if self.reject_unknown:
            self.add_violation(_FIELD_UNKNOWN, path, ("Field", str(path[-1])))
        else:
            self.add_warning(kind, path, count)

    @property
    def has_more_warnings(self) -> bool:
        return sum(self.warning_counts.values()) > len(self.warnings)

    def sort(self) -> None:
        """Sorts the violations by the order of the checks and drops all but the first `max_findings`.

        Within a rank the field tables decide, so the result does not depend on the order of the keys in the request.
        """
        if len(self.violations) > 1:
            self.violations.sort(key=_get_sort_key)
        if len(self.violations) > self.max_findings:
            del self.violations[self.max_findings :]
            self.has_more_violations = True
            last = self.violations[-1]
            self.max_rank, self._last_positions = last.error.rank, _get_positions(last.path)


def _get_sort_key(violation: Violation) -> tuple[int, list[int]]:
    return violation.error.rank, _get_positions(violation.path)


def _get_positions(path: Path) -> list[int]:
    positions = FIELD_POSITIONS
    return [step if isinstance(step, int) else positions.get(step, _LAST_POSITION) for step in path]
