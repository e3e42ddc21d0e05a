"""Templates: empty files to enter customers in, with what each column takes. Derived from the field tables."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, Final, NamedTuple

from muster.customer.fields import SCHEMAS, SCHEMAS_BY_TYPE
from muster.customer.schema import Field, MandatoryByRule, MandatoryWhen
from muster.customer.value_types import Boolean, ClassifierCode, Enum, Nested, NestedList, ScreeningList, ValueType
from muster.loads.mapping.field_paths import FieldPath, UnknownFieldError, format_path, list_fields, parse_field_path
from muster.loads.mapping.table_plan import describe_unknown_field

# Words of `--fields` that stand for several ones.
MANDATORY: Final = "mandatory"
ALL: Final = "all"
# The lists that most customers have. A template without a choice of fields has one element of each.
_USUAL_LISTS: Final = ("listContact", "listAddress", "listBusinessEntityDocument")


class TemplateColumn(NamedTuple):
    """A column of a template: the path of its field, what people should know, and the codes to choose from, if any."""

    name: str
    note: str
    codes: tuple[str, ...] = ()
    is_mandatory: bool = False


class InvalidTemplateError(Exception):
    """A field that was asked for does not exist, or a customer of this type does not have it."""


# The codes of each classifier, with their titles.
Titles = Mapping[str, Mapping[str, str]]


def make_template_columns(
    entity_type: str, titles: Titles, fields: Sequence[str] | None = None
) -> Sequence[TemplateColumn]:
    """The columns for customers of one entityType.

    `fields` has paths of fields, of objects and of lists, `mandatory` and `all`. A list stands for its first element.
    None stands for the fields that customers usually have. Raises `InvalidTemplateError`.
    """
    paths: dict[str, FieldPath] = {}
    for text in fields if fields is not None else _list_usual(entity_type):
        for path in _expand(text.strip(), entity_type):
            paths.setdefault(str(path), path)
    return [_make_column(path, entity_type, titles) for path in paths.values()]


def write_template_csv(columns: Sequence[TemplateColumn], output: BinaryIO) -> None:
    """Writes the header, which is ASCII. Programs would take a byte order mark for a part of the first name."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(column.name for column in columns)
    output.write(text.getvalue().encode())


def _list_customer_fields(entity_type: str) -> Sequence[Field]:
    return (*SCHEMAS["Customer"].fields, *SCHEMAS_BY_TYPE[entity_type].fields)


def _list_usual(entity_type: str) -> Iterator[str]:
    for field in _list_customer_fields(entity_type):
        if not isinstance(field.value_type, NestedList | Nested | ScreeningList):
            yield field.name
    yield from _USUAL_LISTS


def _expand(text: str, entity_type: str) -> Iterator[FieldPath]:
    if text == MANDATORY:
        for field in _list_customer_fields(entity_type):
            if _is_mandatory(field, entity_type):
                yield parse_field_path(field.name)
        return
    if text == ALL:
        for field in _list_customer_fields(entity_type):
            if not isinstance(field.value_type, ScreeningList):
                yield from _expand_path(parse_field_path(field.name))
        return
    try:
        path = parse_field_path(text)
    except UnknownFieldError as error:
        raise InvalidTemplateError(f"{text[:80]}: {describe_unknown_field(error)}") from None
    if path.steps[0] not in {field.name for field in _list_customer_fields(entity_type)}:
        raise InvalidTemplateError(f"{path} is no field of {entity_type} customers")
    yield from _expand_path(path)


def _expand_path(path: FieldPath) -> Iterator[FieldPath]:
    """The plain fields at a path: those of an object, and those of the first element of a list."""
    value_type = path.value_type
    if isinstance(value_type, NestedList | ScreeningList):
        path = parse_field_path(f"{path}[0]")
        value_type = path.value_type
    if not isinstance(value_type, Nested):
        yield path
        return
    for name, field in list_fields(value_type.schema).items():
        inner = parse_field_path(format_path((*path.steps, name)))
        if isinstance(field.value_type, Nested):
            yield from _expand_path(inner)
        elif not isinstance(field.value_type, NestedList):  # lists of a related entity are asked for by name
            yield inner


def _make_column(path: FieldPath, entity_type: str, titles: Titles) -> TemplateColumn:
    field, value_type = path.field, path.value_type
    codes = _list_codes(value_type, titles)
    if path.steps == ("entityType",):
        codes = (entity_type,)
    meaning = field.meaning if field is not None else ""
    mandatory = "optional" if field is None else _describe_mandatory(field, entity_type)
    note = f"{meaning}\nExpected: {_describe_expected(value_type)}\n{mandatory[:1].upper()}{mandatory[1:]}"
    return TemplateColumn(str(path), note.strip(), codes, mandatory == "mandatory" and len(path.steps) == 1)


def _describe_expected(value_type: ValueType) -> str:
    if isinstance(value_type, ClassifierCode):
        return f"a code of the classifier {value_type.classifier}"
    return value_type.expected


def _list_codes(value_type: ValueType, titles: Titles) -> tuple[str, ...]:
    if isinstance(value_type, Enum):
        return value_type.values
    if isinstance(value_type, Boolean):
        return ("true", "false")
    if isinstance(value_type, ClassifierCode):
        is_forbidden = value_type.is_forbidden
        return tuple(code for code in titles[value_type.classifier] if is_forbidden is None or not is_forbidden(code))
    return ()


def _is_mandatory(field: Field, entity_type: str) -> bool:
    return isinstance(field.mandatory, MandatoryWhen) and field.mandatory.holds(entity_type, entity_type)


def _describe_mandatory(field: Field, entity_type: str) -> str:
    """`mandatory`, its condition, or `optional`. A condition on the customer's type is decided here."""
    rule = field.mandatory
    if isinstance(rule, MandatoryByRule):
        return f"mandatory {rule.description}"
    if rule is None or rule.customer not in (None, entity_type):
        return "optional"
    return "mandatory" if rule.entity is None else f"mandatory when entityType = {rule.entity}"
