"""Whether batches can be saved now: for health checks, which come every few seconds."""

import errno
from functools import partial
from typing import Final

from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from muster.storage.errors import StorageError, StorageUnavailableError, convert_error, scrub_errors
from muster.storage.postgres.citus import fetch_value, is_distributed
from muster.storage.postgres.full_disk import FullDisk
from muster.storage.schema import USABLE_STATES, SchemaState, read_schema_state
from muster.storage.sqlite.write_probe import DISK_FULL, MIN_FREE_BYTES, READ_ONLY, find_write_obstacle
from muster.storage.tables import batches

_MISSING_NODE: Final = "a node of the database's cluster does not respond"
_SCHEMA_OBSTACLES: Final = {
    SchemaState.EMPTY: "the database has no schema of muster yet",
    SchemaState.OUTDATED: "the schema of the database is older than this version of muster",
    SchemaState.NEWER_INCOMPATIBLE: "the schema of the database is newer than this version of muster can use",
}
# The index that it reads is empty.
_READ_ALL_SHARDS: Final = select(func.count()).select_from(batches).where(batches.c.is_counted.is_(None))
# A cause in one word, by the attributes that `storage.errors` sets.
_CODES: Final = ("connection_failure", "sqlstate", "sqlite_errorname")


def find_obstacle(engine: Engine, full_disk: FullDisk, *, min_free_bytes: int = MIN_FREE_BYTES) -> str | None:
    """What keeps batches from being saved; None when nothing does. Never raises.

    A full disk of a PostgreSQL server is known only from saves that failed.
    """
    try:
        state = read_schema_state(engine)
        if state not in USABLE_STATES:
            return _SCHEMA_OBSTACLES[state]
        if engine.dialect.name == "sqlite":
            return find_write_obstacle(engine, min_free_bytes)
        if _is_read_only(engine):
            return READ_ONLY
        if _lacks_node(engine):
            return _MISSING_NODE
        return DISK_FULL if full_disk.was_seen() else None
    except OSError as error:  # the directory of the file has gone
        return f"the database is unavailable ({errno.errorcode.get(error.errno or 0, 'unknown')})"
    except StorageError as error:
        code = next((code for name in _CODES if (code := getattr(error, name, None))), None)
        return "the database is unavailable" + (f" ({code})" if code else "")


@scrub_errors
def _is_read_only(engine: Engine) -> bool:
    """True on a standby too, where the server sets this parameter."""
    with engine.connect() as connection:
        return bool(connection.execute(text("SELECT current_setting('transaction_read_only') = 'on'")).scalar_one())


@scrub_errors
def _lacks_node(engine: Engine) -> bool:
    """Whether the database is distributed over a cluster that lacks a node with batches: most batches need all of them.

    Reads all shards, over connections that the cluster keeps: asking each node for a new one took 10 times as long. The
    coordinator has no shards, and batches do not need it.
    """
    with engine.connect() as connection:
        if not is_distributed(partial(fetch_value, connection)):
            return False
        try:
            connection.execute(_READ_ALL_SHARDS)
        except DBAPIError as error:
            if isinstance(convert_error(error), StorageUnavailableError):
                return True
            raise
    return False
