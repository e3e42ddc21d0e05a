"""The records, read by the same statements on both databases.

A version and its batch are read by two statements. The rows of both lie on different nodes of a Citus cluster, where a
join of them would copy all batches: 470 ms at 200,000 batches, and 5 ms for two statements. On other databases, two
statements that are compiled once take half of the processor time that a join through SQLAlchemy took.
"""

from collections.abc import Generator, Iterable, Sequence, Set
from contextlib import closing
from datetime import datetime
from functools import cache
from itertools import chain, repeat
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Column,
    CompoundSelect,
    Connection,
    Engine,
    Integer,
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
_SELECT_RECEIPTS = select(batches.c.id, batches.c.received_at, batches.c.sender)
_RECEIPT_BY_BATCH = _SELECT_RECEIPTS.where(batches.c.id == bindparam("batch_id"))

# The parameters of selects that are compiled once.
_Parameter = BindParameter[Any]
_EXT_ID: Final[_Parameter] = bindparam("ext_id")
_UNIT: Final[_Parameter] = bindparam("unit")
_VERSION: Final[_Parameter] = bindparam("version")
_BELOW: Final[_Parameter] = bindparam("below")
_LIMIT: Final[_Parameter] = bindparam("limit", type_=Integer)
_MAX_VERSION: Final = 2**31 - 1  # more than a version can be

# When a batch was received, and who sent it.
_Receipt = tuple[datetime, str]


def select_batches() -> Select[Any]:
    """Selects the fields of `BatchSummary`."""
    return _SELECT_BATCHES


class SqlRecordStore:
    """The records of the installation, a `RecordStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        key = _EXT_ID.key, _UNIT.key
        self._communication = CompiledSelect(engine, _COMMUNICATION_BY_NUMBER, "number")
        self._receipt = CompiledSelect(engine, _RECEIPT_BY_BATCH, "batch_id")
        self._current = CompiledSelect(engine, _select_current(), *key, _BELOW.key)
        self._version = CompiledSelect(engine, _select_version(with_document=True), *key, _VERSION.key)
        self._version_keys = CompiledSelect(engine, _select_version(with_document=False), *key, _VERSION.key)
        self._newest = CompiledSelect(engine, _select_newest(), *key, _BELOW.key, _LIMIT.key)

    def communication(self, number: str) -> Communication | None:
        row = self._communication.one_or_none(number)
        return None if row is None else self._to_communication(row)

    def batch(self, batch_id: UUID) -> BatchSummary | None:
        rows = self._fetch(_SELECT_BATCHES.where(batches.c.id == batch_id))
        return BatchSummary(*rows[0]) if rows else None

    def customer(self, ext_id: str, unit: str, at: datetime | None) -> CustomerVersion | None:
        if at is not None:
            number = self._find_number(ext_id, unit, at)
            return None if number is None else self.version(ext_id, unit, number)
        row = self._current.one_or_none(ext_id, unit, _MAX_VERSION)
        return None if row is None else self._to_version(row)

    def version(self, ext_id: str, unit: str, number: int) -> CustomerVersion | None:
        row = self._version.one_or_none(ext_id, unit, number)
        return None if row is None else self._to_version(row)

    def customer_units(self, ext_id: str, units: Set[str] | None) -> Sequence[str]:
        query = select(customers.c.business_unit).where(customers.c.customer_ext_id == ext_id)
        if units is not None:
            query = query.where(customers.c.business_unit.in_(sorted(units)))
        return [row[0] for row in self._fetch(query.order_by(customers.c.business_unit))]

    def replacement(self, ext_id: str, unit: str, version: int) -> Communication | None:
        row = self._version_keys.one_or_none(ext_id, unit, version + 1)
        return None if row is None else self._to_communication(row)

    @scrub_errors
    def versions(
        self, ext_id: str, unit: str, *, below: int | None, limit: int, max_bytes: int
    ) -> Sequence[CustomerVersion]:
        found: list[Any] = []
        size = 0
        below = _MAX_VERSION if below is None else below
        with closing(self._iterate_versions(ext_id, unit, below, limit)) as versions:
            for row in versions:
                found.append(row)
                *_, document = row
                size += len(document)
                if size >= max_bytes and len(found) > 1:
                    break
        receipts = self._find_receipts(batch_id for *_, batch_id, _ in found)
        return [_build_version(row, receipts[row[-2]]) for row in found]

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

    def _to_communication(self, row: Sequence[Any]) -> Communication:
        number, ext_id, unit, version, batch_id = row
        return Communication(number, ext_id, unit, version, batch_id, *self._read_receipt(batch_id))

    def _to_version(self, row: Sequence[Any]) -> CustomerVersion:
        *_, batch_id, _ = row
        return _build_version(row, self._read_receipt(batch_id))

    def _read_receipt(self, batch_id: UUID) -> _Receipt:
        # As the drivers store it: SQLite has it as text.
        found = self._receipt.one_or_none(batch_id.hex if self._engine.dialect.name == "sqlite" else batch_id)
        assert found is not None  # batches are never deleted
        _, received_at, sender = found
        return received_at, sender

    def _find_receipts(self, batch_ids: Iterable[UUID]) -> dict[UUID, _Receipt]:
        ids = list(dict.fromkeys(batch_ids))
        if len(ids) == 1:  # mostly
            return {ids[0]: self._read_receipt(ids[0])}
        rows = self._fetch(_SELECT_RECEIPTS.where(batches.c.id.in_(ids))) if ids else ()
        return {batch_id: (received_at, sender) for batch_id, received_at, sender in rows}

    def _find_number(self, ext_id: str, unit: str, at: datetime) -> int | None:
        """The number of the version that was current at a moment. Reads no document, and only versions since then."""
        below = _MAX_VERSION
        for limit in chain(_VERSIONS_PER_FETCH, repeat(_VERSIONS_PER_FETCH[-1])):
            rows = self._newest.all(ext_id, unit, below, limit)
            receipts = self._find_receipts(batch_id for _, batch_id in rows)
            for version, batch_id in rows:
                if receipts[batch_id][0] <= at:
                    return int(version)
            if len(rows) < limit:
                return None
            below = rows[-1][0]
        raise AssertionError("unreachable")

    def _iterate_versions(self, ext_id: str, unit: str, below: int, limit: int) -> Generator[Sequence[Any]]:
        """The current version, then the replaced ones in the order of their key: no query sorts or skips documents.

        A version that is replaced between the two queries is not read twice, because its number is a bound of the
        second.
        """
        current = self._current.one_or_none(ext_id, unit, below)
        if current is not None:
            yield current
            *_, below, _, _ = current
            limit -= 1
        if limit > 0:
            replaced = _select_versions(customer_history, ext_id, unit, below).limit(limit)
            replaced = replaced.order_by(customer_history.c.version.desc())
            options = {"yield_per": _DOCUMENTS_PER_FETCH}
            with (
                _begin_read(self._engine) as connection,
                connection.execute(replaced, execution_options=options) as rows,
            ):
                yield from rows

    @scrub_errors
    def _fetch(self, query: Select[Any]) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execute(query).all()


def _begin_read(engine: Engine) -> Connection:
    """A connection that fetches rows as needed. On PostgreSQL that takes a cursor, and a cursor a transaction."""
    is_postgres = engine.dialect.name == "postgresql"
    connection = engine.connect()
    return connection.execution_options(isolation_level="READ COMMITTED") if is_postgres else connection


def _select_versions(
    table: Table, ext_id: str | _Parameter, unit: str | _Parameter, below: int | _Parameter
) -> Select[Any]:
    """Versions of a customer below a version, in one of the two tables."""
    query = select(*_get_key_columns(table), cast(table.c.document, Text))
    return query.where(table.c.customer_ext_id == ext_id, table.c.business_unit == unit, table.c.version < below)


@cache
def _select_current() -> Select[Any]:
    return _select_versions(customers, _EXT_ID, _UNIT, _BELOW)


def _get_key_columns(table: Table) -> Sequence[Column[Any]]:
    """The columns of a version that `Communication` begins with."""
    row = table.c
    return row.communication_number, row.customer_ext_id, row.business_unit, row.version, row.batch_id


@cache
def _select_version(*, with_document: bool) -> CompoundSelect[Any]:
    """One version of a customer. It moves from one table to the other when it is replaced, so it may be in either."""

    def select_from(table: Table) -> Select[Any]:
        document = [cast(table.c.document, Text)] if with_document else []
        query = select(*_get_key_columns(table), *document)
        return query.where(
            table.c.customer_ext_id == _EXT_ID, table.c.business_unit == _UNIT, table.c.version == _VERSION
        )

    return union_all(select_from(customers), select_from(customer_history))


@cache
def _select_newest() -> Select[Any]:
    """The newest versions of a customer below a version, with their batches."""

    def select_from(table: Table) -> Select[Any]:
        query = select(table.c.version, table.c.batch_id)
        query = query.where(
            table.c.customer_ext_id == _EXT_ID, table.c.business_unit == _UNIT, table.c.version < _BELOW
        )
        # Both parts in the order of their keys: the whole would be read before it is sorted.
        return select(query.order_by(table.c.version.desc()).limit(_LIMIT).subquery())

    found = union_all(select_from(customers), select_from(customer_history)).subquery()
    return select(found).order_by(found.c.version.desc()).limit(_LIMIT)


def _build_version(row: Sequence[Any], receipt: _Receipt) -> CustomerVersion:
    number, ext_id, unit, version, batch_id, document = row
    return CustomerVersion(number, ext_id, unit, version, batch_id, *receipt, document.encode())
