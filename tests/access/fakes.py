"""Users and tokens in memory, and a clock that is moved by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from muster.access.ports import Change, Role, Token, User, UserExists
from muster.audit.ports import Event


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

    def add_user(self, user: User, event: Event | None = None) -> None:
        if user.name in self.by_name:
            raise UserExists(user.name)
        self.by_name[user.name] = user

    def set_password(self, name: str, password_hash: str, event: Event | None = None) -> bool:
        return self._change(name, password_hash=password_hash)

    def set_rights(self, name: str, role: Role, business_units: Sequence[str], event: Event | None = None) -> bool:
        return self._change(name, role=role, business_units=tuple(business_units))

    def disable_user(self, name: str, event: Event | None = None) -> Change:
        return self._set_disabled(name, to=True)

    def enable_user(self, name: str, event: Event | None = None) -> Change:
        return self._set_disabled(name, to=False)

    def token(self, sha256: bytes) -> tuple[Token, User] | None:
        token = self.by_hash.get(sha256)
        return None if token is None else (token, self.by_name[token.user])

    def tokens(self, user: str | None = None) -> Sequence[Token]:
        found = [token for token in self.by_hash.values() if user in (None, token.user)]
        return sorted(found, key=lambda token: token.created_at)

    def add_token(self, token: Token, event: Event | None = None) -> None:
        self.by_hash[token.sha256] = token

    def revoke_token(self, token_id: str, at: datetime, event: Event | None = None) -> Change:
        for sha256, token in self.by_hash.items():
            if token.id == token_id:
                self.by_hash[sha256] = replace(token, revoked_at=token.revoked_at or at)
                return Change.SO_ALREADY if token.revoked_at else Change.MADE
        return Change.NOT_THERE

    def _set_disabled(self, name: str, *, to: bool) -> Change:
        was = name in self.by_name and self.by_name[name].disabled
        if not self._change(name, disabled=to):
            return Change.NOT_THERE
        return Change.SO_ALREADY if was is to else Change.MADE

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
