"""The findings of the checks in one customer: violations, which reject it, and warnings, which do not."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from muster.customer.error_order import get_rank
from muster.customer.error_prefix import ErrorPrefix
from muster.customer.errors import Error
from muster.customer.fields import FIELD_POSITIONS

# The path to a value within the customer: ("listRelatedEntity", 2, "listContact", 0, "contactType").
Path = tuple[str | int, ...]

# Bounds memory and the response: a customer of 64 MiB can have millions of violations.
MAX_FINDINGS: Final = 1_000


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
    """Something that is accepted but doubtful."""

    code: str
    description: str
    path: Path


UNKNOWN_FIELD: Final = ("W001", "Field is not known and was ignored")
UNUSED_FIELD: Final = ("W002", "Field is not used for this entityType and was ignored")
RETIRED_CODE: Final = ("W010", "Code is retired: its list no longer has it, and it was accepted")
WARNINGS: Final = (UNKNOWN_FIELD, UNUSED_FIELD, RETIRED_CODE)


@dataclass(slots=True)
class Findings:
    """Collects the findings in one customer."""

    violations: list[Violation] = field(default_factory=list)
    warnings: list[FieldWarning] = field(default_factory=list)

    def add_violation(self, error: CompiledError, path: Path, shown_value: tuple[str, str] | None = None) -> None:
        self.violations.append(Violation(error, path, shown_value))
        if len(self.violations) >= 2 * MAX_FINDINGS:
            self.sort()

    def add_warning(self, warning: tuple[str, str], path: Path) -> None:
        """`warning` is a code and its description, one of `WARNINGS`."""
        if len(self.warnings) < MAX_FINDINGS:
            self.warnings.append(FieldWarning(*warning, path))

    def sort(self) -> None:
        """Sorts the violations by the order of the checks and drops all but the first `MAX_FINDINGS`.

        Within a rank the field tables decide, so the result does not depend on the order of the keys in the request.
        """
        if len(self.violations) > 1:
            self.violations.sort(key=_get_sort_key)
            del self.violations[MAX_FINDINGS:]


def _get_sort_key(violation: Violation) -> tuple[int, tuple[int, ...]]:
    return violation.error.rank, tuple(_get_positions(violation.path))


def _get_positions(path: Path) -> Iterable[int]:
    return (step if isinstance(step, int) else FIELD_POSITIONS[step] for step in path)
