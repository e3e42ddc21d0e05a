"""Audit entries of failed authentications, written apart from the requests."""

from typing import Final

from muster.audit.events import Action, AuditEvent, Details
from muster.audit.queue import AuditQueue, QueuedEvent
from muster.auth import passwords
from muster.auth.user_events import clean_address
from muster.auth.users import UserStore

# One source for all failures: unauthenticated clients cause them, from as many addresses as they have.
_SOURCE: Final = ""


class FailedLoginRecorder:
    """Writes failed authentications to the audit log. Thread-safe."""

    def __init__(self, store: UserStore, audit_queue: AuditQueue) -> None:
        self._store = store
        self._queue = audit_queue

    def record(self, name: str | None, address: str) -> None:
        """Queues a failure of the user of this name, or of a token (None). Neither blocks nor raises."""
        self._queue.submit(QueuedEvent(_SOURCE, lambda: self._build_event(name, address), _build_summary))

    def _build_event(self, name: str | None, address: str) -> AuditEvent:
        """Includes the name only if such a user exists: a mistyped name may be a password."""
        is_known = name is not None and passwords.is_valid_name(name) and self._store.user(name) is not None
        details: Details = {"address": clean_address(address), "scheme": "Bearer" if name is None else "Basic"}
        return AuditEvent("", Action.SIGN_IN_REFUSED, name if is_known and name else "", details)


def _build_summary(count: int) -> AuditEvent:
    return AuditEvent("", Action.SIGN_IN_REFUSED, "", {"more": count})
