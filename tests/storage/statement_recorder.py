"""Checks each statement that muster sends to PostgreSQL during the storage tests against what Citus refuses."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.pool import Pool

from tests.storage.citus_rules import find_refusals

# Functions whose statements never run on a distributed table, or run on the coordinator alone.
_EXEMPT = {
    ("muster.storage.schema", "lock_upgrades"),
    ("muster.storage.schema", "migrate"),
    ("muster.storage.retention", "_lock_at_once"),
}


class StatementRecorder:
    """The statements of muster's own code that Citus would refuse, each with the reasons."""

    def __init__(self) -> None:
        self.refused: dict[str, list[str]] = {}
        self._checked: set[str] = set()

    def note(self, statement: object, frame: FrameType) -> None:
        if isinstance(statement, str) and statement not in self._checked and _is_of_muster(frame):
            self._checked.add(statement)
            if refusals := find_refusals(statement):
                self.refused[statement] = refusals

    def take_refused(self) -> dict[str, list[str]]:
        refused, self.refused = self.refused, {}
        self._checked -= refused.keys()  # so that every test that sends one of them fails
        return refused


@contextmanager
def recording() -> Iterator[StatementRecorder]:
    """Records on all connections that SQLAlchemy opens meanwhile."""
    recorder = StatementRecorder()

    class RecordingCursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
            recorder.note(query, sys._getframe(1))
            return super().execute(query, *arguments, **options)

        def executemany(self, query: Any, *arguments: Any, **options: Any) -> None:
            recorder.note(query, sys._getframe(1))
            super().executemany(query, *arguments, **options)

    class RecordingServerCursor(psycopg.ServerCursor[Any]):
        def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
            recorder.note(query, sys._getframe(1))
            return super().execute(query, *arguments, **options)

    def watch(connection: Any, _record: object) -> None:
        if getattr(connection, "cursor_factory", None) is psycopg.Cursor:
            connection.cursor_factory = RecordingCursor
            connection.server_cursor_factory = RecordingServerCursor

    event.listen(Pool, "connect", watch)
    try:
        yield recorder
    finally:
        event.remove(Pool, "connect", watch)


def _is_of_muster(frame: FrameType | None) -> bool:
    """Whether muster's code sends the statement, and not a test or a migration."""
    is_first = True
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if is_first and module.startswith("tests."):
            return False
        if module.startswith("muster."):
            is_first = False
            if (module, frame.f_code.co_name) in _EXEMPT:
                return False
        frame = frame.f_back
    return not is_first
