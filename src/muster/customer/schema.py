"""The types of the field tables."""

from dataclasses import dataclass, field
from typing import Final

from muster.customer.errors import BAD_VALUE, CODE_UNKNOWN, Error
from muster.customer.value_checks import ValueCheck
from muster.customer.value_readers import ABSENT, Sentinel
from muster.customer.value_types import ClassifierCode, ValueType


@dataclass(frozen=True, slots=True)
class MandatoryWhen:
    """A condition under which a field is mandatory: all entityTypes that are named are the given ones.

    `customer` is the entityType of the customer, `entity` that of the object that has the field.
    """

    customer: str | None = None
    entity: str | None = None
    description: str = "yes"

    def holds(self, customer: str | None, entity: str | None) -> bool:
        return self.customer in (None, customer) and self.entity in (None, entity)


ALWAYS: Final = MandatoryWhen()
FOR_ORGANIZATION_CUSTOMERS: Final = MandatoryWhen(customer="ORGANIZATION", description="for ORGANIZATION customers")
FOR_INDIVIDUALS: Final = MandatoryWhen(entity="INDIVIDUAL", description="when entityType = INDIVIDUAL")
FOR_ORGANIZATIONS: Final = MandatoryWhen(entity="ORGANIZATION", description="when entityType = ORGANIZATION")
FOR_ORGANIZATIONS_OF_ORGANIZATIONS: Final = MandatoryWhen(
    "ORGANIZATION", "ORGANIZATION", description="for a related ORGANIZATION of an ORGANIZATION customer"
)


@dataclass(frozen=True, slots=True)
class MandatoryByRule:
    """Mandatory by a rule over several fields (`rules.py`), which adds the violation itself."""

    description: str

    def holds(self, customer: str | None, entity: str | None) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Field:
    """One row of the field tables.

    `example` is a valid JSON value. `error` is the error of a bad value, and of a missing mandatory field unless the
    contract has another text for that: `absent_error`. `errors` has the errors of the other sentinels. A rule
    (`rules.py`) checks the value of a field that `is_checked_by_rule`. `only_for` is the entityType that uses the field
    of a related entity; for the other type it is ignored.

    The last three give warnings: `checks` raise doubts about a value, `lower_bound` names the field of the same object
    whose value this one should not be below, and `companion` the field that should be there when this one is.
    """

    name: str
    value_type: ValueType
    meaning: str
    example: object = None
    mandatory: MandatoryWhen | MandatoryByRule | None = None
    error: Error | None = None
    absent_error: Error | None = None
    errors: dict[Sentinel, Error] = field(default_factory=dict)
    is_checked_by_rule: bool = False
    only_for: str | None = None
    checks: tuple[ValueCheck, ...] = ()
    lower_bound: str | None = None
    companion: str | None = None

    @property
    def title(self) -> str:
        """The field's name in error texts: `CommunicationNumber`, `GIIN`."""
        return self.name.upper() if self.name in ("giin", "lei") else self.name[0].upper() + self.name[1:]

    def get_error(self, sentinel: Sentinel) -> Error:
        """The error of a value that is read as `sentinel`."""
        if sentinel in self.errors:
            return self.errors[sentinel]
        if sentinel is ABSENT and self.absent_error:
            return self.absent_error
        return self.error or (CODE_UNKNOWN if isinstance(self.value_type, ClassifierCode) else BAD_VALUE)


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of one type of object, in the order of the contract."""

    name: str
    meaning: str
    fields: tuple[Field, ...]
