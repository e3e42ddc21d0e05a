"""JSON schemas of customers and their parts, derived from the field tables.

They say how a value is best written. The service reads more leniently (`"10000"` is a number, too), and a schema that
said so in every field would help nobody.
"""

from typing import Any, Final

from muster.classifiers.source import ISO
from muster.customer.dates import DATE_PATTERN
from muster.customer.examples import example_of, full_customer
from muster.customer.fields import OF_TYPE, SCHEMAS
from muster.customer.kinds import (
    CodeOf,
    Date,
    Decimal,
    Kind,
    ListOf,
    OneOf,
    Part,
    Screenings,
    Text,
    WholeNumber,
    YesNo,
)
from muster.customer.numbers import INTEGER_BOUND, MOST_DIGITS
from muster.customer.schema import ALWAYS, ByRule, Field, Mandatory, Schema

JsonSchema = dict[str, Any]

_ISO_PATTERNS: Final = {"country": "^[A-Z]{2}$", "currency": "^[A-Z]{3}$"}
# Not a blank, and no NUL: what a mandatory string must be.
_TEXT_PATTERN: Final = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"


def customer_schemas() -> dict[str, JsonSchema]:
    """Name -> schema of every object that a request can hold."""
    parts = {name: _object(schema) for name, schema in SCHEMAS.items() if name not in ("Customer", *_TYPES.values())}
    types = {name: _customer(entity_type) for entity_type, name in _TYPES.items()}
    return {"Customer": _either_type(), **types, **parts}


_TYPES: Final = {entity_type: schema.name for entity_type, schema in OF_TYPE.items()}


def _either_type() -> JsonSchema:
    mapping = {entity_type: ref(name)["$ref"] for entity_type, name in _TYPES.items()}
    return {
        "description": SCHEMAS["Customer"].meaning,
        "oneOf": [ref(name) for name in _TYPES.values()],
        "discriminator": {"propertyName": "entityType", "mapping": mapping},
    }


def _customer(entity_type: str) -> JsonSchema:
    own = OF_TYPE[entity_type]
    schema = _object(Schema(own.name, own.meaning, SCHEMAS["Customer"].fields + own.fields))
    schema["properties"]["entityType"] |= {"enum": [entity_type], "examples": [entity_type]}
    (other,) = OF_TYPE.keys() - {entity_type}
    schema["properties"] |= {field.name: False for field in OF_TYPE[other].fields}
    schema["description"] = f"A customer of entityType {entity_type}. Fields of the other type are refused."
    schema["examples"] = [full_customer(entity_type)]
    return schema


def _object(schema: Schema) -> JsonSchema:
    return {
        "type": "object",
        "description": schema.meaning,
        "properties": {field.name: _property(field) for field in schema.fields},
        "required": [field.name for field in schema.fields if field.mandatory == ALWAYS],
    }


def _property(field: Field) -> JsonSchema:
    schema = _of_kind(field.kind)
    meaning = field.meaning
    if isinstance(field.mandatory, Mandatory | ByRule) and field.mandatory != ALWAYS:
        meaning = f"{meaning}. Mandatory {field.mandatory.says}"
    schema["description"] = f"{meaning}. {schema['description']}" if "description" in schema else f"{meaning}."
    if field.example is not None and not isinstance(field.kind, Part | ListOf):
        schema["examples"] = [example_of(field)]
    return schema


def _of_kind(kind: Kind) -> JsonSchema:
    match kind:
        case Text(longest=None):
            return {"type": "string", "pattern": _TEXT_PATTERN}
        case Text():
            return {"type": "string", "pattern": _TEXT_PATTERN, "minLength": 1, "maxLength": kind.longest}
        case Date():
            return {"type": "string", "pattern": f"^{DATE_PATTERN}$"}
        case YesNo():
            return {"type": "boolean"}
        case Decimal():
            return {"type": "number", "description": f"At most {MOST_DIGITS} digits, every one of them kept."}
        case WholeNumber():
            return {"type": "integer", "exclusiveMinimum": -INTEGER_BOUND, "exclusiveMaximum": INTEGER_BOUND}
        case OneOf():
            return {"type": "string", "enum": list(kind.values)}
        case Screenings():
            return {"type": "array", "items": {"type": "string", "enum": list(kind.values)}, "maxItems": 0}
        case CodeOf():
            return _code(kind.classifier)
        case Part():
            return ref(kind.schema)
        case ListOf():
            return {"type": "array", "items": ref(kind.schema)}
    raise TypeError(f"no schema for {type(kind).__name__}")


def _code(classifier: str) -> JsonSchema:
    schema: JsonSchema = {"type": "string", "description": f"A code of GET /classifier/{classifier}."}
    return schema | ({"pattern": _ISO_PATTERNS[classifier]} if classifier in ISO else {})


def ref(name: str) -> JsonSchema:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}
