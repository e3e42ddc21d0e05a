"""Whether batches can be saved now: for health checks, which come every few seconds."""

import errno
from functools import partial
from typing import Final

from sqlalchemy import Engine, text

from muster.storage.errors import StorageError, scrub_errors
from muster.storage.postgres.citus import count_missing_nodes, fetch_value, is_distributed
from muster.storage.postgres.full_disk import FullDisk
from muster.storage.schema import USABLE_STATES, SchemaState, read_schema_state
from muster.storage.sqlite.write_probe import DISK_FULL, MIN_FREE_BYTES, READ_ONLY, find_write_obstacle

_MISSING_NODE: Final = "a node of the database's cluster does not respond"
_SCHEMA_OBSTACLES: Final = {
    SchemaState.EMPTY: "the database has no schema of muster yet",
    SchemaState.OUTDATED: "the schema of the database is older than this version of muster",
    SchemaState.NEWER_INCOMPATIBLE: "the schema of the database is newer than this version of muster can use",
}
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
        if _lacks_nodes(engine):
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
def _lacks_nodes(engine: Engine) -> bool:
    """Whether the database is distributed over a cluster of which a node is missing: most batches need all of them."""
    with engine.connect() as connection:
        fetch = partial(fetch_value, connection)
        return is_distributed(fetch) and count_missing_nodes(fetch) > 0
