"""Customers on PostgreSQL: one query for a lookup, binary COPY for writes."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Engine

from muster.intake.customer_store import (
    Batch,
    CommitOutcome,
    Known,
    LostCommitError,
)
from muster.intake.idempotency import IdempotencyKey, StoredResponse
from muster.intake.large_body import ResponseBody
from muster.intake.write_plan import AcceptedCustomer, CustomerKey
from muster.storage.compression import CompressedResponses, compress_responses
from muster.storage.errors import scrub_errors
from muster.storage.pool import check_out_connection
from muster.storage.postgres import statements
from muster.storage.postgres.batch_write import encode_rejections, insert_one, lock_load, write_batch, write_one
from muster.storage.postgres.binary_copy import JSONB_VERSION
from muster.storage.postgres.bounded_connection import BoundedConnection
from muster.storage.postgres.citus import has_json_documents, is_distributed
from muster.storage.postgres.commit_outcome import CONNECT_TIMEOUT_SECONDS, OUTCOME_TIMEOUT_SECONDS, find_outcome
from muster.storage.postgres.connection import open_unpooled_connection
from muster.storage.postgres.full_disk import FullDisk
from muster.storage.postgres.key_claim import KeyClaim
from muster.storage.postgres.sharded_lookup import MIN_DIVIDED_KEYS, look_up_by_shard
from muster.storage.postgres.statements import join_texts


class PostgresCustomerStore:
    """The customers of a PostgreSQL database, a `CustomerStore`."""

    def __init__(
        self, engine: Engine, outcome_timeout: float = OUTCOME_TIMEOUT_SECONDS, full_disk: FullDisk | None = None
    ) -> None:
        self._engine = engine
        self._outcome_timeout = outcome_timeout
        self._full_disk = full_disk or FullDisk()

    @contextmanager
    def session(self) -> Iterator["PostgresSession"]:
        """Holds one connection for one request. Raises `StorageUnavailableError` when none can be had."""
        pooled = check_out_connection(self._engine)
        connection = pooled.driver_connection
        assert isinstance(connection, BoundedConnection)
        try:
            yield PostgresSession(connection, self._engine, self._outcome_timeout, self._full_disk)
        finally:
            if connection.closed:
                pooled.invalidate()
            pooled.close()


class PostgresSession:
    """A `Session` on one connection in autocommit mode."""

    def __init__(
        self, connection: BoundedConnection, engine: Engine, outcome_timeout: float, full_disk: FullDisk
    ) -> None:
        self._connection = connection
        self._engine = engine
        self._outcome_timeout = outcome_timeout
        self._full_disk = full_disk
        self._key_claim = KeyClaim(connection)
        self._is_committing = False  # whether the server may have been told to commit

    @scrub_errors
    def look_up(self, numbers: Collection[str], customers: Collection[CustomerKey]) -> Known:
        """Runs one query, whatever the counts; on a Citus cluster some for each shard."""
        if not (numbers or customers):
            return Known(frozenset(), {})
        if len(numbers) + len(customers) >= MIN_DIVIDED_KEYS and self._is_distributed():
            return look_up_by_shard(self._connection, numbers, customers)
        units, ext_ids = zip(*customers, strict=True) if customers else ((), ())
        requested = *join_texts(numbers), *join_texts(ext_ids)
        if len(set(units)) == 1:
            rows = self._connection.execute(statements.FIND_KNOWN_IN_UNIT, (*requested, units[0]))
        else:
            rows = self._connection.execute(statements.FIND_KNOWN_IN_UNITS, (*requested, *join_texts(units)))
        used: set[str] = set()
        versions: dict[CustomerKey, int] = {}
        for unit, identifier, version in rows:
            if unit is None:
                used.add(identifier)
            else:
                versions[unit, identifier] = version
        return Known(frozenset(used), versions)

    @contextmanager
    def claim(self, key: IdempotencyKey) -> Iterator[StoredResponse | None]:
        """Holds a transaction, which `save` commits."""
        with self._key_claim.hold(key) as stored:
            yield stored

    @scrub_errors
    def save(self, batch: Batch, response: ResponseBody) -> None:
        """Writes the batch in one transaction, or nothing.

        Raises `ConflictError`, `LeaseLostError`, `LostCommitError`, `StorageUnavailableError`.
        """
        if batch.idempotency_key is None:
            self._key_claim.release()
        plan = batch.plan
        is_single = len(plan.created) == len(plan.accepted) == 1 and not batch.rejected
        self._is_committing = False
        try:
            responses = compress_responses(batch, response)
            if is_single and batch.checkpoint is None:
                self._save_one(plan.created[0], batch, responses)
            else:
                self._save_all(batch, responses)
        except psycopg.Error as error:
            self._full_disk.note_failure(error)
            self._connection.has_json_documents = None  # the type may have been changed since
            # An error of a statement leaves the connection open, and then nothing was committed.
            if not (self._is_committing and self._connection.closed):
                raise
        else:
            self._full_disk.note_success()
            return
        raise LostCommitError(batch.id)

    def find_outcome(self, batch_id: UUID) -> CommitOutcome:
        connect = partial(open_unpooled_connection, self._engine, CONNECT_TIMEOUT_SECONDS)
        return find_outcome(batch_id, self._connection.backend, connect, self._outcome_timeout)

    def _save_all(self, batch: Batch, responses: CompressedResponses) -> None:
        # Made before the transaction, because a rejected customer may have many violations. The rows of customers cost
        # 1.1 µs each and are made while PostgreSQL writes.
        rejections, prefix = encode_rejections(batch), self._get_document_prefix()
        with self._commit() as cursor:
            if batch.checkpoint is not None and self._is_distributed():
                lock_load(cursor, batch.checkpoint)
            write_batch(cursor, rejections, batch, responses, prefix)

    def _save_one(self, customer: AcceptedCustomer, batch: Batch, responses: CompressedResponses) -> None:
        is_distributed = self._is_distributed()
        # Behind a pooler and on a cluster, only a transaction tells which backend commits.
        if batch.idempotency_key is not None or self._connection.is_pooled or is_distributed:
            with self._commit() as cursor:
                write_one(cursor, customer, batch, responses, by_table=is_distributed)
            return
        # The statement commits by itself, so a dead connection must be noticed before it, not by it.
        self._connection.check_alive()
        self._is_committing = True
        insert_one(self._connection, customer, batch, responses.kept)

    def _is_distributed(self) -> bool:
        """Whether the tables are distributed over a Citus cluster, as it was when this connection first asked."""
        connection = self._connection
        if connection.is_distributed is None:
            connection.is_distributed = is_distributed(connection.fetch_value)
        return connection.is_distributed

    def _get_document_prefix(self) -> bytes:
        """What precedes a document in a COPY, by the type of the column, which is asked for again after an error."""
        connection = self._connection
        if connection.has_json_documents is None:
            connection.has_json_documents = has_json_documents(connection.fetch_value)
        return b"" if connection.has_json_documents else JSONB_VERSION

    @contextmanager
    def _commit(self) -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
        """Commits what is done with the cursor: in the transaction of the claimed key, or in one of its own."""
        if self._key_claim.is_held:
            with self._key_claim.undoing(), self._connection.cursor() as cursor:
                yield cursor
            self._is_committing = True
            self._key_claim.commit()
            return
        with self._connection.transaction() as transaction:
            with self._connection.cursor() as cursor:
                yield cursor
            self._is_committing = True
        # psycopg leaves the block without an error and without a COMMIT when it has noticed a lost connection.
        if transaction.status is not transaction.Status.COMMITTED:
            self._is_committing = False
            raise psycopg.OperationalError("the connection was lost before the commit")
