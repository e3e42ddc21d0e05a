"""The limit of concurrent requests of one user."""

import json
from contextlib import ExitStack

import pytest

from muster.web.concurrency import MAX_CACHED_CREDENTIALS, ConcurrencyLimiter, TooManyRequestsError, WorkerSlots
from muster.web.credentials import BasicCredentials, BearerToken
from muster.web.thread_pool import PoolSaturatedError, ThreadPool
from tests.web.fakes import BATCH, TOKEN, FakeIntake, Gate, application
from tests.web.server import BASIC, Wire, serving

ANNA, TOM, OTHER = BasicCredentials("anna", "right"), BearerToken("tom-1"), BearerToken("tom-2")


def run_request(limiter: ConcurrencyLimiter, credentials: BasicCredentials | BearerToken, user: str) -> None:
    """Runs a request with these credentials of this user."""
    permit = limiter.acquire(credentials)
    permit.assign(user)
    permit.release()


def test_request_over_the_limit_is_refused_until_another_ends() -> None:
    limiter = ConcurrencyLimiter(2)
    permit = [limiter.acquire(ANNA) for _ in range(2)]
    with pytest.raises(TooManyRequestsError):
        limiter.acquire(ANNA)
    limiter.acquire(TOM)
    permit[0].release()
    limiter.acquire(ANNA)


def test_all_credentials_of_a_user_count_together_after_authentication() -> None:
    limiter = ConcurrencyLimiter(2)
    for credentials in (TOM, OTHER):
        limiter.acquire(credentials).assign("tom")
    with pytest.raises(TooManyRequestsError):
        limiter.acquire(TOM)
    with pytest.raises(TooManyRequestsError):
        limiter.acquire(BearerToken("tom-3")).assign("tom")


def test_refused_request_leaves_no_count() -> None:
    limiter = ConcurrencyLimiter(1)
    first, second = limiter.acquire(TOM), limiter.acquire(OTHER)
    first.assign("tom")
    with pytest.raises(TooManyRequestsError):
        second.assign("tom")
    second.release()
    first.release()
    assert not limiter._counts


def test_wrong_password_does_not_use_up_the_limit_of_the_user() -> None:
    limiter = ConcurrencyLimiter(1)
    run_request(limiter, ANNA, "anna")
    limiter.acquire(BasicCredentials("anna", "wrong"))
    limiter.acquire(ANNA).assign("anna")


def test_credentials_that_became_invalid_do_not_count_for_the_user() -> None:
    limiter = ConcurrencyLimiter(1)
    for credentials in (TOM, OTHER):
        run_request(limiter, credentials, "tom")
    revoked = limiter.acquire(OTHER)
    revoked.assign(None)
    revoked.release()
    limiter.acquire(OTHER)
    limiter.acquire(TOM)


def test_ended_requests_are_forgotten_and_the_cache_of_credentials_is_bounded() -> None:
    limiter = ConcurrencyLimiter(1)
    for number in range(MAX_CACHED_CREDENTIALS + 5):
        run_request(limiter, BearerToken(str(number)), "anna")
        limiter.acquire(BearerToken(f"wrong {number}")).release()
    assert (len(limiter._counts), len(limiter._users)) == (0, MAX_CACHED_CREDENTIALS)


def test_request_without_a_slot_is_not_counted() -> None:
    slots = WorkerSlots(ThreadPool(1, 0), ConcurrencyLimiter(1))
    slot, _ = slots.acquire(TOM)
    with slot:
        for _ in range(3):
            with pytest.raises(PoolSaturatedError):
                slots.acquire(ANNA)
        with pytest.raises(TooManyRequestsError):
            slots.acquire(TOM)
    slots.acquire(ANNA)


def test_other_spellings_of_credentials_count_as_the_same() -> None:
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
def test_user_over_the_limit_gets_429_at_once_and_other_users_are_served(content: bytes) -> None:
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
        status, headers, body = third.post(content).answer()
        assert (status, json.loads(body)["error"], headers["retry-after"]) == (429, "Too Many Requests", "1")
        other.head(path="/api/v1/batches", method="GET", authorization=b"Bearer " + TOKEN.encode())
        gate.opened.set()
        assert [wire.answer()[0] for wire in (first, second, other)] == [200] * 3
        assert first.post(content).answer()[0] == 200


def test_disconnected_client_counts_while_its_work_runs() -> None:
    gate = Gate()
    with serving(application(FakeIntake(gate), threads=2, max_queued_requests=8, max_requests_per_user=1)) as port:
        with Wire(port) as gone:
            gone.post(BATCH)
            gate.wait_for_entry()
        with Wire(port) as wire:
            assert wire.post(BATCH).answer()[0] == 429
            gate.opened.set()
