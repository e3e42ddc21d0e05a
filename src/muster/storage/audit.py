"""The audit log, by the same statements on both databases."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Engine, Text, cast, insert, or_, select, update

from muster.audit.chain import GENESIS_HASH, chain_entry
from muster.audit.events import AuditEntry, AuditEvent, ChainHead, EntryFilter
from muster.storage.engine import Clock, read_own_clock, write_transaction
from muster.storage.errors import scrub_errors
from muster.storage.postgres.citus import fetch_value, is_distributed, is_log_guarded
from muster.storage.tables import audit_head, audit_log

_LOG = audit_log.c
_COLUMNS = (_LOG.number, _LOG.actor, _LOG.action, _LOG.subject, cast(_LOG.details, Text).label("details"), _LOG.sha256)
_SELECT_HEAD = select(audit_head.c.number, audit_head.c.sha256)
_SQLITE: Final = "sqlite"
_SQLITE_TIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S.%f"
_UNREADABLE_TIME: Final = datetime(1, 1, 1, tzinfo=UTC)

# Whether the triggers that reject changes of entries exist, on a database that is not distributed over a cluster.
_IS_GUARDED: Final = {
    _SQLITE: "SELECT count(*) = 2 FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_log_stays_%'",
    "postgresql": "SELECT count(*) = 1 FROM pg_trigger WHERE tgname = 'audit_log_stays' AND tgenabled = 'O' "
    "AND tgrelid = 'audit_log'::regclass",
}


class SqlAuditStore:
    """The audit log of the installation, an `AuditStore`."""

    def __init__(self, engine: Engine, now: Clock = read_own_clock) -> None:
        self._engine = engine
        self._now = now

    @scrub_errors
    def append(self, event: AuditEvent) -> None:
        """Returns after the commit."""
        with write_transaction(self._engine) as connection:
            append_event(connection, event, self._now)

    def entries(self, criteria: EntryFilter, *, after: int, limit: int) -> Sequence[AuditEntry]:
        return self._fetch(criteria, after, (), (_LOG.number,), limit)

    def latest_entries(
        self, criteria: EntryFilter, *, after: int = 0, below: int | None = None, limit: int
    ) -> Sequence[AuditEntry]:
        """Sorted by time and then by number, so that an index serves every filter."""
        conditions: list[Any] = []
        if below is not None:
            last = audit_log.alias()
            at = select(last.c.at).where(last.c.number == below).scalar_subquery()
            conditions = [_LOG.at <= at, or_(_LOG.at < at, _LOG.number < below)]
        return self._fetch(criteria, after, conditions, (_LOG.at.desc(), _LOG.number.desc()), limit)

    @scrub_errors
    def _fetch(
        self, criteria: EntryFilter, after: int, conditions: Sequence[Any], order: Sequence[Any], limit: int
    ) -> Sequence[AuditEntry]:
        # On SQLite, times are read as text, so that a manipulated time does not prevent reading the entry.
        at = cast(_LOG.at, Text).label("at") if self._engine.dialect.name == _SQLITE else _LOG.at
        query = select(*_COLUMNS, at).where(_LOG.number > after, *_build_conditions(criteria), *conditions)
        with self._engine.connect() as connection:
            return [_to_entry(row) for row in connection.execute(query.order_by(*order).limit(limit))]

    @scrub_errors
    def head(self) -> ChainHead | None:
        with self._engine.connect() as connection:
            return _to_head(connection.execute(_SELECT_HEAD).one_or_none())

    @scrub_errors
    def is_guarded(self) -> bool:
        with self._engine.connect() as connection:
            fetch = partial(fetch_value, connection)
            if self._engine.dialect.name != _SQLITE and is_distributed(fetch):
                return is_log_guarded(fetch)
            return bool(fetch(_IS_GUARDED[self._engine.dialect.name]))


def append_event(connection: Connection, event: AuditEvent | None, now: Clock) -> None:
    """Appends an event in the transaction of the audited change; does nothing for None.

    Must be the last step of the transaction, because it locks the head of the log until the commit.
    """
    if event is None:
        return
    head = _to_head(connection.execute(_SELECT_HEAD.with_for_update()).one_or_none()) or _restore_head(connection)
    entry = chain_entry(head.sha256, head.number + 1, now(), event)
    connection.execute(
        insert(audit_log),
        {
            "number": entry.number,
            "at": entry.at,
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "details": dict(entry.details),
            "sha256": entry.sha256,
        },
    )
    connection.execute(update(audit_head).values(number=entry.number, sha256=entry.sha256))


def _build_conditions(criteria: EntryFilter) -> list[Any]:
    equal = ((_LOG.actor, criteria.actor), (_LOG.action, criteria.action), (_LOG.subject, criteria.subject))
    conditions = [column == value for column, value in equal if value is not None]
    if criteria.since is not None:
        conditions.append(_LOG.at >= criteria.since)
    if criteria.until is not None:
        conditions.append(_LOG.at < criteria.until)
    return conditions


def _to_head(row: Any) -> ChainHead | None:
    return None if row is None else ChainHead(row.number, bytes(row.sha256))


def _restore_head(connection: Connection) -> ChainHead:
    """Restores a deleted head from the last entry, because disabling a user must not fail without it.

    From then on, only a checkpoint reveals whether entries at the end were deleted too.
    """
    last = connection.execute(select(_LOG.number, _LOG.sha256).order_by(_LOG.number.desc()).limit(1)).one_or_none()
    head = _to_head(last) or ChainHead(0, GENESIS_HASH)
    connection.execute(insert(audit_head), {"name": "audit", "number": head.number, "sha256": head.sha256})
    return head


def _to_entry(row: Any) -> AuditEntry:
    """Converts a row. A malformed row was manipulated, and gets an empty hash, which never verifies."""
    at = row.at if isinstance(row.at, datetime) else _parse_sqlite_time(row.at)
    details = _parse_details(row.details)
    is_valid = at is not None and details is not None and isinstance(row.sha256, bytes | memoryview)
    return AuditEntry(
        number=row.number,
        at=at or _UNREADABLE_TIME,
        actor=str(row.actor),
        action=str(row.action),
        subject=str(row.subject),
        details=details or {},
        sha256=bytes(row.sha256) if is_valid else b"",
    )


def _parse_sqlite_time(stored: object) -> datetime | None:
    """Accepts only muster's own format: filters by time compare the stored text."""
    try:
        at = datetime.strptime(str(stored), _SQLITE_TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return at if at.strftime(_SQLITE_TIME_FORMAT) == stored else None


def _parse_details(stored: object) -> dict[str, Any] | None:
    try:
        details = json.loads(str(stored))
    except ValueError:
        return None
    return details if isinstance(details, dict) else None
