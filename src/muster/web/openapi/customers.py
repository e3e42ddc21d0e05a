"""JSON schemas of customers and their parts, derived from the field tables.

They describe the preferred form of a value. The service also accepts others (`"10000"` for a number), but a schema
that listed them at every field would not be readable.

Generators of clients must be able to read the schemas, so there are no boolean schemas, whole numbers and decimals have
a `format`, and the bound of 40 digits, which no integer type holds, stands in the description only.
"""

from typing import Final

from muster.classifiers.iso import CODE_LENGTHS
from muster.customer.dates import DATE_PATTERN
from muster.customer.examples import get_example, make_full_customer
from muster.customer.fields import SCHEMAS, SCHEMAS_BY_TYPE
from muster.customer.schema import ALWAYS, Field, MandatoryByRule, MandatoryWhen, Schema
from muster.customer.value_types import (
    Boolean,
    ClassifierCode,
    Date,
    Decimal,
    Enum,
    Integer,
    Nested,
    NestedList,
    ScreeningList,
    Text,
    ValueType,
)
from muster.web.openapi.components import JsonSchema, ref

# A mandatory string must hold a character that is not white space, and no NUL.
_TEXT_PATTERN: Final = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"


def build_customer_schemas() -> dict[str, JsonSchema]:
    """Name -> schema of every object that a request can hold."""
    parts = {
        name: _build_object(schema) for name, schema in SCHEMAS.items() if name not in ("Customer", *_TYPES.values())
    }
    types = {name: _build_customer(entity_type) for entity_type, name in _TYPES.items()}
    return {"Customer": _build_customer_union(), **types, **parts}


_TYPES: Final = {entity_type: schema.name for entity_type, schema in SCHEMAS_BY_TYPE.items()}


def _build_customer_union() -> JsonSchema:
    mapping = {entity_type: ref(name)["$ref"] for entity_type, name in _TYPES.items()}
    return {
        "description": SCHEMAS["Customer"].meaning,
        "oneOf": [ref(name) for name in _TYPES.values()],
        "discriminator": {"propertyName": "entityType", "mapping": mapping},
    }


def _build_customer(entity_type: str) -> JsonSchema:
    own = SCHEMAS_BY_TYPE[entity_type]
    schema = _build_object(Schema(own.name, own.meaning, SCHEMAS["Customer"].fields + own.fields))
    schema["properties"]["entityType"] |= {"enum": [entity_type], "examples": [entity_type]}
    (other,) = SCHEMAS_BY_TYPE.keys() - {entity_type}
    schema["not"] = {"anyOf": [{"required": [field.name]} for field in SCHEMAS_BY_TYPE[other].fields]}
    schema["description"] = f"A customer of entityType {entity_type}. Fields of the other type are refused."
    schema["examples"] = [make_full_customer(entity_type)]
    return schema


def _build_object(schema: Schema) -> JsonSchema:
    return {
        "type": "object",
        "description": schema.meaning,
        "properties": {field.name: _build_property(field) for field in schema.fields},
        "required": [field.name for field in schema.fields if field.mandatory == ALWAYS],
    }


def _build_property(field: Field) -> JsonSchema:
    schema = _build_value_schema(field.value_type)
    meaning = field.meaning
    if isinstance(field.mandatory, MandatoryWhen | MandatoryByRule) and field.mandatory != ALWAYS:
        meaning = f"{meaning}. Mandatory {field.mandatory.description}"
    if isinstance(field.value_type, Nested | NestedList):
        schema["description"] = f"{meaning}."
        return schema
    schema["description"] = f"{meaning}. Takes {field.value_type.expected}."
    if field.example is not None:
        schema["examples"] = [get_example(field)]
    return schema


def _build_value_schema(value_type: ValueType) -> JsonSchema:
    match value_type:
        case Text(max_length=None):
            return {"type": "string", "pattern": _TEXT_PATTERN}
        case Text():
            return {"type": "string", "pattern": _TEXT_PATTERN, "minLength": 1, "maxLength": value_type.max_length}
        case Date():
            return {"type": "string", "pattern": f"^{DATE_PATTERN}$"}
        case Boolean():
            return {"type": "boolean"}
        case Decimal():
            return {"type": "number", "format": "decimal"}
        case Integer():
            return {"type": "integer", "format": "int64"}
        case Enum():
            return {"type": "string", "enum": list(value_type.values)}
        case ScreeningList():
            return {"type": "array", "items": {"type": "string", "enum": list(value_type.values)}, "maxItems": 0}
        case ClassifierCode():
            return _build_code(value_type.classifier)
        case Nested():
            return ref(value_type.schema)
        case NestedList():
            return {"type": "array", "items": ref(value_type.schema)}
    raise TypeError(f"no schema for {type(value_type).__name__}")


def _build_code(classifier: str) -> JsonSchema:
    length = CODE_LENGTHS.get(classifier)
    return {"type": "string"} | ({"pattern": f"^[A-Z]{{{length}}}$"} if length else {})
