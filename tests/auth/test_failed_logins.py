"""What is put on record of wrong credentials."""

import threading

import pytest

from muster.audit.events import Action, AuditEvent
from muster.auth.authentication import CredentialVerifier
from muster.auth.failed_logins import MAX_ENTRIES_PER_MINUTE, MAX_QUEUED, WINDOW_SECONDS, FailedLoginRecorder
from muster.auth.users import Role, User
from tests.audit.fakes import MemoryAuditSink
from tests.auth.fakes import Clock, MemoryUsers


def refused(name: str | None, address: str = "192.0.2.1") -> AuditEvent:
    store, trail = MemoryUsers(), MemoryAuditSink()
    store.add_user(User("anna", Role.SUBMIT))
    access = CredentialVerifier(store, trail)
    access.record_failure(name, address)
    access.close()
    [event] = trail.events
    return event


def test_the_user_is_named_whose_password_was_wrong() -> None:
    details = {"address": "192.0.2.1", "scheme": "Basic"}
    assert refused("anna") == AuditEvent("", Action.SIGN_IN_REFUSED, "anna", details)


@pytest.mark.parametrize("name", ["correct horse battery", "an\0na", "", "a" * 10_000])
def test_a_name_that_nobody_has_is_not_kept_for_it_may_be_a_password(name: str) -> None:
    assert refused(name) == refused("berta") == AuditEvent("", Action.SIGN_IN_REFUSED, "", refused("anna").details)


def test_of_a_token_nothing_is_kept() -> None:
    assert refused(None) == AuditEvent("", Action.SIGN_IN_REFUSED, "", {"address": "192.0.2.1", "scheme": "Bearer"})


def test_an_address_that_a_proxy_made_up_is_cut_and_made_printable() -> None:
    assert refused(None, "\0\x1b[31m" + "x" * 1_000).details["address"] == "[31m" + "x" * 58


def told(trail: MemoryAuditSink) -> tuple[int, list[object]]:
    """How many refusals are told one by one, and the counts of the rest."""
    counts = [event.details["more"] for event in trail.events if "more" in event.details]
    return len(trail.events) - len(counts), counts


def test_beyond_a_number_a_minute_they_are_only_counted() -> None:
    clock, trail = Clock(), MemoryAuditSink()
    refusals = FailedLoginRecorder(MemoryUsers(), trail, clock)
    for _ in range(MAX_ENTRIES_PER_MINUTE + 7):
        refusals.note(None, "192.0.2.1")
    refusals.close()
    assert told(trail) == (MAX_ENTRIES_PER_MINUTE, [7])


def test_the_next_minute_begins_with_the_count_of_the_last_one() -> None:
    clock, trail = Clock(), MemoryAuditSink()
    refusals = FailedLoginRecorder(MemoryUsers(), trail, clock)
    for _ in range(MAX_ENTRIES_PER_MINUTE + 7):
        refusals.note(None, "192.0.2.1")
    while told(trail)[0] < MAX_ENTRIES_PER_MINUTE or not refusals._waiting.empty():
        threading.Event().wait(0.01)
    clock.seconds += WINDOW_SECONDS
    refusals.note(None, "192.0.2.1")
    refusals.close()
    assert told(trail) == (MAX_ENTRIES_PER_MINUTE + 1, [7])
    assert trail.events[MAX_ENTRIES_PER_MINUTE].details == {"more": 7}


def test_nobody_waits_for_a_log_that_is_slow_and_what_waits_has_a_bound() -> None:
    opened, trail = threading.Event(), MemoryAuditSink()

    class SlowUsers(MemoryUsers):
        def user(self, name: str) -> User | None:
            opened.wait(20)
            return None

    refusals = FailedLoginRecorder(SlowUsers(), trail, Clock())
    for _ in range(MAX_QUEUED + 100):
        refusals.note("anna", "192.0.2.1")
    opened.set()
    refusals.close()
    single, counts = told(trail)
    assert single == MAX_ENTRIES_PER_MINUTE
    assert single + sum(int(str(count)) for count in counts) == MAX_QUEUED + 100


def test_what_the_log_did_not_take_is_counted_and_told_when_it_does() -> None:
    clock, trail = Clock(), MemoryAuditSink(failure=RuntimeError("away"))
    refusals = FailedLoginRecorder(MemoryUsers(), trail, clock)
    refusals.note(None, "192.0.2.1")
    while not refusals._left_out:
        threading.Event().wait(0.01)
    trail.failure = None
    refusals.close()
    assert told(trail) == (0, [1])
