"""Names of fields in words, made from their names in the contract, and what a JSON pointer leads to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from muster.customer.fields import SCHEMAS, SCHEMAS_BY_TYPE
from muster.customer.fields.customer import CUSTOMER
from muster.customer.schema import Field
from muster.customer.value_types import Nested, NestedList

_WORD: Final = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# Words that stand first in a name and say nothing beside a value of yes or no.
_SILENT: Final = frozenset({"is", "has"})
_SPELLINGS: Final[Mapping[str, str]] = {"ext": "external", "id": "ID", "aml": "AML", "giin": "GIIN", "lei": "LEI"}

# The fields of a customer's document by name, those of every type.
_FIELDS: Final[Mapping[str, Field]] = {
    field.name: field for schema in (CUSTOMER, *SCHEMAS_BY_TYPE.values()) for field in schema.fields
}


@dataclass(frozen=True, slots=True)
class PointerTarget:
    """Where a value is: `labels` from outside in, the field if it is a known one, and the schema of its objects."""

    labels: tuple[str, ...]
    field: Field | None
    schema: str | None


@cache
def get_label(name: str) -> str:
    """A field's or a schema's name in words: `PEP` for `isPEP`."""
    words = _WORD.findall(name) or [name]
    if len(words) > 1 and words[0] in _SILENT:
        del words[0]
    text = " ".join(_spell(word) for word in words)
    return text[0].upper() + text[1:]


@cache
def get_plural_label(name: str) -> str:
    """The heading of a list: `Sources of wealth` for `listSourceOfWealth`."""
    noun, of, rest = get_label(name.removeprefix("list")).partition(" of ")
    return f"{_make_plural(noun)}{of}{rest}"


def get_field_label(field: Field) -> str:
    """A field's name in words."""
    return (get_plural_label if isinstance(field.value_type, NestedList) else get_label)(field.name)


def resolve_pointer(pointer: str) -> PointerTarget:
    """What an RFC 6901 pointer into a customer's document leads to. Elements of lists count from 1, as people do."""
    labels: list[str] = []
    fields = _FIELDS
    field: Field | None = None
    schema: str | None = None
    for step in _split(pointer):
        value_type = field.value_type if field else None
        if isinstance(value_type, NestedList) and step.isdecimal():
            labels[-1] = f"{get_label(value_type.schema)} {int(step) + 1}"
            field, schema = None, value_type.schema
        else:
            field = fields.get(step)
            schema = field.value_type.schema if field and isinstance(field.value_type, Nested) else None
            labels.append(get_field_label(field) if field else step)
        fields = {} if schema is None else {inner.name: inner for inner in SCHEMAS[schema].fields}
    return PointerTarget(tuple(labels), field, schema)


def _split(pointer: str) -> Iterator[str]:
    for step in pointer.split("/")[1:]:
        yield step.replace("~1", "/").replace("~0", "~")


def _spell(word: str) -> str:
    lower = word.lower()
    return _SPELLINGS.get(lower, word if word.isupper() and len(word) > 1 else lower)


def _make_plural(noun: str) -> str:
    if noun.endswith("y"):
        return f"{noun[:-1]}ies"
    if noun.endswith("ss"):
        return f"{noun}es"
    return noun if noun.endswith("s") else f"{noun}s"
