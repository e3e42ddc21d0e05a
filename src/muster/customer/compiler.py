"""The compiler: turns field tables and classifiers into compiled objects.

Compiling decides everything that does not depend on a customer's values: the fields that an object has, which of them
are mandatory, and the code and text of each error. So checking only goes over the fields that a customer has.
"""

from collections.abc import Iterable, Iterator

from muster.customer import errors
from muster.customer.column_tests import add_checks
from muster.customer.compiled_object import CompiledObject, NestedReader
from muster.customer.error_prefix import CUSTOMER_PREFIX, RELATED_CODES, RELATED_PREFIX, ErrorPrefix, get_prefix
from muster.customer.errors import Error
from muster.customer.field_names import make_unknown_field
from muster.customer.fields import SCHEMAS, SCHEMAS_BY_TYPE
from muster.customer.findings import CompiledError
from muster.customer.nested import (
    EntityTypeReader,
    NestedListReader,
    NestedObjectReader,
    ObjectReader,
    ScreeningReader,
)
from muster.customer.numbers import UNREADABLE
from muster.customer.object_checks import CompanionCheck, ObjectCheck, OrderCheck
from muster.customer.rules import RULES
from muster.customer.schema import Field, Schema
from muster.customer.value_readers import BAD, Reader, Sentinel
from muster.customer.value_types import Codes, Date, Nested, NestedList, ScreeningList
from muster.customer.warnings import OUT_OF_ORDER, RISK_LEVEL_MISSING

_NESTED_TYPES = (Nested, NestedList, ScreeningList)


class Compiler:
    """Compiles schemas for the customers of one entityType; `customer` is None when the type is not known."""

    def __init__(self, codes: Codes, customer: str | None) -> None:
        self._codes = codes
        self._customer = customer
        self._known = {"ENTITYTYPE": customer, "C": RELATED_CODES[customer]} if customer else {}

    def compile_customer(self) -> CompiledObject:
        """The customer itself: the fields of all customers and those of its entityType."""
        schema = SCHEMAS["Customer"]
        if self._customer is None:
            # Error codes of related entities name the customer's type; without it, related entities are not checked.
            of_types = frozenset(field.name for of_type in SCHEMAS_BY_TYPE.values() for field in of_type.fields)
            return self._compile(schema, CUSTOMER_PREFIX, None, ignored=of_types | {"listRelatedEntity"})
        (other,) = SCHEMAS_BY_TYPE.keys() - {self._customer}
        not_allowed = errors.NOT_FOR_INDIVIDUAL if self._customer == "INDIVIDUAL" else errors.NOT_FOR_ORGANIZATION
        forbidden = {
            field.name: CompiledError.compile(not_allowed, CUSTOMER_PREFIX, Field=field.title)
            for field in SCHEMAS_BY_TYPE[other].fields
        }
        fields = schema.fields + SCHEMAS_BY_TYPE[self._customer].fields
        return self._compile(Schema(schema.name, "", fields), CUSTOMER_PREFIX, self._customer, forbidden=forbidden)

    def _compile(
        self,
        schema: Schema,
        prefix: ErrorPrefix,
        entity: str | None,
        *,
        forbidden: dict[str, CompiledError] | None = None,
        unused: frozenset[str] = frozenset(),
        ignored: frozenset[str] = frozenset(),
    ) -> CompiledObject:
        used = [field for field in schema.fields if field.name not in unused | ignored]
        nested = [f for f in used if isinstance(f.value_type, _NESTED_TYPES)]
        plain = [f for f in used if not isinstance(f.value_type, _NESTED_TYPES)]
        checks = {f.name: (*f.value_type.make_checks(self._codes), *f.checks) for f in plain}
        rule = RULES.get(schema.name)
        return CompiledObject(
            readers={f.name: self._make_reader(f) for f in plain},
            column_tests={
                f.name: add_checks(f.value_type.make_column_test(self._codes), checks[f.name]) for f in plain
            },
            nested={f.name: self._make_nested_reader(f, prefix) for f in nested},
            mandatory=frozenset(f.name for f in used if f.mandatory and f.mandatory.holds(self._customer, entity)),
            errors={
                (f.name, sentinel): self._compile_error(f, f.get_error(sentinel), prefix)
                for f in used
                for sentinel in Sentinel
            },
            rules=(rule(prefix, self._known),) if rule else (),
            forbidden=forbidden or {},
            unused=unused,
            ignored=ignored,
            value_checks={name: of_field for name, of_field in checks.items() if of_field},
            object_checks=tuple(_make_object_checks(used)),
            expect_text=frozenset(f.name for f in plain if f.value_type.expects_text),
            unknown_field=make_unknown_field(f.name for f in used),
        )

    def _compile_error(
        self, field: Field, error: Error, prefix: ErrorPrefix, expected: str = "", **known: str
    ) -> CompiledError:
        values = ", ".join(getattr(field.value_type, "values", ()))
        of_field = {"Field": field.title, "TYPE": field.value_type.label, "values": values}
        expected = expected or field.value_type.expected
        return CompiledError.compile(error, prefix, expected, **{**of_field, **self._known, **known})

    def _make_reader(self, field: Field) -> Reader:
        reader = field.value_type.make_reader(self._codes)
        if not field.is_checked_by_rule:
            return reader

        def read(value: object) -> object:
            new = reader(value)
            return UNREADABLE if new is BAD else new

        return read

    def _make_nested_reader(self, field: Field, prefix: ErrorPrefix) -> NestedReader:
        value_type = field.value_type
        if isinstance(value_type, ScreeningList):
            return self._make_screening_reader(field, value_type)
        assert isinstance(value_type, Nested | NestedList)
        objects = self._make_object_reader(SCHEMAS[value_type.schema], prefix)
        if isinstance(value_type, Nested):
            return NestedObjectReader(objects)
        not_an_object = self._compile_error(field, errors.BAD_VALUE, prefix, "an object", TYPE="OBJECT")
        return NestedListReader(objects, not_an_object)

    def _make_object_reader(self, schema: Schema, parent: ErrorPrefix) -> ObjectReader:
        if schema.name == "RelatedEntity":
            return self._make_related_reader(schema)
        return self._compile(schema, get_prefix(schema.name, parent), None)

    def _make_related_reader(self, schema: Schema) -> ObjectReader:
        """A reader that checks related entities by their own type and ignores the fields of the other type."""
        only = {
            entity_type: frozenset(field.name for field in schema.fields if field.only_for == entity_type)
            for entity_type in SCHEMAS_BY_TYPE
        }
        individual = self._compile(schema, RELATED_PREFIX, "INDIVIDUAL", unused=only["ORGANIZATION"])
        organization = self._compile(schema, RELATED_PREFIX, "ORGANIZATION", unused=only["INDIVIDUAL"])
        unknown = self._compile(schema, RELATED_PREFIX, None, ignored=only["INDIVIDUAL"] | only["ORGANIZATION"])
        return EntityTypeReader({"INDIVIDUAL": individual, "ORGANIZATION": organization}, unknown)

    def _make_screening_reader(self, field: Field, value_type: ScreeningList) -> NestedReader:
        return ScreeningReader(
            frozenset(value_type.values),
            self._compile_error(field, errors.SCREENING_UNAVAILABLE, CUSTOMER_PREFIX),
            self._compile_error(field, errors.SCREENING_UNKNOWN, CUSTOMER_PREFIX),
            self._compile_error(field, errors.BAD_VALUE, CUSTOMER_PREFIX, TYPE=", ".join(value_type.values)),
        )


def _make_object_checks(fields: Iterable[Field]) -> Iterator[ObjectCheck]:
    for field in fields:
        if field.lower_bound is not None:
            word = "before" if isinstance(field.value_type, Date) else "below"
            warning = OUT_OF_ORDER.fill(field=field.name, word=word, lower=field.lower_bound)
            yield OrderCheck(field.name, field.lower_bound, warning)
        if field.companion is not None:
            warning = RISK_LEVEL_MISSING.fill(field=field.name, companion=field.companion)
            yield CompanionCheck(field.name, field.companion, warning)
