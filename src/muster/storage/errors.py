"""Errors of the storage, and the conversion of driver errors into them. No message contains a value of a row.

Messages of drivers must not leave this package: PostgreSQL writes key values into DETAIL and whole rows into CONTEXT,
and SQLAlchemy adds the parameters.
"""

import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

import psycopg
from sqlalchemy import exc

from muster.intake.customer_store import ConflictError

P = ParamSpec("P")
R = TypeVar("R")

# Serialization failure, deadlock, and the code that Citus gives to a duplicate key in a COPY.
_CONFLICT_STATES: Final = frozenset({"40001", "40P01", "XX000"})
_CONFLICT_CLASS: Final = "23"  # integrity constraint violation
# Classes of SQLSTATE about the server (connections, resources, shutdown); their messages contain no values of rows.
_UNAVAILABLE_CLASSES: Final = ("08", "28", "3D", "53", "55", "57", "58")
_SYNTAX_OR_ACCESS_CLASS: Final = "42"


class StorageError(Exception):
    """The database rejected a statement: an internal error, or a damaged schema. Nothing was saved."""


class StorageUnavailableError(StorageError):
    """The database is unreachable, overloaded or broken. The same request may succeed later."""


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
    """Converts an error of a driver or of SQLAlchemy into one without values."""
    if isinstance(error, exc.DBAPIError) and isinstance(error.orig, Exception):
        error = error.orig
    if isinstance(error, psycopg.Error):
        return _convert_postgres_error(error)
    if isinstance(error, sqlite3.Error):
        return _convert_sqlite_error(error)
    if isinstance(error, exc.TimeoutError):
        return StorageUnavailableError("all connections to the database are in use")
    return StorageError(f"the database layer failed: {type(error).__name__}")


def _convert_postgres_error(error: psycopg.Error) -> Exception:
    state = error.sqlstate
    if state is None:
        # Without an SQLSTATE, the message is libpq's, about a connection that failed or was lost.
        if isinstance(error, psycopg.OperationalError):
            return StorageUnavailableError(f"no connection to the database: {_get_first_line(error)}")
        return StorageError(f"the database driver failed: {type(error).__name__}")
    if state in _CONFLICT_STATES or state.startswith(_CONFLICT_CLASS):
        return ConflictError(f"SQLSTATE {state} {error.diag.constraint_name or ''}".rstrip())
    if state.startswith(_UNAVAILABLE_CLASSES):
        return StorageUnavailableError(f"the database is not available: SQLSTATE {state}, {_get_first_line(error)}")
    kind = StorageUnavailableError if isinstance(error, psycopg.OperationalError) else StorageError
    # Messages of this class name tables, columns and privileges in our own statements, which contain no values.
    detail = _get_first_line(error) if state.startswith(_SYNTAX_OR_ACCESS_CLASS) else type(error).__name__
    return kind(f"the database failed: SQLSTATE {state}, {detail}")


def _convert_sqlite_error(error: sqlite3.Error) -> Exception:
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    if isinstance(error, sqlite3.IntegrityError):
        return ConflictError(name)
    if isinstance(error, sqlite3.OperationalError) and name != "SQLITE_ERROR":
        return StorageUnavailableError(f"the database is not available: {name}")
    return StorageError(f"the database failed: {name}")


def _get_first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0]
