"""Mandatory fields that no column of a file has."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from muster.customer.schema import Field, MandatoryWhen
from muster.customer.value_types import NestedList
from muster.loads.mapping.field_paths import FieldPath, list_fields, parse_field_path

_ELEMENT: Final = re.compile(r"\](?=\.)")


@dataclass(frozen=True, slots=True)
class MissingField:
    """A mandatory field without a column. `when` says under which condition it is mandatory, empty for always.

    `rule` is what a mapping can say instead, None where only a person knows; `doubt` is what to check about it.
    """

    path: str
    field: Field
    when: str = ""
    rule: Mapping[str, str] | None = None
    doubt: str = ""


def list_missing_fields(paths: Sequence[FieldPath]) -> Iterator[MissingField]:
    """The mandatory fields of customers that have these fields."""
    taken = {path.steps[0] for path in paths}
    fields = list_fields(None)
    is_person = bool({"firstName", "lastName", "birthDate"} & taken)
    is_organization = bool({"title", "registrationCountry", "legalForm"} & taken)
    entity_type = "INDIVIDUAL" if is_person else "ORGANIZATION"
    is_one_type = is_person != is_organization
    guesses = {
        "communicationNumber": ({"template": "{job}-{row}"}, "no column has it"),
        "requester": ({"constant": "core-banking"}, "name your system"),
        **({"entityType": ({"constant": entity_type}, "no column has it")} if is_one_type else {}),
    }
    for name, (rule, doubt) in guesses.items():
        if name not in taken:
            yield MissingField(name, fields[name], rule=rule, doubt=doubt)
    for name, each in fields.items():
        if name in taken or name in guesses or not _is_mandatory(each):
            continue
        if _belongs(name, is_person=is_person, is_organization=is_organization):
            yield MissingField(name, each)
    yield from _list_missing_in_lists(paths, entity_type if is_one_type else None)


def _list_missing_in_lists(paths: Sequence[FieldPath], customer: str | None) -> Iterator[MissingField]:
    """Mandatory fields of the elements of lists that other fields of the element have columns for.

    `customer` is the entityType of the customers, None when they may have either.
    """
    taken = {str(path) for path in paths}
    for element in sorted({path[: match.end()] for path in taken for match in _ELEMENT.finditer(path)}):
        fields = list_fields(getattr(parse_field_path(element).value_type, "schema", None))
        rules = {name: each.mandatory for name, each in fields.items() if isinstance(each.mandatory, MandatoryWhen)}
        entities = {rule.entity for name, rule in rules.items() if f"{element}.{name}" in taken} - {None}
        entity = entities.pop() if len(entities) == 1 else None
        for name, rule in rules.items():
            path = f"{element}.{name}"
            if (
                rule.holds(customer or rule.customer, entity or rule.entity)
                and path not in taken
                and name != "contactType"
            ):
                when = "" if rule.holds(customer, entity) else f" {rule.description}"
                yield MissingField(path, fields[name], when)


def _is_mandatory(each: Field) -> bool:
    is_plain = not isinstance(each.value_type, NestedList)
    return is_plain and isinstance(each.mandatory, MandatoryWhen) and each.mandatory.customer is None


def _belongs(name: str, *, is_person: bool, is_organization: bool) -> bool:
    """Whether the customers of the file have a field: those of the other type are left out."""
    if name in list_fields("Individual"):
        return is_person
    return is_organization if name in list_fields("Organization") else True
