"""The compiler: field tables and classifiers in, objects that read themselves out.

Compiling decides everything that does not depend on the customer (which fields an object has here, what is mandatory,
the code and the sentence of every error), so that checking only walks over the fields that a customer brings.
"""

from muster.customer import errors
from muster.customer.errors import Error
from muster.customer.fields import OF_TYPE, SCHEMAS
from muster.customer.findings import Check
from muster.customer.kinds import BAD, Codes, ListOf, Marker, Part, Reader, Screenings
from muster.customer.numbers import UNREADABLE
from muster.customer.objects import CompiledObject, PartReader
from muster.customer.parts import ByEntityType, ObjectReader, OnePart, PartList, ScreeningNames
from muster.customer.places import CUSTOMER, RELATED, RELATED_PREFIX, Place, place_of
from muster.customer.rules import RULES
from muster.customer.schema import Field, Schema


class Compiler:
    """Compiles schemas for one type of customer; `customer` is None where the type is not known."""

    def __init__(self, codes: Codes, customer: str | None) -> None:
        self._codes = codes
        self._customer = customer
        self._known = {"ENTITYTYPE": customer, "C": RELATED_PREFIX[customer]} if customer else {}

    def customer(self) -> CompiledObject:
        """The customer itself: the fields of all customers and those of its type."""
        schema = SCHEMAS["Customer"]
        if self._customer is None:
            # The codes of related entities name the customer's type; without it nothing can be said of them.
            others = frozenset(field.name for of_type in OF_TYPE.values() for field in of_type.fields)
            return self._object(schema, CUSTOMER, None, elsewhere=others | {"listRelatedEntity"})
        (other,) = OF_TYPE.keys() - {self._customer}
        not_allowed = errors.NOT_FOR_INDIVIDUAL if self._customer == "INDIVIDUAL" else errors.NOT_FOR_ORGANIZATION
        refused = {field.name: Check.of(not_allowed, CUSTOMER, Field=field.title) for field in OF_TYPE[other].fields}
        fields = schema.fields + OF_TYPE[self._customer].fields
        return self._object(Schema(schema.name, "", fields), CUSTOMER, self._customer, refused=refused)

    def _object(
        self,
        schema: Schema,
        place: Place,
        entity: str | None,
        *,
        refused: dict[str, Check] | None = None,
        unused: frozenset[str] = frozenset(),
        elsewhere: frozenset[str] = frozenset(),
    ) -> CompiledObject:
        used = [field for field in schema.fields if field.name not in unused | elsewhere]
        rule = RULES.get(schema.name)
        plain = [f for f in used if not isinstance(f.kind, (Part, ListOf, Screenings))]
        return CompiledObject(
            values={f.name: self._reader(f) for f in plain},
            tests={f.name: f.kind.test(self._codes) for f in plain},
            parts={f.name: self._part(f, place) for f in used if isinstance(f.kind, (Part, ListOf, Screenings))},
            mandatory=frozenset(f.name for f in used if f.mandatory and f.mandatory.holds(self._customer, entity)),
            checks={(f.name, marker): self._check(f, f.error_of(marker), place) for f in used for marker in Marker},
            rules=(rule(place, self._known),) if rule else (),
            refused=refused or {},
            unused=unused,
            elsewhere=elsewhere,
        )

    def _check(self, field: Field, error: Error, place: Place, **known: str) -> Check:
        values = ", ".join(getattr(field.kind, "values", ()))
        named = {"Field": field.title, "TYPE": field.kind.label, "values": values}
        return Check.of(error, place, **{**named, **self._known, **known})

    def _reader(self, field: Field) -> Reader:
        reader = field.kind.reader(self._codes)
        if not field.bad_by_rule:
            return reader

        def read(value: object) -> object:
            kept = reader(value)
            return UNREADABLE if kept is BAD else kept

        return read

    def _part(self, field: Field, place: Place) -> PartReader:
        kind = field.kind
        if isinstance(kind, Screenings):
            return self._screenings(field, kind)
        assert isinstance(kind, Part | ListOf)
        objects = self._part_object(SCHEMAS[kind.schema], place)
        if isinstance(kind, Part):
            return OnePart(objects)
        return PartList(objects, self._check(field, errors.BAD_VALUE, place, TYPE="OBJECT"))

    def _part_object(self, schema: Schema, parent: Place) -> ObjectReader:
        if schema.name == "RelatedEntity":
            return self._related(schema)
        return self._object(schema, place_of(schema.name, parent), None)

    def _related(self, schema: Schema) -> ObjectReader:
        """Related entities are read by their own type; a name that only the other type has is ignored."""
        only = {
            of_type: frozenset(field.name for field in schema.fields if field.only == of_type) for of_type in OF_TYPE
        }
        individual = self._object(schema, RELATED, "INDIVIDUAL", unused=only["ORGANIZATION"])
        organization = self._object(schema, RELATED, "ORGANIZATION", unused=only["INDIVIDUAL"])
        unknown = self._object(schema, RELATED, None, elsewhere=only["INDIVIDUAL"] | only["ORGANIZATION"])
        return ByEntityType({"INDIVIDUAL": individual, "ORGANIZATION": organization}, unknown)

    def _screenings(self, field: Field, kind: Screenings) -> PartReader:
        return ScreeningNames(
            frozenset(kind.values),
            Check.of(errors.SCREENING_UNAVAILABLE, CUSTOMER),
            Check.of(errors.SCREENING_UNKNOWN, CUSTOMER),
            self._check(field, errors.BAD_VALUE, CUSTOMER, TYPE=", ".join(kind.values)),
        )
