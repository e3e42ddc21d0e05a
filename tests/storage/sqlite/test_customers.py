"""Saving on SQLite: what happens while the write lock is held, and errors of COMMIT."""

import sqlite3
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from muster.intake.customer_store import CommitOutcome, LostCommitError, RejectedCustomer
from muster.storage import StorageUnavailableError, open_storage
from muster.storage.pool import get_write_lock
from muster.storage.sqlite.customers import SqliteSession
from muster.storage.sqlite.file_locks import FileLocks
from tests.storage.samples import RESPONSE, build_batch, build_customer, count_rows


class Probe:
    """Counts how often others could write, and how often they could not."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.observed: list[bool] = []

    def observe(self) -> None:
        with get_write_lock(self._engine), sqlite3.connect(str(self._engine.url.database), timeout=0) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        other.close()
        self.observed.append(True)


class ObservedDocument(bytes):
    probe: Probe

    def decode(self, *options: Any) -> str:
        self.probe.observe()
        return super().decode(*options)


class ObservedText(str):
    __slots__ = ("probe",)
    probe: Probe

    def replace(self, *options: Any) -> str:
        self.probe.observe()
        return super().replace(*options)


def test_rows_are_made_while_others_can_write(sqlite_url: str) -> None:
    storage = open_storage(sqlite_url, lock_timeout=0.1)
    probe = Probe(storage.engine)
    document, number = ObservedDocument(b"{}"), ObservedText("2")
    document.probe = number.probe = probe
    rejected = RejectedCustomer(1, number, None, None, (("C001", ""),))
    with storage.customers.session() as session:
        session.save(build_batch(build_customer("1", document=document), rejected=(rejected,)), RESPONSE)
    assert probe.observed == [True, True]
    assert count_rows(storage)["rejections"] == 1
    storage.close()


class FailingCommit:
    """A connection whose COMMIT fails with this error, before or after it has happened."""

    def __init__(self, connection: sqlite3.Connection, name: str, *, commits: bool) -> None:
        self._connection = connection
        self._name = name
        self._commits = commits

    def execute(self, statement: str, *parameters: Any) -> sqlite3.Cursor:
        if statement != "COMMIT":
            return self._connection.execute(statement, *parameters)
        self._connection.execute("COMMIT" if self._commits else "ROLLBACK")
        error = sqlite3.OperationalError("disk")
        error.sqlite_errorname = self._name
        raise error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def open_failing_session(url: str, name: str, *, commits: bool) -> SqliteSession:
    engine = open_storage(url).engine
    connection = engine.raw_connection().driver_connection
    failing = FailingCommit(cast(sqlite3.Connection, connection), name, commits=commits)
    return SqliteSession(cast(sqlite3.Connection, failing), get_write_lock(engine), FileLocks(f"{url}-keys"))


@pytest.mark.parametrize("name", ["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_BUSY"])
def test_commit_that_cannot_write_has_saved_nothing(sqlite_url: str, name: str) -> None:
    session = open_failing_session(sqlite_url, name, commits=False)
    with pytest.raises(StorageUnavailableError):
        session.save(build_batch(build_customer("1")), RESPONSE)
    assert session.look_up(["1"], []).numbers == frozenset()


@pytest.mark.parametrize(("commits", "outcome"), [(True, CommitOutcome.SAVED), (False, CommitOutcome.UNKNOWN)])
def test_outcome_of_a_commit_whose_sync_fails_is_open(sqlite_url: str, commits: bool, outcome: CommitOutcome) -> None:
    """Its pages may lie complete in the write-ahead log, and count when the process dies."""
    session = open_failing_session(sqlite_url, "SQLITE_IOERR_FSYNC", commits=commits)
    batch = build_batch(build_customer("1"))
    with pytest.raises(LostCommitError):
        session.save(batch, RESPONSE)
    assert session.find_outcome(batch.id) is outcome
