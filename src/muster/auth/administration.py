"""Administration of users and tokens: every change is stored together with its audit event."""

from collections.abc import Sequence
from datetime import datetime

from muster.audit.events import Action, AuditEvent, Details
from muster.auth.user_events import build_user_event
from muster.auth.users import ChangeOutcome, Role, Token, User, UserStore, get_role_names, is_password_administrator


class UserAdministration:
    """Changes users and tokens on behalf of `actor`. Unknown names give the same results as in `UserStore`.

    The actor is the user of a request, or the name of one that has no request, as on the command line. With
    `keeps_administrator`, changes that leave no enabled administrator with a password raise `LastAdministratorError`.
    """

    def __init__(self, store: UserStore, actor: User | str, *, keeps_administrator: bool = False) -> None:
        self._store = store
        self._actor = User(actor, Role(0)) if isinstance(actor, str) else actor
        self._keeps_administrator = keeps_administrator

    def user(self, name: str) -> User | None:
        return self._store.user(name)

    def users(self) -> Sequence[User]:
        """All users, by name."""
        return self._store.users()

    def tokens(self, name: str | None = None) -> Sequence[Token]:
        """The tokens of one user, or of all users for None, oldest first."""
        return self._store.tokens(name)

    def add_user(self, user: User) -> None:
        """Raises `UserExistsError`."""
        details = _describe_rights(user.roles, user.business_units)
        self._store.add_user(user, self._event(Action.USER_ADDED, user.name, details))

    def set_rights(self, name: str, roles: Role, business_units: Sequence[str]) -> bool:
        event = self._event(Action.USER_CHANGED, name, _describe_rights(roles, business_units))
        needs_administrator = Role.ADMIN not in roles and self._is_protected(name)
        return self._store.set_rights(name, roles, business_units, event, needs_administrator=needs_administrator)

    def set_password(self, name: str, password_hash: str) -> bool:
        return self._store.set_password(name, password_hash, self._event(Action.USER_PASSWORD, name))

    def disable_user(self, name: str) -> ChangeOutcome:
        event = self._event(Action.USER_DISABLED, name)
        return self._store.disable_user(name, event, needs_administrator=self._is_protected(name))

    def enable_user(self, name: str) -> ChangeOutcome:
        return self._store.enable_user(name, self._event(Action.USER_ENABLED, name))

    def add_token(self, token: Token) -> None:
        expires = token.expires_at.isoformat() if token.expires_at else None
        details: Details = {"user": token.user, "expiresAt": expires}
        self._store.add_token(token, self._event(Action.TOKEN_CREATED, token.id, details))

    def revoke_token(self, token_id: str, at: datetime) -> ChangeOutcome:
        users = [token.user for token in self._store.tokens() if token.id == token_id]
        if not users:
            return ChangeOutcome.NOT_FOUND
        event = self._event(Action.TOKEN_REVOKED, token_id, {"user": users[0]})
        return self._store.revoke_token(token_id, at, event)

    def _is_protected(self, name: str) -> bool:
        """Whether the user may be the last administrator. Others may be changed even where there is none."""
        user = self._store.user(name) if self._keeps_administrator else None
        return user is not None and is_password_administrator(user)

    def _event(self, action: Action, subject: str, details: Details | None = None) -> AuditEvent:
        return build_user_event(self._actor, action, subject, details)


def _describe_rights(roles: Role, business_units: Sequence[str]) -> Details:
    return {"role": ",".join(get_role_names(roles)), "businessUnits": list(business_units)}
