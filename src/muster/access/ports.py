"""Users and tokens, and what access needs of a store and of an OpenID provider for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Protocol

from muster.audit.ports import Event


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


class Refusal(StrEnum):
    """Why a provider's token lets nobody in: for the log, and never for whoever sent it. No value of the token."""

    MALFORMED = "not a signed token"
    TYPE = "another type of token"
    CRITICAL = "a header that is critical"
    ALGORITHM = "algorithm"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    NO_EXPIRY = "no expiry"
    EXPIRED = "expired"
    NOT_YET = "not valid yet"
    CLAIMS = "claims of a wrong kind"
    KEY = "unknown key"
    SIGNATURE = "signature"
    NAME = "no name"
    NO_ROLE = "no role"
    ROLES = "several roles"
    UNITS = "business units"


class ProviderUnavailable(Exception):
    """There are no keys to look at a provider's token with. The same request may succeed later.

    The message says why, without values: for the log.
    """


class UserExists(Exception):
    """A user of that name is there already."""


class Change(Enum):
    """What became of a change that can be asked for twice."""

    MADE = "made"
    SO_ALREADY = "so already"
    NOT_THERE = "not there"  # whatever was to be changed


class UserStore(Protocol):
    """All times are UTC. A name that is not there gives None, or False where something would have changed.

    Whatever changes something takes the event that tells it, and keeps both or neither. What changes nothing keeps no
    event.
    """

    def user(self, name: str) -> User | None: ...

    def users(self) -> Sequence[User]:
        """All users, by name."""
        ...

    def add_user(self, user: User, event: Event) -> None:
        """Raises `UserExists`."""
        ...

    def set_password(self, name: str, password_hash: str, event: Event) -> bool: ...

    def set_rights(self, name: str, role: Role, business_units: Sequence[str], event: Event) -> bool: ...

    def disable_user(self, name: str, event: Event) -> Change: ...

    def enable_user(self, name: str, event: Event) -> Change: ...

    def token(self, sha256: bytes) -> tuple[Token, User] | None:
        """The token with this hash and its user, whatever their state."""
        ...

    def tokens(self, user: str | None = None) -> Sequence[Token]:
        """The tokens of one user or of all, oldest first."""
        ...

    def add_token(self, token: Token, event: Event) -> None: ...

    def revoke_token(self, token_id: str, at: datetime, event: Event) -> Change:
        """Revoking twice keeps the first time."""
        ...
