"""Users and tokens, and what access needs of a store and of an OpenID provider for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Protocol

from muster.audit.events import AuditEvent


class Role(StrEnum):
    """What a user may do: `submit` posts batches, `read` reads what was taken in, `admin` does both and more.

    `watch` reads the metrics, and nothing else.
    """

    SUBMIT = "submit"
    READ = "read"
    WATCH = "watch"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class User:
    """A user as stored. The first of `business_units` is the user's default unit."""

    name: str
    role: Role
    business_units: tuple[str, ...] = ()
    password_hash: str | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """A Bearer token as stored: never the token itself, only its SHA-256.

    `id` is a short public name to list and revoke it by.
    """

    id: str
    user: str
    sha256: bytes
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class UserExistsError(Exception):
    """A user of that name is there already."""


class ChangeOutcome(Enum):
    """What became of a change that can be asked for twice."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NOT_FOUND = "not found"  # whatever was to be changed


class UserStore(Protocol):
    """All times are UTC. A name that is not there gives None, or False where something would have changed.

    Whatever changes something takes the event that tells it, and keeps both or neither. What changes nothing keeps no
    event.
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
        """The token with this hash and its user, whatever their state."""
        ...

    def tokens(self, user: str | None = None) -> Sequence[Token]:
        """The tokens of one user or of all, oldest first."""
        ...

    def add_token(self, token: Token, event: AuditEvent) -> None: ...

    def revoke_token(self, token_id: str, at: datetime, event: AuditEvent) -> ChangeOutcome:
        """Revoking twice keeps the first time."""
        ...
