"""The database on SQLite or PostgreSQL: customers, users, code lists, loads, records, the audit log and retention."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Engine

from muster.intake.customer_store import CustomerStore
from muster.records.code_uses import CurrentCustomerStore
from muster.records.record_filter import RecordSearchStore
from muster.storage import schema
from muster.storage.audit import SqlAuditStore
from muster.storage.classifiers import SqlClassifierStore
from muster.storage.engine import Clock, create_database_engine, create_replica_engine, hide_password
from muster.storage.errors import (
    InvalidDatabaseUrlError,
    SchemaTooNewError,
    StorageError,
    StorageUnavailableError,
)
from muster.storage.loads import SqlLoadStore
from muster.storage.mappings import SqlMappingStore
from muster.storage.pool import (
    LOCK_TIMEOUT_SECONDS,
    PAGE_LOCK_TIMEOUT_SECONDS,
    STATEMENT_TIMEOUT_SECONDS,
    ConnectionUsage,
    get_connection_usage,
    with_write_lock_timeout,
)
from muster.storage.postgres.commit_outcome import OUTCOME_TIMEOUT_SECONDS
from muster.storage.postgres.customers import PostgresCustomerStore
from muster.storage.postgres.distribution import (
    DistributionStep,
    NotDistributableError,
    distribute,
    plan_distribution,
)
from muster.storage.postgres.full_disk import FullDisk
from muster.storage.postgres.replica import MAX_REPLICA_LAG_SECONDS, Replica
from muster.storage.readiness import find_obstacle
from muster.storage.record_search import SqlRecordSearch
from muster.storage.records import SqlRecordStore
from muster.storage.replicated_search import ReplicatedCustomers, ReplicatedSearch
from muster.storage.retention import SqlRetentionStore
from muster.storage.schema import USABLE_STATES, SchemaState
from muster.storage.sessions import SqlSessionStore
from muster.storage.sqlite.backup import BackupUnsupportedError, back_up
from muster.storage.sqlite.customers import SqliteCustomerStore
from muster.storage.users import SqlUserStore

__all__ = [
    "OUTCOME_TIMEOUT_SECONDS",
    "USABLE_STATES",
    "BackupUnsupportedError",
    "DistributionStep",
    "InvalidDatabaseUrlError",
    "NotDistributableError",
    "SchemaState",
    "SchemaTooNewError",
    "Storage",
    "StorageError",
    "StorageUnavailableError",
    "hide_password",
    "open_storage",
]


@dataclass(frozen=True, slots=True)
class Storage:
    """One database. Threads may share it; each process needs its own, also after a fork."""

    customers: CustomerStore
    users: SqlUserStore
    sessions: SqlSessionStore
    classifiers: SqlClassifierStore
    records: SqlRecordStore
    search: RecordSearchStore
    current_customers: CurrentCustomerStore
    audit: SqlAuditStore
    read_audit: SqlAuditStore  # of reads, for which somebody waits
    retention: SqlRetentionStore
    loads: SqlLoadStore
    mappings: SqlMappingStore
    engine: Engine
    full_disk: FullDisk = field(default_factory=FullDisk)
    replica: Replica | None = None

    def exists(self) -> bool:
        """False for a SQLite file that does not exist; connecting to it would create it."""
        file = self.engine.url.database if self.engine.dialect.name == "sqlite" else None
        return file is None or Path(file).exists()

    def ready(self) -> bool:
        """Whether batches can be saved now. Never raises."""
        return self.find_obstacle() is None

    def find_obstacle(self) -> str | None:
        """What keeps batches from being saved: an unavailable, full or read-only database, or another schema.

        None when nothing does. Never raises. The text is fit for anybody: it has no name, address or value.
        """
        return find_obstacle(self.engine, self.full_disk)

    def schema_state(self) -> SchemaState:
        """Raises `StorageUnavailableError`."""
        return schema.read_schema_state(self.engine)

    def upgrade(self) -> bool:
        """Creates or upgrades the schema. False when nothing was to be done.

        Raises `SchemaTooNewError`, `StorageUnavailableError`.
        """
        return schema.upgrade(self.engine)

    def plan_distribution(self) -> Sequence[DistributionStep]:
        """What `distribute` would do on the Citus cluster of this database.

        Raises `NotDistributableError`, `StorageUnavailableError`.
        """
        return plan_distribution(self.engine)

    def distribute(self) -> None:
        """Spreads the tables over a Citus cluster; raises as `plan_distribution`."""
        distribute(self.engine)

    def back_up(self, file: Path) -> None:
        """Writes a copy of a SQLite database to a new file.

        Raises `OSError` for the file, `BackupUnsupportedError`, `StorageUnavailableError`.
        """
        back_up(self.engine, file)

    def connections(self) -> ConnectionUsage:
        """The connections of this process: how many are in use, and how many may be."""
        usage = get_connection_usage(self.engine)
        return usage if self.replica is None else usage._replace(replica_lag_seconds=self.replica.read_lag())

    def with_clock(self, now: Clock) -> "Storage":
        """The same database, for entries of other times: of users, code lists, loads and the audit log.

        For sample data; `now` gives UTC. The times of batches are not the storage's: see `Intake`.
        """
        return replace(
            self,
            users=SqlUserStore(self.engine, now),
            classifiers=SqlClassifierStore(self.engine, now),
            audit=SqlAuditStore(self.engine, now),
            read_audit=SqlAuditStore(self.engine, now),
            loads=SqlLoadStore(self.engine, lambda _: now()),
        )

    def close(self) -> None:
        """Closes the connections. Using the storage again opens new ones."""
        if self.replica is not None:
            self.replica.close()
        self.engine.dispose()


def open_storage(
    url: str,
    *,
    pool_size: int = 8,
    lock_timeout: float = LOCK_TIMEOUT_SECONDS,
    statement_timeout: float = STATEMENT_TIMEOUT_SECONDS,
    outcome_timeout: float = OUTCOME_TIMEOUT_SECONDS,
    page_lock_timeout: float = PAGE_LOCK_TIMEOUT_SECONDS,
    replica_url: str | None = None,
    max_replica_lag: float = MAX_REPLICA_LAG_SECONDS,
) -> Storage:
    """The storage in this database; it connects on first use.

    `pool_size` is the number of concurrent sessions; a few connections more are reserved for logins and health checks.
    The timeouts are in seconds: for a connection or a lock; for a statement on PostgreSQL; for finding out whether a
    batch was saved whose commit got no answer; and for other writers of SQLite while somebody waits for a page.
    Searches and reports read from a standby of the database at `replica_url`, as long as its data is at most
    `max_replica_lag` seconds old. Raises `InvalidDatabaseUrlError`.
    """
    engine = create_database_engine(
        url, pool_size=pool_size, lock_timeout=lock_timeout, statement_timeout=statement_timeout
    )
    is_postgres = engine.dialect.name == "postgresql"
    full_disk = FullDisk()
    customers = (
        PostgresCustomerStore(engine, outcome_timeout, full_disk) if is_postgres else SqliteCustomerStore(engine)
    )
    records = SqlRecordStore(engine)
    storage = Storage(
        customers=customers,
        users=SqlUserStore(engine),
        sessions=SqlSessionStore(engine, page_lock_timeout),
        classifiers=SqlClassifierStore(engine),
        records=records,
        search=SqlRecordSearch(engine),
        current_customers=records,
        audit=SqlAuditStore(engine),
        read_audit=SqlAuditStore(with_write_lock_timeout(engine, page_lock_timeout)),
        retention=SqlRetentionStore(engine),
        loads=SqlLoadStore(engine),
        mappings=SqlMappingStore(engine),
        engine=engine,
        full_disk=full_disk,
    )
    if replica_url is None:
        return storage
    replica_engine = create_replica_engine(
        engine, replica_url, pool_size=pool_size, statement_timeout=statement_timeout
    )
    return _with_replica(storage, Replica(engine, replica_engine, max_replica_lag), replica_engine)


def _with_replica(storage: Storage, replica: Replica, engine: Engine) -> Storage:
    """The storage with what reads much on the replica, whose engine is `engine`."""
    return replace(
        storage,
        replica=replica,
        search=ReplicatedSearch(replica, SqlRecordSearch(engine), storage.search),
        current_customers=ReplicatedCustomers(replica, SqlRecordStore(engine), storage.current_customers),
    )
