"""Users and tokens in the database, on both databases by the same statements."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Insert, Select, Update, bindparam, insert, select, update

from muster.audit.events import AuditEvent
from muster.auth.users import ChangeOutcome, Role, Token, User, UserExistsError
from muster.intake.customer_store import ConflictError
from muster.storage.audit import append_event
from muster.storage.compiled_select import CompiledSelect
from muster.storage.engine import write_transaction
from muster.storage.errors import StorageError, scrub_errors
from muster.storage.tables import tokens, users

_USER = (users.c.name, users.c.role, users.c.business_units, users.c.password_hash, users.c.disabled)
_TOKEN = (
    tokens.c.id,
    tokens.c.user_name,
    tokens.c.sha256,
    tokens.c.created_at,
    tokens.c.expires_at,
    tokens.c.revoked_at,
)

_USER_BY_NAME = select(*_USER).where(users.c.name == bindparam("name"))
_TOKEN_BY_HASH = (
    select(*_TOKEN, *_USER)
    .join_from(tokens, users, tokens.c.user_name == users.c.name)
    .where(tokens.c.sha256 == bindparam("sha256"))
)


class SqlUserStore:
    """The users of the installation, a `UserStore`.

    An event is kept in the audit log with the change that it tells, and not when nothing changed.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._user = CompiledSelect(engine, _USER_BY_NAME, "name")
        self._token = CompiledSelect(engine, _TOKEN_BY_HASH, "sha256")

    def user(self, name: str) -> User | None:
        row = self._user.one_or_none(name)
        return None if row is None else _user(row)

    @scrub_errors
    def users(self) -> Sequence[User]:
        """All users, by name."""
        with self._engine.connect() as connection:
            return [_user(row) for row in connection.execute(select(*_USER).order_by(users.c.name))]

    def add_user(self, user: User, event: AuditEvent | None = None) -> None:
        """Raises `UserExistsError`."""
        now = datetime.now(UTC)
        row = {
            "name": user.name,
            "role": user.role.value,
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
        """False when there is no such user."""
        return self._change_user(name, event, password_hash=password_hash)

    def set_rights(self, name: str, role: Role, business_units: Sequence[str], event: AuditEvent | None = None) -> bool:
        """False when there is no such user."""
        return self._change_user(name, event, role=role.value, business_units=list(business_units))

    def disable_user(self, name: str, event: AuditEvent | None = None) -> ChangeOutcome:
        return self._set_disabled(name, event, to=True)

    def enable_user(self, name: str, event: AuditEvent | None = None) -> ChangeOutcome:
        return self._set_disabled(name, event, to=False)

    def token(self, sha256: bytes) -> tuple[Token, User] | None:
        """The token with this hash and its user, whatever their state."""
        row = self._token.one_or_none(sha256)
        return None if row is None else (_token(row), _user(row[len(_TOKEN) :]))

    @scrub_errors
    def tokens(self, user: str | None = None) -> Sequence[Token]:
        """The tokens of one user or of all, oldest first."""
        query = select(*_TOKEN).order_by(tokens.c.created_at, tokens.c.id)
        if user is not None:
            query = query.where(tokens.c.user_name == user)
        with self._engine.connect() as connection:
            return [_token(row) for row in connection.execute(query)]

    def add_token(self, token: Token, event: AuditEvent | None = None) -> None:
        """Raises `StorageError` when there is a token with this hash or id already."""
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
            raise StorageError("there is a token with this hash or id already") from None

    def revoke_token(self, token_id: str, at: datetime, event: AuditEvent | None = None) -> ChangeOutcome:
        """Revoking twice keeps the first time."""
        this = tokens.c.id == token_id
        revoked = update(tokens).where(this, tokens.c.revoked_at.is_(None)).values(revoked_at=at)
        return self._change(revoked, event, select(tokens.c.id).where(this))

    def _set_disabled(self, name: str, event: AuditEvent | None, *, to: bool) -> ChangeOutcome:
        this = users.c.name == name
        changed = update(users).where(this, users.c.disabled != to).values(changed_at=datetime.now(UTC), disabled=to)
        return self._change(changed, event, select(users.c.name).where(this))

    @scrub_errors
    def _change(self, change: Update, event: AuditEvent | None, there: Select[Any]) -> ChangeOutcome:
        """Makes a change that leaves out what is so already; `there` finds it then. Nothing is ever removed."""
        if self._write(change, event):
            return ChangeOutcome.CHANGED
        with self._engine.connect() as connection:
            return ChangeOutcome.NOT_FOUND if connection.execute(there).first() is None else ChangeOutcome.UNCHANGED

    def _change_user(self, name: str, event: AuditEvent | None, **columns: Any) -> bool:
        change = update(users).where(users.c.name == name).values(changed_at=datetime.now(UTC), **columns)
        return self._write(change, event) > 0

    @scrub_errors
    def _write(self, statement: Insert | Update, event: AuditEvent | None) -> int:
        with write_transaction(self._engine) as connection:
            changed = connection.execute(statement).rowcount
            if changed:
                append_event(connection, event)
            return changed


def _user(row: Sequence[Any]) -> User:
    name, role, business_units, password_hash, disabled = row
    return User(name, Role(role), tuple(business_units), password_hash, disabled)


def _token(row: Sequence[Any]) -> Token:
    token_id, user, sha256, created_at, expires_at, revoked_at = row[: len(_TOKEN)]
    return Token(token_id, user, bytes(sha256), created_at, expires_at, revoked_at)
