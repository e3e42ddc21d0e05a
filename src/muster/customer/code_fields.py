"""Which codes of classifiers a stored document has, by the field tables."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from muster.customer.fields import SCHEMAS, SCHEMAS_BY_TYPE
from muster.customer.value_types import ClassifierCode, Nested, NestedList

Code = tuple[str, str]  # a classifier and a code of it
# A document has the fields of its type beside those of every customer.
_CUSTOMER: Final = ("Customer", *(schema.name for schema in SCHEMAS_BY_TYPE.values()))


def find_codes(document: Mapping[str, Any], wanted: Mapping[str, frozenset[str]]) -> set[Code]:
    """The codes among the wanted ones (classifier -> codes) that the document of a customer has."""
    return {code for schema in _CUSTOMER for code in _iterate_codes(document, schema, wanted)}


def _iterate_codes(document: Mapping[str, Any], schema: str, wanted: Mapping[str, frozenset[str]]) -> Iterator[Code]:
    # Fields that no code is in are left out, since looking for a code of one list is the usual case.
    for name, classifier, nested in _list_code_fields(schema, frozenset(wanted)):
        value = document.get(name)
        if value is None:
            continue
        if classifier:
            if type(value) is str and value in wanted[classifier]:
                yield classifier, value
        else:
            for element in value if type(value) is list else (value,):
                if type(element) is dict:
                    yield from _iterate_codes(element, nested, wanted)


@cache
def _list_code_fields(schema: str, classifiers: frozenset[str]) -> tuple[tuple[str, str, str], ...]:
    """Name, classifier and nested schema of the fields that codes of these classifiers can be in; one of them is ""."""
    fields = []
    for field in SCHEMAS[schema].fields:
        value_type = field.value_type
        if isinstance(value_type, ClassifierCode) and value_type.classifier in classifiers:
            fields.append((field.name, value_type.classifier, ""))
        elif isinstance(value_type, Nested | NestedList) and _list_code_fields(value_type.schema, classifiers):
            fields.append((field.name, "", value_type.schema))
    return tuple(fields)
