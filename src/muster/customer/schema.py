"""What a row of the field tables says."""

from dataclasses import dataclass, field
from typing import Final

from muster.customer.errors import BAD_VALUE, CODE_UNKNOWN, Error
from muster.customer.value_readers import ABSENT, Sentinel
from muster.customer.value_types import ClassifierCode, ValueType


@dataclass(frozen=True, slots=True)
class MandatoryWhen:
    """When a field must be there: the conditions that are named all hold.

    `customer` is the customer's entityType, `entity` that of the object the field stands in.
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
    """Mandatory by a rule over several fields (`rules.py`), which reports it."""

    description: str

    def holds(self, customer: str | None, entity: str | None) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Field:
    """One field: a row of the tables.

    `example` is a value that a customer may have, as JSON gives it. `error` is for a value that the kind does not take
    and for a mandatory field that is not there; `absent` where the contract words the latter differently;
    `errors` is for the other markers of its kind. With `bad_by_rule`, a bad value is left to a rule of `rules.py`.
    `only` is the entityType that uses the field of a related entity; the other type ignores it.
    """

    name: str
    value_type: ValueType
    meaning: str
    example: object = None
    mandatory: MandatoryWhen | MandatoryByRule | None = None
    error: Error | None = None
    absent_error: Error | None = None
    errors: dict[Sentinel, Error] = field(default_factory=dict)
    bad_by_rule: bool = False
    only: str | None = None

    @property
    def title(self) -> str:
        """The field's name as messages write it: `CommunicationNumber`, `GIIN`."""
        return self.name.upper() if self.name in ("giin", "lei") else self.name[0].upper() + self.name[1:]

    def get_error(self, marker: Sentinel) -> Error:
        """The error that a marker of this field's kind gives."""
        if marker in self.errors:
            return self.errors[marker]
        if marker is ABSENT and self.absent_error:
            return self.absent_error
        return self.error or (CODE_UNKNOWN if isinstance(self.value_type, ClassifierCode) else BAD_VALUE)


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of one kind of object, in the order of the contract."""

    name: str
    meaning: str
    fields: tuple[Field, ...]
