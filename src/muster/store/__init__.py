"""The database: customers, users and code lists on SQLite or PostgreSQL, behind one door."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from muster.access.ports import UserStore
from muster.audit.ports import AuditStore
from muster.classifiers.ports import ClassifierStore
from muster.intake.ports import CustomerStore
from muster.records.ports import RecordStore
from muster.records.retention import RetentionStore

from . import health, schema
from .audit import DatabaseAudit
from .backup import BackupElsewhere, back_up
from .classifiers import DatabaseClassifiers
from .engine import Connections, connections_of, make_engine
from .errors import BadDatabaseUrl, SchemaIsNewer, StoreError, StoreUnavailable
from .postgres import PostgresCustomers
from .records import DatabaseRecords
from .retention import DatabaseRetention
from .schema import USABLE, SchemaState
from .sqlite import SqliteCustomers
from .users import DatabaseUsers

__all__ = [
    "USABLE",
    "BackupElsewhere",
    "BadDatabaseUrl",
    "SchemaIsNewer",
    "SchemaState",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "open_store",
]


@dataclass(frozen=True, slots=True)
class Store:
    """One database. Threads may share it; a process that was forked needs its own."""

    customers: CustomerStore
    users: UserStore
    classifiers: ClassifierStore
    records: RecordStore
    audit: AuditStore
    retention: RetentionStore
    engine: Engine

    def is_there(self) -> bool:
        """False for a SQLite file that is not there yet: it would be made by looking into it."""
        file = self.engine.url.database if self.engine.dialect.name == "sqlite" else None
        return file is None or Path(file).exists()

    def ready(self) -> bool:
        """True when the database answers and has a schema to work on; never raises for one that is away."""
        return health.ready(self.engine)

    def schema_state(self) -> SchemaState:
        """Raises `StoreUnavailable`."""
        return schema.schema_state(self.engine)

    def upgrade(self) -> bool:
        """Creates or upgrades the schema; False when there was nothing to do.

        Raises `SchemaIsNewer`, `StoreUnavailable`.
        """
        return schema.upgrade(self.engine)

    def back_up(self, file: Path) -> None:
        """Writes a copy of a SQLite database to a new file.

        Raises `OSError` for the file, `BackupElsewhere`, `StoreUnavailable`.
        """
        back_up(self.engine, file)

    def connections(self) -> Connections:
        """The connections of this process, in use and at most."""
        return connections_of(self.engine)

    def close(self) -> None:
        """Closes the connections. The store opens new ones when it is used again."""
        self.engine.dispose()


def open_store(url: str, *, pool_size: int = 8) -> Store:
    """A store on this database; it connects when it is first used.

    `pool_size` is how many sessions may run at once, a few connections more are kept for log-ins and the health
    check. Raises `BadDatabaseUrl`.
    """
    engine = make_engine(url, pool_size=pool_size)
    customers = PostgresCustomers(engine) if engine.dialect.name == "postgresql" else SqliteCustomers(engine)
    return Store(
        customers=customers,
        users=DatabaseUsers(engine),
        classifiers=DatabaseClassifiers(engine),
        records=DatabaseRecords(engine),
        audit=DatabaseAudit(engine),
        retention=DatabaseRetention(engine),
        engine=engine,
    )
