"""Users and tokens, by the same statements on both databases."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Insert, Update, bindparam, insert, or_, select, update

from muster.audit.events import AuditEvent
from muster.auth.users import (
    ChangeOutcome,
    LastAdministratorError,
    Role,
    Token,
    User,
    UserExistsError,
    combine_roles,
    get_role_names,
    is_password_administrator,
)
from muster.intake.customer_store import ConflictError
from muster.storage.audit import append_event
from muster.storage.compiled_select import CompiledSelect
from muster.storage.engine import Clock, read_own_clock, write_transaction
from muster.storage.errors import StorageError, scrub_errors
from muster.storage.sessions import delete_sessions
from muster.storage.tables import tokens, users

_USER_COLUMNS = (
    users.c.name,
    users.c.role,
    users.c.business_units,
    users.c.password_hash,
    users.c.disabled,
    users.c.password_used_at,
)
_TOKEN_COLUMNS = (
    tokens.c.id,
    tokens.c.user_name,
    tokens.c.sha256,
    tokens.c.created_at,
    tokens.c.expires_at,
    tokens.c.revoked_at,
    tokens.c.last_used_at,
)

_USER_BY_NAME = select(*_USER_COLUMNS).where(users.c.name == bindparam("name"))
_TOKEN_BY_HASH = (
    select(*_TOKEN_COLUMNS, *_USER_COLUMNS)
    .join_from(tokens, users, tokens.c.user_name == users.c.name)
    .where(tokens.c.sha256 == bindparam("sha256"))
)


class SqlUserStore:
    """The users of the installation, a `UserStore`.

    A change and its audit event are written in the same transaction; a change without effect writes no event.
    """

    def __init__(self, engine: Engine, now: Clock = read_own_clock) -> None:
        self._engine = engine
        self._now = now
        self._user_by_name = CompiledSelect(engine, _USER_BY_NAME, "name")
        self._token_by_hash = CompiledSelect(engine, _TOKEN_BY_HASH, "sha256")

    def user(self, name: str) -> User | None:
        row = self._user_by_name.one_or_none(name)
        return None if row is None else _to_user(row)

    @scrub_errors
    def users(self) -> Sequence[User]:
        """All users, sorted by name."""
        with self._engine.connect() as connection:
            return [_to_user(row) for row in connection.execute(select(*_USER_COLUMNS).order_by(users.c.name))]

    def add_user(self, user: User, event: AuditEvent | None = None) -> None:
        """Raises `UserExistsError`."""
        now = self._now()
        row = {
            "name": user.name,
            "role": _format_roles(user.roles),
            "business_units": list(user.business_units),
            "password_hash": user.password_hash,
            "disabled": user.disabled,
            "created_at": now,
            "changed_at": now,
        }
        try:
            self._write(insert(users).values(row), event)
        except ConflictError:
            raise UserExistsError(user.name) from None

    def set_password(self, name: str, password_hash: str, event: AuditEvent | None = None) -> bool:
        """Ends the user's sessions. False when the user does not exist."""
        return self._update_user(name, event, ends_sessions=True, password_hash=password_hash)

    def set_rights(
        self,
        name: str,
        roles: Role,
        business_units: Sequence[str],
        event: AuditEvent | None = None,
        *,
        needs_administrator: bool = False,
    ) -> bool:
        """False when the user does not exist. Raises `LastAdministratorError`."""
        columns: dict[str, Any] = {"role": _format_roles(roles), "business_units": list(business_units)}
        return self._update_user(name, event, needs_administrator=needs_administrator, **columns)

    def disable_user(
        self, name: str, event: AuditEvent | None = None, *, needs_administrator: bool = False
    ) -> ChangeOutcome:
        """Raises `LastAdministratorError`."""
        return self._set_disabled(name, True, event, needs_administrator=needs_administrator)

    def enable_user(self, name: str, event: AuditEvent | None = None) -> ChangeOutcome:
        return self._set_disabled(name, False, event)

    def token(self, sha256: bytes) -> tuple[Token, User] | None:
        """The token with this hash and its user; both may be expired, revoked or disabled."""
        row = self._token_by_hash.one_or_none(sha256)
        return None if row is None else (_to_token(row), _to_user(row[len(_TOKEN_COLUMNS) :]))

    @scrub_errors
    def tokens(self, user: str | None = None) -> Sequence[Token]:
        """The tokens of one user or of all users, oldest first."""
        query = select(*_TOKEN_COLUMNS).order_by(tokens.c.created_at, tokens.c.id)
        if user is not None:
            query = query.where(tokens.c.user_name == user)
        with self._engine.connect() as connection:
            return [_to_token(row) for row in connection.execute(query)]

    def add_token(self, token: Token, event: AuditEvent | None = None) -> None:
        """Raises `StorageError` when a token with this hash or id already exists."""
        row = {
            "sha256": token.sha256,
            "id": token.id,
            "user_name": token.user,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
            "revoked_at": token.revoked_at,
        }
        try:
            self._write(insert(tokens).values(row), event)
        except ConflictError:
            raise StorageError("a token with this hash or id already exists") from None

    def revoke_token(self, token_id: str, at: datetime, event: AuditEvent | None = None) -> ChangeOutcome:
        """Revoking a token again keeps the time of the first revocation."""
        revoke = update(tokens).where(tokens.c.revoked_at.is_(None)).values(revoked_at=at)
        return self._change(revoke, tokens.c.id == token_id, event)

    @scrub_errors
    def record_token_use(self, token_id: str, at: datetime, *, interval: timedelta) -> None:
        """Writes nothing when another process wrote a use within the interval."""
        last = tokens.c.last_used_at
        use = update(tokens).where(tokens.c.id == token_id, or_(last.is_(None), last <= at - interval))
        self._write(use.values(last_used_at=at), None)

    @scrub_errors
    def record_password_use(self, name: str, at: datetime, *, interval: timedelta) -> None:
        """Writes nothing when another process wrote a use within the interval."""
        last = users.c.password_used_at
        use = update(users).where(users.c.name == name, or_(last.is_(None), last <= at - interval))
        self._write(use.values(password_used_at=at), None)

    def _set_disabled(
        self, name: str, disabled: bool, event: AuditEvent | None, *, needs_administrator: bool = False
    ) -> ChangeOutcome:
        change = update(users).where(users.c.disabled != disabled)
        change = change.values(disabled=disabled, changed_at=self._now())
        ended = name if disabled else None
        is_target = users.c.name == name
        return self._change(change, is_target, event, ends_sessions_of=ended, needs_administrator=needs_administrator)

    @scrub_errors
    def _change(
        self,
        change: Update,
        is_target: ColumnElement[bool],
        event: AuditEvent | None,
        **effects: Any,
    ) -> ChangeOutcome:
        """Runs an update that skips rows in the desired state. Rows are never deleted, so a second query is safe."""
        if self._write(change.where(is_target), event, **effects):
            return ChangeOutcome.CHANGED
        with self._engine.connect() as connection:
            exists = connection.execute(select(change.table).where(is_target)).first() is not None
        return ChangeOutcome.UNCHANGED if exists else ChangeOutcome.NOT_FOUND

    def _update_user(
        self,
        name: str,
        event: AuditEvent | None,
        *,
        ends_sessions: bool = False,
        needs_administrator: bool = False,
        **columns: Any,
    ) -> bool:
        change = update(users).where(users.c.name == name).values(changed_at=self._now(), **columns)
        ended = name if ends_sessions else None
        return self._write(change, event, ends_sessions_of=ended, needs_administrator=needs_administrator) > 0

    @scrub_errors
    def _write(
        self,
        statement: Insert | Update,
        event: AuditEvent | None,
        *,
        ends_sessions_of: str | None = None,
        needs_administrator: bool = False,
    ) -> int:
        """Returns the number of rows written."""
        with write_transaction(self._engine) as connection:
            count = connection.execute(statement).rowcount
            if count:
                if ends_sessions_of is not None:
                    delete_sessions(connection, ends_sessions_of)
                append_event(connection, event, self._now)
                # Last: appending the event waits for all others that change users, and this sees what they changed.
                if needs_administrator:
                    _check_administrators(connection)
            return count


def _check_administrators(connection: Connection) -> None:
    """Raises `LastAdministratorError`, so that the transaction is rolled back."""
    found = connection.execute(select(*_USER_COLUMNS).where(users.c.role.contains(_format_roles(Role.ADMIN))))
    if not any(is_password_administrator(_to_user(row)) for row in found):
        raise LastAdministratorError


def _format_roles(roles: Role) -> str:
    return ",".join(get_role_names(roles))


def _to_user(row: Sequence[Any]) -> User:
    name, roles, business_units, password_hash, disabled, used_at = row
    # A role that only a later version knows permits nothing here.
    return User(
        name,
        combine_roles(roles.split(",")),
        tuple(business_units),
        password_hash,
        disabled,
        password_used_at=used_at,
    )


def _to_token(row: Sequence[Any]) -> Token:
    token_id, user, sha256, *times = row[: len(_TOKEN_COLUMNS)]
    return Token(token_id, user, bytes(sha256), *times)
