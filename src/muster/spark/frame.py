"""Frames: what a frame must be, which its schema tells before a job begins."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.types import StructType

from muster.loads.mapping import InvalidMappingError, parse_mapping
from muster.loads.mapping.cell_sources import ROW
from muster.loads.mapping.field_paths import UnknownFieldError, parse_field_path
from muster.loads.mapping.specification import FileMapping, read_specification
from muster.spark.errors import InvalidFrameError
from muster.spark.rows import HASH, ORDER, FrameRows

# A mapping in its JSON shape, or the path of its TOML file on the driver.
GivenMapping = Mapping[str, Any] | str | os.PathLike[str] | None
OrderBy = str | Sequence[str] | None

_TEXTS: Final = frozenset(("string", "char", "varchar", "binary", "date", "timestamp", "timestamp_ntz", "void", "time"))
_NUMBERS: Final = frozenset(("boolean", "byte", "short", "integer", "long", "float", "double", "decimal"))
# Types that may hold several values. Those of an array or a struct are fields; the keys of a map are not known.
_NESTED: Final = ("array", "struct")


def prepare(df: DataFrame, mapping: GivenMapping, order_by: OrderBy, *, job: str) -> tuple[DataFrame, FrameRows]:
    """The frame with the columns ORDER and HASH, and how its rows are read.

    Raises `InvalidFrameError`, and `InvalidMappingError` for columns or a mapping that no customer can be made of.
    """
    schema = df.schema
    _check_columns(df, schema)
    names = (order_by,) if isinstance(order_by, str) else tuple(order_by or ())
    _check_order(schema, names)
    rows = FrameRows(tuple(schema.names), _find_texts(schema), _read_mapping(mapping, names), job)
    _ = rows.mapper  # raises what is wrong with the mapping
    order = [F.struct(*(_column(name).alias(name) for name in names)).alias(ORDER)] if names else []
    columns = [_column(name) for name in schema.names]
    return df.select(*columns, *order, F.xxhash64(*columns).alias(HASH)), rows


def _column(name: str) -> Column:
    quoted = name.replace("`", "``")
    return F.col(f"`{quoted}`")


def _check_columns(df: DataFrame, schema: StructType) -> None:
    if df.isStreaming:
        raise InvalidFrameError("the frame is a stream; use foreachBatch, which gives frames")
    taken = sorted({ORDER, HASH}.intersection(schema.names))
    if taken:
        raise InvalidFrameError(f"the column {taken[0]} has the name of a column of the report; rename it")
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        raise InvalidFrameError(f"several columns have the name {twice[0]}; rename all but one")
    problems = [
        f"{path} has the type {kind}" for field in schema.fields for path, kind in _find_unusable(field.name, field)
    ]
    if problems:
        raise InvalidFrameError(
            f"{', '.join(problems[:20])}: no field takes it. Leave the column out, or write it as a string, a struct "
            "or an array"
        )


def _find_unusable(path: str, field: Any) -> Iterator[tuple[str, str]]:
    """Paths and types of what no field takes, in a column or an element."""
    data_type = getattr(field, "dataType", field)
    name = data_type.typeName()
    if name == "struct":
        for each in data_type.fields:
            yield from _find_unusable(f"{path}.{each.name}", each)
    elif name == "array":
        yield from _find_unusable(f"{path}[]", data_type.elementType)
    elif name not in _TEXTS | _NUMBERS:
        yield path, data_type.simpleString()[:80]


def _check_order(schema: StructType, names: Sequence[str]) -> None:
    for name in names:
        if name not in schema.names:
            raise InvalidFrameError(f"order_by: the frame has no column {name[:80]!r}")
        if schema[name].dataType.typeName() in _NESTED:
            raise InvalidFrameError(f"order_by: the column {name} is nested, and has no order")


def _find_texts(schema: StructType) -> frozenset[int]:
    return frozenset(i for i, field in enumerate(schema.fields) if field.dataType.typeName() in _TEXTS)


def _read_mapping(mapping: GivenMapping, order_by: Sequence[str]) -> Mapping[str, Any] | None:
    """The mapping, which ignores the columns of the order that are no fields. Raises `InvalidMappingError`."""
    if isinstance(mapping, str | os.PathLike):
        mapping = parse_mapping(Path(mapping).read_text(encoding="utf-8"))
    if mapping:
        _check_mapping(read_specification(mapping))
    ignored = [name for name in order_by if not _is_field(name)]
    if not ignored:
        return mapping
    given = dict(mapping or {})
    return given | {"ignore": [*given.get("ignore", ()), *ignored]}


def _is_field(name: str) -> bool:
    try:
        parse_field_path(name)
    except UnknownFieldError:
        return False
    return True


def _check_mapping(specification: FileMapping) -> None:
    problems = []
    if specification.group_by:
        problems.append("group_by: rows of a frame are grouped by Spark: groupBy(…).agg(collect_list(struct(…)))")
    if specification.join:
        problems.append("join: frames are joined by Spark")
    problems += [
        f"fields.{name}: a row of a frame has no number that {{{ROW}}} could stand for; use a column"
        for name, rule in specification.fields.items()
        if rule.template is not None and f"{{{ROW}}}" in rule.template
    ]
    if problems:
        raise InvalidMappingError(problems)
