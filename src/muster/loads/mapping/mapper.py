"""Makes the mapper that fits a file and its mapping."""

from collections.abc import Mapping
from typing import Any, Final

from muster.loads.mapping.document_mapper import DocumentMapper
from muster.loads.mapping.errors import InvalidMappingError
from muster.loads.mapping.field_paths import UnknownFieldError, parse_field_path
from muster.loads.mapping.grouping import GroupedTableMapper
from muster.loads.mapping.joining import JoinedMapper, OpenTable
from muster.loads.mapping.specification import FileMapping, read_specification
from muster.loads.mapping.table_mapper import TableMapper
from muster.loads.mapping.table_plan import describe_unknown_field, plan_table
from muster.loads.records import RecordMapper
from muster.loads.rows import Layout

_JOIN_REFUSED: Final = "join: other files and sheets can't be joined here"


def check_mapping(mapping: Mapping[str, Any]) -> None:
    """Checks a mapping of a sender as far as it can be without the file: its keys, their types, the names of fields.

    Raises `InvalidMappingError`, for one with joined files, too.
    """
    specification = read_specification(mapping)
    problems = [_JOIN_REFUSED] if specification.join else []
    for name in specification.fields:
        try:
            parse_field_path(name)
        except UnknownFieldError as error:
            problems.append(f"{name[:80]}: {describe_unknown_field(error)}")
    if problems:
        raise InvalidMappingError(problems)


def make_mapper(
    layout: Layout,
    mapping: Mapping[str, Any] | None,
    *,
    job: str,
    open_table: OpenTable | None = None,
    text_columns: frozenset[int] = frozenset(),
) -> RecordMapper:
    """The mapper of a file, by the names of its columns and by a mapping in its JSON shape.

    `job` is what `{job}` in a template stands for. `open_table` opens the files and sheets that the mapping joins;
    without it a mapping that joins any is refused, so that a mapping from elsewhere never names a file of this machine.
    Columns whose cells are never `NumberText` or `BooleanText` are read in half of the time as `text_columns`.
    Raises `InvalidMappingError` with all that is wrong, and `InvalidFileError` of a joined file.
    """
    if layout.header is None:
        if mapping:
            raise InvalidMappingError([f"a mapping is for files with columns, and this one is {layout.format}"])
        return DocumentMapper()
    specification = read_specification(mapping) if mapping else FileMapping()
    plan, keys = plan_table(layout, specification, job=job, keys=specification.group_by, text_columns=text_columns)
    mapper: RecordMapper = GroupedTableMapper(TableMapper(plan), keys) if keys else TableMapper(plan)
    if not specification.join:
        return mapper
    if open_table is None:
        raise InvalidMappingError([_JOIN_REFUSED])
    return JoinedMapper(mapper, specification.join, open_table, job=job)
