"""Mappings as they are written: the keys of a mapping file, and their validation.

The shape is the same in TOML and in JSON. `docs/mapping.md` describes it for those who write one.
"""

import datetime
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from muster.customer.field_names import make_unknown_field
from muster.loads.mapping.errors import InvalidMappingError

Scalar = str | int | float | bool

# A mapping comes from a sender, and what it adds to each row is not counted when rows are read.
MAX_MAPPING_BYTES: Final = 1024 * 1024
MAX_TEXT_LENGTH: Final = 1000
MAX_ADDED_CHARACTERS: Final = 10_000  # that constants, defaults and templates add to a row


class FieldMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the value of one field comes from, and how it is read. None stands for what the mapping does not say."""

    column: str | None = None
    columns: tuple[str, ...] | None = None
    joined_by: str = " "
    constant: Scalar | None = None
    template: str | None = None
    split: str | None = None
    part: int | None = None
    values: dict[str, Scalar] | None = None
    if_other: Scalar | None = None
    refuse_other: bool = False
    if_empty: Scalar | None = None
    date_format: str | None = None
    decimal_comma: bool | None = None
    null_words: tuple[str, ...] | None = None


class TableMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The columns of one file or sheet."""

    fields: dict[str, FieldMapping] = {}
    ignore: tuple[str, ...] = ()
    ignore_other_columns: bool = False
    date_format: str | None = None
    decimal_comma: bool = False
    null_words: tuple[str, ...] = ()


class JoinedTable(TableMapping, frozen=True, forbid_unknown_fields=True):
    """Another file or sheet, whose rows belong to customers. `key` is its column with their customerExtId.

    `ignore_unmatched` leaves out the rows of customers that the main file does not have.
    """

    key: str = ""
    file: str | None = None
    sheet: str | None = None
    ignore_unmatched: bool = False


class FileMapping(TableMapping, frozen=True, forbid_unknown_fields=True):
    """The mapping of a file. Consecutive rows with the same cells in the columns `group_by` are one customer."""

    group_by: tuple[str, ...] = ()
    join: tuple[JoinedTable, ...] = ()


_INHERITED: Final = ("date_format", "decimal_comma", "null_words")
_SOURCES: Final = ("column", "columns", "constant", "template")


def parse_mapping(toml_text: str) -> dict[str, Any]:
    """A mapping in its JSON shape, from its TOML. Raises `InvalidMappingError` with the line."""
    if len(toml_text) > MAX_MAPPING_BYTES:
        raise InvalidMappingError(["the mapping is larger than 1 MiB"])
    try:
        # A float becomes the text that stands in the file, so that it keeps its digits.
        return {
            key: _to_json(value)
            for key, value in tomllib.loads(toml_text, parse_float=lambda text: text.replace("_", "")).items()
        }
    except tomllib.TOMLDecodeError as error:
        raise InvalidMappingError([f"the mapping is not TOML: {error}"]) from None
    except RecursionError:
        raise InvalidMappingError(["the mapping nests too deep"]) from None


def _to_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _to_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_to_json(each) for each in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return value


def read_specification(mapping: Mapping[str, Any]) -> FileMapping:
    """The mapping with its keys and types checked. Raises `InvalidMappingError` with all that is wrong."""
    problems = _find_unusable_texts(mapping)
    if problems:
        raise InvalidMappingError(problems)
    content = dict(mapping)
    if isinstance(content.get("group_by"), str):
        content["group_by"] = [content["group_by"]]
    joins = content.pop("join", [])
    if isinstance(joins, Mapping):
        joins = [joins]
    if not isinstance(joins, list | tuple):
        problems.append("join: write a table [[join]]")
        joins = []
    joined = tuple(
        table
        for number, join in enumerate(joins)
        if (table := _read_join(join, content, f"join[{number}]", problems)) is not None
    )
    table = _read_table(content, FileMapping, "", problems, also_known=("join",))
    if problems or table is None:
        raise InvalidMappingError(problems)
    specification: FileMapping = msgspec.structs.replace(table, join=joined)
    return specification


def _read_join(join: Any, main: Mapping[str, Any], path: str, problems: list[str]) -> JoinedTable | None:
    """A joined table, which reads cells as the main file does unless it says otherwise."""
    if isinstance(join, Mapping):
        join = {name: main[name] for name in _INHERITED if name in main} | dict(join)
    table: JoinedTable | None = _read_table(join, JoinedTable, path, problems)
    if table is not None and not (table.key and (table.file or table.sheet)):
        problems.append(f"{path}: write key, and file or sheet")
    return table


def _read_table(
    content: Any, table_type: type[Any], path: str, problems: list[str], also_known: tuple[str, ...] = ()
) -> Any:
    """A table as `table_type`; None when it is not one. Adds to `problems`."""
    if not isinstance(content, Mapping):
        problems.append(f"{path}: write a table")
        return None
    before = f"{path}." if path else ""
    content = dict(content)
    fields = content.pop("fields", {})
    known = [name for name in table_type.__struct_fields__ if name not in also_known]
    _check_keys(content, known, before, problems)
    rules = {}
    if isinstance(fields, Mapping):
        for name, value in fields.items():
            rule = _read_field(value, f"{before}fields.{_quote(name)}", problems)
            if rule is not None:
                rules[name] = rule
    else:
        problems.append(f"{before}fields: write a table [{before}fields]")
    table = _convert({key: value for key, value in content.items() if key in known}, table_type, path, problems)
    if sum(map(_count_added, rules.values())) > MAX_ADDED_CHARACTERS:
        problems.append(f"{before}fields: what they add to each row has more than {MAX_ADDED_CHARACTERS} characters")
    return None if table is None else msgspec.structs.replace(table, fields=rules)


def _read_field(value: Any, path: str, problems: list[str]) -> FieldMapping | None:
    if isinstance(value, str):
        return FieldMapping(column=value)
    if not isinstance(value, Mapping):
        problems.append(f"{path}: write the name of a column, or a table such as {{ constant = ... }}")
        return None
    count = len(problems)
    _check_keys(value, FieldMapping.__struct_fields__, f"{path}.", problems)
    if len(problems) > count:
        return None
    rule: FieldMapping | None = _convert(value, FieldMapping, path, problems)
    if rule is not None:
        problems += [f"{path}: {problem}" for problem in _find_contradictions(rule, value)]
    return rule


def _check_keys(content: Mapping[Any, Any], known: Iterable[str], before: str, problems: list[str]) -> None:
    names = tuple(known)
    unknown = make_unknown_field(names)
    for key in content:
        if key not in names:
            near = unknown.find_near(str(key))
            hint = f"did you mean {near}?" if near else f"the keys are {', '.join(names)}"
            problems.append(f"{before}{_quote(str(key))}: there is no such key; {hint}")


def _convert(content: Mapping[str, Any], to: type[Any], path: str, problems: list[str]) -> Any:
    try:
        return msgspec.convert(content, to)
    except msgspec.ValidationError as error:
        # The text of msgspec ends with the place: "Expected `bool`, got `str` - at `$.decimal_comma`".
        what, _, place = str(error).partition(" - at `$")
        location = (path + place.rstrip("`")).removeprefix(".")
        problems.append(f"{location or 'mapping'}: {what[:1].lower()}{what[1:]}".replace("`", ""))
        return None


def _find_contradictions(rule: FieldMapping, written: Mapping[str, Any]) -> Iterable[str]:
    sources = [name for name in _SOURCES if getattr(rule, name) is not None]
    if len(sources) != 1:
        yield f"write one of {', '.join(_SOURCES)}" + (f", not {' and '.join(sources)}" if sources else "")
    if rule.columns is not None and not rule.columns:
        yield "columns names no column"
    if sources == ["constant"] and len(written) > 1:
        yield "a constant takes no other keys"
    if "joined_by" in written and rule.columns is None:
        yield "joined_by belongs to columns"
    if rule.part is not None and (rule.split is None or rule.part < 1):
        yield "part is the number of a part from 1, and needs split"
    if rule.split == "":
        yield "split is empty"
    if rule.values is None and (rule.if_other is not None or rule.refuse_other):
        yield "if_other and refuse_other belong to values"
    if rule.if_other is not None and rule.refuse_other:
        yield "write if_other or refuse_other, not both"


def _find_unusable_texts(mapping: Mapping[str, Any]) -> list[str]:
    """Texts that are too long, or no Unicode, in a mapping of any shape. Walks it without recursion."""
    waiting: list[tuple[str, Any]] = [("mapping", mapping)]
    problems: list[str] = []
    while waiting and len(problems) < 20:
        path, value = waiting.pop()
        if isinstance(value, str) and len(value) > MAX_TEXT_LENGTH:
            problems.append(f"{path}: has a text of more than {MAX_TEXT_LENGTH} characters")
        elif isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
            problems.append(f"{path}: has half of a surrogate pair, which is no character")
        elif isinstance(value, Mapping):
            for key, each in value.items():
                waiting += (path, key), (f"{path}.{_quote(str(key))}"[:200], each)
        elif isinstance(value, list | tuple):
            waiting += ((path, each) for each in value)
    return problems


def _count_added(rule: FieldMapping) -> int:
    """The characters that a field has beside those of its cells, at most."""
    mapped = max((len(str(value)) for value in (rule.values or {}).values()), default=0)
    others = (rule.constant, rule.if_empty, rule.if_other, rule.template)
    return mapped + sum(len(str(value)) for value in others if value is not None)


def _quote(name: str) -> str:
    """A key as TOML writes it, cut to the length of a line."""
    name = name[:80].encode(errors="replace").decode()
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else f'"{name}"'
