"""Users and tokens in memory, and a clock that tests set."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from muster.audit.events import AuditEvent
from muster.auth.sessions import UserSession
from muster.auth.users import ChangeOutcome, Role, Token, User, UserExistsError


@dataclass
class MemorySessions:
    """A `SessionStore` in memory, and the events that were written. `uses` counts written uses."""

    by_hash: dict[bytes, UserSession] = field(default_factory=dict)
    events: list[AuditEvent] = field(default_factory=list)
    uses: int = 0

    def session(self, sha256: bytes) -> UserSession | None:
        return self.by_hash.get(sha256)

    def sessions(self, user: str | None = None) -> Sequence[UserSession]:
        found = [session for session in self.by_hash.values() if user in (None, session.user.name)]
        return sorted(found, key=lambda session: session.last_used_at, reverse=True)

    def add_session(
        self, session: UserSession, event: AuditEvent, *, created_after: datetime, used_after: datetime
    ) -> None:
        self.by_hash[session.sha256] = session
        self.events.append(event)

    def record_session_use(self, sha256: bytes, at: datetime) -> None:
        self.by_hash[sha256] = replace(self.by_hash[sha256], last_used_at=at)
        self.uses += 1

    def end_session(self, session_id: str, event: AuditEvent) -> bool:
        ended = [sha256 for sha256, session in self.by_hash.items() if session.id == session_id]
        for sha256 in ended:
            del self.by_hash[sha256]
            self.events.append(event)
        return bool(ended)


@dataclass
class MemoryUsers:
    """A `UserStore` in memory. `reads` counts look-ups of users by name, `uses` written uses of tokens."""

    by_name: dict[str, User] = field(default_factory=dict)
    by_hash: dict[bytes, Token] = field(default_factory=dict)
    reads: int = 0
    uses: int = 0

    def user(self, name: str) -> User | None:
        self.reads += 1
        return self.by_name.get(name)

    def users(self) -> Sequence[User]:
        return [self.by_name[name] for name in sorted(self.by_name)]

    def add_user(self, user: User, event: AuditEvent) -> None:
        if user.name in self.by_name:
            raise UserExistsError(user.name)
        self.by_name[user.name] = user

    def set_password(self, name: str, password_hash: str, event: AuditEvent) -> bool:
        if (user := self.by_name.get(name)) is None:
            return False
        self.by_name[name] = replace(user, password_hash=password_hash)
        return True

    def set_rights(
        self,
        name: str,
        roles: Role,
        business_units: Sequence[str],
        event: AuditEvent,
        *,
        needs_administrator: bool = False,
    ) -> bool:
        if (user := self.by_name.get(name)) is None:
            return False
        self.by_name[name] = replace(user, roles=roles, business_units=tuple(business_units))
        return True

    def disable_user(self, name: str, event: AuditEvent, *, needs_administrator: bool = False) -> ChangeOutcome:
        return self._set_disabled(name, disabled=True)

    def enable_user(self, name: str, event: AuditEvent) -> ChangeOutcome:
        return self._set_disabled(name, disabled=False)

    def token(self, sha256: bytes) -> tuple[Token, User] | None:
        token = self.by_hash.get(sha256)
        return None if token is None else (token, self.by_name[token.user])

    def tokens(self, user: str | None = None) -> Sequence[Token]:
        found = [token for token in self.by_hash.values() if user in (None, token.user)]
        return sorted(found, key=lambda token: token.created_at)

    def add_token(self, token: Token, event: AuditEvent) -> None:
        self.by_hash[token.sha256] = token

    def revoke_token(self, token_id: str, at: datetime, event: AuditEvent) -> ChangeOutcome:
        for sha256, token in self.by_hash.items():
            if token.id == token_id:
                self.by_hash[sha256] = replace(token, revoked_at=token.revoked_at or at)
                return ChangeOutcome.UNCHANGED if token.revoked_at else ChangeOutcome.CHANGED
        return ChangeOutcome.NOT_FOUND

    def record_token_use(self, token_id: str, at: datetime, *, interval: timedelta) -> None:
        for sha256, token in self.by_hash.items():
            if token.id == token_id and (token.last_used_at is None or token.last_used_at <= at - interval):
                self.by_hash[sha256] = replace(token, last_used_at=at)
                self.uses += 1

    def record_password_use(self, name: str, at: datetime, *, interval: timedelta) -> None:
        user = self.by_name[name]
        if user.password_used_at is None or user.password_used_at <= at - interval:
            self.by_name[name] = replace(user, password_used_at=at)
            self.uses += 1

    def _set_disabled(self, name: str, *, disabled: bool) -> ChangeOutcome:
        if (user := self.by_name.get(name)) is None:
            return ChangeOutcome.NOT_FOUND
        self.by_name[name] = replace(user, disabled=disabled)
        return ChangeOutcome.UNCHANGED if user.disabled is disabled else ChangeOutcome.CHANGED


@dataclass
class ManualClock:
    """A clock in seconds that stands still until a test sets it. `reads` counts its calls."""

    seconds: float = 1000.0
    reads: int = 0

    def __call__(self) -> float:
        self.reads += 1
        return self.seconds

    def now(self) -> datetime:
        return datetime(2024, 5, 26, tzinfo=UTC) + timedelta(seconds=self.seconds)
