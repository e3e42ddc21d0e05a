"""Selects that every request asks, run on the driver itself."""

from typing import Any

from sqlalchemy import Engine, Select

from muster.storage.errors import scrub_errors
from muster.storage.pool import check_out_connection


class CompiledSelect:
    """A select with one parameter, compiled once.

    To run one through SQLAlchemy took 0.28 ms of processor time, which was a third of a small request; this takes 0.05.
    The values come out as SQLAlchemy would give them.
    """

    def __init__(self, engine: Engine, query: Select[Any], parameter: str) -> None:
        compiled = query.compile(engine)
        self._engine = engine
        self._text = str(compiled)
        self._named = not compiled.positional
        self._parameter = parameter
        dialect = engine.dialect
        self._read = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in query.selected_columns
        ]

    @scrub_errors
    def one_or_none(self, value: object) -> tuple[Any, ...] | None:
        """The first row. Raises `StorageUnavailableError`."""
        pooled = check_out_connection(self._engine)
        try:
            cursor = pooled.cursor()
            cursor.execute(self._text, {self._parameter: value} if self._named else (value,))
            row = cursor.fetchone()
        except BaseException:
            pooled.invalidate()
            raise
        pooled.close()
        if row is None:
            return None
        return tuple(read(field) if read else field for read, field in zip(self._read, row, strict=True))
