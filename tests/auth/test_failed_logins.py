"""Audit entries of failed authentications."""

import pytest

from muster.audit.events import Action, AuditEvent
from muster.audit.queue import AuditQueue
from muster.auth.authentication import CredentialVerifier
from muster.auth.users import Role, User
from tests.audit.fakes import MemoryAuditSink
from tests.auth.fakes import MemoryUsers
from tests.events import some_event

ADDRESS = "192.0.2.1"


def record_one(name: str | None, address: str = ADDRESS) -> AuditEvent:
    """The event of one failure, in an installation with the user anna."""
    store, sink = MemoryUsers(), MemoryAuditSink()
    queue = AuditQueue(sink)
    store.add_user(User("anna", Role.SUBMIT), some_event())
    verifier = CredentialVerifier(store, queue)
    verifier.record_failure(name, address)
    queue.close()
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
