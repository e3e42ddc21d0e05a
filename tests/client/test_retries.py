"""What the client repeats, for how long, and under which key."""

import httpx
import pytest

from muster_client import (
    AuthenticationError,
    ConnectionFailed,
    InvalidBatch,
    MusterError,
    OutcomeUnknown,
    ProcessingFailed,
    RateLimited,
    RetryPolicy,
    ServiceUnavailable,
    UnexpectedResponse,
)
from muster_client.responses import parse_retry_after
from tests.client.fakes import (
    FakeService,
    Reply,
    accept_all,
    connect,
    make_failure,
    make_problem,
    make_response,
    numbered,
)

BUSY = {"Retry-After": "7"}
CUT = httpx.ReadError("cut")


@pytest.mark.parametrize(
    "reply",
    [
        make_problem(429),
        make_problem(503),
        make_problem(408),
        make_failure(),
        make_failure(**{"Muster-Outcome": "unknown"}),
        make_problem(409),
        httpx.Response(502, html="<h1>Bad Gateway</h1>"),
        CUT,
        httpx.ReadTimeout("late"),
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("cut"),
        httpx.Response(200, headers={"Content-Type": "application/json"}, content=b'{"results": [{"res'),
    ],
)
def test_save_is_repeated_under_one_key(reply: Reply) -> None:
    service = FakeService([reply, reply, accept_all])
    with connect(service) as (client, clock):
        result = client.save(numbered(2))
    assert result.accepted == 2
    assert len(service.requests) == 3
    assert set(service.keys) == {f'"{result.idempotency_key}"'}
    assert len({request.content for request in service.requests}) == 1
    assert len(clock.pauses) == 2


def test_every_save_has_a_key_of_its_own() -> None:
    service = FakeService()
    with connect(service) as (client, _):
        client.save(numbered(1))
        client.save(numbered(1))
    assert len(set(service.keys)) == 2


def test_validation_has_no_key_and_is_repeated() -> None:
    service = FakeService([CUT, make_problem(503), accept_all])
    with connect(service) as (client, _):
        assert client.validate(numbered(3)).accepted == 3
    assert service.keys == [None] * 3


@pytest.mark.parametrize(("status", "error"), [(400, InvalidBatch), (401, AuthenticationError), (422, InvalidBatch)])
def test_definite_refusal_is_not_repeated(status: int, error: type[MusterError]) -> None:
    service = FakeService([make_problem(status)])
    with connect(service) as (client, clock), pytest.raises(error):
        client.save(numbered(1))
    assert (len(service.requests), clock.pauses) == (1, [])


def test_pause_is_what_the_service_asks_for_with_some_jitter() -> None:
    with connect(FakeService([make_problem(503, **BUSY), accept_all])) as (client, clock):
        client.save(numbered(1))
    [pause] = clock.pauses
    assert 7.0 <= pause <= 7.7


def test_pauses_grow_to_their_bound_where_the_service_asks_for_none() -> None:
    policy = RetryPolicy(deadline=60.0, first_pause=1.0, max_pause=8.0)
    with connect(FakeService([make_problem(503)]), retry=policy) as (client, clock), pytest.raises(ServiceUnavailable):
        client.save(numbered(1))
    for pause, longest in zip(clock.pauses, (1.0, 2.0, 4.0, 8.0, 8.0, 8.0), strict=False):
        assert longest / 2 <= pause <= longest
    assert len(set(clock.pauses)) == len(clock.pauses)


def test_no_attempt_begins_after_the_deadline() -> None:
    service = FakeService([make_problem(503)])
    with connect(service, retry=RetryPolicy(deadline=20.0)) as (client, clock), pytest.raises(ServiceUnavailable):
        client.save(numbered(1))
    assert len(service.requests) == len(clock.pauses) + 1
    assert sum(clock.pauses) < 20.0


def test_longer_wait_than_the_deadline_is_not_begun() -> None:
    service = FakeService([make_problem(429, **{"Retry-After": "900"})])
    with connect(service) as (client, clock), pytest.raises(RateLimited) as caught:
        client.save(numbered(1))
    assert (caught.value.retry_after, clock.pauses) == (900.0, [])


def test_deadline_of_zero_makes_one_attempt_with_the_whole_timeout() -> None:
    service = FakeService([make_problem(503), accept_all])
    with connect(service, retry=RetryPolicy(deadline=0.0)) as (client, _), pytest.raises(ServiceUnavailable):
        client.save(numbered(1))
    with connect(service) as (client, _):
        client.save(numbered(1))
    timeouts = [request.extensions["timeout"]["read"] for request in service.requests]
    assert timeouts == [timeouts[1]] * 2


def test_hours_of_a_key_are_sent_with_every_attempt() -> None:
    service = FakeService([CUT, accept_all])
    with connect(service) as (client, _):
        client.save(numbered(1), key="mine", key_hours=720)
    assert [request.headers["Idempotency-Key-Hours"] for request in service.requests] == ["720", "720"]
    with connect(service) as (client, _), pytest.raises(ValueError, match="key_hours"):
        client.save(numbered(1), key="mine", key_hours=8_761)


def test_lost_response_leaves_the_outcome_unknown_whatever_the_last_attempt_says() -> None:
    for last in (make_problem(503), make_problem(401), make_failure(), httpx.ConnectError("refused"), CUT):
        with connect(FakeService([CUT, last])) as (client, _), pytest.raises(OutcomeUnknown) as caught:
            client.save(numbered(1), key="mine")
        assert caught.value.idempotency_key == "mine"
        assert isinstance(caught.value.__cause__, MusterError)


def test_refusal_of_the_batch_is_definite_also_after_a_lost_response() -> None:
    with connect(FakeService([CUT, make_problem(400)])) as (client, _), pytest.raises(InvalidBatch):
        client.save(numbered(1))


def test_unreachable_service_saves_nothing_and_says_so() -> None:
    with (
        connect(FakeService([httpx.ConnectError("refused")])) as (client, _),
        pytest.raises(ConnectionFailed) as caught,
    ):
        client.save(numbered(1))
    assert caught.value.idempotency_key is not None


def test_plain_500_says_that_nothing_was_saved() -> None:
    with (
        connect(FakeService([make_failure()])) as (client, _),
        pytest.raises(ProcessingFailed, match="nothing was saved"),
    ):
        client.save(numbered(1))


def test_lost_response_of_a_validation_is_a_failed_connection() -> None:
    with connect(FakeService([CUT])) as (client, _), pytest.raises(ConnectionFailed):
        client.validate(numbered(1))


def test_page_of_another_server_is_not_taken_for_a_response() -> None:
    service = FakeService([httpx.Response(200, html="<h1>Log in</h1>")])
    with connect(service) as (client, _), pytest.raises(UnexpectedResponse, match="another server"):
        client.save(numbered(1))
    assert len(service.requests) == 1


def test_response_with_another_number_of_results_is_not_taken() -> None:
    with connect(FakeService([make_response([])])) as (client, _), pytest.raises(OutcomeUnknown):
        client.save(numbered(1))


def test_redirect_is_not_followed() -> None:
    service = FakeService([httpx.Response(307, headers={"Location": "https://other.example/"})])
    with connect(service) as (client, _), pytest.raises(UnexpectedResponse, match="redirect"):
        client.save(numbered(1))
    assert [request.url.host for request in service.requests] == ["muster.example"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("0", 0.0),
        ("Mon, 01 Jan 1990 00:00:00 GMT", 0.0),
        (None, None),
        ("soon", None),
        ("-1", None),
        ("1e9", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value) == seconds
