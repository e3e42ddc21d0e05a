"""Opens the database of a service or a command."""

from typing import Final

from muster.settings import Settings
from muster.storage import USABLE_STATES, SchemaState, SchemaTooNewError, Storage, open_storage

# A load checks a chunk while it saves the one before, and reads the next part of its file. As many threads as
# FILE_CONNECTIONS take and send files.
CONNECTIONS_PER_LOAD: Final = 3
FILE_CONNECTIONS: Final = 2
# As many threads render pages of the console.
CONSOLE_CONNECTIONS: Final = 2


class DatabaseMissingError(Exception):
    """There is no database at this place; the directory or the name is probably wrong."""


class SchemaOutdatedError(Exception):
    """The database has no schema or an old one, and its operator decides when to upgrade it."""


def open_database(settings: Settings) -> Storage:
    """The store, not yet connected. Raises `InvalidDatabaseUrlError`."""
    beside_batches = FILE_CONNECTIONS + CONSOLE_CONNECTIONS + CONNECTIONS_PER_LOAD * settings.load_workers
    pool_size = settings.threads + beside_batches
    return open_storage(
        settings.database,
        pool_size=pool_size,
        statement_timeout=settings.statement_timeout,
        replica_url=settings.read_database,
        max_replica_lag=settings.max_read_lag,
    )


def open_checked_database(settings: Settings, *, makes: bool) -> Storage:
    """The store with the schema of this version. SQLite is upgraded, because such a file has no other administrator.

    With `makes`, a missing database is created. Raises `DatabaseMissingError`, `SchemaOutdatedError`,
    `SchemaTooNewError`, `StorageUnavailableError` and `InvalidDatabaseUrlError`.
    """
    store = open_database(settings)
    try:
        if not makes and not store.exists():
            raise DatabaseMissingError(f"there is no database {store.engine.url.database}")
        _check_schema(store)
    except BaseException:
        store.close()
        raise
    return store


def _check_schema(store: Storage) -> None:
    state = store.schema_state()
    if state in USABLE_STATES:
        return
    if state is SchemaState.NEWER_INCOMPATIBLE:
        raise SchemaTooNewError("the database's schema was made by a later version of muster")
    if store.engine.dialect.name != "sqlite":
        raise SchemaOutdatedError(
            "the database has no schema yet" if state is SchemaState.EMPTY else "the schema is old"
        )
    store.upgrade()
