"""Removing what is left of loads: refused rows after their time, and what was begun and never ended.

Each transaction removes a few rows of one load, so that no other writer waits long.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    and_,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    true,
    update,
)

from muster.loads.load_store import FINAL_STATES, LoadState
from muster.storage.engine import read_clock, write_transaction
from muster.storage.erasure import erasing_transaction
from muster.storage.errors import scrub_errors
from muster.storage.load_leases import end_load
from muster.storage.load_parts import delete_parts
from muster.storage.tables import load_parts, load_refused_rows, loads

# Chunks of refused rows that one transaction deletes; each is compressed.
_CHUNKS: Final = 20
# Loads that are looked up together.
_LOADS: Final = 200

_ABANDONED: Final = "abandoned: nothing of the file was received for too long"
_REFUSED_DELETED: Final = "refused rows found before {day} were deleted: nobody went on with this load for too long"

Condition = ColumnElement[bool]


def has_old_refused(ended_before: datetime) -> Condition:
    """Whether a load has refused rows and ended before this moment, or is of a local file and was not leased since."""
    is_idle = and_(
        loads.c.state.not_in(FINAL_STATES),
        not_(loads.c.is_uploaded),
        func.coalesce(loads.c.leased_until, loads.c.created_at) < ended_before,
    )
    return and_(or_(loads.c.ended_at < ended_before, is_idle), _has_rows(load_refused_rows))


def is_abandoned(received_before: datetime) -> Condition:
    """Whether a load is an upload of which nothing was received since this moment, and no dry run has read it."""
    is_received = _has_rows(load_parts, load_parts.c.received_at >= received_before)
    is_old = loads.c.created_at < received_before
    dry_runs = loads.alias("dry_runs")
    is_read = or_(dry_runs.c.ended_at.is_(None), dry_runs.c.ended_at >= received_before)
    is_used = exists().where(dry_runs.c.parts_of == loads.c.id, is_read)
    return and_(loads.c.state == LoadState.RECEIVING.value, is_old, not_(is_received), not_(is_used))


def purge_refused_rows(engine: Engine, ended_before: datetime) -> Iterator[int]:
    """Yields 1 for each load whose refused rows were deleted."""
    while found := _find(engine, has_old_refused(ended_before)):
        for load_id in found:
            last = _begin_purge(engine, load_id, ended_before)
            if last is not None:
                delete_refused_rows(engine, load_id, last)
                yield 1


def cancel_abandoned(engine: Engine, received_before: datetime) -> Iterator[int]:
    """Yields 1 for each load that was cancelled.

    Then deletes the parts that the end of other loads has left, because its process died.
    """
    while found := _find(engine, is_abandoned(received_before)):
        for load_id in found:
            if _cancel(engine, load_id, received_before):
                delete_parts(engine, load_id)
                yield 1
    for load_id in _find(engine, and_(loads.c.state.in_(FINAL_STATES), _has_rows(load_parts))):
        delete_parts(engine, load_id)


def delete_refused_rows(engine: Engine, load_id: UUID, last: int | None = None) -> None:
    """Deletes the refused rows of a load; with `last`, those of chunks that begin at this row at the latest."""
    while _delete_refused_chunks(engine, load_id, last):
        pass


def delete_refused_chunks(connection: Connection, load_id: UUID, last: int | None = None) -> bool:
    """Deletes some refused rows of a load; whether there were any."""
    columns = load_refused_rows.c
    is_wanted = and_(columns.load_id == load_id, true() if last is None else columns.first_row <= last)
    rows = select(columns.first_row).where(is_wanted).order_by(columns.first_row).limit(_CHUNKS)
    firsts = connection.execute(rows).scalars().all()
    if firsts:
        connection.execute(delete(load_refused_rows).where(is_wanted, columns.first_row <= firsts[-1]))
    return bool(firsts)


@scrub_errors
def _delete_refused_chunks(engine: Engine, load_id: UUID, last: int | None) -> bool:
    with erasing_transaction(engine) as connection:
        return delete_refused_chunks(connection, load_id, last)


@scrub_errors
def _begin_purge(engine: Engine, load_id: UUID, ended_before: datetime) -> int | None:
    """The row to which refused rows are to be deleted; None when there are none, or somebody went on with the load.

    A load that can still be resumed says that its file of refused rows will not be complete.
    """
    columns = load_refused_rows.c
    is_old = and_(loads.c.id == load_id, has_old_refused(ended_before))
    with write_transaction(engine) as connection:
        query = select(loads.c.ended_at).where(is_old).with_for_update(of=loads)
        found = connection.execute(query).one_or_none()
        if found is None:
            return None
        if found.ended_at is None:
            problem = _REFUSED_DELETED.format(day=read_clock(connection).date())
            connection.execute(update(loads).where(loads.c.id == load_id).values(problem=problem))
        last: int | None = connection.execute(
            select(func.max(columns.first_row)).where(columns.load_id == load_id)
        ).scalar_one()
    return last


@scrub_errors
def _cancel(engine: Engine, load_id: UUID, received_before: datetime) -> bool:
    with write_transaction(engine) as connection:
        query = end_load(load_id, LoadState.CANCELLED, read_clock(connection), problem=_ABANDONED)
        return connection.execute(query.where(is_abandoned(received_before))).rowcount == 1


@scrub_errors
def _find(engine: Engine, condition: Condition) -> list[UUID]:
    query = select(loads.c.id).where(condition).order_by(loads.c.id).limit(_LOADS)
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())


def _has_rows(table: Table, *conditions: Condition) -> Condition:
    return exists().where(table.c.load_id == loads.c.id, *conditions)
