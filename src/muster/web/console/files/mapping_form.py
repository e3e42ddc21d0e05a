"""A mapping as a form: a field for each column, and constants for fields without one. To and from its JSON shape."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from muster.customer.value_types import Boolean, ClassifierCode, Date, Enum, ValueType
from muster.loads.column_letters import to_column_letters
from muster.loads.mapping.field_paths import FieldPath, UnknownFieldError, parse_field_path
from muster.loads.mapping.missing_fields import MissingField, list_missing_fields
from muster.loads.mapping.specification import FieldMapping, FileMapping
from muster.loads.mapping.suggested_columns import SuggestedColumn
from muster.loads.mapping.table_plan import describe_unknown_field
from muster.loads.refused_rows import REFUSED_COLUMNS
from muster.web.console.files.field_choices import describe_field
from muster.web.console.forms import Form
from muster.web.console.texts import text

# Each column has up to three fields, and a form may have 2,000.
MAX_FORM_COLUMNS: Final = 400
MAX_CONSTANTS: Final = 60
_FREE_CONSTANTS: Final = 2
_SAMPLES: Final = 3
_MAX_SAMPLE_LENGTH: Final = 60
# What the form can show of a field, and of a mapping as a whole.
_FORM_KEYS: Final = ("column", "values", "date_format", "constant", "template")
_TEMPLATE_MARK: Final = "{"


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column that can be mapped: where it is, its first values, and what was chosen for it.

    `values` has a line for each text of a cell that stands for a code: `text = code`.
    """

    index: int
    header: str
    samples: tuple[str, ...]
    field: str = ""
    values: str = ""
    date_format: str = ""
    meaning: str = ""
    doubts: tuple[str, ...] = ()

    @property
    def letters(self) -> str:
        return to_column_letters(self.index)

    @property
    def takes_codes(self) -> bool:
        """Whether texts of the column may stand for codes."""
        return bool(self.values) or isinstance(find_type(self.field), Boolean | Enum | ClassifierCode)

    @property
    def takes_dates(self) -> bool:
        return bool(self.date_format) or isinstance(find_type(self.field), Date)


class LeftOutColumn(NamedTuple):
    """A column that can't be mapped: others have its name, or it has none."""

    letters: str
    header: str


@dataclass(frozen=True, slots=True)
class ConstantChoice:
    """A field that no column has, and its value for all customers, or a template in braces.

    `is_mandatory` says that customers need it. An empty `field` is one that the user may add.
    """

    field: str = ""
    value: str = ""
    meaning: str = ""
    is_mandatory: bool = False
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class MappingForm:
    """All that the form shows."""

    columns: Sequence[ColumnChoice]
    left_out: Sequence[LeftOutColumn] = ()
    constants: Sequence[ConstantChoice] = ()
    date_format: str = ""
    decimal_comma: bool = False
    null_words: str = ""
    group_by: str = ""


@dataclass(slots=True)
class _Choices:
    """What a mapping says of each column, by its name, and of fields without one."""

    fields: dict[str, str] = field(default_factory=dict)
    rules: dict[str, FieldMapping] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)


def list_columns(header: Sequence[str], cells: Sequence[Sequence[str | None]]) -> MappingForm:
    """The columns of a file, with their first values, and nothing chosen."""
    counts = Counter(name.strip() for name in header)
    columns: list[ColumnChoice] = []
    left_out: list[LeftOutColumn] = []
    for index, written in enumerate(header):
        name = written.strip()
        if name in REFUSED_COLUMNS:
            continue
        if not name or counts[name] > 1:
            left_out.append(LeftOutColumn(to_column_letters(index), name))
        else:
            columns.append(ColumnChoice(index, name, _take_samples(cells, index)))
    return MappingForm(columns, left_out)


def fill_form(
    empty: MappingForm, mapping: FileMapping, suggestions: Sequence[SuggestedColumn] = ()
) -> MappingForm | None:
    """The form with what a mapping says; None when the form can't show all of it. `suggestions` add their doubts."""
    choices = _read_choices(mapping)
    if choices is None:
        return None
    doubts = {column.header: tuple(column.doubts) for column in suggestions}
    columns = [
        replace(_fill_column(column, mapping, choices), doubts=doubts.get(column.header, ()))
        for column in empty.columns
    ]
    return replace(
        empty,
        columns=columns,
        constants=sorted(_list_constants(columns, choices.constants), key=_rank),
        date_format=mapping.date_format or "",
        decimal_comma=mapping.decimal_comma,
        null_words=", ".join(mapping.null_words),
        group_by=mapping.group_by[0] if mapping.group_by else "",
    )


def read_choices(
    form: Form, empty: MappingForm, known: MappingForm | None = None
) -> tuple[MappingForm, dict[str, Any]]:
    """The form as it was sent, and its mapping. What is wrong is added to the errors of the form.

    Columns that were not sent, because a page has a part of them, stay as they are `known`.
    """
    others = {column.index: column for column in known.columns} if known is not None else {}
    columns = [
        _read_column(form, column) if f"field-{column.index}" in form.values else others.get(column.index, column)
        for column in empty.columns
    ]
    sent = [(form.get(f"constant-field-{n}"), form.get(f"constant-{n}")) for n in range(MAX_CONSTANTS)]
    constants = {name: value for name, value in sent if name or value}
    for number, name in enumerate(constants):
        _check_constant(form, number, name)
    filled = replace(
        empty,
        columns=columns,
        constants=_list_constants(columns, constants),
        date_format=form.get("date-format"),
        decimal_comma=bool(form.get("decimal-comma")),
        null_words=form.get("null-words"),
        group_by=form.get("group-by"),
    )
    return filled, _build_mapping(form, filled, constants)


def find_type(name: str) -> ValueType | None:
    """The type of the field at a path; None for one that does not exist."""
    path = _parse(name)
    return path.value_type if path is not None else None


def _take_samples(cells: Sequence[Sequence[str | None]], index: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for row in cells:
        if index < len(row) and (shown := (row[index] or "").strip()):
            found[_cut(shown)] = None
            if len(found) == _SAMPLES:
                break
    return tuple(found)


def _cut(value: str) -> str:
    return value if len(value) <= _MAX_SAMPLE_LENGTH else f"{value[:_MAX_SAMPLE_LENGTH]}…"


def _read_choices(mapping: FileMapping) -> _Choices | None:
    """None for a mapping that has more than the form."""
    if mapping.join or len(mapping.group_by) > 1:
        return None
    choices = _Choices()
    for path, rule in mapping.fields.items():
        default = FieldMapping()
        used = {key for key in rule.__struct_fields__ if getattr(rule, key) != getattr(default, key)}
        if not used.issubset(_FORM_KEYS):
            return None
        if rule.column is not None:
            name = rule.column.strip()
            if name in choices.fields:
                return None
            choices.fields[name], choices.rules[name] = path, rule
        else:
            value = rule.constant if rule.constant is not None else rule.template
            choices.constants[path] = _write_scalar(value)
    return choices if len(choices.constants) <= MAX_CONSTANTS - _FREE_CONSTANTS else None


def _fill_column(column: ColumnChoice, mapping: FileMapping, choices: _Choices) -> ColumnChoice:
    path, rule = choices.fields.get(column.header), choices.rules.get(column.header)
    if path is None or rule is None:
        is_ignored = column.header in {name.strip() for name in mapping.ignore}
        found = None if is_ignored else _parse(column.header)
        return column if found is None else replace(column, field=str(found), meaning=describe_field(found))
    values = "\n".join(f"{of} = {_write_scalar(value)}" for of, value in (rule.values or {}).items())
    meaning = describe_field(found) if (found := _parse(path)) else ""
    return replace(column, field=path, values=values, date_format=rule.date_format or "", meaning=meaning)


def _list_constants(columns: Sequence[ColumnChoice], given: Mapping[str, str]) -> Sequence[ConstantChoice]:
    """The constants that are given, those that are needed, and some that the user may add."""
    paths = [found for column in columns if (found := _parse(column.field)) is not None]
    taken = [*paths, *(found for name in given if (found := _parse(name)) is not None)]
    needed = {missing.path: missing for missing in [*list_missing_fields(paths), *list_missing_fields(taken)]}
    constants = [
        _make_constant(name, given.get(name, ""), needed.get(name)) for name in dict.fromkeys([*given, *needed])
    ]
    return [*constants[: MAX_CONSTANTS - _FREE_CONSTANTS], *[ConstantChoice()] * _FREE_CONSTANTS]


def _make_constant(name: str, value: str, missing: MissingField | None) -> ConstantChoice:
    found = _parse(name)
    meaning = describe_field(found) if found else ""
    doubt = _describe_doubt(missing) if missing else ""
    return ConstantChoice(name, value, meaning, missing is not None and not missing.when, doubt)


def _rank(constant: ConstantChoice) -> int:
    """Mandatory fields come first, and those that may be added last."""
    return 2 if not constant.field else 0 if constant.is_mandatory else 1


def _describe_doubt(missing: MissingField) -> str:
    return missing.doubt if missing.rule else missing.when.strip()


def _read_column(form: Form, column: ColumnChoice) -> ColumnChoice:
    key = f"field-{column.index}"
    path = _check_path(form, key, form.get(key))
    return replace(
        column,
        field=form.get(key),
        values=form.get(f"values-{column.index}").replace("\r\n", "\n"),
        date_format=form.get(f"date-{column.index}"),
        meaning=describe_field(path) if path else "",
    )


def _check_constant(form: Form, number: int, name: str) -> None:
    if not name:
        form.errors[f"constant-field-{number}"] = text("Name the field that has this value.")
    _check_path(form, f"constant-field-{number}", name)


def _check_path(form: Form, key: str, name: str) -> FieldPath | None:
    if not name:
        return None
    try:
        return parse_field_path(name)
    except UnknownFieldError as error:
        form.errors[key] = text("%(name)s: %(reason)s", name=name[:80], reason=describe_unknown_field(error))
        return None


def _build_mapping(form: Form, filled: MappingForm, constants: Mapping[str, str]) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    keys: dict[str, str] = {}  # of fields of the form, by path
    for column in filled.columns:
        path = _parse(column.field)
        if path is None:
            continue
        key = f"field-{column.index}"
        other = keys.setdefault(str(path), key)
        if other != key:
            shown = key if key in form.values else other
            form.errors.setdefault(shown, text("Two columns have the field %(name)s.", name=str(path)))
        rule: dict[str, Any] = {"column": column.header}
        if column.date_format:
            rule["date_format"] = column.date_format
        if column.values:
            rule["values"] = _read_values(form, column, path)
        own = _parse(column.header)
        if len(rule) > 1 or own is None or str(own) != str(path):
            rules[str(path)] = column.header if len(rule) == 1 else rule
    for name, value in constants.items():
        path = _parse(name)
        if path is not None and value:
            is_template = _TEMPLATE_MARK in value
            rules[str(path)] = {"template": value} if is_template else {"constant": _to_scalar(value, path)}
    ignored = [column.header for column in filled.columns if not column.field]
    ignored += dict.fromkeys(column.header for column in filled.left_out if column.header)
    mapping: dict[str, Any] = {
        "date_format": filled.date_format,
        "decimal_comma": filled.decimal_comma,
        "null_words": [word.strip() for word in filled.null_words.split(",") if word.strip()],
        "group_by": [filled.group_by] if filled.group_by else [],
        "ignore": ignored,
        "fields": rules,
    }
    return {key: value for key, value in mapping.items() if value}


def _read_values(form: Form, column: ColumnChoice, path: FieldPath) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for line in column.values.split("\n"):
        of, mark, value = line.rpartition("=")
        if not line.strip():
            continue
        if not mark or not value.strip():
            form.errors[f"values-{column.index}"] = text("Each line is the text of a cell, =, and its code.")
        values[of.strip()] = _to_scalar(value.strip(), path)
    return values


def _parse(name: str) -> FieldPath | None:
    try:
        return parse_field_path(name)
    except UnknownFieldError:
        return None


def _to_scalar(value: str, path: FieldPath) -> str | bool:
    if isinstance(path.value_type, Boolean) and value in ("true", "false"):
        return value == "true"
    return value


def _write_scalar(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
