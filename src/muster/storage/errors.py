"""What can go wrong in the store, said without any value of a field, and the turning of driver errors into it.

A driver's own message must not travel: PostgreSQL writes key values into DETAIL and whole rows into CONTEXT, and
SQLAlchemy adds the parameters.
"""

import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import psycopg
from sqlalchemy import exc

from muster.intake.customer_store import ConflictError

P = ParamSpec("P")
R = TypeVar("R")

# Serialization failure, deadlock, and what Citus makes of a duplicate key in a COPY.
_RACES = frozenset({"40001", "40P01", "XX000"})
# Integrity constraints.
_RACE_CLASS = "23"
# Classes of SQLSTATE that tell of the server and not of the data; their messages hold no values of rows.
_SERVER_CLASSES = ("08", "28", "3D", "53", "55", "57", "58")


class StorageError(Exception):
    """The database refused what it was asked: a defect of ours or of the schema. Nothing was saved."""


class StorageUnavailableError(StorageError):
    """The database is away, overloaded or broken. The same request may succeed later.

    When it is raised by the commit itself, nobody knows whether the batch was saved; sending it again tells.
    """


class SchemaTooNewError(StorageError):
    """The schema was made by a later version of muster; this one must not touch it."""


class InvalidDatabaseUrlError(ValueError):
    """No database can be meant by this URL. The message never holds its password."""


def scrub_errors(function: Callable[P, R]) -> Callable[P, R]:
    """Turns the drivers' errors into `ConflictError`, `StorageUnavailableError` or `StorageError`, leaving no trace of the original.

    A decorator and not a context manager: it can raise after its `except` block has ended. Inside of it the driver's
    error would stay reachable as `__context__`, whatever `from None` says, and so would find its way into reports.
    """

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (psycopg.Error, sqlite3.Error, exc.SQLAlchemyError) as error:
            told = translate_error(error)
        raise told

    return guarded


def translate_error(error: Exception) -> Exception:
    """What the intake and its callers are to know of a driver's error."""
    if isinstance(error, exc.DBAPIError) and isinstance(error.orig, Exception):
        error = error.orig
    if isinstance(error, psycopg.Error):
        return _from_postgres(error)
    if isinstance(error, sqlite3.Error):
        return _from_sqlite(error)
    if isinstance(error, exc.TimeoutError):
        return StorageUnavailableError("all connections to the database are in use")
    return StorageError(f"the database layer failed: {type(error).__name__}")


def _from_postgres(error: psycopg.Error) -> Exception:
    state = error.sqlstate
    if state is None:
        # Libpq's own words on a connection that can't be made or was lost; everything else comes with an SQLSTATE.
        if isinstance(error, psycopg.OperationalError):
            return StorageUnavailableError(f"no connection to the database: {_first_line(error)}")
        return StorageError(f"the database driver failed: {type(error).__name__}")
    if state in _RACES or state.startswith(_RACE_CLASS):
        return ConflictError(f"SQLSTATE {state} {error.diag.constraint_name or ''}".rstrip())
    if state.startswith(_SERVER_CLASSES):
        return StorageUnavailableError(f"the database is not available: SQLSTATE {state}, {_first_line(error)}")
    kind = StorageUnavailableError if isinstance(error, psycopg.OperationalError) else StorageError
    # Class 42 speaks of names and rights in our own statements, and those hold no values.
    about = _first_line(error) if state.startswith("42") else type(error).__name__
    return kind(f"the database failed: SQLSTATE {state}, {about}")


def _from_sqlite(error: sqlite3.Error) -> Exception:
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    if isinstance(error, sqlite3.IntegrityError):
        return ConflictError(name)
    if isinstance(error, sqlite3.OperationalError) and name != "SQLITE_ERROR":
        return StorageUnavailableError(f"the database is not available: {name}")
    return StorageError(f"the database failed: {name}")


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0]
