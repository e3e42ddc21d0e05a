"""Errors say what to do, and show neither credentials nor values of customers."""

import io
import logging
import ssl
import traceback
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from muster_client import (
    AsyncClient,
    AuthenticationError,
    Client,
    Conflict,
    ConnectionFailed,
    InvalidBatch,
    InvalidRequest,
    KeyReused,
    LoadInfo,
    LoadJob,
    MusterError,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    ProcessingFailed,
    RateLimited,
    RetryPolicy,
    ServiceUnavailable,
)
from tests.client.fakes import TOKEN, FakeService, connect, make_failure, make_problem, make_response, make_result

CANARY = "Rodriguez-7f3a"
ONCE = RetryPolicy(deadline=0.0)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (make_problem(400), InvalidBatch),
        (make_problem(413), InvalidBatch),
        (make_problem(415), InvalidBatch),
        (make_problem(422), KeyReused),
        (make_problem(401), AuthenticationError),
        (make_problem(403), PermissionDenied),
        (make_problem(404), NotFound),
        (make_problem(429), RateLimited),
        (make_problem(503), ServiceUnavailable),
        (make_failure(), ProcessingFailed),
        (make_failure(**{"Muster-Outcome": "unknown"}), OutcomeUnknown),
    ],
)
def test_status_decides_the_type(response: httpx.Response, error: type[MusterError]) -> None:
    with connect(FakeService([response]), retry=ONCE) as (client, _), pytest.raises(MusterError) as caught:
        client.save([{}], key="k")
    assert type(caught.value) is error
    assert (caught.value.status, caught.value.idempotency_key) == (response.status_code, "k")


def create_load(client: Client) -> object:
    return client.loads.upload(io.BytesIO(b"a"), name="a.csv")


def cancel_load(client: Client) -> object:
    return LoadJob(client._driver, client._sender, LoadInfo(uuid4(), "a.csv", "running")).cancel()


@pytest.mark.parametrize(
    ("send", "expected"),
    [
        (lambda client: client.save([{}]), "whether the batch was saved; save it under the same key again"),
        (create_load, "whether the load was created; upload the file again with the same key"),
        (cancel_load, "whether the load was cancelled; cancel it again"),
        (lambda client: client.communications.get("n-1"), "whether the request took effect; send it again"),
    ],
)
def test_unknown_outcome_is_told_of_what_was_sent(send: Callable[[Client], object], expected: str) -> None:
    service = FakeService([make_failure(**{"Muster-Outcome": "unknown"})])
    with connect(service, retry=ONCE) as (client, _), pytest.raises(OutcomeUnknown, match=expected):
        send(client)


def test_refused_read_is_no_invalid_batch() -> None:
    for status, error in ((400, InvalidRequest), (405, InvalidRequest), (422, InvalidRequest), (409, Conflict)):
        with connect(FakeService([make_problem(status)])) as (client, _), pytest.raises(MusterError) as caught:
            client.communications.get("n-1")
        assert type(caught.value) is error


def test_error_has_the_message_and_the_ids_of_the_response() -> None:
    batch_id = uuid4()
    headers = {"Muster-Outcome": "unknown", "Muster-Batch-Id": str(batch_id), "X-Request-Id": "r-17"}
    service = FakeService([make_failure(**headers)])
    with connect(service, retry=ONCE) as (client, _), pytest.raises(OutcomeUnknown) as caught:
        client.save([{}], key="k")
    assert (caught.value.batch_id, caught.value.request_id) == (batch_id, "r-17")
    assert str(caught.value).endswith(f"(status 500, request id r-17, batch {batch_id}, idempotency key k)")


def test_ids_of_the_last_response_survive_an_unknown_outcome() -> None:
    service = FakeService([httpx.ReadError("cut"), make_problem(503, **{"Request-Id": "r-18"})])
    with connect(service) as (client, _), pytest.raises(OutcomeUnknown) as caught:
        client.save([{}])
    assert (caught.value.status, caught.value.request_id) == (503, "r-18")


def test_page_of_a_gateway_is_not_repeated_in_the_message() -> None:
    reply = httpx.Response(404, html=f"<p>/api/v1/customers/{CANARY} is not there</p>")
    with connect(FakeService([reply])) as (client, _), pytest.raises(NotFound) as caught:
        client.customers.get(CANARY)
    assert CANARY not in str(caught.value)


def test_certificate_that_is_not_trusted_is_told_at_once() -> None:
    refused = httpx.ConnectError(f"certificate of {CANARY}")
    refused.__cause__ = ssl.SSLCertVerificationError(1, "certificate verify failed")
    refused.__cause__.verify_message = "self-signed certificate"
    service = FakeService([refused])
    with connect(service) as (client, _), pytest.raises(ConnectionFailed, match="self-signed certificate"):
        client.save([{}])
    assert len(service.requests) == 1


def fail_to_encode(client: Client) -> object:
    return client.save([{"lastName": {CANARY: object()}}])


def fail_on_surrogates(client: Client) -> object:
    return client.save([{"lastName": CANARY + "\ud800"}])


def fail_on_the_wire(client: Client) -> object:
    return client.save([{"lastName": CANARY, "customerExtId": CANARY}])


def fail_to_read(client: Client) -> object:
    return list(client.customers.history(CANARY))


def fail_in_load(client: Client) -> object:
    return list(client.load([{"lastName": CANARY}]))


@pytest.mark.parametrize("call", [fail_to_encode, fail_on_surrogates, fail_on_the_wire, fail_to_read, fail_in_load])
@pytest.mark.parametrize(
    "reply",
    [
        make_problem(401),
        make_failure(),
        httpx.ReadError(f"cut https://muster.example/{CANARY}"),
        httpx.UnsupportedProtocol(CANARY),
        httpx.Response(200, headers={"Content-Type": "application/json"}, json={"results": CANARY, CANARY: CANARY}),
    ],
)
def test_traceback_and_log_have_no_value_and_no_token(
    call: Callable[[Client], object], reply: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "muster_client")
    with connect(FakeService([reply])) as (client, _), pytest.raises(MusterError) as caught:
        call(client)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(client) + repr(vars(client))
    shown += "".join(record.getMessage() for record in caplog.records if record.name == "muster_client")
    assert CANARY not in shown
    assert TOKEN not in shown


def test_objects_show_no_identifiers() -> None:
    results = [make_result({"customerExtId": CANARY}), make_result({"communicationNumber": CANARY}, "C004")]
    with connect(FakeService([make_response(results)])) as (client, _):
        saved = client.save([{"customerExtId": CANARY}, {"communicationNumber": CANARY}])
    assert CANARY not in repr(saved) + repr(saved.results)
    assert saved.results[0].customer_ext_id == CANARY


@pytest.mark.parametrize("client_class", [Client, AsyncClient])
@pytest.mark.parametrize(
    "given",
    [
        {"url": "https://muster.example"},
        {"url": "https://muster.example", "token": "secret", "auth": ("anna", "secret")},
        {"url": "https://muster.example", "token": "secret\n"},
        {"url": "https://muster.example", "token": "secret ž"},
        {"url": "https://anna:secret@muster.example", "token": "t"},
        {"url": "muster.example:8878/secret", "token": "t"},
        {"url": "ftp://muster.example/secret", "token": "t"},
        {"url": "https://muster.example/?token=secret", "token": "t"},
        {"url": "https://muster.example:port/secret", "token": "t"},
    ],
)
def test_wrong_url_or_credentials_are_refused_without_being_shown(
    client_class: type[Client | AsyncClient], given: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"token|url") as caught:
        client_class(**given)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_function_is_asked_for_the_token_of_each_request() -> None:
    tokens = iter(["first", "second", "wrong one"])
    service = FakeService()
    with connect(service, token=lambda: next(tokens)) as (client, _):
        client.save([{}])
        client.save([{}])
        with pytest.raises(ValueError, match="token"):
            client.save([{}])
    assert [request.headers["Authorization"] for request in service.requests] == ["Bearer first", "Bearer second"]


def test_service_may_stand_below_a_path_of_a_gateway() -> None:
    service = FakeService()
    with Client("https://gateway.example/aml/", token="t", transport=httpx.MockTransport(service)) as client:
        client.save([{}])
    assert service.requests[0].url == "https://gateway.example/aml/amlyze-ws-rest/batch-customers"
