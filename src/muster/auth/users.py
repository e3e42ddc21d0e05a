"""Users, tokens and roles, and the store that keeps them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, Flag, auto
from typing import Final, Protocol

from muster.audit.events import AuditEvent


class Role(Flag):
    """The roles of a user, which add up: `Role.SUBMIT | Role.READ` may do what either may; `Role(0)` may do nothing.

    `submit` posts batches, `read` reads customers and batches, `watch` reads metrics, `audit` reads the audit log,
    `admin` does all of it.
    """

    SUBMIT = auto()
    READ = auto()
    WATCH = auto()
    AUDIT = auto()
    ADMIN = auto()


# Names of local users contain no colon. So a user of an OpenID provider never has the name of a local user, and never
# sees that user's batches, idempotency keys and records.
OIDC_NAME_PREFIX: Final = "oidc:"

# Name -> role, in the order in which roles are shown.
ROLES_BY_NAME: Final = {str(role.name).lower(): role for role in Role}


def get_role_names(roles: Role) -> list[str]:
    """The names of these roles."""
    return [name for name, role in ROLES_BY_NAME.items() if role in roles]


def combine_roles(names: Iterable[object]) -> Role:
    """The roles of these names, all together. Ignores what is no name of a role, so rights never grow by a mistake."""
    roles = Role(0)
    for name in names:
        roles |= ROLES_BY_NAME.get(name, Role(0)) if isinstance(name, str) else Role(0)
    return roles


@dataclass(frozen=True, slots=True)
class User:
    """A user as stored. The first of `business_units` is the default unit.

    For the user of a request, `credential` is `password`, `oidc`, or `token:` and the token's id, and `address` is that
    of the client. Both are empty for others, and make no difference between users.
    """

    name: str
    roles: Role
    business_units: tuple[str, ...] = ()
    password_hash: str | None = None
    disabled: bool = False
    credential: str = field(default="", compare=False)
    address: str = field(default="", compare=False)
    password_used_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A Bearer token as stored: only its SHA-256 hash, never the token itself.

    `id` is a short public identifier for listing and revoking. `last_used_at` is at most an hour older than the last
    use.
    """

    id: str
    user: str
    sha256: bytes
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class UserExistsError(Exception):
    """A user of this name already exists."""


class LastAdministratorError(Exception):
    """The change would leave no enabled administrator with a password."""


def is_password_administrator(user: User) -> bool:
    """Whether the user can sign in by password and administer users."""
    return Role.ADMIN in user.roles and not user.disabled and user.password_hash is not None


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

    def set_rights(
        self,
        name: str,
        roles: Role,
        business_units: Sequence[str],
        event: AuditEvent,
        *,
        needs_administrator: bool = False,
    ) -> bool:
        """With `needs_administrator`, raises `LastAdministratorError` if no `is_password_administrator` is left."""
        ...

    def disable_user(self, name: str, event: AuditEvent, *, needs_administrator: bool = False) -> ChangeOutcome:
        """As `set_rights`."""
        ...

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

    def record_token_use(self, token_id: str, at: datetime, *, interval: timedelta) -> None:
        """Writes the time of a use, unless one within the interval is written already."""
        ...

    def record_password_use(self, name: str, at: datetime, *, interval: timedelta) -> None:
        """As `record_token_use`."""
        ...
