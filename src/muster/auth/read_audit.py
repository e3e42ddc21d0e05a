"""The audit log of reads: of what users read, and of what they asked for and may not see."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from muster.audit.events import Action, AuditEvent, AuditSink, Details
from muster.audit.queue import AuditQueue, QueuedEvent
from muster.auth.user_events import build_user_event
from muster.auth.users import User

_SOURCE: Final = "read:"  # and the user's name: one user's refusals don't hide those of others


class RefusalReason(StrEnum):
    """What a user lacks who may not read something."""

    ROLE = "role"
    BUSINESS_UNIT = "business unit"
    OTHER_SENDER = "other sender"


def _is_known() -> bool:
    return True


class ReadAudit:
    """Records reads. Thread-safe."""

    def __init__(self, sink: AuditSink, audit_queue: AuditQueue) -> None:
        self._sink = sink
        self._queue = audit_queue

    def record_read(self, user: User, action: Action, subject: str, details: Details) -> None:
        """Returns once the entry is durable; on failure the caller must not return what was read."""
        self._sink.append(build_user_event(user, action, subject, details))

    def record_refusal(
        self, user: User, resource: str, subject: str, reason: RefusalReason, exists: Callable[[], bool] = _is_known
    ) -> None:
        """Queues an entry. Neither blocks nor raises, so that the response takes as long as that of an unknown id.

        The entry has the subject only if it `exists`, which the queue's thread finds out: other text may be anything
        that a user mistyped.
        """

        def build() -> AuditEvent:
            details: Details = {"resource": resource, "reason": reason.value}
            return build_user_event(user, Action.READ_REFUSED, subject if exists() else "", details)

        def summarize(count: int) -> AuditEvent:
            return AuditEvent(user.name, Action.READ_REFUSED, "", {"more": count})

        self._queue.submit(QueuedEvent(_SOURCE + user.name, build, summarize))
