"""The records, read by the same statements on both databases.

A version and its batch are read by two statements. The rows of both lie on different nodes of a Citus cluster, where a
join of them would copy all batches: 470 ms at 200,000 batches, and 5 ms for two statements.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence, Set
from contextlib import closing
from datetime import datetime
from itertools import chain, repeat
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Column,
    CompoundSelect,
    Connection,
    Engine,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    select,
    tuple_,
    union_all,
)

from muster.records.code_uses import CurrentCustomer
from muster.records.record_store import BatchSummary, Communication, CustomerVersion
from muster.storage.compiled_select import CompiledSelect
from muster.storage.compression import decompress_response
from muster.storage.errors import scrub_errors
from muster.storage.tables import batches, communications, customer_history, customers

# Rows with a document that are fetched together. A document has some KB, or tens of MB.
_DOCUMENTS_PER_FETCH: Final = 4
_CUSTOMERS_PER_FETCH: Final = 200
# Versions whose batches are looked up together, newest first, to find the one that was current at a moment: it is
# mostly the newest.
_VERSIONS_PER_FETCH: Final = (1, 10, 100)

_SELECT_BATCHES = select(
    batches.c.id,
    batches.c.received_at,
    batches.c.sender,
    batches.c.accepted,
    batches.c.rejected,
    batches.c.load_id,
    batches.c.first_row,
    batches.c.last_row,
    batches.c.warnings,
)
_SELECT_COMMUNICATIONS = select(
    communications.c.communication_number,
    communications.c.customer_ext_id,
    communications.c.business_unit,
    communications.c.version,
    communications.c.batch_id,
)

_COMMUNICATION_BY_NUMBER = _SELECT_COMMUNICATIONS.where(communications.c.communication_number == bindparam("number"))
_RECEIPT_BY_BATCH = select(batches.c.received_at, batches.c.sender).where(batches.c.id == bindparam("id"))

# When a batch was received, and who sent it.
_Receipt = tuple[datetime, str]


def select_batches() -> Select[Any]:
    """Selects the fields of `BatchSummary`."""
    return _SELECT_BATCHES


class SqlRecordStore:
    """The records of the installation, a `RecordStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._communication = CompiledSelect(engine, _COMMUNICATION_BY_NUMBER, "number")
        self._receipt = CompiledSelect(engine, _RECEIPT_BY_BATCH, "id")

    def communication(self, number: str) -> Communication | None:
        row = self._communication.one_or_none(number)
        return None if row is None else self._to_communication(row)

    def batch(self, batch_id: UUID) -> BatchSummary | None:
        rows = self._fetch(_SELECT_BATCHES.where(batches.c.id == batch_id))
        return BatchSummary(*rows[0]) if rows else None

    def customer(self, ext_id: str, unit: str, at: datetime | None) -> CustomerVersion | None:
        if at is None:
            return self._fetch_current(ext_id, unit)
        number = self._find_number(ext_id, unit, at)
        if number is None:
            return None
        found = self.versions(ext_id, unit, below=number + 1, limit=1, max_bytes=0)
        return found[0] if found else None

    def customer_units(self, ext_id: str, units: Set[str] | None) -> Sequence[str]:
        query = select(customers.c.business_unit).where(customers.c.customer_ext_id == ext_id)
        if units is not None:
            query = query.where(customers.c.business_unit.in_(sorted(units)))
        return [row[0] for row in self._fetch(query.order_by(customers.c.business_unit))]

    def replacement(self, ext_id: str, unit: str, version: int) -> Communication | None:
        # A version moves from one table to the other when it is replaced, so it may be in either.
        following = (
            select(*_get_key_columns(table)).where(
                table.c.customer_ext_id == ext_id, table.c.business_unit == unit, table.c.version == version + 1
            )
            for table in (customers, customer_history)
        )
        return self._fetch_communication(union_all(*following))

    @scrub_errors
    def versions(
        self, ext_id: str, unit: str, *, below: int | None, limit: int, max_bytes: int
    ) -> Sequence[CustomerVersion]:
        found: list[Any] = []
        size = 0
        with _begin_read(self._engine) as connection:
            with closing(_iterate_versions(connection, ext_id, unit, below, limit)) as versions:
                for row in versions:
                    found.append(row)
                    size += len(row.document)
                    if size >= max_bytes and len(found) > 1:
                        break
            receipts = _find_receipts(connection, (row.batch_id for row in found))
        return [_to_version(row, receipts) for row in found]

    @scrub_errors
    def current_customers(
        self, *, after: tuple[str, str] | None, limit: int, max_bytes: int
    ) -> Sequence[CurrentCustomer]:
        key = (customers.c.customer_ext_id, customers.c.business_unit)
        query = select(*key, cast(customers.c.document, Text)).order_by(*key).limit(limit)
        if after is not None:
            query = query.where(tuple_(*key) > tuple_(*after))
        found: list[CurrentCustomer] = []
        size = 0
        options = {"yield_per": _CUSTOMERS_PER_FETCH}
        with _begin_read(self._engine) as connection, connection.execute(query, execution_options=options) as rows:
            for ext_id, unit, document in rows:
                found.append(CurrentCustomer(ext_id, unit, document.encode()))
                size += len(document)
                if size >= max_bytes:
                    break
        return found

    def response(self, batch_id: UUID) -> bytes | None:
        rows = self._fetch(select(batches.c.answer).where(batches.c.id == batch_id))
        return decompress_response(rows[0][0]) if rows and rows[0][0] is not None else None

    @scrub_errors
    def _fetch_current(self, ext_id: str, unit: str) -> CustomerVersion | None:
        with self._engine.connect() as connection:
            row = connection.execute(_select_versions(customers, ext_id, unit)).one_or_none()
        return None if row is None else _to_version(row, {row.batch_id: self._read_receipt(row.batch_id)})

    @scrub_errors
    def _fetch_communication(self, query: Select[Any] | CompoundSelect[Any]) -> Communication | None:
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else self._to_communication(row)

    def _to_communication(self, row: Sequence[Any]) -> Communication:
        number, ext_id, unit, version, batch_id = row
        return Communication(number, ext_id, unit, version, batch_id, *self._read_receipt(batch_id))

    def _read_receipt(self, batch_id: UUID) -> _Receipt:
        # As the drivers store it: SQLite has it as text.
        found = self._receipt.one_or_none(batch_id.hex if self._engine.dialect.name == "sqlite" else batch_id)
        assert found is not None  # batches are never deleted
        received_at, sender = found
        return received_at, sender

    @scrub_errors
    def _find_number(self, ext_id: str, unit: str, at: datetime) -> int | None:
        """The number of the version that was current at a moment. Reads no document, and only versions since then."""
        with self._engine.connect() as connection:
            below: int | None = None
            for limit in chain(_VERSIONS_PER_FETCH, repeat(_VERSIONS_PER_FETCH[-1])):
                rows = connection.execute(_select_numbers(ext_id, unit, below, limit)).all()
                receipts = _find_receipts(connection, (row.batch_id for row in rows))
                for row in rows:
                    if receipts[row.batch_id][0] <= at:
                        return int(row.version)
                if len(rows) < limit:
                    return None
                below = rows[-1].version
        raise AssertionError("unreachable")

    @scrub_errors
    def _fetch(self, query: Select[Any]) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execute(query).all()


def _begin_read(engine: Engine) -> Connection:
    """A connection that fetches rows as needed. On PostgreSQL that takes a cursor, and a cursor a transaction."""
    is_postgres = engine.dialect.name == "postgresql"
    connection = engine.connect()
    return connection.execution_options(isolation_level="READ COMMITTED") if is_postgres else connection


def _iterate_versions(connection: Connection, ext_id: str, unit: str, below: int | None, limit: int) -> Generator[Any]:
    """The current version, then the replaced ones in the order of their key: no query sorts or skips documents.

    A version that is replaced between the two queries is not read twice, because its number is a bound of the second.
    """
    current = _select_versions(customers, ext_id, unit, below)
    for row in connection.execute(current):
        below, limit = row.version, limit - 1
        yield row
    if limit > 0:
        replaced = _select_versions(customer_history, ext_id, unit, below).limit(limit)
        replaced = replaced.order_by(customer_history.c.version.desc())
        with connection.execute(replaced, execution_options={"yield_per": _DOCUMENTS_PER_FETCH}) as rows:
            yield from rows


def _select_versions(table: Table, ext_id: str, unit: str, below: int | None = None) -> Select[Any]:
    """Versions of a customer in one of the two tables."""
    query = select(*_get_key_columns(table), cast(table.c.document, Text).label("document"))
    query = query.where(table.c.customer_ext_id == ext_id, table.c.business_unit == unit)
    return query if below is None else query.where(table.c.version < below)


def _get_key_columns(table: Table) -> Sequence[Column[Any]]:
    """The columns of a version that `Communication` begins with."""
    row = table.c
    return row.communication_number, row.customer_ext_id, row.business_unit, row.version, row.batch_id


def _select_numbers(ext_id: str, unit: str, below: int | None, limit: int) -> Select[Any]:
    """The newest versions of a customer below a version, with their batches."""

    def select_newest(table: Table) -> Select[Any]:
        query = select(table.c.version, table.c.batch_id)
        query = query.where(table.c.customer_ext_id == ext_id, table.c.business_unit == unit)
        query = query if below is None else query.where(table.c.version < below)
        # Both parts in the order of their keys: the whole would be read before it is sorted.
        return select(query.order_by(table.c.version.desc()).limit(limit).subquery())

    found = union_all(select_newest(customers), select_newest(customer_history)).subquery()
    return select(found).order_by(found.c.version.desc()).limit(limit)


def _find_receipts(connection: Connection, batch_ids: Iterable[UUID]) -> dict[UUID, _Receipt]:
    ids = list(dict.fromkeys(batch_ids))
    if not ids:
        return {}
    rows = connection.execute(
        select(batches.c.id, batches.c.received_at, batches.c.sender).where(batches.c.id.in_(ids))
    )
    return {batch_id: (received_at, sender) for batch_id, received_at, sender in rows}


def _to_version(row: Any, receipts: Mapping[UUID, _Receipt]) -> CustomerVersion:
    number, ext_id, unit, version, batch_id, document = row
    return CustomerVersion(number, ext_id, unit, version, batch_id, *receipts[batch_id], document.encode())
