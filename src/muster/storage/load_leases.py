"""Leases of loads: which worker works on a load, and when another one may take it over.

A lease is a random UUID, and everything that a worker writes is fenced by it. So the end of a lease only says when
another worker may try. It is by the database's clock, because the clocks of nodes differ.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, Select, Update, func, or_, select, update

from muster.intake.checkpoint import LeaseLostError
from muster.loads.load_store import FINAL_STATES, Load, LoadState
from muster.storage.engine import ReadClock, read_clock, write_transaction
from muster.storage.errors import scrub_errors
from muster.storage.load_parts import delete_parts
from muster.storage.load_rows import select_loads, to_load
from muster.storage.tables import loads

# A load that crashes its workers would otherwise crash them for ever. An outage of the database is one takeover.
MAX_TAKEOVERS: Final = 5

_PROBLEM: Final = "workers of this load ended unexpectedly {count} times in a row, after row {row}"

_Row = Mapping[Any, Any]


class SqlLeaseStore:
    """Leases loads to workers, as `LoadStore` says."""

    def __init__(self, engine: Engine, read_time: ReadClock = read_clock) -> None:
        self._engine = engine
        self._read_time = read_time

    def lease_next(self, lease: UUID, duration: timedelta) -> Load | None:
        # Workers ask every few seconds, mostly in vain. Reading first takes no lock.
        while self._has_candidate():
            leased, failed = self._lease_candidate(lease, duration)
            if failed is None:
                return leased
            delete_parts(self._engine, failed)
        return None

    @scrub_errors
    def lease(self, load_id: UUID, lease: UUID, duration: timedelta) -> Load | None:
        of_load = loads.c.id == load_id
        with write_transaction(self._engine) as connection:
            row = connection.execute(select(loads).where(of_load).with_for_update()).mappings().one_or_none()
            # After the wait for the lock.
            now = self._read_time(connection)
            if row is None or row["state"] in FINAL_STATES:
                return None
            if row["lease"] not in (None, lease) and row["leased_until"] > now:
                return None
            return _grant(connection, row, lease, now, duration)

    @scrub_errors
    def renew(self, load_id: UUID, lease: UUID, duration: timedelta) -> None:
        with write_transaction(self._engine) as connection:
            update_leased(connection, load_id, lease, leased_until=self._read_time(connection) + duration)

    @scrub_errors
    def release(self, load_id: UUID, lease: UUID) -> None:
        is_leased = (loads.c.id == load_id) & (loads.c.lease == lease)
        with write_transaction(self._engine) as connection:
            ended = {"lease": None, "leased_until": self._read_time(connection)}
            connection.execute(update(loads).where(is_leased).values(ended))

    @scrub_errors
    def _has_candidate(self) -> bool:
        with self._engine.connect() as connection:
            query = _select_candidate(self._read_time(connection))
            return connection.execute(query).first() is not None

    @scrub_errors
    def _lease_candidate(self, lease: UUID, duration: timedelta) -> tuple[Load | None, UUID | None]:
        """The leased load, or the id of a load that failed instead; nothing when other workers were faster."""
        with write_transaction(self._engine) as connection:
            now = self._read_time(connection)
            query = _select_candidate(now).with_for_update(skip_locked=True, of=loads)
            row = connection.execute(query).mappings().one_or_none()
            if row is None:
                return None, None
            if row["lease"] is None or row["takeovers"] < MAX_TAKEOVERS:
                return _grant(connection, row, lease, now, duration), None
            problem = _PROBLEM.format(count=MAX_TAKEOVERS + 1, row=row["position_row"])
            connection.execute(end_load(row["id"], LoadState.FAILED, now, problem=problem))
            return None, row["id"]


def update_leased(connection: Connection, load_id: UUID, lease: UUID, **values: Any) -> None:
    """Updates a load that is leased under this lease. Raises `LeaseLostError`."""
    query = update(loads).where(loads.c.id == load_id, loads.c.lease == lease).values(values)
    if connection.execute(query).rowcount != 1:
        raise LeaseLostError


def end_load(load_id: UUID, state: LoadState, now: datetime, **values: Any) -> Update:
    """The statement that ends a load, unless it has ended; nobody has the lease afterwards."""
    is_open = loads.c.state.not_in(FINAL_STATES)
    ended = {"state": state.value, "ended_at": now, "lease": None, "leased_until": None}
    return update(loads).where(loads.c.id == load_id, is_open).values({**ended, **values})


def _select_candidate(now: datetime) -> Select[Any]:
    """The load that a worker should take: the oldest of the sender whose last lease began longest ago.

    `loads_turn` gives the last lease of a sender by one look at the index.
    """
    others = loads.alias("others")
    last_turn = select(func.max(others.c.leased_at)).where(others.c.sender == loads.c.sender).scalar_subquery()
    is_free: ColumnElement[bool] = or_(loads.c.lease.is_(None), loads.c.leased_until <= now)
    return (
        select(loads)
        .where(loads.c.state.in_([LoadState.WAITING, LoadState.RUNNING]), loads.c.is_uploaded, is_free)
        .order_by(last_turn.nulls_first(), loads.c.id)
        .limit(1)
    )


def _grant(connection: Connection, row: _Row, lease: UUID, now: datetime, duration: timedelta) -> Load:
    """Leases a locked load. The lease that it replaces has expired, unless it was given back."""
    is_takeover = row["lease"] not in (None, lease)
    granted = {
        "state": LoadState.RUNNING.value,
        "lease": lease,
        "leased_at": now,
        "leased_until": now + duration,
        "started_at": row["started_at"] or now,
        "takeovers": row["takeovers"] + is_takeover,
    }
    is_load = loads.c.id == row["id"]
    connection.execute(update(loads).where(is_load).values(granted))
    return to_load(connection.execute(select_loads().where(is_load)).mappings().one())
