"""Errors of the storage, and the conversion of driver errors into them. No message contains a value of a row.

Messages of drivers must not leave this package: PostgreSQL writes key values into DETAIL and whole rows into CONTEXT,
and SQLAlchemy adds the parameters.
"""

import re
import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

import psycopg
from sqlalchemy import exc

from muster.intake.customer_store import (
    ConflictError,
    OutcomeUnknownError,
    StoreBusyError,
    StoreUnavailableError,
)
from muster.storage.postgres.connection_failures import find_connection_failure

P = ParamSpec("P")
R = TypeVar("R")

# Serialization failure and deadlock.
_CONFLICT_STATES: Final = frozenset({"40001", "40P01"})
_LOCK_TIMEOUT_STATE: Final = "55P03"
_CONFLICT_CLASS: Final = "23"  # integrity constraint violation
# The code that Citus gives to a duplicate key in a COPY, but also to internal errors: then only the message tells.
_INTERNAL_ERROR: Final = "XX000"
_DUPLICATE_KEY: Final = "duplicate key"
# Classes of SQLSTATE about the server (connections, resources, shutdown); their messages contain no values of rows.
_UNAVAILABLE_CLASSES: Final = ("08", "28", "3D", "53", "55", "57", "58")
_SYNTAX_OR_ACCESS_CLASS: Final = "42"
# No right to create tables, or no schema to create them in: since PostgreSQL 15 only the owner of a database may.
_SCHEMA_RIGHTS_STATES: Final = frozenset({"42501", "3F000"})
_SCHEMA_REMEDY: Final = "make it the owner of the database: ALTER DATABASE <database> OWNER TO <user>"
_TABLE_REMEDY: Final = "use the user that ran `muster db upgrade`: it owns the tables"

_IO_ERROR: Final = "SQLITE_IOERR"
_FAILED_WRITE: Final = "SQLITE_IOERR_WRITE"
# The columns that SQLite names: "UNIQUE constraint failed: communications.number".
_SQLITE_CONSTRAINT: Final = re.compile(r"\w+ constraint failed: ([\w., ]+)")


class StorageError(Exception):
    """The database rejected a statement: an internal error, or a damaged schema. Nothing was saved.

    Only after a `LostAnswerError` nobody knows.

    The log has its codes: `sqlstate`, `sqlite_errorname`, `constraint_name` and `connection_failure`, where it has
    them. `remedy` says what to do, where the cause is known.
    """

    remedy = ""


class StorageUnavailableError(StorageError, StoreUnavailableError):
    """The database is unreachable, overloaded or broken. The same request may succeed later."""


class StorageBusyError(StorageUnavailableError, StoreBusyError):
    """Others held a lock of the database for longer than this one waits. Nothing was changed."""


class LostAnswerError(StorageUnavailableError, OutcomeUnknownError):
    """The connection was lost during the commit of a change that is no batch."""

    remedy = "look whether it is there before you repeat it: each change has an entry in `muster audit`"

    def __init__(self) -> None:
        super().__init__("the connection was lost during a commit; the change may have been made or not")


class SchemaTooNewError(StorageError):
    """A later version of muster created the schema, and this version can't work on it."""


class InvalidDatabaseUrlError(ValueError):
    """The database URL is invalid. The message never contains the password."""


def scrub_errors(function: Callable[P, R]) -> Callable[P, R]:
    """Converts driver errors into `ConflictError`, `StorageUnavailableError` or `StorageError`, without the original.

    A decorator and not a context manager, because it must raise after the `except` block has ended. Inside the block,
    Python would attach the driver error as `__context__` even with `from None`, and tracebacks would show it.
    """

    @wraps(function)
    def scrubbed(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (psycopg.Error, sqlite3.Error, exc.SQLAlchemyError) as error:
            converted = convert_error(error)
        raise converted

    return scrubbed


def convert_error(error: Exception) -> Exception:
    """Converts an error of a driver or of SQLAlchemy into one without values, which keeps the codes of the cause."""
    if isinstance(error, exc.DBAPIError) and isinstance(error.orig, Exception):
        error = error.orig
    if isinstance(error, psycopg.Error):
        return _with_codes(
            _convert_postgres_error(error), sqlstate=error.sqlstate, constraint_name=error.diag.constraint_name
        )
    if isinstance(error, sqlite3.Error):
        constraint = _SQLITE_CONSTRAINT.fullmatch(str(error))
        return _with_codes(
            _convert_sqlite_error(error),
            sqlite_errorname=getattr(error, "sqlite_errorname", None),
            constraint_name=constraint and constraint[1],
        )
    if isinstance(error, exc.TimeoutError):
        return _with_codes(
            StorageUnavailableError("all connections to the database are in use"), connection_failure="pool_exhausted"
        )
    return StorageError(f"the database layer failed: {type(error).__name__}")


def _with_codes(error: Exception, **codes: str | None) -> Exception:
    """The error with the codes of its cause as attributes, for the log."""
    for name, code in codes.items():
        if code is not None:
            setattr(error, name, code)
    return error


def _convert_postgres_error(error: psycopg.Error) -> Exception:
    state = error.sqlstate
    if state is None:
        # Without an SQLSTATE, the message is libpq's, about a connection that failed or was lost. It quotes host, port,
        # user and database of the URL, and each of these may hold a part of a password that is not percent-encoded.
        if isinstance(error, psycopg.OperationalError):
            failure = find_connection_failure(str(error))
            unavailable = StorageUnavailableError(failure.message)
            unavailable.remedy = failure.remedy
            return _with_codes(unavailable, connection_failure=failure.name)
        return StorageError(f"the database driver failed: {type(error).__name__}")
    is_duplicate = state == _INTERNAL_ERROR and _DUPLICATE_KEY in str(error)
    if is_duplicate or state in _CONFLICT_STATES or state.startswith(_CONFLICT_CLASS):
        return ConflictError(f"SQLSTATE {state} {error.diag.constraint_name or ''}".rstrip())
    if state in _SCHEMA_RIGHTS_STATES:
        denied = StorageError(f"the database user has no right to do this: SQLSTATE {state}, {_get_first_line(error)}")
        denied.remedy = _SCHEMA_REMEDY if "schema" in str(error) else _TABLE_REMEDY
        return denied
    if state == _LOCK_TIMEOUT_STATE:
        return StorageBusyError(f"the database is locked by others: SQLSTATE {state}")
    if state.startswith(_UNAVAILABLE_CLASSES):
        return StorageUnavailableError(f"the database is not available: SQLSTATE {state}, {type(error).__name__}")
    kind = StorageUnavailableError if isinstance(error, psycopg.OperationalError) else StorageError
    # Messages of this class name tables, columns and privileges in our own statements, which contain no values.
    detail = _get_first_line(error) if state.startswith(_SYNTAX_OR_ACCESS_CLASS) else type(error).__name__
    return kind(f"the database failed: SQLSTATE {state}, {detail}")


def _convert_sqlite_error(error: sqlite3.Error) -> Exception:
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    if isinstance(error, sqlite3.IntegrityError):
        return ConflictError(name)
    if name.startswith("SQLITE_BUSY"):
        return StorageBusyError(f"the database is locked by other writers: {name}")
    if isinstance(error, sqlite3.OperationalError) and name != "SQLITE_ERROR":
        return StorageUnavailableError(f"the database is not available: {name}")
    return StorageError(f"the database failed: {name}")


def is_open_outcome(error: BaseException | None) -> bool:
    """Whether an error of COMMIT on SQLite leaves open whether the transaction is saved.

    SQLite hides the transaction after every error, but its pages may lie complete in the write-ahead log, when the sync
    after the last page fails: if the process then dies before the next write, which overwrites them, they count as
    committed. A write that fails, on a full disk for example, leaves no complete commit behind.
    """
    name = getattr(error, "sqlite_errorname", "")
    return isinstance(error, sqlite3.OperationalError) and name.startswith(_IO_ERROR) and name != _FAILED_WRITE


def _get_first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0]
