"""Who is calling: a user by name and password or by token, and what the user's role lets it do."""

import hmac
import time
from collections.abc import Callable
from datetime import UTC, datetime

from muster.audit.events import AuditSink
from muster.auth import passwords, tokens
from muster.auth.failed_logins import FailedLoginRecorder
from muster.auth.password_cache import PasswordCache
from muster.auth.tokens import TokenState
from muster.auth.users import User, UserStore


def utc_now() -> datetime:
    return datetime.now(UTC)


class CredentialVerifier:
    """Recognises users.

    The store is asked every time, so a disabled user, a revoked token or another role counts from the next request on.
    None stands for every reason not to let somebody in. Raises what the store raises when it is away.
    """

    def __init__(
        self,
        store: UserStore,
        trail: AuditSink,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._refusals = FailedLoginRecorder(store, trail)
        self._now = now
        self._remembered = PasswordCache(clock)
        # Compared with when there is no user of that name: the answer then takes as long as it does for a wrong
        # password, and nobody can find out names by the clock.
        self._nobodys = passwords.make_dummy_hash()

    def verify_password(self, name: str, password: str) -> User | None:
        """The user of that name, when the password is the user's."""
        if not (passwords.is_valid_name(name) and passwords.is_valid_password(password)):
            return None
        user = self._store.user(name)
        if user is not None and user.disabled:
            user = None  # before its password is looked at: that of a shut out user is not to be found out either
        password_hash = (user.password_hash if user else None) or self._nobodys
        right = self._remembered.verified(
            name, password, password_hash, lambda: passwords.verify_password(password_hash, password)
        )
        return user if right else None

    def verify_token(self, token: str) -> User | None:
        """The user that the token was made for, while the token is valid."""
        if not tokens.is_token_format(token):
            return None
        sha256 = tokens.hash_token(token)
        found = self._store.token(sha256)
        if found is None:
            return None
        stored, user = found
        valid = (
            hmac.compare_digest(stored.sha256, sha256)
            and tokens.get_token_state(stored, self._now()) is TokenState.VALID
        )
        return user if valid and not user.disabled else None

    def record_failure(self, name: str | None, address: str) -> None:
        """Puts on record that wrong credentials came from there: of the user of this name, or a token (None).

        Does not wait for it, nor raise.
        """
        self._refusals.note(name, address)

    def close(self) -> None:
        """Returns when that is on record, or after some seconds."""
        self._refusals.close()
