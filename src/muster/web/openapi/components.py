"""Schemas of response bodies, derived from the structs that the endpoints return, and examples derived from them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from muster.classifiers.snapshot import CLASSIFIER_NAMES
from muster.intake.response import BatchResponse, Result
from muster.web.problems import InternalErrorResponse, ProblemResponse

JsonSchema = dict[str, Any]

_PREFIX: Final = "#/components/schemas/"
# Struct -> name in the document, where the name is not that of the struct without `Response`.
_NAMES: Final = {
    "BatchResponse": "Results",
    "ProblemResponse": "Error",
    "InternalErrorResponse": "Failure",
    "ClassifierCodeResponse": "Code",
}


def ref(name: str) -> JsonSchema:
    """A reference to a schema of the document."""
    return {"$ref": f"{_PREFIX}{name}"}


def build_response_schemas(types: Sequence[Any]) -> tuple[list[JsonSchema], dict[str, JsonSchema]]:
    """The schema of each of these return types, and the component schemas that they and the errors refer to."""
    all_types = [Result, BatchResponse, ProblemResponse, InternalErrorResponse, *types]
    own, components = msgspec.json.schema_components(all_types, ref_template=_PREFIX + "{name}")
    schemas = {_rename(name): _complete(schema) | {"title": _rename(name)} for name, schema in components.items()}
    schemas["Result"] = own[0] | {"description": "The result of one customer."}
    schemas["Results"]["properties"]["results"]["items"] = ref("Result")
    schemas["ClassifierName"] = {"type": "string", "enum": list(CLASSIFIER_NAMES)}
    return [_complete(schema) for schema in own[-len(types) :]], schemas


def build_example(schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> Any:
    """A value that the schema describes, made of the examples in it."""
    match schema:
        case {"$ref": target}:
            return build_example(schemas[target.removeprefix(_PREFIX)], schemas)
        case {"examples": [example, *_]} | {"const": example} | {"enum": [example, *_]}:
            return example
        case {"oneOf": [choice, *_]}:
            return build_example(choice, schemas)
        case {"anyOf": choices}:
            return None if {"type": "null"} in choices else build_example(choices[0], schemas)
        case {"type": "object", "properties": properties}:
            required = schema.get("required", ())
            return {name: build_example(properties[name], schemas) for name in properties if name in required}
        case {"type": "array", "items": items}:
            return [build_example(items, schemas)]
        case {"type": "boolean"}:
            return False
        case {"type": "integer"}:
            return schema.get("minimum", 0)
    return "text"


def _rename(name: str) -> str:
    return _NAMES.get(name, name.removesuffix("Response"))


def _complete(schema: Any) -> Any:
    """The schema with our names of components, and with what generators of clients need and msgspec leaves out."""
    match schema:
        case {"$ref": str(target), **others} if target.startswith(_PREFIX):
            return {**others, **ref(_rename(target.removeprefix(_PREFIX)))}
        case {"type": "integer"}:
            return {"format": "int64", **schema}
        case {"enum": [str(), *_]}:
            return {"type": "string", **schema}
        case dict():
            return {key: _complete(value) for key, value in schema.items()}
        case list():
            return [_complete(value) for value in schema]
    return schema
