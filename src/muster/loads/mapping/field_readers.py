"""Field readers: the value of one field from the cells of a row, compiled from its path and its part of the mapping."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from muster.customer.value_types import Date, Integer, Nested, NestedList, ScreeningList
from muster.customer.value_types import Decimal as DecimalType
from muster.loads.mapping.cell_sources import (
    Cells,
    ReadText,
    Source,
    fill_template,
    join_columns,
    list_template_columns,
    read_column,
)
from muster.loads.mapping.columns import Columns
from muster.loads.mapping.converters import (
    REFUSED,
    Convert,
    convert_comma_number,
    convert_json,
    make_date_converter,
    make_type_converter,
    make_value_map,
    to_json_scalar,
)
from muster.loads.mapping.field_paths import EVERY, FieldPath
from muster.loads.mapping.specification import FieldMapping, TableMapping
from muster.loads.row_errors import CELL_NOT_JSON, NOT_MAPPED, RowError
from muster.loads.rows import RowProblem

# The value of a field from the cells of a row and its number; None when there is none. Adds what is wrong with a cell.
Read = Callable[[Cells, int, list[RowProblem]], Any]

# Parts of a cell that is split into a list. Each may become an object, whose memory is many times that of its text.
MAX_PARTS: Final = 1000
_NUMBERS: Final = (Integer, DecimalType)
_CONTAINERS: Final = (Nested, NestedList, ScreeningList)


@dataclass(frozen=True, slots=True)
class FieldReader:
    """A compiled field.

    `read` gives the value that the cells have, and for a field that is split the list of its values; it is None for a
    field whose value comes from no cell. `read_default` gives what the field has otherwise. `plain_column` is the
    column whose text is the value as it stands.
    """

    path: FieldPath
    columns: tuple[int, ...]
    read: Read | None = None
    read_default: Callable[[int], Any] | None = None
    plain_column: int | None = None
    is_split: bool = False
    takes_rounded: bool = False


@dataclass(frozen=True, slots=True)
class FieldCompiler:
    """Compiles the fields of one table.

    `has_numbers` says whether cells of the file may be `NumberText` or `BooleanText`; those of `text_columns` are not.
    `part_counts` says how many parts of a cell have a field, by its column and separator. A cell with more is refused,
    because the rest would be lost.
    """

    columns: Columns
    table: TableMapping
    job: str
    has_numbers: bool
    text_columns: frozenset[int] = frozenset()
    part_counts: dict[tuple[str | None, str | None], int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for rule in self.table.fields.values():
            key = rule.column, rule.split
            self.part_counts[key] = max(self.part_counts.get(key, 0), rule.part or 0)

    def compile(self, path: FieldPath, rule: FieldMapping) -> FieldReader:
        """Raises `ValueError` with what is wrong."""
        is_split = rule.split is not None and rule.part is None
        if is_split and EVERY not in path.steps[-2:]:
            raise ValueError("a cell that is split gives several values; write [] at the list, or the part")
        if rule.constant is not None:
            _check_scalar(path)
            return FieldReader(path, (), read_default=_make_constant(rule.constant))
        null_words = frozenset(word.strip() for word in _first(rule.null_words, self.table.null_words))
        source = self._make_source(rule, null_words)
        default = None if rule.if_empty is None else _make_constant(rule.if_empty)
        if rule.template is not None and not source.columns:
            _check_scalar(path)
            return FieldReader(path, (), read_default=lambda number: source.read((), number))
        has_numbers = self.has_numbers and not self.text_columns.issuperset(source.columns)
        converters, error = self._make_converters(path, rule, has_numbers=has_numbers)
        is_plain = rule.column is not None and rule.split is None and not (converters or null_words or default)
        return FieldReader(
            path,
            source.columns,
            _make_read(source, rule, converters, error, null_words, self.part_counts.get((rule.column, rule.split), 0)),
            default,
            source.columns[0] if is_plain else None,
            is_split,
            takes_rounded=isinstance(path.value_type, _NUMBERS) and rule.column is not None,
        )

    def _make_source(self, rule: FieldMapping, null_words: frozenset[str]) -> Source:
        if rule.column is not None:
            return read_column(self.columns.find(rule.column), null_words)
        if rule.columns is not None:
            return join_columns([self.columns.find(name) for name in rule.columns], rule.joined_by, null_words)
        assert rule.template is not None
        try:
            indexes = {name: self.columns.find(name) for name in list_template_columns(rule.template)}
        except ValueError as error:
            raise ValueError(f"template: {error}") from None
        return fill_template(rule.template, indexes, self.job, null_words)

    def _make_converters(
        self, path: FieldPath, rule: FieldMapping, *, has_numbers: bool
    ) -> tuple[Sequence[Convert], RowError]:
        """The converters of a text in their order, and the error of a text that one of them refuses."""
        value_type = path.value_type
        if isinstance(value_type, _CONTAINERS):
            if rule != FieldMapping(column=rule.column, null_words=rule.null_words) or rule.column is None:
                raise ValueError("a column with JSON is all that it takes; or map the fields in it")
            return (convert_json,), CELL_NOT_JSON
        converters: list[Convert] = []
        if rule.values is not None:
            converters.append(make_value_map(rule.values, rule.if_other, refuses_other=rule.refuse_other))
        date_format = _first(rule.date_format, self.table.date_format)
        if isinstance(value_type, Date) and date_format is not None:
            converters.append(make_date_converter(date_format))
        elif rule.date_format is not None:
            raise ValueError("date_format is for fields that take a date")
        if isinstance(value_type, _NUMBERS) and _first(rule.decimal_comma, self.table.decimal_comma):
            converters.append(convert_comma_number)
        elif rule.decimal_comma and not isinstance(value_type, _NUMBERS):
            raise ValueError("decimal_comma is for fields that take a number")
        elif (converter := make_type_converter(value_type, has_numbers=has_numbers)) is not None:
            converters.append(converter)
        return converters, NOT_MAPPED


def _make_read(
    source: Source,
    rule: FieldMapping,
    converters: Sequence[Convert],
    error: RowError,
    null_words: frozenset[str],
    part_count: int,
) -> Read:
    problem = RowProblem(error, source.columns[0])
    if rule.split is None:
        return _make_single_read(source.read, converters, problem)
    split = _make_split(rule.split, null_words)
    if rule.part is None:
        return _make_split_read(source.read, split, converters, problem)
    return _make_part_read(source.read, split, rule.part - 1, part_count, converters, problem)


def _make_single_read(read_text: ReadText, converters: Sequence[Convert], problem: RowProblem) -> Read:
    if len(converters) == 1:
        (convert,) = converters
    else:

        def convert(text: str) -> Any:
            return _convert(text, converters)

    def read(cells: Cells, number: int, problems: list[RowProblem]) -> Any:
        text = read_text(cells, number)
        if text is None:
            return None
        value = convert(text)
        if value is REFUSED:
            problems.append(problem)
            return None
        return value

    return read


def _convert(text: str, converters: Sequence[Convert]) -> Any:
    """The value of a text. What a converter has read is not read again by the next one."""
    for convert in converters:
        value = convert(text)
        if value is not text:
            return value
    return text


def _make_split(separator: str, null_words: frozenset[str]) -> Callable[[str], list[str | None]]:
    def split(text: str) -> list[str | None]:
        parts = (part.strip() for part in text.split(separator))
        return [part if part and part not in null_words else None for part in parts]

    return split


def _make_part_read(
    read_text: ReadText,
    split: Callable[[str], list[str | None]],
    index: int,
    part_count: int,
    converters: Sequence[Convert],
    problem: RowProblem,
) -> Read:
    def read(cells: Cells, number: int, problems: list[RowProblem]) -> Any:
        text = read_text(cells, number)
        parts = [] if text is None else split(text)
        text = parts[index] if index < len(parts) else None
        value = None if text is None else _convert(text, converters)
        if value is REFUSED or any(parts[part_count:]):
            problems.append(problem)
            return None
        return value

    return read


def _make_split_read(
    read_text: ReadText, split: Callable[[str], list[str | None]], converters: Sequence[Convert], problem: RowProblem
) -> Read:
    def read(cells: Cells, number: int, problems: list[RowProblem]) -> Any:
        text = read_text(cells, number)
        if text is None:
            return None
        parts = split(text)
        values = [None if part is None else _convert(part, converters) for part in parts[:MAX_PARTS]]
        if REFUSED in values or len(parts) > MAX_PARTS:
            problems.append(problem)
            return None
        return values

    return read


def _make_constant(value: Any) -> Callable[[int], Any]:
    constant = to_json_scalar(value)
    return lambda number: constant


def _check_scalar(path: FieldPath) -> None:
    if isinstance(path.value_type, _CONTAINERS):
        raise ValueError("it takes no constant; map the fields in it")


def _first(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value
