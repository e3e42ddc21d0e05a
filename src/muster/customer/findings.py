"""What the checks find in one customer: violations, which refuse it, and warnings, which do not."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from muster.customer.error_order import get_rank
from muster.customer.error_prefix import ErrorPrefix
from muster.customer.errors import Error
from muster.customer.fields import FIELD_POSITIONS

# The path to a value within the customer: ("listRelatedEntity", 2, "listContact", 0, "contactType").
Path = tuple[str | int, ...]

# A customer of 64 MiB of nonsense has millions of violations; nobody reads more than these, and memory would end first.
MAX_FINDINGS: Final = 1_000


class CompiledError(NamedTuple):
    """An error with all that is known of it before a customer is seen."""

    rank: int
    code: str
    text: str

    @classmethod
    def compile(cls, error: Error, prefix: ErrorPrefix, **known: str) -> "CompiledError":
        code, text = prefix.get_code(error), prefix.get_text(error)
        for name, value in known.items():
            code, text = code.replace(f"{{{name}}}", value), text.replace(f"{{{name}}}", value)
        return cls(get_rank(error, prefix), code, text)


class Violation(NamedTuple):
    """A broken rule. `named` is the one value that the contract lets a text carry, by its name in the template."""

    check: CompiledError
    path: Path
    named: tuple[str, str] | None = None

    @property
    def code(self) -> str:
        return self.check.code

    @property
    def description(self) -> str:
        text = self.check.text
        indexes = (step for step in self.path if isinstance(step, int))
        for letter, index in zip("ij", indexes, strict=False):
            text = text.replace(f"{{{letter}}}", str(index))
        if self.named is not None:
            # Last, so that a sender's own braces stay as they are.
            name, value = self.named
            text = text.replace(f"{{{name}}}", value)
        return text


class FieldWarning(NamedTuple):
    """Something accepted but doubtful."""

    code: str
    description: str
    path: Path


UNKNOWN_FIELD: Final = ("W001", "Field is not known and was ignored")
UNUSED_FIELD: Final = ("W002", "Field is not used for this entityType and was ignored")
WARNINGS: Final = (UNKNOWN_FIELD, UNUSED_FIELD)


@dataclass(slots=True)
class Findings:
    """Collects what is found in one customer."""

    violations: list[Violation] = field(default_factory=list)
    warnings: list[FieldWarning] = field(default_factory=list)

    def refuse(self, check: CompiledError, path: Path, named: tuple[str, str] | None = None) -> None:
        self.violations.append(Violation(check, path, named))
        if len(self.violations) >= 2 * MAX_FINDINGS:
            self.settle()

    def warn(self, kind: tuple[str, str], path: Path) -> None:
        if len(self.warnings) < MAX_FINDINGS:
            self.warnings.append(FieldWarning(*kind, path))

    def settle(self) -> None:
        """Brings the violations into the order of judgement and keeps the first `MAX_FINDINGS`.

        Within a rank the order is that of the field tables, so the order of the sender's keys does not show.
        """
        if len(self.violations) > 1:
            self.violations.sort(key=_in_order)
            del self.violations[MAX_FINDINGS:]


def _in_order(violation: Violation) -> tuple[int, tuple[int, ...]]:
    return violation.check.rank, tuple(_positions(violation.path))


def _positions(path: Path) -> Iterable[int]:
    return (step if isinstance(step, int) else FIELD_POSITIONS[step] for step in path)
