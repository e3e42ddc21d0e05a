"""What is put on record of wrong credentials."""

import pytest

from muster.access.authority import Access
from muster.access.ports import Role, User
from muster.audit.ports import Action, Event
from tests.access.fakes import MemoryUsers
from tests.audit.fakes import MemoryTrail


def refused(name: str | None, address: str = "192.0.2.1") -> Event:
    store, trail = MemoryUsers(), MemoryTrail()
    store.add_user(User("anna", Role.SUBMIT))
    Access(store, trail).refused(name, address)
    [event] = trail.events
    return event


def test_the_user_is_named_whose_password_was_wrong() -> None:
    details = {"address": "192.0.2.1", "scheme": "Basic"}
    assert refused("anna") == Event("", Action.SIGN_IN_REFUSED, "anna", details)


@pytest.mark.parametrize("name", ["correct horse battery", "an\0na", "", "a" * 10_000])
def test_a_name_that_nobody_has_is_not_kept_for_it_may_be_a_password(name: str) -> None:
    assert refused(name) == refused("berta") == Event("", Action.SIGN_IN_REFUSED, "", refused("anna").details)


def test_of_a_token_nothing_is_kept() -> None:
    assert refused(None) == Event("", Action.SIGN_IN_REFUSED, "", {"address": "192.0.2.1", "scheme": "Bearer"})


def test_an_address_that_a_proxy_made_up_is_cut_and_made_printable() -> None:
    assert refused(None, "\0\x1b[31m" + "x" * 1_000).details["address"] == "[31m" + "x" * 58
