"""Users and tokens in memory, and a clock that is moved by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from muster.audit.events import AuditEvent
from muster.auth.users import ChangeOutcome, Role, Token, User, UserExistsError


@dataclass
class MemoryUsers:
    by_name: dict[str, User] = field(default_factory=dict)
    by_hash: dict[bytes, Token] = field(default_factory=dict)
    asked: int = 0

    def user(self, name: str) -> User | None:
        self.asked += 1
        return self.by_name.get(name)

    def users(self) -> Sequence[User]:
        return [self.by_name[name] for name in sorted(self.by_name)]

    def add_user(self, user: User, event: AuditEvent | None = None) -> None:
        if user.name in self.by_name:
            raise UserExistsError(user.name)
        self.by_name[user.name] = user

    def set_password(self, name: str, password_hash: str, event: AuditEvent | None = None) -> bool:
        return self._change(name, password_hash=password_hash)

    def set_rights(self, name: str, role: Role, business_units: Sequence[str], event: AuditEvent | None = None) -> bool:
        return self._change(name, role=role, business_units=tuple(business_units))

    def disable_user(self, name: str, event: AuditEvent | None = None) -> ChangeOutcome:
        return self._set_disabled(name, to=True)

    def enable_user(self, name: str, event: AuditEvent | None = None) -> ChangeOutcome:
        return self._set_disabled(name, to=False)

    def token(self, sha256: bytes) -> tuple[Token, User] | None:
        token = self.by_hash.get(sha256)
        return None if token is None else (token, self.by_name[token.user])

    def tokens(self, user: str | None = None) -> Sequence[Token]:
        found = [token for token in self.by_hash.values() if user in (None, token.user)]
        return sorted(found, key=lambda token: token.created_at)

    def add_token(self, token: Token, event: AuditEvent | None = None) -> None:
        self.by_hash[token.sha256] = token

    def revoke_token(self, token_id: str, at: datetime, event: AuditEvent | None = None) -> ChangeOutcome:
        for sha256, token in self.by_hash.items():
            if token.id == token_id:
                self.by_hash[sha256] = replace(token, revoked_at=token.revoked_at or at)
                return ChangeOutcome.UNCHANGED if token.revoked_at else ChangeOutcome.CHANGED
        return ChangeOutcome.NOT_FOUND

    def _set_disabled(self, name: str, *, to: bool) -> ChangeOutcome:
        was = name in self.by_name and self.by_name[name].disabled
        if not self._change(name, disabled=to):
            return ChangeOutcome.NOT_FOUND
        return ChangeOutcome.UNCHANGED if was is to else ChangeOutcome.CHANGED

    def _change(self, name: str, **changes: object) -> bool:
        if name not in self.by_name:
            return False
        self.by_name[name] = replace(self.by_name[name], **changes)  # type: ignore[arg-type]  # the callers above name them
        return True


@dataclass
class Clock:
    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2024, 5, 26, tzinfo=UTC) + timedelta(seconds=self.seconds)
