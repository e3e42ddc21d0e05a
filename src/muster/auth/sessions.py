"""Sessions of browsers: a random secret in a cookie, stored as its SHA-256 hash, and the user that it stands for."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from muster.audit.events import Action, AuditEvent
from muster.auth.authentication import utc_now
from muster.auth.user_events import build_user_event, clean_address
from muster.auth.users import User

# OWASP's Session Management Cheat Sheet: 15 to 30 minutes without a request, and hours in all, for data of this kind.
IDLE_TIMEOUT: Final = timedelta(minutes=30)
MAX_AGE: Final = timedelta(hours=12)
# A use is written at most once in this time, so a session may end this much early.
USE_INTERVAL: Final = timedelta(minutes=1)
MAX_USER_AGENT_LENGTH: Final = 200  # characters
# More sign-ins of one user end its oldest sessions.
MAX_SESSIONS_PER_USER: Final = 20
_SECRET: Final = re.compile("[A-Za-z0-9_-]{43}", re.ASCII)  # 32 bytes in base64 without padding
_ID_BYTES: Final = 6


class UserChangedError(Exception):
    """The user was disabled, or got another password, after it was authenticated."""


@dataclass(frozen=True, slots=True)
class UserSession:
    """A session as stored. `id` is a short public identifier for lists, `sha256` the hash of the secret.

    `user` has the rights at this moment; those of an OpenID provider's user are as they were at the sign-in.
    """

    id: str
    sha256: bytes = field(repr=False)
    user: User
    created_at: datetime
    last_used_at: datetime
    address: str
    user_agent: str


class SessionStore(Protocol):
    """Stores sessions. A change and its audit event are committed together or not at all. All times are UTC."""

    def session(self, sha256: bytes) -> UserSession | None:
        """The session with this hash and its user, also if it has expired or the user is disabled."""
        ...

    def sessions(self, user: str | None = None) -> Sequence[UserSession]:
        """The sessions of one user, or of all users for None, the last used one first; expired ones as well."""
        ...

    def add_session(
        self, session: UserSession, event: AuditEvent, *, created_after: datetime, used_after: datetime
    ) -> None:
        """Adds a session, and removes those that were created or used too early, and the user's oldest beyond
        `MAX_SESSIONS_PER_USER`.

        Raises `UserChangedError` for a local user who is disabled now, or has another password than `session.user`.
        """
        ...

    def record_session_use(self, sha256: bytes, at: datetime) -> None: ...

    def end_session(self, session_id: str, event: AuditEvent) -> bool:
        """False when there is no such session."""
        ...


class SessionService:
    """Starts, finds and ends sessions. Thread-safe; everything blocks."""

    def __init__(self, store: SessionStore, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._now = now

    def start(self, user: User, user_agent: str) -> str:
        """The secret of a new session, for the cookie. `user` has just authenticated, and has its address.

        Raises `UserChangedError`.
        """
        secret, session_id, now = secrets.token_urlsafe(32), secrets.token_hex(_ID_BYTES), self._now()
        agent = "".join(letter for letter in user_agent[:MAX_USER_AGENT_LENGTH] if letter.isprintable())
        session = UserSession(session_id, _hash(secret), user, now, now, clean_address(user.address), agent)
        event = build_user_event(user, Action.SESSION_STARTED, session_id)
        self._store.add_session(session, event, created_after=now - MAX_AGE, used_after=now - IDLE_TIMEOUT)
        return secret

    def find(self, secret: str, address: str) -> UserSession | None:
        """The session with this secret, if it has not expired and its user is enabled. Counts as a use.

        Its user has this address, and the session as its credential.
        """
        if not _SECRET.fullmatch(secret):
            return None
        sha256 = _hash(secret)
        session = self._store.session(sha256)
        if session is None or not hmac.compare_digest(session.sha256, sha256):
            return None
        now = self._now()
        if session.user.disabled or not _is_valid(session, now):
            return None
        if now - session.last_used_at >= USE_INTERVAL:
            self._store.record_session_use(sha256, now)
        return replace(session, user=replace(session.user, credential=f"session:{session.id}", address=address))

    def list(self, user: str | None = None) -> Sequence[UserSession]:
        """The sessions of one user, or of all users, that work now; the last used one first."""
        now = self._now()
        return [session for session in self._store.sessions(user) if _is_valid(session, now)]

    def end(self, session_id: str, actor: User) -> bool:
        """Ends a session. False when there is no such session. `actor` may end any: check it before."""
        return self._store.end_session(session_id, build_user_event(actor, Action.SESSION_ENDED, session_id))


def _is_valid(session: UserSession, now: datetime) -> bool:
    return now - session.created_at < MAX_AGE and now - session.last_used_at < IDLE_TIMEOUT


def _hash(secret: str) -> bytes:
    """A fast hash suffices: 256 random bits can't be guessed."""
    return hashlib.sha256(secret.encode("ascii")).digest()
