"""`load`: order, bounds, errors where they are consumed, and what closing means."""

import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster_client import Client, InvalidBatch, InvalidCustomer, KeyReused, RetryPolicy
from tests.client.fakes import (
    TOKEN,
    URL,
    FakeService,
    accept_all,
    connect,
    make_problem,
    make_response,
    make_result,
    numbered,
)


class HeldService:
    """Holds each request until it is released, and counts those that run."""

    def __init__(self) -> None:
        self.arrived = threading.Semaphore(0)
        self.released = threading.Semaphore(0)
        self.running = 0
        self.most = 0
        self.answered = 0
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.arrived.release()
        assert self.released.acquire(timeout=20)
        with self._lock:
            self.running -= 1
            self.answered += 1
        return accept_all(request)


class CountedCustomers:
    """An iterable that knows how many customers were taken from it."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.taken = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for customer in numbered(self._count):
            self.taken += 1
            yield customer


def collect_rows(stream: Iterable[tuple[int, Any, Any]], rows: list[int]) -> None:
    """Keeps the rows that came before an error."""
    for row, _, _ in stream:
        rows.append(row)


@given(count=st.integers(0, 60), batch=st.integers(1, 20), in_flight=st.integers(1, 5))
def test_every_customer_comes_once_in_order_with_its_own_result(count: int, batch: int, in_flight: int) -> None:
    service, customers = FakeService(), numbered(count)
    with connect(service) as (client, _):
        items = list(client.load(iter(customers), batch=batch, in_flight=in_flight))
    assert [row for row, _, _ in items] == list(range(count))
    assert all(customer is given for (_, customer, _), given in zip(items, customers, strict=True))
    assert all(result.communication_number == customer["communicationNumber"] for _, customer, result in items)
    assert max(map(len, service.read_customers()), default=0) <= batch


def test_rejected_customers_are_given_like_the_others() -> None:
    def reject_second(request: httpx.Request) -> httpx.Response:
        return make_response([make_result({}), make_result({}, "C004")])

    with connect(reject_second) as (client, _):
        results = [result for _, _, result in client.load(numbered(4), batch=2)]
    assert [result.error_code for result in results] == [None, "C004"] * 2


def test_as_many_requests_run_as_are_allowed_and_no_more() -> None:
    service = HeldService()

    def release_when_all_run() -> None:
        for _ in range(3):
            assert service.arrived.acquire(timeout=20)
        service.released.release(20)

    releasing = threading.Thread(target=release_when_all_run)
    releasing.start()
    with connect(service) as (client, _):
        assert len(list(client.load(numbered(40), batch=2, in_flight=3))) == 40
    releasing.join()
    assert service.most == 3


def test_iterable_is_read_no_further_than_the_batches_in_flight() -> None:
    customers = CountedCustomers(1_000)
    with connect(FakeService()) as (client, _), client.load(customers, batch=10, in_flight=3) as stream:
        assert customers.taken == 0
        for row, _, _ in stream:
            assert customers.taken <= row - row % 10 + 40


def test_large_customers_make_smaller_batches() -> None:
    service = FakeService()
    customers = [{"communicationNumber": "n", "requester": "x" * 3_000_000} for _ in range(12)]
    with connect(service) as (client, _):
        assert len(list(client.load(customers))) == 12
    assert sorted(len(batch) for batch in service.read_customers()) == [2, 5, 5]  # several are in flight


def test_error_is_raised_in_the_place_of_the_results_of_its_batch() -> None:
    rows: list[int] = []
    with connect(FakeService([accept_all, make_problem(400)])) as (client, _), pytest.raises(InvalidBatch) as caught:
        collect_rows(client.load(numbered(100), batch=10, in_flight=1), rows)
    assert rows == list(range(10))
    assert caught.value.rows == range(10, 20)
    assert "rows 10 to 19" in str(caught.value)


def test_error_of_the_iterable_is_raised_after_the_results_of_what_it_gave() -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield from numbered(25)
        raise ZeroDivisionError

    rows: list[int] = []
    with connect(FakeService()) as (client, _), pytest.raises(ZeroDivisionError):
        collect_rows(client.load(broken(), batch=10), rows)
    assert rows == list(range(25))


def test_customer_that_is_no_json_is_named_after_the_results_before_it() -> None:
    customers = [*numbered(12), {"communicationNumber": object()}, *numbered(5)]
    rows: list[int] = []
    with connect(FakeService()) as (client, _), pytest.raises(InvalidCustomer, match="row 12"):
        collect_rows(client.load(customers, batch=10), rows)
    assert rows == list(range(12))


def test_after_its_error_a_stream_is_at_its_end() -> None:
    with connect(FakeService([make_problem(400)])) as (client, _):
        stream = client.load(numbered(5))
        with pytest.raises(InvalidBatch):
            next(stream)
        assert list(stream) == []


def test_closing_waits_for_the_requests_in_flight_and_sends_no_more() -> None:
    service = HeldService()
    with connect(service) as (client, _):
        stream = client.load(numbered(100), batch=1, in_flight=2)
        service.released.release(2)  # either of the two in flight may come first
        next(stream)
        assert service.arrived.acquire(timeout=20)
        assert service.arrived.acquire(timeout=20)
        service.released.release(98)
        stream.close()
        assert service.running == 0
        assert service.answered <= 4
        assert list(stream) == []


def test_closing_ends_the_retries_of_what_is_in_flight() -> None:
    service = FakeService([accept_all, make_problem(503, **{"Retry-After": "30"})])
    with connect(service) as (client, _), client.load(numbered(100), batch=1, in_flight=1) as stream:
        next(stream)
    assert len(service.requests) <= 3


def test_closing_does_not_wait_for_the_end_of_a_pause() -> None:
    paused = make_problem(503, **{"Retry-After": "5000"})
    transport, retry = httpx.MockTransport(FakeService([accept_all, paused])), RetryPolicy(deadline=1e6)
    with Client(URL, token=TOKEN, transport=transport, retry=retry) as client:
        with client.load(numbered(100), batch=1) as stream:
            next(stream)
        assert list(stream) == []


def test_with_closes_the_stream_after_an_error_of_the_consumer() -> None:
    with connect(FakeService()) as (client, _):
        stream = client.load(numbered(100), batch=1)
        with suppress(ZeroDivisionError), stream:
            next(stream)
            raise ZeroDivisionError
        assert list(stream) == []


def test_load_that_is_never_iterated_warns_and_sends_nothing() -> None:
    service = FakeService()
    with connect(service) as (client, _), pytest.warns(ResourceWarning, match="never iterated"):
        client.load(numbered(1))
    assert service.requests == []


def test_load_that_is_left_in_the_middle_warns() -> None:
    with connect(FakeService()) as (client, _), pytest.warns(ResourceWarning, match="without being closed"):
        next(client.load(numbered(100), batch=1))


def test_consumed_and_closed_streams_do_not_warn() -> None:
    with connect(FakeService()) as (client, _), warnings.catch_warnings():
        warnings.simplefilter("error")
        list(client.load(numbered(10)))
        client.load(numbered(10)).close()


def test_keys_follow_from_the_own_key_and_the_row() -> None:
    service = FakeService()
    with connect(service) as (client, _):
        list(client.load(numbered(5), batch=2, in_flight=1, key="feed-2024-05-26"))
    assert service.keys == [f'"feed-2024-05-26/{row}"' for row in (0, 2, 4)]


def test_reused_key_names_rows_and_key() -> None:
    with connect(FakeService([make_problem(422)])) as (client, _), pytest.raises(KeyReused) as caught:
        list(client.load(numbered(5), key="feed"))
    assert (caught.value.idempotency_key, caught.value.rows) == ("feed/0", range(5))


@pytest.mark.parametrize(
    "wrong", [{"batch": 0}, {"in_flight": 0}, {"key": "ž"}, {"key": 'a"'}, {"key": "k" * 250}, {"key": ""}]
)
def test_wrong_arguments_are_refused_at_once(wrong: dict[str, Any]) -> None:
    with connect(FakeService()) as (client, _), pytest.raises(ValueError, match=r"batch|key"):
        client.load([], **wrong)


def test_one_customer_in_the_place_of_several_is_refused() -> None:
    with connect(FakeService()) as (client, _):
        for call in (client.save, client.validate, client.load):
            with pytest.raises(TypeError, match="customers"):
                call({"communicationNumber": "n-1"})  # type: ignore[type-var]
