"""What muster asks a Citus cluster: how tables are made, whether the log is guarded, and whether a commit is open."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, text

# Each gives one value. The catalog exists where the extension does.
_HAS_CITUS: Final = "SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL"
_IS_DISTRIBUTED: Final = (
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition WHERE logicalrelid = to_regclass('batches'))"
)

# The trigger of the table that holds the rows: Citus renames it, and leaves an empty table under the old name.
_IS_LOG_GUARDED: Final = """
SELECT coalesce(bool_and(success AND result = '1'), false) FROM run_command_on_placements('audit_log', $$
  SELECT count(*) FROM pg_trigger
  WHERE tgrelid = '%s'::regclass AND starts_with(tgname::text, 'audit_log_row_stays')
    AND tgtype = 27 AND tgenabled = 'O'
$$)
"""

# Citus names them after the node and the process that began the transaction.
_IS_PREPARED: Final = """
SELECT coalesce(bool_or(NOT success OR result <> '0'), false)
FROM pg_catalog.pg_dist_local_group, run_command_on_all_nodes(concat(
  'SELECT count(*) FROM pg_prepared_xacts WHERE starts_with(gid, ''citus_', groupid, '_', {pid}, '_'')'))
"""

_HAS_JSON_DOCUMENTS: Final = (
    "SELECT atttypid = 'json'::regtype FROM pg_attribute "
    "WHERE attrelid = 'customers'::regclass AND attname = 'document'"
)

_IS_WORKER: Final = "SELECT groupid <> 0 FROM pg_catalog.pg_dist_local_group"

FetchValue = Callable[[str], Any]  # runs a query without parameters, and gives its only value


def fetch_value(connection: Connection, query: str) -> Any:
    """A `FetchValue` for a connection of SQLAlchemy."""
    return connection.execute(text(query)).scalar_one()


def has_citus(fetch: FetchValue) -> bool:
    return bool(fetch(_HAS_CITUS))


def is_distributed(fetch: FetchValue) -> bool:
    """Whether `muster db distribute` has made the tables of this database those of a cluster."""
    return has_citus(fetch) and bool(fetch(_IS_DISTRIBUTED))


def has_json_documents(fetch: FetchValue) -> bool:
    """Whether customers have documents of type json, as they have on a cluster, instead of jsonb."""
    return bool(fetch(_HAS_JSON_DOCUMENTS))


def is_worker_node(fetch: FetchValue) -> bool:
    """Whether a coordinator has made this node a worker, which takes no changes of the schema."""
    return has_citus(fetch) and bool(fetch(_IS_WORKER))


def is_transaction_prepared(fetch: FetchValue, pid: int) -> bool:
    """Whether a node may still commit a transaction of this process of the node that is asked."""
    return bool(fetch(_IS_PREPARED.format(pid=pid)))


def is_log_guarded(fetch: FetchValue) -> bool:
    """Whether no entry of a distributed audit log can be changed or deleted."""
    return bool(fetch(_IS_LOG_GUARDED))
