"""The last use of tokens, to the hour.

Not to the request: a write for each request would cost as much as saving a small batch.
"""

import threading
from datetime import datetime, timedelta
from typing import Final

from muster.audit.queue import AuditQueue
from muster.auth.users import Token, UserStore

USE_INTERVAL: Final = timedelta(hours=1)
_MAX_QUEUED_TOKENS: Final = 10_000  # remembered; 200 bytes each


class TokenUseRecorder:
    """Writes the time of a use, at most once an interval and token. Thread-safe."""

    def __init__(self, store: UserStore, audit_queue: AuditQueue) -> None:
        self._store = store
        self._queue = audit_queue
        self._lock = threading.Lock()
        self._queued: dict[str, datetime] = {}  # by the token's id

    def record(self, token: Token, now: datetime) -> None:
        """Neither blocks nor raises. Takes the token as it was just read from the store."""
        if _is_recent(token.last_used_at, now):
            return
        with self._lock:
            # Requests come before the write, and the write may fail, on a database that only reads.
            if _is_recent(self._queued.get(token.id), now):
                return
            if len(self._queued) >= _MAX_QUEUED_TOKENS:
                self._queued.clear()
            self._queued[token.id] = now
        if not self._queue.run(lambda: self._store.record_token_use(token.id, now, interval=USE_INTERVAL)):
            with self._lock:
                self._queued.pop(token.id, None)


def _is_recent(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - at < USE_INTERVAL
