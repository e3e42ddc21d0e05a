"""Requests of one user at the same time."""

import json
from contextlib import ExitStack

import pytest

from muster.web.concurrency import MAX_CACHED_CREDENTIALS, ConcurrencyLimiter, TooManyRequestsError, WorkerSlots
from muster.web.credentials import BasicCredentials, BearerToken
from muster.web.request_context import RequestContext
from muster.web.thread_pool import PoolSaturatedError, ThreadPool
from tests.web.fakes import BATCH, TOKEN, FakeIntake, Gate, application
from tests.web.server import BASIC, Wire, serving

ANNA, TOM, OTHER = BasicCredentials("anna", "right"), BearerToken("tom-1"), BearerToken("tom-2")


def exchange() -> RequestContext:
    return RequestContext({"type": "http", "scheme": "http", "method": "GET", "path": "/", "headers": []}, None, None)  # type: ignore[typeddict-item, arg-type]


def recognised(underway: ConcurrencyLimiter, credentials: BasicCredentials | BearerToken, user: str) -> None:
    """A request with these credentials is found to be this user's, and over."""
    counted = underway.enter(credentials)
    counted.is_of(user)
    counted.over()


def test_one_more_than_a_user_may_have_is_refused_until_one_is_over():
    underway = ConcurrencyLimiter(2)
    counted = [underway.enter(ANNA) for _ in range(2)]
    with pytest.raises(TooManyRequestsError):
        underway.enter(ANNA)
    underway.enter(TOM)
    counted[0].over()
    underway.enter(ANNA)


def test_all_credentials_of_a_user_count_together_as_soon_as_they_are_known_to_be_the_users():
    underway = ConcurrencyLimiter(2)
    for credentials in (TOM, OTHER):
        underway.enter(credentials).is_of("tom")
    with pytest.raises(TooManyRequestsError):
        underway.enter(TOM)
    with pytest.raises(TooManyRequestsError):
        underway.enter(BearerToken("tom-3")).is_of("tom")


def test_a_request_that_is_one_too_many_of_its_user_leaves_nothing_behind():
    underway = ConcurrencyLimiter(1)
    first, second = underway.enter(TOM), underway.enter(OTHER)
    first.is_of("tom")
    with pytest.raises(TooManyRequestsError):
        second.is_of("tom")
    second.over()
    first.over()
    assert not underway._counts


def test_nobody_uses_up_what_belongs_to_another():
    underway = ConcurrencyLimiter(1)
    recognised(underway, ANNA, "anna")
    underway.enter(BasicCredentials("anna", "wrong"))
    underway.enter(ANNA).is_of("anna")


def test_credentials_that_are_no_longer_right_do_not_count_for_their_user():
    underway = ConcurrencyLimiter(1)
    for credentials in (TOM, OTHER):
        recognised(underway, credentials, "tom")
    revoked = underway.enter(OTHER)
    revoked.is_of(None)
    revoked.over()
    underway.enter(OTHER)
    underway.enter(TOM)


def test_what_is_over_is_forgotten_and_what_is_remembered_has_a_limit():
    underway = ConcurrencyLimiter(1)
    for number in range(MAX_CACHED_CREDENTIALS + 5):
        recognised(underway, BearerToken(str(number)), "anna")
        underway.enter(BearerToken(f"wrong {number}")).over()
    assert (len(underway._counts), len(underway._users)) == (0, MAX_CACHED_CREDENTIALS)


def test_a_request_that_finds_no_place_is_not_counted():
    places = WorkerSlots(ThreadPool(1, 0), ConcurrencyLimiter(1))
    with places.place(TOM, exchange()):
        for _ in range(3):
            with pytest.raises(PoolSaturatedError):
                places.place(ANNA, exchange())
        with pytest.raises(TooManyRequestsError):
            places.place(TOM, exchange())
    with places.place(ANNA, exchange()):
        pass


def test_one_user_gets_no_more_places_by_writing_its_credentials_in_other_ways():
    gate = Gate()
    ways = [BASIC, BASIC.replace(b"Basic ", b"Basic   "), BASIC.replace(b"Basic", b"bAsIc"), BASIC + b" "]
    with (
        serving(application(FakeIntake(gate), threads=2, max_queued_requests=8, max_requests_per_user=2)) as port,
        ExitStack() as stack,
    ):
        wires = [stack.enter_context(Wire(port)) for _ in ways]
        for wire, authorization in zip(wires[:2], ways, strict=False):
            wire.head(b"Content-Length: %d" % len(BATCH), authorization=authorization).send(BATCH)
            gate.wait_for_entry()
        for wire, authorization in zip(wires[2:], ways[2:], strict=True):
            wire.head(b"Content-Length: %d" % len(BATCH), authorization=authorization).send(BATCH)
            assert wire.answer()[0] == 429
        gate.opened.set()
        assert [wire.answer()[0] for wire in wires[:2]] == [200, 200]


@pytest.mark.parametrize("content", [BATCH, b" " * 300_000 + BATCH])
def test_it_is_429_at_once_and_others_come_in(content: bytes):
    gate = Gate()
    with (
        serving(application(FakeIntake(gate), threads=2, max_queued_requests=8, max_requests_per_user=2)) as port,
        Wire(port) as first,
        Wire(port) as second,
        Wire(port) as third,
        Wire(port) as other,
    ):
        first.post(content)
        second.post(content)
        gate.wait_for_entry()
        gate.wait_for_entry()
        status, headers, answered = third.post(content).answer()
        assert (status, json.loads(answered)["error"], headers["retry-after"]) == (429, "Too Many Requests", "1")
        other.head(path="/api/v1/batches", method="GET", authorization=b"Bearer " + TOKEN.encode())
        gate.opened.set()
        assert [wire.answer()[0] for wire in (first, second, other)] == [200] * 3
        assert first.post(content).answer()[0] == 200


def test_a_client_that_hangs_up_is_counted_while_its_work_runs():
    gate = Gate()
    with serving(application(FakeIntake(gate), threads=2, max_queued_requests=8, max_requests_per_user=1)) as port:
        with Wire(port) as gone:
            gone.post(BATCH)
            gate.wait_for_entry()
        with Wire(port) as wire:
            assert wire.post(BATCH).answer()[0] == 429
            gate.opened.set()
