"""Audit entries of failed authentications."""

import threading
from dataclasses import dataclass

import pytest

from muster.audit.events import Action, AuditEvent
from muster.auth.authentication import CredentialVerifier
from muster.auth.failed_logins import MAX_ENTRIES_PER_MINUTE, MAX_QUEUED, WINDOW_SECONDS, FailedLoginRecorder
from muster.auth.users import Role, User
from tests.audit.fakes import MemoryAuditSink
from tests.auth.fakes import ManualClock, MemoryUsers
from tests.events import some_event

ADDRESS = "192.0.2.1"


def record_one(name: str | None, address: str = ADDRESS) -> AuditEvent:
    """The event of one failure, in an installation with the user anna."""
    store, sink = MemoryUsers(), MemoryAuditSink()
    store.add_user(User("anna", Role.SUBMIT), some_event())
    verifier = CredentialVerifier(store, sink)
    verifier.record_failure(name, address)
    verifier.close()
    [event] = sink.events
    return event


def test_entry_names_the_user_whose_password_was_wrong() -> None:
    details = {"address": ADDRESS, "scheme": "Basic"}
    assert record_one("anna") == AuditEvent("", Action.SIGN_IN_REFUSED, "anna", details)


@pytest.mark.parametrize("name", ["correct horse battery", "an\0na", "", "a" * 10_000])
def test_unknown_name_is_not_recorded_since_it_may_be_a_password(name: str) -> None:
    expected = AuditEvent("", Action.SIGN_IN_REFUSED, "", record_one("anna").details)
    assert record_one(name) == record_one("berta") == expected


def test_nothing_of_a_token_is_recorded() -> None:
    assert record_one(None) == AuditEvent("", Action.SIGN_IN_REFUSED, "", {"address": ADDRESS, "scheme": "Bearer"})


def test_invented_address_is_cut_and_made_printable() -> None:
    assert record_one(None, "\0\x1b[31m" + "x" * 1_000).details["address"] == "[31m" + "x" * 58


def summarize(sink: MemoryAuditSink) -> tuple[int, list[object]]:
    """The number of single entries, and the counts of all further failures."""
    counts: list[object] = [event.details["more"] for event in sink.events if "more" in event.details]
    return len(sink.events) - len(counts), counts


def wait_for_reads(clock: ManualClock, reads: int) -> None:
    """Waits until the recorder's thread has read the clock so often, which it does once for each failure."""
    while clock.reads < reads:
        threading.Event().wait(0.01)


def test_failures_beyond_the_limit_of_a_minute_are_only_counted() -> None:
    sink = MemoryAuditSink()
    recorder = FailedLoginRecorder(MemoryUsers(), sink, ManualClock())
    for _ in range(MAX_ENTRIES_PER_MINUTE + 7):
        recorder.record(None, ADDRESS)
    recorder.close()
    assert summarize(sink) == (MAX_ENTRIES_PER_MINUTE, [7])


def test_next_minute_begins_with_the_count_of_the_last_one() -> None:
    clock, sink = ManualClock(), MemoryAuditSink()
    recorder = FailedLoginRecorder(MemoryUsers(), sink, clock)
    for _ in range(MAX_ENTRIES_PER_MINUTE + 7):
        recorder.record(None, ADDRESS)
    wait_for_reads(clock, MAX_ENTRIES_PER_MINUTE + 7)
    clock.seconds += WINDOW_SECONDS
    recorder.record(None, ADDRESS)
    recorder.close()
    assert summarize(sink) == (MAX_ENTRIES_PER_MINUTE + 1, [7])
    assert sink.events[MAX_ENTRIES_PER_MINUTE].details == {"more": 7}


@dataclass
class BlockedUsers(MemoryUsers):
    """Look-ups block until `unblocked` is set."""

    unblocked: threading.Event | None = None

    def user(self, name: str) -> User | None:
        assert self.unblocked is not None
        self.unblocked.wait(20)
        return None


def test_recording_does_not_wait_for_a_slow_log_and_the_queue_is_bounded() -> None:
    unblocked, sink = threading.Event(), MemoryAuditSink()
    recorder = FailedLoginRecorder(BlockedUsers(unblocked=unblocked), sink, ManualClock())
    for _ in range(MAX_QUEUED + 100):
        recorder.record("anna", ADDRESS)
    unblocked.set()
    recorder.close()
    entries, counts = summarize(sink)
    assert entries == MAX_ENTRIES_PER_MINUTE
    assert entries + sum(int(str(count)) for count in counts) == MAX_QUEUED + 100


class RecoveringSink(MemoryAuditSink):
    """Fails for the first event, and stores the others."""

    def append(self, event: AuditEvent) -> None:
        self.failure, failure = None, self.failure
        if failure is not None:
            raise failure
        super().append(event)


def test_failure_that_the_log_did_not_store_is_counted_once_it_does() -> None:
    sink = RecoveringSink(failure=RuntimeError("unavailable"))
    recorder = FailedLoginRecorder(MemoryUsers(), sink, ManualClock())
    recorder.record(None, ADDRESS)
    recorder.close()
    assert summarize(sink) == (0, [1])
