"""Reads and refused reads in the audit log."""

import threading

import pytest

from muster.audit.events import Action, AuditEvent
from muster.audit.queue import MAX_ENTRIES_PER_MINUTE, AuditQueue
from muster.auth.read_audit import ReadAudit, RefusalReason
from muster.auth.users import Role, User
from tests.audit.fakes import MemoryAuditSink
from tests.auth.fakes import ManualClock

RITA = User("rita", Role.READ, credential="token:5e", address="192.0.2.1")
LOGIN = {"credential": "token:5e", "address": "192.0.2.1"}


class Recorded:
    def __init__(self, failure: Exception | None = None) -> None:
        self.sink = MemoryAuditSink(failure=failure)
        self.queue = AuditQueue(self.sink, ManualClock())
        self.audit = ReadAudit(self.sink, self.queue)

    def get_events(self) -> list[AuditEvent]:
        self.queue.close()
        return self.sink.events


def test_read_names_the_credential_and_the_address() -> None:
    recorded = Recorded()
    recorded.audit.record_read(RITA, Action.RESULTS_READ, "5e", {"start": 0})
    assert recorded.get_events() == [AuditEvent("rita", Action.RESULTS_READ, "5e", {"start": 0, **LOGIN})]


def test_user_without_a_login_has_none_in_its_entries() -> None:
    recorded = Recorded()
    recorded.audit.record_read(User("rita", Role.READ), Action.RESULTS_READ, "5e", {"start": 0})
    assert recorded.get_events() == [AuditEvent("rita", Action.RESULTS_READ, "5e", {"start": 0})]


def test_address_that_a_proxy_invented_is_cut_and_made_printable() -> None:
    recorded = Recorded()
    user = User("rita", Role.READ, credential="oidc", address="\0\x1b[31m" + "x" * 1_000)
    recorded.audit.record_read(user, Action.RESULTS_READ, "5e", {})
    assert recorded.get_events()[0].details == {"credential": "oidc", "address": "[31m" + "x" * 58}


def test_read_that_cannot_be_recorded_fails() -> None:
    with pytest.raises(RuntimeError):
        Recorded(RuntimeError()).audit.record_read(RITA, Action.RESULTS_READ, "5e", {})


@pytest.mark.parametrize(("exists", "subject"), [(True, "c-1"), (False, "")])
def test_refusal_names_what_exists_and_no_other_text(exists: bool, subject: str) -> None:
    recorded = Recorded()
    recorded.audit.record_refusal(RITA, "customer", "c-1", RefusalReason.BUSINESS_UNIT, lambda: exists)
    details = {"resource": "customer", "reason": "business unit", **LOGIN}
    assert recorded.get_events() == [AuditEvent("rita", Action.READ_REFUSED, subject, details)]


def test_refusal_waits_neither_for_the_look_up_nor_for_the_log() -> None:
    recorded, done = Recorded(), threading.Event()
    recorded.audit.record_refusal(RITA, "customer", "c-1", RefusalReason.ROLE, lambda: done.wait(20))
    done.set()
    assert len(recorded.get_events()) == 1


def test_refusals_of_one_user_are_counted_beyond_a_number_and_do_not_hide_those_of_others() -> None:
    recorded = Recorded()
    for name, count in (("rita", MAX_ENTRIES_PER_MINUTE + 5), ("anna", 2)):
        for _ in range(count):
            recorded.audit.record_refusal(User(name, Role.READ), "batch", "5e", RefusalReason.OTHER_SENDER)
    events = recorded.get_events()
    assert [event.actor for event in events].count("anna") == 2
    assert events[-1] == AuditEvent("rita", Action.READ_REFUSED, "", {"more": 5})
