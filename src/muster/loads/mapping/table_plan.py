"""The plan of a table: its mapping compiled against its header."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from muster.loads.column_letters import to_column_letters
from muster.loads.mapping.cell_sources import Cells
from muster.loads.mapping.columns import Columns
from muster.loads.mapping.converters import is_rounded
from muster.loads.mapping.document_builders import ObjectBuilder
from muster.loads.mapping.errors import InvalidMappingError
from muster.loads.mapping.field_paths import UnknownFieldError, parse_field_path
from muster.loads.mapping.field_readers import FieldCompiler, FieldReader
from muster.loads.mapping.field_tree import FieldTree
from muster.loads.mapping.specification import FieldMapping, TableMapping
from muster.loads.row_errors import DIGITS_LOST
from muster.loads.rows import Layout, RowProblem

_MAX_LISTED: Final = 30
_IGNORE_HINT: Final = (
    "map them by a mapping, which `muster mapping suggest` writes, or leave them out by its key `ignore = [...]` or "
    "`ignore_other_columns = true`"
)


@dataclass(slots=True)
class TablePlan:
    """How the rows of a table become documents, or parts of them.

    `mapped_columns` are those that a field or a key comes from. The digits of `exact_columns` must be as they were
    entered: a field of text or a key comes from them. `splits` says whether a cell may become several elements.
    """

    columns: Columns
    tree: FieldTree
    builder: ObjectBuilder
    unnamed: tuple[int, ...]
    mapped_columns: frozenset[int]
    exact_columns: frozenset[int]
    splits: bool

    @property
    def width(self) -> int:
        return len(self.columns.header)

    def concerns(self, problem: RowProblem, cells: Cells) -> bool:
        """Whether a problem of a row is one of its document: that of a named column that no field uses is not.

        A column that only number fields use may have more digits than a spreadsheet keeps, unless it was rounded.
        """
        column = problem.column
        if column is None or column >= self.width or column in self.unnamed:
            return True
        if problem.error is DIGITS_LOST and column not in self.exact_columns:
            return column in self.mapped_columns and is_rounded(cells[column])
        return column in self.mapped_columns


@dataclass(slots=True)
class _Planner:
    """Compiles the fields of a table, and collects what is wrong."""

    columns: Columns
    compiler: FieldCompiler
    tree: FieldTree = field(default_factory=FieldTree)
    problems: list[str] = field(default_factory=list)

    def add_mapped(self, name: str, rule: FieldMapping) -> None:
        try:
            self.tree.add(self.compiler.compile(parse_field_path(name), rule))
        except UnknownFieldError as error:
            self.problems.append(f"{name[:80]}: {describe_unknown_field(error)}")
            for column in (rule.column, *(rule.columns or ())):
                self.columns.ignore(column or "")
        except ValueError as error:
            self.problems.append(f"{name[:80]}: {error}")

    def add_column(self, index: int, name: str) -> str | None:
        """Takes a column whose header is a field. Returns why it is not one."""
        try:
            path = parse_field_path(name)
            self.tree.add(self.compiler.compile(path, FieldMapping(column=name)))
        except UnknownFieldError as error:
            return describe_unknown_field(error)
        except ValueError as error:
            self.problems.append(f"column {to_column_letters(index)} ({name[:80]}): {error}")
        return None


def plan_table(
    layout: Layout,
    table: TableMapping,
    *,
    job: str,
    keys: tuple[str, ...] = (),
    text_columns: frozenset[int] = frozenset(),
) -> tuple[TablePlan, tuple[int, ...]]:
    """The plan of a file, and the columns of the `keys`. Raises `InvalidMappingError` with all that is wrong.

    The cells of `text_columns` are never `NumberText` or `BooleanText`, and are taken as they stand.
    """
    assert layout.header is not None
    columns = Columns(layout.header)
    compiler = FieldCompiler(columns, table, job, has_numbers=layout.format != "csv", text_columns=text_columns)
    planner = _Planner(columns, compiler)
    for name, rule in table.fields.items():
        planner.add_mapped(name, rule)
    key_columns = []
    for key in keys:
        try:
            key_columns.append(columns.find_key(key))
        except ValueError as error:
            planner.problems.append(f"{key[:80]}: {error}")
    _add_other_columns(planner, table, key_columns)
    if planner.problems:
        raise InvalidMappingError(planner.problems)
    return _make_plan(columns, planner.tree, frozenset(key_columns)), tuple(key_columns)


def _add_other_columns(planner: _Planner, table: TableMapping, key_columns: Sequence[int]) -> None:
    """Takes the columns that the mapping does not name and whose headers are fields. The others must be ignored."""
    columns = planner.columns
    for name in table.ignore:
        if name.strip() and not columns.ignore(name):
            planner.problems.append(f"ignore: the file has no column {name[:80]!r}")
    unknown = []
    for index, name in list(columns.iterate_unused()):
        reason = planner.add_column(index, name)
        if reason is not None and index not in key_columns and not table.ignore_other_columns:
            unknown.append(f"{to_column_letters(index)} ({name[:80]}: {reason})")
    if unknown:
        listed = ", ".join(unknown[:_MAX_LISTED]) + (
            f" and {more} more" if (more := len(unknown) - _MAX_LISTED) > 0 else ""
        )
        planner.problems.append(f"columns that are no fields: {listed}; {_IGNORE_HINT}")


def describe_unknown_field(error: UnknownFieldError) -> str:
    """Why a name is no field, with the field that may be meant: every step of its path is corrected in turn."""
    near, found = error.near, None
    for _ in range(8):
        if near is None:
            break
        try:
            parse_field_path(near)
        except UnknownFieldError as next_error:
            near = next_error.near
        else:
            found = near
            break
    return f"{error}; did you mean {found}?" if found else str(error)


def _make_plan(columns: Columns, tree: FieldTree, keys: frozenset[int]) -> TablePlan:
    readers: list[FieldReader] = list(tree.iterate_readers())
    mapped = frozenset(column for reader in readers for column in reader.columns)
    exact = frozenset(column for reader in readers if not reader.takes_rounded for column in reader.columns)
    splits = any(reader.is_split for reader in readers)
    return TablePlan(
        columns, tree, ObjectBuilder(tree), tuple(columns.list_unnamed()), mapped | keys, exact | keys, splits
    )
