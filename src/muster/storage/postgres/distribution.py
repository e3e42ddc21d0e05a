"""Spreads the tables over the nodes of a Citus cluster: the steps that are left, and their execution.

Each step is left out once it is done, so the same call serves a new database, a filled one, and one whose upgrade has
brought new tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection, Engine, text

from muster.storage.engine import write_transaction
from muster.storage.errors import StorageError, scrub_errors
from muster.storage.pool import LOCK_TIMEOUT_SECONDS
from muster.storage.postgres.bounded_connection import without_timeout
from muster.storage.postgres.citus import fetch_value, has_citus, is_distributed, is_log_guarded, is_worker_node
from muster.storage.postgres.citus_layout import LAYOUT, Spread, TableLayout
from muster.storage.schema import IS_WORKER, NAME_COORDINATOR, lock_upgrades
from muster.storage.tables import customer_history, customers

# A look-up sends its whole list to each shard, so shards are few; more of them than nodes let a cluster grow.
SHARDS_PER_WORKER: Final = 4

# Parameters of a connection reach the node that it is made to; those of a role reach all nodes. Sequential: a COPY
# would open a connection for each shard, which took 530 ms for 100 customers, and takes 25 so. And what a transaction
# sets for itself, such as the time that it waits for an idempotency key, is to hold on the other nodes too.
ROLE_SETTINGS: Final = {
    "citus.multi_shard_modify_mode": "sequential",
    "citus.propagate_set_commands": "local",
    "lock_timeout": f"{LOCK_TIMEOUT_SECONDS:.0f}s",
    "enable_seqscan": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}

# Triggers of statements stay behind when the rows move to a shard, those of rows move with them.
_GUARD_LOG: Final = (
    "CREATE TRIGGER audit_log_row_stays BEFORE UPDATE OR DELETE ON audit_log "
    "FOR EACH ROW EXECUTE FUNCTION audit_log_stays()"
)
_HAS_ROW_TRIGGER: Final = (
    "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'audit_log'::regclass AND tgname = 'audit_log_row_stays')"
)

_READ_TABLES: Final = """
SELECT tables.oid::regclass::text AS name, pg_relation_size(tables.oid) AS bytes_here,
  CASE WHEN partmethod = 'h' THEN 'distributed' WHEN repmodel = 't' THEN 'reference'
    WHEN partmethod = 'n' AND NOT autoconverted THEN 'local' END AS spread,
  column_to_column_name(logicalrelid, partkey) AS column_name
FROM pg_class AS tables LEFT JOIN pg_catalog.pg_dist_partition ON logicalrelid = tables.oid
WHERE tables.oid = ANY (:names ::regclass[])
"""
_READ_PARSED_DOCUMENTS: Final = """
SELECT attrelid::regclass::text FROM pg_attribute
WHERE attrelid = ANY (:names ::regclass[]) AND attname = 'document' AND atttypid = 'jsonb'::regtype
ORDER BY 1
"""
_READ_ROLE: Final = """
SELECT unnest(setconfig) FROM pg_db_role_setting
JOIN pg_database ON pg_database.oid = setdatabase AND datname = current_database()
JOIN pg_roles ON pg_roles.oid = setrole AND rolname = current_user
"""


class NotDistributableError(StorageError):
    """The tables of this database can't be spread over a cluster as it is."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class DistributionStep:
    """What is to be done, in words and in SQL."""

    description: str
    statement: str


@scrub_errors
def plan_distribution(engine: Engine) -> Sequence[DistributionStep]:
    """The steps that are left; none for a database that is distributed as this version needs it.

    Raises `NotDistributableError`, `StorageUnavailableError`.
    """
    with engine.connect() as connection:
        return _plan(connection)


@scrub_errors
def distribute(engine: Engine) -> None:
    """Takes the steps that are left, in one transaction. Writers wait for it, and it copies the rows that are there.

    Raises `NotDistributableError`, `StorageUnavailableError`.
    """
    with write_transaction(engine) as connection, without_timeout(connection):
        lock_upgrades(connection)
        connection.execute(text("SET LOCAL citus.multi_shard_modify_mode = 'sequential'"))
        for step in _plan(connection):
            connection.exec_driver_sql(step.statement)


def _plan(connection: Connection) -> list[DistributionStep]:
    shards = SHARDS_PER_WORKER * _count_workers(connection)
    return [
        *_plan_role(connection),
        *_plan_guard(connection),
        *_plan_documents(connection),
        *_plan_tables(connection, shards),
    ]


def _count_workers(connection: Connection) -> int:
    """The worker nodes of the cluster. Raises `NotDistributableError` if this is no coordinator with some."""

    fetch = partial(fetch_value, connection)
    if connection.dialect.name != "postgresql" or not has_citus(fetch):
        raise NotDistributableError(
            "the database is not on a Citus cluster", "create the extension citus in it, on every node"
        )
    if is_worker_node(fetch):
        raise NotDistributableError(IS_WORKER, NAME_COORDINATOR)
    workers = int(fetch("SELECT count(*) FROM pg_catalog.pg_dist_node WHERE shouldhaveshards AND isactive"))
    if not workers:
        raise NotDistributableError(
            "the cluster has no worker nodes", "add them with SELECT citus_add_node('host', port)"
        )
    return workers


def _plan_role(connection: Connection) -> list[DistributionStep]:
    found = set(connection.exec_driver_sql(_READ_ROLE).scalars())
    missing = {name: value for name, value in ROLE_SETTINGS.items() if f"{name}={value}" not in found}
    database = connection.exec_driver_sql("SELECT quote_ident(current_database())").scalar_one()
    return [
        DistributionStep(
            f"set {name} to {value} for this user in this database, on all nodes",
            f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET {name} = '{value}'",
        )
        for name, value in missing.items()
    ]


def _plan_guard(connection: Connection) -> list[DistributionStep]:
    fetch = partial(fetch_value, connection)
    if is_log_guarded(fetch) if is_distributed(fetch) else fetch(_HAS_ROW_TRIGGER):
        return []
    return [DistributionStep("guard the entries of audit_log on the node that has them", _GUARD_LOG)]


def _plan_documents(connection: Connection) -> list[DistributionStep]:
    """Documents as json: a node that gets rows for another one would parse jsonb, write it and have it parsed again."""
    names = [customers.name, customer_history.name]
    return [
        DistributionStep(
            f"keep the documents of {table} as json, which needs no parsing on the way to its node",
            f"ALTER TABLE {table} ALTER COLUMN document TYPE json USING document::json",
        )
        for table in connection.execute(text(_READ_PARSED_DOCUMENTS), {"names": names}).scalars()
    ]


def _plan_tables(connection: Connection, shards: int) -> list[DistributionStep]:
    names = [layout.table for layout in LAYOUT]
    found = {row.name: row for row in connection.execute(text(_READ_TABLES), {"names": names})}
    steps = []
    for layout in LAYOUT:
        table = found[layout.table]
        if table.spread is None:
            steps.append(_make_step(layout, shards))
        elif (table.spread, table.column_name) != (layout.spread, layout.column):
            raise NotDistributableError(
                f"{layout.table} is spread in another way: {table.spread} {table.column_name or ''}".rstrip(),
                f"SELECT undistribute_table('{layout.table}') and repeat the command",
            )
        if table.bytes_here and layout.spread is not Spread.LOCAL:
            steps.append(_make_removal(layout))
    return steps


def _make_step(layout: TableLayout, shards: int) -> DistributionStep:
    table = layout.table
    match layout.spread:
        case Spread.REFERENCE:
            return DistributionStep(f"copy {table} to all nodes", f"SELECT create_reference_table('{table}')")
        case Spread.LOCAL:
            add = f"SELECT citus_add_local_table_to_metadata('{table}')"
            return DistributionStep(f"keep {table} on the coordinator, for all nodes", add)
    if layout.beside:
        make = f"SELECT create_distributed_table('{table}', '{layout.column}', colocate_with => '{layout.beside}')"
        return DistributionStep(f"distribute {table} by {layout.column}, beside {layout.beside}", make)
    arguments = f"'{table}', '{layout.column}', colocate_with => 'none', shard_count => {shards}"
    make = f"SELECT create_distributed_table({arguments})"
    return DistributionStep(f"distribute {table} by {layout.column}, in {shards} shards", make)


def _make_removal(layout: TableLayout) -> DistributionStep:
    remove = f"SELECT truncate_local_data_after_distributing_table('{layout.table}')"
    return DistributionStep(f"remove the rows of {layout.table} that are left on the coordinator", remove)
