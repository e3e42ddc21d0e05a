"""The loads of files. All transactions lock the row of their load first, and then only what belongs to it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select, true

from muster.intake.checkpoint import LeaseLostError, Totals
from muster.loads.load_store import ALL_LOADS, Load, LoadListFilter, LoadState, NewLoad, RefusedChunk
from muster.loads.rows import Layout
from muster.storage.batch_ids import build_first_id
from muster.storage.engine import write_transaction
from muster.storage.erasure import erasing_transaction
from muster.storage.errors import scrub_errors
from muster.storage.load_leases import SqlLeaseStore, end_load, update_leased
from muster.storage.load_parts import SqlPartStore, delete_parts
from muster.storage.load_retention import (
    cancel_abandoned,
    delete_refused_chunks,
    delete_refused_rows,
    purge_refused_rows,
)
from muster.storage.load_rows import select_loads, to_load, to_row, to_total_columns
from muster.storage.schema import MIN_COMPATIBLE
from muster.storage.tables import batches, load_refused_rows, loads, revisions
from muster.storage.text import sanitize_text

# Named one by one, and not as those that are not final: so the index of the state is used.
_OPEN_STATES: Final = (LoadState.RECEIVING.value, LoadState.WAITING.value, LoadState.RUNNING.value)


class SqlLoadStore(SqlPartStore, SqlLeaseStore):
    """A `LoadStore` by the same statements on both databases. `Session.save` writes the checkpoints."""

    @scrub_errors
    def create(self, load: NewLoad) -> None:
        with write_transaction(self._engine) as connection:
            connection.execute(insert(loads).values(to_row(load)))

    @scrub_errors
    def create_once(self, load: NewLoad) -> bool:
        with write_transaction(self._engine) as connection:
            lock_creation(connection)
            if connection.execute(select(loads.c.id).where(*_is_same(load.fingerprint)).limit(1)).first() is not None:
                return False
            connection.execute(insert(loads).values(to_row(load)))
        return True

    def get(self, load_id: UUID) -> Load | None:
        found = self._fetch(select_loads().where(loads.c.id == load_id))
        return found[0] if found else None

    def list(
        self, wanted: LoadListFilter = ALL_LOADS, *, sender: str | None, before: UUID | None, limit: int
    ) -> Sequence[Load]:
        query = select_loads().where(*_build_conditions(wanted)).order_by(loads.c.id.desc()).limit(limit)
        if sender is not None:
            query = query.where(loads.c.sender == sender)
        if before is not None:
            query = query.where(loads.c.id < before)
        return self._fetch(query)

    def find_same(self, fingerprint: bytes) -> Sequence[Load]:
        return self._fetch(select_loads().where(*_is_same(fingerprint)).order_by(loads.c.id.desc()))

    def count_open(self, sender: str) -> int:
        return self._count(loads.c.state.in_(_OPEN_STATES), loads.c.sender == sender)

    def count_waiting(self) -> int:
        return self._count(loads.c.state == LoadState.WAITING.value)

    @scrub_errors
    def describe(self, load_id: UUID, lease: UUID, *, layout: Layout, bytes_read: int) -> None:
        with write_transaction(self._engine) as connection:
            update_leased(connection, load_id, lease, layout=msgspec.to_builtins(layout), bytes_read=bytes_read)

    @scrub_errors
    def save_dry_checkpoint(self, load_id: UUID, lease: UUID, totals: Totals, refused: RefusedChunk | None) -> None:
        with write_transaction(self._engine) as connection:
            update_leased(connection, load_id, lease, takeovers=0, **to_total_columns(totals))
            if refused is None:
                return
            row = {"load_id": load_id, "first_row": refused.first_row, "content": refused.content}
            # The chunk may be there already, if the answer to its commit was lost.
            columns = load_refused_rows.c
            is_same = columns.load_id == load_id, columns.first_row == refused.first_row
            connection.execute(delete(load_refused_rows).where(*is_same))
            connection.execute(insert(load_refused_rows).values(row))

    def restart_dry_run(self, load_id: UUID, lease: UUID) -> None:
        while self._restart(load_id, lease):
            pass

    @scrub_errors
    def batches(self, load_id: UUID) -> Sequence[UUID]:
        query = select(batches.c.id).where(batches.c.load_id == load_id).order_by(batches.c.first_row)
        with self._engine.connect() as connection:
            return connection.execute(query).scalars().all()

    def finish(
        self, load_id: UUID, lease: UUID, state: LoadState, *, content_sha256: bytes | None, problem: str | None = None
    ) -> None:
        # What is not known now stays as it was: the digest that the sender gave, and that refused rows were purged.
        values = {"content_sha256": content_sha256, "problem": sanitize_text(problem)}
        self._finish(load_id, lease, state, {name: value for name, value in values.items() if value is not None})
        delete_parts(self._engine, load_id)

    def cancel(self, load_id: UUID, *, only_receiving: bool = False) -> bool:
        is_cancelled = self._cancel(load_id, only_receiving=only_receiving)
        if is_cancelled:
            delete_parts(self._engine, load_id)
        return is_cancelled

    def refused(self, load_id: UUID) -> Iterator[RefusedChunk]:
        """Reads one chunk at a time, and holds no connection between them."""
        columns = load_refused_rows.c
        query = select(columns.first_row, columns.content).where(columns.load_id == load_id).order_by(columns.first_row)
        last = -1
        while (chunk := self._fetch_refused(query.where(columns.first_row > last).limit(1))) is not None:
            yield chunk
            last = chunk.first_row

    def delete_refused(self, load_id: UUID) -> None:
        delete_refused_rows(self._engine, load_id)

    def purge_refused(self, ended_before: datetime) -> int:
        return sum(purge_refused_rows(self._engine, ended_before))

    def cancel_abandoned(self, received_before: datetime) -> int:
        return sum(cancel_abandoned(self._engine, received_before))

    @scrub_errors
    def _restart(self, load_id: UUID, lease: UUID) -> bool:
        """Each transaction is fenced, so that none removes what another worker has written."""
        with erasing_transaction(self._engine) as connection:
            update_leased(connection, load_id, lease, bytes_read=0, **to_total_columns(Totals()))
            return delete_refused_chunks(connection, load_id)

    @scrub_errors
    def _finish(self, load_id: UUID, lease: UUID, state: LoadState, values: dict[str, Any]) -> None:
        with write_transaction(self._engine) as connection:
            query = end_load(load_id, state, self._read_time(connection), **values).where(loads.c.lease == lease)
            if connection.execute(query).rowcount != 1:
                raise LeaseLostError

    @scrub_errors
    def _cancel(self, load_id: UUID, *, only_receiving: bool) -> bool:
        with write_transaction(self._engine) as connection:
            query = end_load(load_id, LoadState.CANCELLED, self._read_time(connection))
            if only_receiving:
                query = query.where(loads.c.state == LoadState.RECEIVING.value)
            return connection.execute(query).rowcount == 1

    @scrub_errors
    def _fetch(self, query: Select[Any]) -> Sequence[Load]:
        with self._engine.connect() as connection:
            return [to_load(row) for row in connection.execute(query).mappings()]

    @scrub_errors
    def _count(self, *conditions: ColumnElement[bool]) -> int:
        with self._engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(loads).where(*conditions)).scalar_one()

    @scrub_errors
    def _fetch_refused(self, query: Select[Any]) -> RefusedChunk | None:
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return RefusedChunk(*row) if row else None


def lock_creation(connection: Connection) -> None:
    """Waits for other processes that create a load, by a row that every installation has and nothing else locks.

    An advisory lock would hold on one node of a cluster only. On SQLite, a transaction that writes is alone anyway.
    """
    is_row = revisions.c.name == MIN_COMPATIBLE
    connection.execute(select(revisions.c.revision).where(is_row).with_for_update())


def _is_same(fingerprint: bytes) -> tuple[ColumnElement[bool], ...]:
    return loads.c.fingerprint == fingerprint, loads.c.state != LoadState.CANCELLED.value


def _build_conditions(wanted: LoadListFilter) -> Sequence[ColumnElement[bool]]:
    """An id begins with the time of creation, as that of a batch does. Each condition has an index with the id."""
    columns = loads.c
    is_dry_run = columns.is_dry_run.is_(true())  # exactly the condition of the index
    return [
        *([] if wanted.since is None else [columns.id >= build_first_id(wanted.since)]),
        *([] if wanted.until is None else [columns.id < build_first_id(wanted.until)]),
        *([] if wanted.sender is None else [columns.sender == wanted.sender]),
        *([] if wanted.state is None else [columns.state == wanted.state.value]),
        *(
            []
            if wanted.is_dry_run is None
            else [is_dry_run if wanted.is_dry_run else columns.is_dry_run.is_not(true())]
        ),
    ]
