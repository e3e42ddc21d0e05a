"""Suggestions: writes a mapping for a file of another system, with its doubts as comments."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from muster.customer.schema import Field, MandatoryWhen
from muster.customer.value_types import ClassifierCode, Enum, NestedList
from muster.loads.mapping.field_paths import FieldPath, list_fields, parse_field_path
from muster.loads.mapping.field_readers import FieldReader
from muster.loads.mapping.field_tree import FieldTree
from muster.loads.mapping.header_words import CONTACT_TYPES
from muster.loads.mapping.name_matching import NameMatch, is_full_name, match_name, to_words
from muster.loads.mapping.value_guesses import ColumnGuess, guess_column, guess_null_words
from muster.loads.refused_rows import REFUSED_COLUMNS

_MAX_SAMPLE_CELLS: Final = 1000
_ELEMENT: Final = re.compile(r"\](?=\.)")
_WIDTH: Final = 44  # characters before a comment


@dataclass(slots=True)
class _Column:
    header: str
    cells: list[str]
    match: NameMatch | None = None
    path: FieldPath | None = None
    guess: ColumnGuess = field(default_factory=ColumnGuess)
    is_ambiguous: bool = False

    @property
    def doubts(self) -> list[str]:
        doubt = self.match.doubt if self.match else None
        return [*((doubt,) if doubt else ()), *self.guess.doubts]


def suggest_mapping(
    header: Sequence[str], sample_rows: Sequence[Sequence[str | None]], titles: Mapping[str, Mapping[str, str]]
) -> str:
    """A mapping in TOML for a file with this header, from its names and the cells of some rows.

    `titles` has the codes of each classifier with their titles. The mapping can be used with the file as it is; what a
    person should look at is said in comments, which may have texts of cells of code lists, and of no other columns.
    """
    rows = sample_rows[:_MAX_SAMPLE_CELLS]
    null_words = guess_null_words(cell for row in rows for cell in row)
    columns = _read_columns(header, rows, frozenset(null_words))
    _match_all(columns)
    for column in columns:
        if column.path is not None:
            name = str(column.path.steps[-1])
            column.guess = guess_column(name, column.path.value_type, column.cells, titles)
    return "\n".join(_write(columns, null_words)) + "\n"


def _read_columns(
    header: Sequence[str], rows: Sequence[Sequence[str | None]], null_words: frozenset[str]
) -> list[_Column]:
    """The columns with a name, each name once: a mapping can't tell two of the same name apart."""
    counts = Counter(name.strip() for name in header)
    columns: dict[str, _Column] = {}
    for index, name in enumerate(header):
        texts = (row[index] or "" for row in rows if index < len(row))
        cells = [text for text in texts if text.strip() and text.strip() not in null_words]
        if name.strip() and name.strip() not in REFUSED_COLUMNS:
            column = columns[name.strip()] = _Column(name.strip(), cells)
            if counts[column.header] > 1:
                column.is_ambiguous = True
                column.guess.doubts.append("several columns have this name: rename one")
    return list(columns.values())


def _match_all(columns: Sequence[_Column]) -> None:
    """Gives each column its field. The first of several columns for one field gets it."""
    taken: dict[str, str] = {}
    tree = FieldTree()
    elements: dict[str, list[str]] = {}
    # Columns that are fields by their names come first: they need no mapping, and nothing else may take their fields.
    matches = [(column, match_name(column.header)) for column in columns]
    for column, match in sorted(matches, key=lambda each: not _is_own_name(each[0].header)):
        if match is None or column.is_ambiguous:
            continue
        path_text = match.path
        if "#" in path_text:
            list_name = path_text.partition("[")[0]
            known = elements.setdefault(list_name, [])
            # Each contact is an element of its own; a word or a number in the header tells the other elements apart.
            element = column.header if list_name == "listContact" else match.element
            if element not in known:
                known.append(element)
            path_text = path_text.replace("#", str(known.index(element)))
        if path_text in taken:
            column.guess.doubts.append(f"looks like {path_text}, too, which {taken[path_text]} has")
            continue
        path = parse_field_path(path_text)
        try:
            tree.add(FieldReader(path, ()))
        except ValueError as error:
            column.guess.doubts.append(f"looks like {path_text}, which {error}")
            continue
        taken[path_text] = column.header
        column.match, column.path = match, path


def _write(columns: Sequence[_Column], null_words: Sequence[str]) -> Iterator[str]:
    mapped = [column for column in columns if column.path is not None]
    date_format = _find_common(column.guess.date_format for column in mapped)
    has_comma = any(column.guess.decimal_comma for column in mapped)
    yield "# A suggestion by the names and the first rows of the file. Read every line, and try it with --dry-run."
    if date_format is not None:
        yield f"date_format = {_quote(date_format)}"
    if has_comma:
        yield "decimal_comma = true"
    if null_words:
        yield f"null_words = [{', '.join(map(_quote, null_words))}]"
    yield from _write_group(columns)
    yield from _write_ignored([column for column in columns if column.path is None])
    yield ""
    yield "[fields]"
    for column in mapped:
        yield from _write_column(column, date_format)
    yield from _write_contact_types(mapped)
    yield from _write_missing(columns)


def _write_ignored(columns: Sequence[_Column]) -> Iterator[str]:
    if not columns:
        return
    yield "# No field was found for these columns:"
    yield "ignore = ["
    for column in columns:
        doubts = ["probably firstName and lastName: split it"] if is_full_name(column.header) else column.guess.doubts
        yield _comment(f"    {_quote(column.header)},", doubts)
    yield "]"


def _write_group(columns: Sequence[_Column]) -> Iterator[str]:
    """A customer with several rows, when the sample has one."""
    for column in columns:
        if column.path is not None and column.path.steps == ("customerExtId",) and len(column.cells) > 1:
            if any(cell == after for cell, after in zip(column.cells, column.cells[1:], strict=False)):
                yield _comment(f"group_by = {_quote(column.header)}", ["rows repeat it: each adds elements to lists"])
            elif len(set(column.cells)) < len(column.cells):
                yield _comment("#", [f"{column.header} repeats in rows apart from each other: sort them, use group_by"])


def _write_column(column: _Column, date_format: str | None) -> Iterator[str]:
    path, guess = str(column.path), column.guess
    keys = [f"column = {_quote(column.header)}"]
    if guess.date_format not in (None, date_format):
        keys.append(f"date_format = {_quote(str(guess.date_format))}")
    if guess.values:
        pairs = ", ".join(f"{_quote(text)} = {_write_scalar(value)}" for text, value in guess.values.items())
        keys.append(f"values = {{ {pairs} }}")
    if len(keys) > 1:
        yield _comment(f"{_write_key(path)} = {{ {', '.join(keys)} }}", column.doubts)
    elif column.header != path or column.doubts:
        yield _comment(f"{_write_key(path)} = {_quote(column.header)}", column.doubts)


def _write_contact_types(mapped: Sequence[_Column]) -> Iterator[str]:
    """The type of each contact, by a word of its header."""
    taken = {str(column.path) for column in mapped}
    for column in mapped:
        path = str(column.path)
        type_path = path.replace(".contactDetails", ".contactType")
        if type_path != path and type_path not in taken:
            words = to_words(column.header)
            contact_type = next((each for word, each in CONTACT_TYPES.items() if word in words), None)
            doubts = [] if contact_type else ["the header does not tell the type"]
            yield _comment(f"{_write_key(type_path)} = {{ constant = {_quote(contact_type or 'EMAIL')} }}", doubts)


def _write_missing(columns: Sequence[_Column]) -> Iterator[str]:
    """Mandatory fields that no column has. The file has no values for them, so most lines are comments."""
    taken = {column.path.steps[0] for column in columns if column.path is not None}
    is_person = bool({"firstName", "lastName", "birthDate"} & taken)
    is_organization = bool({"title", "registrationCountry", "legalForm"} & taken)
    entity_type = "INDIVIDUAL" if is_person else "ORGANIZATION"
    is_one_type = is_person != is_organization
    if "communicationNumber" not in taken:
        yield _comment('communicationNumber = { template = "{job}-{row}" }', ["no column has it"])
    if "requester" not in taken:
        yield _comment('requester = { constant = "core-banking" }', ["name your system"])
    if "entityType" not in taken and is_one_type:
        yield _comment(f'entityType = {{ constant = "{entity_type}" }}', ["no column has it"])
        taken |= {"entityType"}
    for name, each in list_fields(None).items():
        if name in taken or name in ("communicationNumber", "requester") or not _is_mandatory(each):
            continue
        if _belongs(name, is_person=is_person, is_organization=is_organization):
            yield _write_missing_field(name, each)
    yield from _write_missing_in_lists(columns, entity_type if is_one_type else None)


def _write_missing_in_lists(columns: Sequence[_Column], customer: str | None) -> Iterator[str]:
    """Mandatory fields of the elements of lists that other fields of the element have columns for.

    `customer` is the entityType of the customers, None when they may have either.
    """
    taken = {str(column.path) for column in columns if column.path is not None}
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
                yield _write_missing_field(path, fields[name], when)


def _is_mandatory(each: Field) -> bool:
    is_plain = not isinstance(each.value_type, NestedList)
    return is_plain and isinstance(each.mandatory, MandatoryWhen) and each.mandatory.customer is None


def _write_missing_field(path: str, each: Field, when: str = "") -> str:
    is_code = isinstance(each.value_type, Enum | ClassifierCode)
    source = f"{{ constant = {_quote(str(each.example))} }}" if is_code else '"…"'
    return f"# {_write_key(path)} = {source}  # mandatory{when}, and no column was found: name it"


def _belongs(name: str, *, is_person: bool, is_organization: bool) -> bool:
    """Whether the customers of the file have a field: those of the other type are left out."""
    if name in list_fields("Individual"):
        return is_person
    return is_organization if name in list_fields("Organization") else True


def _is_own_name(header: str) -> bool:
    match = match_name(header)
    return match is not None and match.path == header


def _find_common(formats: Iterable[str | None]) -> str | None:
    counts = Counter(each for each in formats if each is not None)
    return counts.most_common(1)[0][0] if counts else None


def _comment(line: str, doubts: Sequence[str]) -> str:
    """The line with its doubts. A doubt may name a header, so line ends are taken out."""
    if not doubts:
        return line
    text = "; ".join(doubts)
    return f"{line:<{_WIDTH}}  # check: {''.join(letter if letter.isprintable() else ' ' for letter in text)}"


def _write_key(path: str) -> str:
    return path if path.isalnum() and path.isascii() else _quote(path)


def _write_scalar(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else _quote(str(value))


def _quote(text: str) -> str:
    """A basic string of TOML, whose escapes are those of JSON. TOML wants DEL escaped, too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
