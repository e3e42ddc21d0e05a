"""The last use of tokens and of passwords, to the hour.

Not to the request: a write for each request would cost as much as saving a small batch.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from muster.audit.queue import AuditQueue
from muster.auth.users import Token, User, UserStore

USE_INTERVAL: Final = timedelta(hours=1)
_MAX_QUEUED: Final = 10_000  # tokens and users that are remembered; 200 bytes each


class CredentialUseRecorder:
    """Writes the time of a use, at most once an interval and token or user. Thread-safe.

    Its methods neither block nor raise. They take the token or the user as it was just read from the store.
    """

    def __init__(self, store: UserStore, audit_queue: AuditQueue) -> None:
        self._store = store
        self._queue = audit_queue
        self._lock = threading.Lock()
        self._queued: dict[tuple[str, str], datetime] = {}  # by kind, and the token's id or the user's name

    def record_token(self, token: Token, now: datetime) -> None:
        self._record(
            ("token", token.id),
            token.last_used_at,
            now,
            lambda: self._store.record_token_use(token.id, now, interval=USE_INTERVAL),
        )

    def record_password(self, user: User, now: datetime) -> None:
        self._record(
            ("password", user.name),
            user.password_used_at,
            now,
            lambda: self._store.record_password_use(user.name, now, interval=USE_INTERVAL),
        )

    def _record(self, key: tuple[str, str], last: datetime | None, now: datetime, write: Callable[[], None]) -> None:
        if _is_recent(last, now):
            return
        with self._lock:
            # Requests come before the write, and the write may fail, on a database that only reads.
            if _is_recent(self._queued.get(key), now):
                return
            if len(self._queued) >= _MAX_QUEUED:
                self._queued.clear()
            self._queued[key] = now
        if not self._queue.run(write):
            with self._lock:
                self._queued.pop(key, None)


def _is_recent(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - at < USE_INTERVAL
