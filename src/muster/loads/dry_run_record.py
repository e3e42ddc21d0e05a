"""The record of a dry run that is kept outside of the database: it lies in memory, and its refused rows in a file."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from muster.intake.checkpoint import Totals
from muster.loads.load_store import Load, LoadState, RefusedChunk
from muster.loads.rows import Layout


class DryRunRecord(AbstractContextManager["DryRunRecord"]):
    """What the runner needs of a `LoadStore`, for one dry run of this process; nobody else can take it over.

    SQLite has deleted its temporary file before the first row is in it.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("CREATE TABLE refused (first_row INTEGER PRIMARY KEY, content BLOB)")

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, load_id: UUID) -> Load | None:
        return self._load if load_id == self._load.id else None

    def refused(self, load_id: UUID) -> Iterator[RefusedChunk]:
        for row in self._connection.execute("SELECT first_row, content FROM refused ORDER BY first_row"):
            yield RefusedChunk(*row)

    def renew(self, load_id: UUID, lease: UUID, duration: timedelta) -> None:
        """Does nothing: the record belongs to this process."""

    def release(self, load_id: UUID, lease: UUID) -> None:
        """Does nothing, as `renew`."""

    def describe(self, load_id: UUID, lease: UUID, *, layout: Layout, bytes_read: int) -> None:
        self._load = replace(self._load, layout=layout, bytes_read=bytes_read)

    def save_dry_checkpoint(self, load_id: UUID, lease: UUID, totals: Totals, refused: RefusedChunk | None) -> None:
        if refused is not None:
            self._connection.execute("INSERT INTO refused VALUES (?, ?)", (refused.first_row, refused.content))
        self._load = replace(self._load, totals=totals, has_refused=self._load.has_refused or refused is not None)

    def restart_dry_run(self, load_id: UUID, lease: UUID) -> None:
        self._connection.execute("DELETE FROM refused")
        self._load = replace(self._load, totals=Totals(), has_refused=False)

    def finish(
        self, load_id: UUID, lease: UUID, state: LoadState, *, content_sha256: bytes | None, problem: str | None = None
    ) -> None:
        self._load = replace(
            self._load, state=state, content_sha256=content_sha256, problem=problem, ended_at=datetime.now(UTC)
        )
