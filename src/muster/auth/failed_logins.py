"""Audit entries of failed authentications, written apart from the requests.

Unauthenticated clients cause these entries. So no request waits for the audit log, the queue is bounded, and so is the
number of entries a minute: further failures are only counted, and an entry holds their count.
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
_MAX_ADDRESS_LENGTH: Final = 64  # characters; an IPv6 address with its zone is shorter

_log: Final = logging.getLogger(__name__)


class _FailedLogin(NamedTuple):
    name: str | None  # None for a token
    address: str


class FailedLoginRecorder:
    """Writes failed authentications to the audit log in a thread of its own. Thread-safe. `clock` gives seconds."""

    def __init__(self, store: UserStore, audit_sink: AuditSink, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._audit_sink = audit_sink
        self._clock = clock
        self._queue: queue.Queue[_FailedLogin | None] = queue.Queue(MAX_QUEUED)  # None ends the thread
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._unlisted = 0  # failures without an entry of their own
        self._window_end = 0.0
        self._entries_in_window = 0

    def record(self, name: str | None, address: str) -> None:
        """Queues a failure of the user of this name, or of a token (None). Neither blocks nor raises."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="failed-logins", daemon=True)
                self._thread.start()
            try:
                self._queue.put_nowait(_FailedLogin(name, address))
            except queue.Full:
                self._unlisted += 1

    def close(self) -> None:
        """Returns when all queued failures are in the audit log, or after two times `CLOSE_SECONDS`."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            with suppress(queue.Full):
                self._queue.put(None, timeout=CLOSE_SECONDS)
                thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while True:
            try:
                failure = self._queue.get(timeout=WINDOW_SECONDS if self._unlisted else None)
            except queue.Empty:
                self._start_window()
                continue
            if failure is None:
                self._write_count()
                return
            self._start_window()
            self._write_entry(failure)

    def _start_window(self) -> None:
        now = self._clock()
        if now >= self._window_end:
            self._window_end, self._entries_in_window = now + WINDOW_SECONDS, 0
            self._write_count()

    def _write_entry(self, failure: _FailedLogin) -> None:
        self._entries_in_window += 1
        if self._entries_in_window > MAX_ENTRIES_PER_MINUTE or not self._append(lambda: self._build_event(failure)):
            self._add_unlisted(1)

    def _write_count(self) -> None:
        with self._lock:
            count, self._unlisted = self._unlisted, 0
        if count and not self._append(lambda: AuditEvent("", Action.SIGN_IN_REFUSED, "", {"more": count})):
            self._add_unlisted(count)

    def _append(self, build: Callable[[], AuditEvent]) -> bool:
        try:
            self._audit_sink.append(build())
        except Exception as error:
            _log.warning("failed authentications could not be written to the audit log: %s", type(error).__name__)
            return False
        return True

    def _add_unlisted(self, count: int) -> None:
        with self._lock:
            self._unlisted += count

    def _build_event(self, failure: _FailedLogin) -> AuditEvent:
        """Includes the name only if such a user exists: a mistyped name may be a password."""
        name = failure.name
        is_known = name is not None and passwords.is_valid_name(name) and self._store.user(name) is not None
        # A proxy's header can hold any text as the address.
        address = "".join(letter for letter in failure.address[:_MAX_ADDRESS_LENGTH] if letter.isprintable())
        details: Details = {"address": address, "scheme": "Bearer" if name is None else "Basic"}
        return AuditEvent("", Action.SIGN_IN_REFUSED, name if is_known and name else "", details)
