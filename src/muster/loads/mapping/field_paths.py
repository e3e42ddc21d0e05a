"""Paths of fields: `listAddress[0].country`, as a header or a mapping writes it, and the field that it leads to.

`listAddress.0.country` and `/listAddress/0/country` are the same path. `listAddress[].country` is of every element that
a row gives.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from muster.customer.field_names import UnknownField, make_unknown_field
from muster.customer.fields import SCHEMAS, SCHEMAS_BY_TYPE
from muster.customer.schema import Field
from muster.customer.value_types import Enum, Nested, NestedList, ScreeningList, ValueType


class _EveryElement:
    """The step `[]`: every element that a row gives."""

    def __repr__(self) -> str:
        return "[]"


EVERY: Final = _EveryElement()
Step = str | int | _EveryElement
Path = tuple[Step, ...]

_MIN_PART: Final = 5  # letters of a name that may be a part of another one
_MAX_LENGTH: Final = 300  # characters; the longest path has some 100
_INDEX: Final = re.compile(r"\[([0-9]{0,6})\]", re.ASCII)
_NAMED: Final = re.compile(r"[^\[\]./]+(?:\[[0-9]{0,6}\])*", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A field at one place in a customer: the steps that lead to it, and what it takes.

    `field` is None for an element of a list of names.
    """

    steps: Path
    value_type: ValueType
    field: Field | None

    def __str__(self) -> str:
        return format_path(self.steps)


class UnknownFieldError(Exception):
    """The text is not the path of a field. The message says why; `near` is the path that may be meant."""

    def __init__(self, message: str, near: str | None = None) -> None:
        super().__init__(message)
        self.near = near


def format_path(steps: Path) -> str:
    """The steps as a header has them."""
    text = ""
    for step in steps:
        if isinstance(step, str):
            text += f".{step}" if text else step
        else:
            text += "[]" if step is EVERY else f"[{step}]"
    return text


@cache
def list_fields(schema: str | None) -> dict[str, Field]:
    """The fields of an object by name; of a customer of either type for None."""
    if schema is not None:
        return {field.name: field for field in SCHEMAS[schema].fields}
    schemas = (SCHEMAS["Customer"], *SCHEMAS_BY_TYPE.values())
    return {field.name: field for each in schemas for field in each.fields}


def parse_field_path(text: str) -> FieldPath:
    """The field that a header names. Raises `UnknownFieldError`."""
    steps = _split(text.strip())
    done: list[Step] = []
    schema: str | None = None
    value_type: ValueType | None = None
    field: Field | None = None
    for position, step in enumerate(steps):
        if isinstance(value_type, NestedList | ScreeningList):
            if isinstance(step, str):
                raise _missing_index(steps, position)
            if isinstance(value_type, NestedList):
                schema, value_type = value_type.schema, Nested(value_type.schema)
            else:
                value_type, field = Enum(value_type.values), None
        elif value_type is None or isinstance(value_type, Nested):
            field = _find_field(schema, step, steps, position)
            value_type = field.value_type
            schema = value_type.schema if isinstance(value_type, Nested) else None
        else:
            raise UnknownFieldError(f"{format_path(tuple(done))} has no fields of its own")
        done.append(step)
    if value_type is None:
        raise UnknownFieldError("the name is empty")
    return FieldPath(tuple(done), value_type, field)


def _find_field(schema: str | None, step: Step, steps: Path, position: int) -> Field:
    before = format_path(steps[:position])
    if not isinstance(step, str):
        if not before:
            raise UnknownFieldError("the name begins with an index")
        raise UnknownFieldError(f"{before} is no list", format_path((*steps[:position], *steps[position + 1 :])))
    fields = list_fields(schema)
    if step in fields:
        return fields[step]
    near = _unknown_field(schema).find_near(step) or (_find_containing(step, fields) if before else None)
    meant = None if near is None else format_path((*steps[:position], near, *steps[position + 1 :]))
    if not before:
        raise UnknownFieldError("no field", meant)
    listed = "" if near else f"; its fields are {', '.join(fields)}"
    raise UnknownFieldError(f"{before} has no field {step}{listed}", meant)


def _find_containing(name: str, fields: Iterable[str]) -> str | None:
    """The field whose name contains this one, or is a part of it: identityDocumentType for documentType."""
    sought = name.lower()
    long_names = [field for field in fields if min(len(field), len(sought)) >= _MIN_PART]
    near = (field for field in long_names if sought in field.lower() or field.lower() in sought)
    return min(near, key=lambda field: abs(len(field) - len(name)), default=None)


def _missing_index(steps: Path, position: int) -> UnknownFieldError:
    """The error of a list that is followed by a name: `listAddress.country`."""
    meant = format_path((*steps[:position], 0, *steps[position:]))
    return UnknownFieldError(f"{format_path(steps[:position])} is a list", meant)


@cache
def _unknown_field(schema: str | None) -> UnknownField:
    return make_unknown_field(list_fields(schema))


def _split(text: str) -> Path:
    if len(text) > _MAX_LENGTH:
        raise UnknownFieldError("the name is too long")
    is_pointer = text.startswith("/")
    parts = text[1:].split("/") if is_pointer else text.split(".")
    steps: list[Step] = []
    for part in parts:
        if _NUMBER.fullmatch(part):
            steps.append(int(part))
        elif _NAMED.fullmatch(part) and not (is_pointer and "[" in part):
            steps.append(part.partition("[")[0])
            steps += [int(index) if index else EVERY for index in _INDEX.findall(part)]
        else:
            # A name as it stands, so that the error can say what is near.
            return (text,)
    return tuple(steps)
