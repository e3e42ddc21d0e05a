"""The audit log in the database, on both databases by the same statements."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Text, cast, insert, select, update

from muster.audit.chain import seal
from muster.audit.ports import Entry, Event, Head, Wanted

from .engine import writing
from .errors import without_values
from .tables import audit_head, audit_log

_LOG = audit_log.c
_HEAD = select(audit_head.c.number, audit_head.c.sha256)


class DatabaseAudit:
    """The audit log of the installation, an `AuditStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @without_values
    def append(self, event: Event) -> None:
        """Returns after the commit."""
        with writing(self._engine) as connection:
            append_to(connection, event)

    @without_values
    def entries(self, wanted: Wanted, *, after: int, limit: int) -> Sequence[Entry]:
        written = cast(_LOG.at, Text).label("written")
        query = select(audit_log, written).where(_LOG.number > after, *_conditions(wanted))
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_LOG.number).limit(limit)).all()
        return [_entry(row, as_text=self._engine.dialect.name == "sqlite") for row in rows]

    @without_values
    def head(self) -> Head:
        with self._engine.connect() as connection:
            number, sha256 = connection.execute(_HEAD).one()
        return Head(number, bytes(sha256))


def append_to(connection: Connection, event: Event | None) -> None:
    """Keeps an event in the transaction of what it tells, as its last step: the next one waits for its end.

    Nothing is kept of None, which is for a database that nobody serves from.
    """
    if event is None:
        return
    number, before = connection.execute(_HEAD.with_for_update()).one()
    entry = seal(bytes(before), number + 1, datetime.now(UTC), event)
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


def _conditions(wanted: Wanted) -> list[Any]:
    conditions = [
        column == value
        for column, value in (
            (_LOG.actor, wanted.actor),
            (_LOG.action, wanted.action),
            (_LOG.subject, wanted.subject),
        )
        if value is not None
    ]
    if wanted.since is not None:
        conditions.append(_LOG.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(_LOG.at < wanted.until)
    return conditions


def _entry(row: Any, *, as_text: bool) -> Entry:
    """Where times are text, one that is written otherwise is no longer found by its time: the entry is not as it was
    kept, and has a hash that says so."""
    as_kept = not as_text or row.written == row.at.strftime("%Y-%m-%d %H:%M:%S.%f")
    sha256 = bytes(row.sha256) if as_kept else b""
    return Entry(row.number, row.at, row.actor, row.action, row.subject, row.details, sha256)
