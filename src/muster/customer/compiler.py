"""The compiler: field tables and classifiers in, objects that read themselves out.

Compiling decides everything that does not depend on the customer (which fields an object has here, what is mandatory,
the code and the sentence of every error), so that checking only walks over the fields that a customer brings.
"""

from muster.customer import errors
from muster.customer.compiled_object import CompiledObject, NestedReader
from muster.customer.error_prefix import CUSTOMER_PREFIX, RELATED_CODES, RELATED_PREFIX, ErrorPrefix, get_prefix
from muster.customer.errors import Error
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
from muster.customer.rules import RULES
from muster.customer.schema import Field, Schema
from muster.customer.value_readers import BAD, Reader, Sentinel
from muster.customer.value_types import Codes, Nested, NestedList, ScreeningList


class Compiler:
    """Compiles schemas for one type of customer; `customer` is None where the type is not known."""

    def __init__(self, codes: Codes, customer: str | None) -> None:
        self._codes = codes
        self._customer = customer
        self._known = {"ENTITYTYPE": customer, "C": RELATED_CODES[customer]} if customer else {}

    def customer(self) -> CompiledObject:
        """The customer itself: the fields of all customers and those of its type."""
        schema = SCHEMAS["Customer"]
        if self._customer is None:
            # The codes of related entities name the customer's type; without it nothing can be said of them.
            others = frozenset(field.name for of_type in SCHEMAS_BY_TYPE.values() for field in of_type.fields)
            return self._object(schema, CUSTOMER_PREFIX, None, elsewhere=others | {"listRelatedEntity"})
        (other,) = SCHEMAS_BY_TYPE.keys() - {self._customer}
        not_allowed = errors.NOT_FOR_INDIVIDUAL if self._customer == "INDIVIDUAL" else errors.NOT_FOR_ORGANIZATION
        refused = {
            field.name: CompiledError.compile(not_allowed, CUSTOMER_PREFIX, Field=field.title)
            for field in SCHEMAS_BY_TYPE[other].fields
        }
        fields = schema.fields + SCHEMAS_BY_TYPE[self._customer].fields
        return self._object(Schema(schema.name, "", fields), CUSTOMER_PREFIX, self._customer, refused=refused)

    def _object(
        self,
        schema: Schema,
        prefix: ErrorPrefix,
        entity: str | None,
        *,
        refused: dict[str, CompiledError] | None = None,
        unused: frozenset[str] = frozenset(),
        elsewhere: frozenset[str] = frozenset(),
    ) -> CompiledObject:
        used = [field for field in schema.fields if field.name not in unused | elsewhere]
        rule = RULES.get(schema.name)
        plain = [f for f in used if not isinstance(f.value_type, (Nested, NestedList, ScreeningList))]
        return CompiledObject(
            values={f.name: self._reader(f) for f in plain},
            tests={f.name: f.value_type.make_column_test(self._codes) for f in plain},
            parts={
                f.name: self._part(f, prefix)
                for f in used
                if isinstance(f.value_type, (Nested, NestedList, ScreeningList))
            },
            mandatory=frozenset(f.name for f in used if f.mandatory and f.mandatory.holds(self._customer, entity)),
            checks={(f.name, marker): self._check(f, f.get_error(marker), prefix) for f in used for marker in Sentinel},
            rules=(rule(prefix, self._known),) if rule else (),
            refused=refused or {},
            unused=unused,
            elsewhere=elsewhere,
        )

    def _check(self, field: Field, error: Error, prefix: ErrorPrefix, **known: str) -> CompiledError:
        values = ", ".join(getattr(field.value_type, "values", ()))
        named = {"Field": field.title, "TYPE": field.value_type.label, "values": values}
        return CompiledError.compile(error, prefix, **{**named, **self._known, **known})

    def _reader(self, field: Field) -> Reader:
        reader = field.value_type.make_reader(self._codes)
        if not field.bad_by_rule:
            return reader

        def read(value: object) -> object:
            kept = reader(value)
            return UNREADABLE if kept is BAD else kept

        return read

    def _part(self, field: Field, prefix: ErrorPrefix) -> NestedReader:
        kind = field.value_type
        if isinstance(kind, ScreeningList):
            return self._screenings(field, kind)
        assert isinstance(kind, Nested | NestedList)
        objects = self._part_object(SCHEMAS[kind.schema], prefix)
        if isinstance(kind, Nested):
            return NestedObjectReader(objects)
        return NestedListReader(objects, self._check(field, errors.BAD_VALUE, prefix, TYPE="OBJECT"))

    def _part_object(self, schema: Schema, parent: ErrorPrefix) -> ObjectReader:
        if schema.name == "RelatedEntity":
            return self._related(schema)
        return self._object(schema, get_prefix(schema.name, parent), None)

    def _related(self, schema: Schema) -> ObjectReader:
        """Related entities are read by their own type; a name that only the other type has is ignored."""
        only = {
            of_type: frozenset(field.name for field in schema.fields if field.only == of_type)
            for of_type in SCHEMAS_BY_TYPE
        }
        individual = self._object(schema, RELATED_PREFIX, "INDIVIDUAL", unused=only["ORGANIZATION"])
        organization = self._object(schema, RELATED_PREFIX, "ORGANIZATION", unused=only["INDIVIDUAL"])
        unknown = self._object(schema, RELATED_PREFIX, None, elsewhere=only["INDIVIDUAL"] | only["ORGANIZATION"])
        return EntityTypeReader({"INDIVIDUAL": individual, "ORGANIZATION": organization}, unknown)

    def _screenings(self, field: Field, kind: ScreeningList) -> NestedReader:
        return ScreeningReader(
            frozenset(kind.values),
            CompiledError.compile(errors.SCREENING_UNAVAILABLE, CUSTOMER_PREFIX),
            CompiledError.compile(errors.SCREENING_UNKNOWN, CUSTOMER_PREFIX),
            self._check(field, errors.BAD_VALUE, CUSTOMER_PREFIX, TYPE=", ".join(kind.values)),
        )
