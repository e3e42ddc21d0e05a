"""Wrong credentials on record, apart from the requests that brought them.

Strangers bring them. So none of their requests waits for the log, what waits to be written has a bound, and so has what
is written: beyond a number a minute they are only counted, and the log has that count.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from muster.audit.events import Action, AuditEvent, AuditSink, Details
from muster.auth import passwords
from muster.auth.users import UserStore

MAX_ENTRIES_PER_MINUTE: Final = 60
WINDOW_SECONDS: Final = 60.0
MAX_QUEUED: Final = 1_000
CLOSE_SECONDS: Final = 5.0
_MAX_ADDRESS_LENGTH: Final = 64  # characters; one of IPv6 with its zone has fewer

_log: Final = logging.getLogger(__name__)


class _FailedLogin(NamedTuple):
    name: str | None  # None for a token
    address: str


class FailedLoginRecorder:
    """Keeps what is noted on record, by a thread of its own. Threads may share it. `clock` gives seconds."""

    def __init__(self, store: UserStore, trail: AuditSink, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._trail = trail
        self._clock = clock
        self._waiting: queue.Queue[_FailedLogin | None] = queue.Queue(MAX_QUEUED)  # None ends it
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._left_out = 0  # noted, and not told one by one
        self._minute_ends = 0.0
        self._written = 0  # in this minute

    def note(self, name: str | None, address: str) -> None:
        """Wrong credentials came from there: of the user of this name, or a token (None). Does not wait, nor raise."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="refusals", daemon=True)
                self._thread.start()
            try:
                self._waiting.put_nowait(_FailedLogin(name, address))
            except queue.Full:
                self._left_out += 1

    def close(self) -> None:
        """Returns when all that was noted is on record, or after some seconds."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            with suppress(queue.Full):
                self._waiting.put(None, timeout=CLOSE_SECONDS)
                thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while True:
            try:
                noted = self._waiting.get(timeout=WINDOW_SECONDS if self._left_out else None)
            except queue.Empty:
                self._begin_minute()
                continue
            if noted is None:
                self._tell_count()
                return
            self._begin_minute()
            self._tell(noted)

    def _begin_minute(self) -> None:
        now = self._clock()
        if now >= self._minute_ends:
            self._minute_ends, self._written = now + WINDOW_SECONDS, 0
            self._tell_count()

    def _tell(self, noted: _FailedLogin) -> None:
        self._written += 1
        if self._written > MAX_ENTRIES_PER_MINUTE or not self._keep(lambda: self._event(noted)):
            self._leave_out(1)

    def _tell_count(self) -> None:
        with self._lock:
            counted, self._left_out = self._left_out, 0
        if counted and not self._keep(lambda: AuditEvent("", Action.SIGN_IN_REFUSED, "", {"more": counted})):
            self._leave_out(counted)

    def _keep(self, make: Callable[[], AuditEvent]) -> bool:
        try:
            self._trail.append(make())
        except Exception as error:
            _log.warning("wrong credentials could not be put on record: %s", type(error).__name__)
            return False
        return True

    def _leave_out(self, count: int) -> None:
        with self._lock:
            self._left_out += count

    def _event(self, noted: _FailedLogin) -> AuditEvent:
        """With the name only if there is such a user: whoever mistypes may have put a password where it belongs."""
        name = noted.name
        known = name is not None and passwords.is_valid_name(name) and self._store.user(name) is not None
        # What a proxy says of the address may be any text.
        place = "".join(letter for letter in noted.address[:_MAX_ADDRESS_LENGTH] if letter.isprintable())
        details: Details = {"address": place, "scheme": "Bearer" if name is None else "Basic"}
        return AuditEvent("", Action.SIGN_IN_REFUSED, name if known and name else "", details)
