"""The database: customers, users and code lists on SQLite or PostgreSQL, behind one door."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from muster.audit.events import AuditStore
from muster.auth.users import UserStore
from muster.classifiers.entries import ClassifierStore
from muster.intake.customer_store import CustomerStore
from muster.records.record_store import RecordStore
from muster.records.retention import RetentionStore
from muster.storage import health, schema
from muster.storage.audit import SqlAuditStore
from muster.storage.classifiers import SqlClassifierStore
from muster.storage.engine import create_database_engine
from muster.storage.errors import (
    InvalidDatabaseUrlError,
    SchemaTooNewError,
    StorageError,
    StorageUnavailableError,
)
from muster.storage.pool import ConnectionUsage, get_connection_usage
from muster.storage.postgres.customers import PostgresCustomerStore
from muster.storage.records import SqlRecordStore
from muster.storage.retention import SqlRetentionStore
from muster.storage.schema import USABLE_STATES, SchemaState
from muster.storage.sqlite.backup import BackupUnsupportedError, back_up
from muster.storage.sqlite.customers import SqliteCustomerStore
from muster.storage.users import SqlUserStore

__all__ = [
    "USABLE_STATES",
    "BackupUnsupportedError",
    "InvalidDatabaseUrlError",
    "SchemaState",
    "SchemaTooNewError",
    "Storage",
    "StorageError",
    "StorageUnavailableError",
    "open_storage",
]


@dataclass(frozen=True, slots=True)
class Storage:
    """One database. Threads may share it; a process that was forked needs its own."""

    customers: CustomerStore
    users: UserStore
    classifiers: ClassifierStore
    records: RecordStore
    audit: AuditStore
    retention: RetentionStore
    engine: Engine

    def exists(self) -> bool:
        """False for a SQLite file that is not there yet: it would be made by looking into it."""
        file = self.engine.url.database if self.engine.dialect.name == "sqlite" else None
        return file is None or Path(file).exists()

    def ready(self) -> bool:
        """True when the database answers and has a schema to work on; never raises for one that is away."""
        return health.is_ready(self.engine)

    def schema_state(self) -> SchemaState:
        """Raises `StorageUnavailableError`."""
        return schema.schema_state(self.engine)

    def upgrade(self) -> bool:
        """Creates or upgrades the schema; False when there was nothing to do.

        Raises `SchemaTooNewError`, `StorageUnavailableError`.
        """
        return schema.upgrade(self.engine)

    def back_up(self, file: Path) -> None:
        """Writes a copy of a SQLite database to a new file.

        Raises `OSError` for the file, `BackupUnsupportedError`, `StorageUnavailableError`.
        """
        back_up(self.engine, file)

    def connections(self) -> ConnectionUsage:
        """The connections of this process, in use and at most."""
        return get_connection_usage(self.engine)

    def close(self) -> None:
        """Closes the connections. The store opens new ones when it is used again."""
        self.engine.dispose()


def open_storage(url: str, *, pool_size: int = 8) -> Storage:
    """A store on this database; it connects when it is first used.

    `pool_size` is how many sessions may run at once, a few connections more are kept for log-ins and the health
    check. Raises `InvalidDatabaseUrlError`.
    """
    engine = create_database_engine(url, pool_size=pool_size)
    customers = PostgresCustomerStore(engine) if engine.dialect.name == "postgresql" else SqliteCustomerStore(engine)
    return Storage(
        customers=customers,
        users=SqlUserStore(engine),
        classifiers=SqlClassifierStore(engine),
        records=SqlRecordStore(engine),
        audit=SqlAuditStore(engine),
        retention=SqlRetentionStore(engine),
        engine=engine,
    )
