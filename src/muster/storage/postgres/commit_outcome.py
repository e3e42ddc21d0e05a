"""Finding out whether a batch was saved after the answer to its commit was lost.

Not finding the batch proves nothing while the old backend lives: the commit may wait in its socket, or for a disk. So
the batch counts as not saved only when it is missing after the backend has ended. The two are asked in this order, in
one statement each, because the second one must see everything that the backend has committed. On a Citus cluster, a
transaction may outlive its backend: prepared on other nodes, until Citus commits it or rolls it back there.
"""

import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Final
from uuid import UUID

import psycopg

from muster.intake.customer_store import CommitOutcome
from muster.storage.postgres.bounded_connection import Backend, BoundedConnection
from muster.storage.postgres.citus import is_distributed, is_transaction_prepared

# The contract gives the service 10 seconds. The last attempt to connect may take 2 of them, and its first query one.
OUTCOME_TIMEOUT_SECONDS: Final = 7.0
CONNECT_TIMEOUT_SECONDS: Final = 2  # the least that libpq allows

_PAUSE_SECONDS: Final = 0.02

_FIND_BACKEND: Final = "SELECT 1 FROM pg_stat_get_activity(%s) WHERE backend_start = %s"
_FIND_BATCH: Final = "SELECT 1 FROM batches WHERE id = %s"


def find_outcome(
    batch_id: UUID, backend: Backend | None, connect: Callable[[float], BoundedConnection], timeout: float
) -> CommitOutcome:
    """Asks over new connections for `timeout` seconds; `connect` takes the seconds that are left.

    Never raises `psycopg.Error`.
    """
    deadline = time.monotonic() + timeout
    outcome = CommitOutcome.UNKNOWN
    while outcome is CommitOutcome.UNKNOWN and (left := deadline - time.monotonic()) > 0:
        with suppress(psycopg.Error), closing(connect(left)) as connection:
            outcome = _ask(connection, batch_id, backend, deadline)
        time.sleep(_PAUSE_SECONDS)
    return outcome


def _is_prepared(connection: BoundedConnection, backend: Backend) -> bool:
    fetch = connection.fetch_value
    return is_distributed(fetch) and is_transaction_prepared(fetch, backend.pid)


def _ask(connection: BoundedConnection, batch_id: UUID, backend: Backend | None, deadline: float) -> CommitOutcome:
    def exists(query: str, *parameters: object) -> bool:
        connection.timeout_seconds = max(deadline - time.monotonic(), _PAUSE_SECONDS)
        return connection.execute(query, parameters).fetchone() is not None

    while time.monotonic() < deadline:
        has_ended = (
            backend is not None and not exists(_FIND_BACKEND, *backend) and not _is_prepared(connection, backend)
        )
        if exists(_FIND_BATCH, batch_id):
            return CommitOutcome.SAVED
        if has_ended:
            return CommitOutcome.NOT_SAVED
        time.sleep(_PAUSE_SECONDS)
    return CommitOutcome.UNKNOWN
