"""Users, tokens and roles, and the store that keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Protocol

from muster.audit.events import AuditEvent


class Role(StrEnum):
    """`submit` posts batches, `read` reads customers and batches, `watch` reads metrics, `admin` does all of it."""

    SUBMIT = "submit"
    READ = "read"
    WATCH = "watch"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class User:
    """A user as stored. The first of `business_units` is the default unit."""

    name: str
    role: Role
    business_units: tuple[str, ...] = ()
    password_hash: str | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """A Bearer token as stored: only its SHA-256 hash, never the token itself.

    `id` is a short public identifier for listing and revoking.
    """

    id: str
    user: str
    sha256: bytes
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class UserExistsError(Exception):
    """A user of this name already exists."""


class ChangeOutcome(Enum):
    """The outcome of an idempotent change."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NOT_FOUND = "not found"


class UserStore(Protocol):
    """Stores users and tokens. All times are UTC. Reads of an unknown name give None, changes of it give False.

    A change and its audit event are committed together or not at all. A call that changes nothing writes no event.
    """

    def user(self, name: str) -> User | None: ...

    def users(self) -> Sequence[User]:
        """All users, by name."""
        ...

    def add_user(self, user: User, event: AuditEvent) -> None:
        """Raises `UserExistsError`."""
        ...

    def set_password(self, name: str, password_hash: str, event: AuditEvent) -> bool: ...

    def set_rights(self, name: str, role: Role, business_units: Sequence[str], event: AuditEvent) -> bool: ...

    def disable_user(self, name: str, event: AuditEvent) -> ChangeOutcome: ...

    def enable_user(self, name: str, event: AuditEvent) -> ChangeOutcome: ...

    def token(self, sha256: bytes) -> tuple[Token, User] | None:
        """The token with this hash and its user, also if revoked, expired or disabled."""
        ...

    def tokens(self, user: str | None = None) -> Sequence[Token]:
        """The tokens of one user, or of all users for None, oldest first."""
        ...

    def add_token(self, token: Token, event: AuditEvent) -> None: ...

    def revoke_token(self, token_id: str, at: datetime, event: AuditEvent) -> ChangeOutcome:
        """A second revocation keeps the time of the first."""
        ...
