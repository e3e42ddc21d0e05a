"""The fields of customers that a column of a file may stand for, by name, with words to search them by."""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

from muster.customer.fields import SCHEMAS_BY_TYPE
from muster.loads.mapping.field_paths import FieldPath
from muster.loads.template import ALL, make_template_columns

_WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Lists of which files often have a second element.
_REPEATED: Final = ("listContact[", "listAddress[", "listBusinessEntityDocument[")
_TYPE_TITLES: Final = {"INDIVIDUAL": "Person", "ORGANIZATION": "Organization"}


class FieldChoice(NamedTuple):
    """A field: its path as a header has it, and what it means, after the part of the customer that it belongs to."""

    path: str
    title: str


@cache
def list_field_choices() -> Sequence[FieldChoice]:
    """The plain fields of customers of both types, of the first elements of lists, and of some second ones."""
    meanings: dict[str, str] = {}
    for entity_type in SCHEMAS_BY_TYPE:
        for column in make_template_columns(entity_type, defaultdict(dict), [ALL]):
            meanings.setdefault(column.name, column.note.partition("\n")[0])
    choices = []
    for path, meaning in meanings.items():
        choices.append(FieldChoice(path, f"{_describe_group(path)}: {meaning}"))
        if path.startswith(_REPEATED):
            second = path.replace("[0]", "[1]", 1)
            choices.append(FieldChoice(second, f"{_describe_group(second)}: {meaning}"))
    return sorted(choices, key=lambda choice: ("." in choice.path, choice.path.partition("]")[0]))


def describe_field(path: FieldPath) -> str:
    """What a field means, in one line."""
    return path.field.meaning if path.field is not None else ""


def _describe_group(path: str) -> str:
    """`Address 1` for `listAddress[0].country`."""
    first, _, rest = path.partition(".")
    if not rest:
        owners = [title for of, title in _TYPE_TITLES.items() if path in {f.name for f in SCHEMAS_BY_TYPE[of].fields}]
        return owners[0] if len(owners) == 1 else "Customer"
    name, _, index = first.partition("[")
    words = _WORD.sub(" ", name.removeprefix("list")).lower().capitalize()
    return f"{words} {int(index.rstrip(']')) + 1}" if index else words
