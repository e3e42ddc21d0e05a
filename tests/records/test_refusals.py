"""What a user asks for and may not see is in the audit log; what does not exist is not."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from muster.audit.events import Action, AuditEvent, Details
from muster.audit.queue import AuditQueue
from muster.auth.users import User
from muster.records.reading import RecordReader
from tests.audit.fakes import MemoryAuditSink
from tests.records.fakes import ADMIN, BATCH, NORTH, OTHER_SENDER, SOUTH, MemoryRecords, build_reader

Read = Callable[[RecordReader, User], object]


def record(read: Read, user: User, store: MemoryRecords | None = None) -> tuple[object, list[AuditEvent]]:
    """What was read, and the events that it left."""
    sink = MemoryAuditSink()
    queue = AuditQueue(sink)
    found = read(build_reader(store=store, audit=sink, audit_queue=queue), user)
    queue.close()
    return found, sink.events


def read_customer(ext_id: str, unit: str | None) -> Read:
    return lambda reader, user: reader.customer(ext_id, unit, user, at=None)


def read_history(ext_id: str, unit: str | None) -> Read:
    return lambda reader, user: reader.history(ext_id, unit, user, below=None, limit=9)


@pytest.mark.parametrize(
    ("read", "user", "subject", "details"),
    [
        (read_customer("c", "NORTH"), SOUTH, "c", {"resource": "customer", "reason": "business unit"}),
        (read_history("c", "NORTH"), SOUTH, "c", {"resource": "history", "reason": "business unit"}),
        (read_customer("Garcia", "NORTH"), SOUTH, "", {"resource": "customer", "reason": "business unit"}),
        (
            lambda reader, user: reader.communication("0", user),
            SOUTH,
            "c",
            {"resource": "communication", "reason": "business unit"},
        ),
        (
            lambda reader, user: reader.communication("0", user),
            OTHER_SENDER,
            "c",
            {"resource": "communication", "reason": "other sender"},
        ),
        (
            lambda reader, user: reader.batch(BATCH.id, user),
            OTHER_SENDER,
            str(BATCH.id),
            {"resource": "batch", "reason": "other sender"},
        ),
        (
            lambda reader, user: reader.results(BATCH.id, user, start=0, limit=9),
            OTHER_SENDER,
            str(BATCH.id),
            {"resource": "results", "reason": "other sender"},
        ),
    ],
)
def test_record_that_the_user_may_not_see_is_none_and_recorded(
    read: Read, user: User, subject: str, details: Details
) -> None:
    assert record(read, user) == (None, [AuditEvent(user.name, Action.READ_REFUSED, subject, details)])


@pytest.mark.parametrize(
    "read",
    [
        read_customer("nobody", "NORTH"),
        read_history("nobody", None),
        lambda reader, user: reader.communication("1", user),
        lambda reader, user: reader.batch(uuid4(), user),
        lambda reader, user: reader.results(uuid4(), user, start=0, limit=9),
    ],
)
def test_record_that_does_not_exist_is_none_and_not_recorded(read: Read) -> None:
    assert record(read, NORTH) == (None, [])


def test_results_are_recorded_by_page() -> None:
    _, events = record(lambda reader, user: reader.results(BATCH.id, user, start=1, limit=2), ADMIN)
    details = {"start": 1, "results": 2}
    assert events == [AuditEvent("admin", Action.RESULTS_READ, str(BATCH.id), details)]


def test_results_that_cannot_be_recorded_are_not_returned() -> None:
    reader = build_reader(audit=MemoryAuditSink(failure=RuntimeError("the log is unavailable")))
    with pytest.raises(RuntimeError):
        reader.results(BATCH.id, ADMIN, start=0, limit=9)


def test_results_that_are_no_longer_stored_are_no_read() -> None:
    read: Read = lambda reader, user: reader.results(BATCH.id, user, start=0, limit=9)  # noqa: E731
    assert record(read, ADMIN, MemoryRecords(responses={})) == (None, [])
