"""Authentication: from a name and a password, or from a token, to a user."""

import hmac
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from muster.audit.queue import AuditQueue
from muster.auth import passwords, tokens
from muster.auth.credential_uses import CredentialUseRecorder
from muster.auth.failed_logins import FailedLoginRecorder
from muster.auth.password_cache import PasswordCache
from muster.auth.tokens import TokenState
from muster.auth.users import User, UserStore


class CredentialRejection(Enum):
    """Why a token that exists was refused. Only who holds the token learns it."""

    EXPIRED = "expired"
    REVOKED = "revoked"
    DISABLED = "user disabled"


def utc_now() -> datetime:
    return datetime.now(UTC)


_REJECTIONS: Final = {
    TokenState.EXPIRED: CredentialRejection.EXPIRED,
    TokenState.REVOKED: CredentialRejection.REVOKED,
}


class CredentialVerifier:
    """Authenticates users.

    Every verification reads the store, so a disabled user, a revoked token or a changed role takes effect with the next
    request. None stands for every failure by which a client without valid credentials could learn something. Errors of
    the store pass through.
    """

    def __init__(
        self,
        store: UserStore,
        audit_queue: AuditQueue,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._failed_logins = FailedLoginRecorder(store, audit_queue)
        self._uses = CredentialUseRecorder(store, audit_queue)
        self._now = now
        self._password_cache = PasswordCache(clock)
        # Verified against when no user has the name: the response then takes as long as for a wrong password, and
        # response times don't reveal which names exist.
        self._dummy_hash = passwords.make_dummy_hash()

    def verify_password(self, name: str, password: str) -> User | None:
        """Returns the user of this name if the password is right and the user is enabled."""
        if not (passwords.is_valid_name(name) and passwords.is_valid_password(password)):
            return None
        user = self._store.user(name)
        if user is not None and user.disabled:
            user = None  # before the verification, so that response times don't reveal a disabled user's password
        password_hash = (user.password_hash if user else None) or self._dummy_hash
        is_right = self._password_cache.verify(
            name, password, password_hash, lambda: passwords.verify_password(password_hash, password)
        )
        if user is None or not is_right:
            return None
        self._uses.record_password(user, self._now())
        return replace(user, credential="password")

    def verify_token(self, token: str) -> User | CredentialRejection | None:
        """Returns the user of this token if the token is valid and the user is enabled."""
        if not tokens.is_token_format(token):
            return None
        sha256 = tokens.hash_token(token)
        found = self._store.token(sha256)
        if found is None:
            return None
        stored, user = found
        if not hmac.compare_digest(stored.sha256, sha256):
            return None
        now = self._now()
        rejection = _REJECTIONS.get(tokens.get_token_state(stored, now))
        if rejection is None and user.disabled:
            rejection = CredentialRejection.DISABLED
        if rejection is not None:
            return rejection
        self._uses.record_token(stored, now)
        return replace(user, credential=f"token:{stored.id}")

    def record_failure(self, name: str | None, address: str) -> None:
        """Records a failed authentication in the audit log: of the user of this name, or by a token (None).

        Neither blocks nor raises.
        """
        self._failed_logins.record(name, address)
