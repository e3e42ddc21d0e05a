"""Sessions, by the same statements on both databases."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, delete, insert, or_, select, update

from muster.audit.events import AuditEvent
from muster.auth.sessions import MAX_SESSIONS_PER_USER, UserChangedError, UserSession
from muster.auth.users import User, combine_roles, get_role_names
from muster.storage.audit import append_event
from muster.storage.compiled_select import CompiledSelect
from muster.storage.engine import read_own_clock, write_transaction
from muster.storage.errors import StorageBusyError, scrub_errors
from muster.storage.pool import PAGE_LOCK_TIMEOUT_SECONDS, with_write_lock_timeout
from muster.storage.tables import sessions, users

_COLUMNS = (
    sessions.c.id,
    sessions.c.sha256,
    sessions.c.user_name,
    sessions.c.created_at,
    sessions.c.last_used_at,
    sessions.c.address,
    sessions.c.user_agent,
    sessions.c.role.label("session_role"),
    sessions.c.business_units.label("session_units"),
    users.c.role,
    users.c.business_units,
    users.c.password_hash,
    users.c.disabled,
)
_SESSIONS = select(*_COLUMNS).join_from(sessions, users, sessions.c.user_name == users.c.name, isouter=True)
_SESSION_BY_HASH = _SESSIONS.where(sessions.c.sha256 == bindparam("sha256"))

# A use is written again a minute later.
_USE_LOCK_TIMEOUT_SECONDS: Final = 0.5


class SqlSessionStore:
    """A `SessionStore`. A person waits, so it waits at most `lock_timeout` seconds for other writers of SQLite."""

    def __init__(self, engine: Engine, lock_timeout: float = PAGE_LOCK_TIMEOUT_SECONDS) -> None:
        self._engine = with_write_lock_timeout(engine, lock_timeout)
        self._engine_for_uses = with_write_lock_timeout(engine, min(lock_timeout, _USE_LOCK_TIMEOUT_SECONDS))
        self._session_by_hash = CompiledSelect(engine, _SESSION_BY_HASH, "sha256")

    def session(self, sha256: bytes) -> UserSession | None:
        row = self._session_by_hash.one_or_none(sha256)
        return None if row is None else _to_session(row)

    @scrub_errors
    def sessions(self, user: str | None = None) -> Sequence[UserSession]:
        query = _SESSIONS.order_by(sessions.c.last_used_at.desc(), sessions.c.id)
        if user is not None:
            query = query.where(sessions.c.user_name == user)
        with self._engine.connect() as connection:
            return [_to_session(row) for row in connection.execute(query)]

    @scrub_errors
    def add_session(
        self, session: UserSession, event: AuditEvent, *, created_after: datetime, used_after: datetime
    ) -> None:
        user = session.user
        # Users of an OpenID provider have no row in `users`.
        is_external = user.credential == "oidc"
        row = {
            "sha256": session.sha256,
            "id": session.id,
            "user_name": user.name,
            "role": ",".join(get_role_names(user.roles)) if is_external else None,
            "business_units": list(user.business_units) if is_external else None,
            "created_at": session.created_at,
            "last_used_at": session.last_used_at,
            "address": session.address,
            "user_agent": session.user_agent,
        }
        has_expired = or_(sessions.c.created_at <= created_after, sessions.c.last_used_at <= used_after)
        with write_transaction(self._engine) as connection:
            if not is_external:
                _require_unchanged(connection, user)
            connection.execute(delete(sessions).where(has_expired))
            oldest = select(sessions.c.sha256).where(sessions.c.user_name == user.name)
            oldest = oldest.order_by(sessions.c.last_used_at.desc()).offset(MAX_SESSIONS_PER_USER - 1)
            ended = [row.sha256 for row in connection.execute(oldest)]
            connection.execute(delete(sessions).where(sessions.c.sha256.in_(ended)))
            connection.execute(insert(sessions).values(row))
            append_event(connection, event, read_own_clock)

    def record_session_use(self, sha256: bytes, at: datetime) -> None:
        """Left to the next request while others write: pages that only read need not wait for them."""
        with suppress(StorageBusyError):
            self._write_session_use(sha256, at)

    @scrub_errors
    def _write_session_use(self, sha256: bytes, at: datetime) -> None:
        with write_transaction(self._engine_for_uses) as connection:
            connection.execute(update(sessions).where(sessions.c.sha256 == sha256).values(last_used_at=at))

    @scrub_errors
    def end_session(self, session_id: str, event: AuditEvent) -> bool:
        with write_transaction(self._engine) as connection:
            ended = connection.execute(delete(sessions).where(sessions.c.id == session_id)).rowcount > 0
            if ended:
                append_event(connection, event, read_own_clock)
            return ended


def _require_unchanged(connection: Connection, user: User) -> None:
    """Locks the user until the transaction ends: a change of the password waits, and then ends the session too."""
    query = select(users.c.password_hash, users.c.disabled).where(users.c.name == user.name)
    row = connection.execute(query.with_for_update(read=True)).one_or_none()
    if row is None or row.disabled or row.password_hash != user.password_hash:
        raise UserChangedError


def delete_sessions(connection: Connection, user: str) -> None:
    """Ends the sessions of a user, in the transaction of the connection."""
    connection.execute(delete(sessions).where(sessions.c.user_name == user))


def _to_session(row: Sequence[Any]) -> UserSession:
    session_id, sha256, name, created_at, last_used_at, address, agent, *rights = row
    session_role, session_units, role, units, password_hash, disabled = rights
    if session_role is not None:
        user = User(name, combine_roles(session_role.split(",")), tuple(session_units))
    else:
        # A user that is gone has no rights; users are never deleted.
        user = User(name, combine_roles((role or "").split(",")), tuple(units or ()), password_hash, bool(disabled))
    return UserSession(session_id, bytes(sha256), user, created_at, last_used_at, address, agent)
