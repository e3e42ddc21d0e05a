"""The audit log in the database, on both databases by the same statements."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Text, cast, insert, select, text, update

from muster.audit.chain import GENESIS_HASH, chain_entry
from muster.audit.events import AuditEntry, AuditEvent, ChainHead, EntryFilter
from muster.storage.engine import write_transaction
from muster.storage.errors import scrub_errors
from muster.storage.tables import audit_head, audit_log

_LOG = audit_log.c
_HEAD = select(audit_head.c.number, audit_head.c.sha256)
_AS_TEXT = "%Y-%m-%d %H:%M:%S.%f"
_NEVER = datetime(1, 1, 1, tzinfo=UTC)

_SQLITE = "sqlite"
_KEPT = (_LOG.number, _LOG.actor, _LOG.action, _LOG.subject, cast(_LOG.details, Text).label("details"), _LOG.sha256)

# Whether the triggers are there that keep entries as they are.
_IS_GUARDED = {
    _SQLITE: "SELECT count(*) = 2 FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_log_stays_%'",
    "postgresql": "SELECT count(*) = 1 FROM pg_trigger WHERE tgname = 'audit_log_stays' AND tgenabled = 'O' "
    "AND tgrelid = 'audit_log'::regclass",
}


class SqlAuditStore:
    """The audit log of the installation, an `AuditStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @scrub_errors
    def append(self, event: AuditEvent) -> None:
        """Returns after the commit."""
        with write_transaction(self._engine) as connection:
            append_event(connection, event)

    @scrub_errors
    def entries(self, wanted: EntryFilter, *, after: int, limit: int) -> Sequence[AuditEntry]:
        # Times of SQLite as text, as the details are: a log that somebody changed has to be read too.
        at = cast(_LOG.at, Text).label("at") if self._engine.dialect.name == _SQLITE else _LOG.at
        query = select(*_KEPT, at).where(_LOG.number > after, *_conditions(wanted)).order_by(_LOG.number).limit(limit)
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query)]

    @scrub_errors
    def head(self) -> ChainHead | None:
        with self._engine.connect() as connection:
            return _head(connection.execute(_HEAD).one_or_none())

    @scrub_errors
    def is_guarded(self) -> bool:
        with self._engine.connect() as connection:
            return bool(connection.execute(text(_IS_GUARDED[self._engine.dialect.name])).scalar_one())


def append_event(connection: Connection, event: AuditEvent | None) -> None:
    """Keeps an event in the transaction of what it tells, as its last step: the next one waits for its end.

    Nothing is kept of None, which is for a database that nobody serves from.
    """
    if event is None:
        return
    head = _head(connection.execute(_HEAD.with_for_update()).one_or_none()) or _made_anew(connection)
    entry = chain_entry(head.sha256, head.number + 1, datetime.now(UTC), event)
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


def _conditions(wanted: EntryFilter) -> list[Any]:
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


def _head(row: Any) -> ChainHead | None:
    return None if row is None else ChainHead(row.number, bytes(row.sha256))


def _made_anew(connection: Connection) -> ChainHead:
    """The head, when somebody took it away: shutting a user out must not fail for that. The log can't tell any more
    whether its end is missing; only what was noted elsewhere can."""
    last = connection.execute(select(_LOG.number, _LOG.sha256).order_by(_LOG.number.desc()).limit(1)).one_or_none()
    head = _head(last) or ChainHead(0, GENESIS_HASH)
    connection.execute(insert(audit_head), {"name": "audit", "number": head.number, "sha256": head.sha256})
    return head


def _entry(row: Any) -> AuditEntry:
    """An entry that is not written as we write it was not written by us, and has a hash that says so."""
    at = row.at if isinstance(row.at, datetime) else _moment(row.at)
    details = _details(row.details)
    as_written = at is not None and details is not None and isinstance(row.sha256, bytes | memoryview)
    sha256 = bytes(row.sha256) if as_written else b""
    return AuditEntry(
        row.number, at or _NEVER, str(row.actor), str(row.action), str(row.subject), details or {}, sha256
    )


def _moment(written: object) -> datetime | None:
    """Of SQLite. Written in any other way than ours, it would not be found by its time."""
    try:
        at = datetime.strptime(str(written), _AS_TEXT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return at if at.strftime(_AS_TEXT) == written else None


def _details(text_of_it: object) -> dict[str, Any] | None:
    try:
        details = json.loads(str(text_of_it))
    except ValueError:
        return None
    return details if isinstance(details, dict) else None
