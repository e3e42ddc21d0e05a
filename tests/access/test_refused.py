"""What is put on record of wrong credentials."""

import threading

import pytest

from muster.access.authority import Access
from muster.access.ports import Role, User
from muster.access.refusals import MINUTE, MOST_A_MINUTE, MOST_WAITING, Refusals
from muster.audit.ports import Action, Event
from tests.access.fakes import Clock, MemoryUsers
from tests.audit.fakes import MemoryTrail


def refused(name: str | None, address: str = "192.0.2.1") -> Event:
    store, trail = MemoryUsers(), MemoryTrail()
    store.add_user(User("anna", Role.SUBMIT))
    access = Access(store, trail)
    access.refused(name, address)
    access.close()
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


def told(trail: MemoryTrail) -> tuple[int, list[object]]:
    """How many refusals are told one by one, and the counts of the rest."""
    counts = [event.details["more"] for event in trail.events if "more" in event.details]
    return len(trail.events) - len(counts), counts


def test_beyond_a_number_a_minute_they_are_only_counted() -> None:
    clock, trail = Clock(), MemoryTrail()
    refusals = Refusals(MemoryUsers(), trail, clock)
    for _ in range(MOST_A_MINUTE + 7):
        refusals.note(None, "192.0.2.1")
    refusals.close()
    assert told(trail) == (MOST_A_MINUTE, [7])


def test_the_next_minute_begins_with_the_count_of_the_last_one() -> None:
    clock, trail = Clock(), MemoryTrail()
    refusals = Refusals(MemoryUsers(), trail, clock)
    for _ in range(MOST_A_MINUTE + 7):
        refusals.note(None, "192.0.2.1")
    while told(trail)[0] < MOST_A_MINUTE or not refusals._waiting.empty():
        threading.Event().wait(0.01)
    clock.seconds += MINUTE
    refusals.note(None, "192.0.2.1")
    refusals.close()
    assert told(trail) == (MOST_A_MINUTE + 1, [7])
    assert trail.events[MOST_A_MINUTE].details == {"more": 7}


def test_nobody_waits_for_a_log_that_is_slow_and_what_waits_has_a_bound() -> None:
    opened, trail = threading.Event(), MemoryTrail()

    class SlowUsers(MemoryUsers):
        def user(self, name: str) -> User | None:
            opened.wait(20)
            return None

    refusals = Refusals(SlowUsers(), trail, Clock())
    for _ in range(MOST_WAITING + 100):
        refusals.note("anna", "192.0.2.1")
    opened.set()
    refusals.close()
    single, counts = told(trail)
    assert single == MOST_A_MINUTE
    assert single + sum(int(str(count)) for count in counts) == MOST_WAITING + 100


def test_what_the_log_did_not_take_is_counted_and_told_when_it_does() -> None:
    clock, trail = Clock(), MemoryTrail(away=RuntimeError("away"))
    refusals = Refusals(MemoryUsers(), trail, clock)
    refusals.note(None, "192.0.2.1")
    while not refusals._left_out:
        threading.Event().wait(0.01)
    trail.away = None
    refusals.close()
    assert told(trail) == (0, [1])
