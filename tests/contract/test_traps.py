"""Bodies that often break services: each gets a clear response, and the other customers of the batch are accepted."""

import gzip
import json
import socket
from typing import Any

import pytest

from benchmarks.expensive_bodies import EXPENSIVE_BODIES, build_expensive_body
from tests.samples import individual
from tests.serving import SAVE, Api

DEEP = 100_000


@pytest.fixture
def api(shared_api: Api) -> Api:
    return shared_api


def send_and_get_codes(api: Api, body: bytes) -> list[str | None]:
    response = api.send(body)
    assert response.status_code == 200, response.text
    return [result.get("errorCode") for result in response.json()["results"]]


def make_body(item: str) -> bytes:
    """A batch of three: the item, given as JSON, between two valid customers."""
    first, last = (json.dumps(individual()) for _ in range(2))
    return f'{{"customers": [{first}, {item}, {last}]}}'.encode()


def make_individual(field: str, text: str) -> str:
    """A minimal individual as JSON, with this JSON text as the value of a field."""
    return json.dumps(individual(**{field: "PLACEHOLDER"})).replace('"PLACEHOLDER"', text)


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("firstName", '"a\\u0000b"', "C016.I01"),
        ("communicationNumber", '"a\\u0000b"', "C001"),
        ("customerExtId", '"a\\u0000b"', "C002"),
        ("requester", '"\\u0000"', "001"),
        ("firstName", '"\\ud800"', "C016.I01"),
        ("communicationNumber", '"\\udc00\\ud800"', "001"),
        ("nationalCode", '"\\ud83d"', "C018"),
        ("nationalCode", "1" * 5_000, "C018"),
        ("initialDepositAmount", "-" + "9" * 5_000, "C018"),
        ("initialDepositAmount", "1e999999999", "C018"),
        ("initialDepositAmount", "1e-999999999", "C018"),
        ("initialDepositAmount", "1E99999999999999999999", "C018"),
        ("initialDepositAmount", f'"{"9" * 41}"', "C018"),
        ("initialDepositAmount", "9" * 41, "C018"),
        # A pattern that backtracks over these zeros would block the worker for hours.
        ("initialDepositAmount", f'"{"0" * 1_000_000}x"', "C018"),
        ("numberless", "0." + "0" * 1_000_000, None),
        ("firstName", "[" * DEEP + "]" * DEEP, "C016.I01"),
        ("listContact", "[" * DEEP + "]" * DEEP, "C018"),
        ("fieldOfActivity", '{"employment":' * DEEP + "1" + "}" * DEEP, None),
        ("nobodyKnowsIt", '{"a":' * DEEP + "1" + "}" * DEEP, None),
        ("nobodyKnowsIt", "1" * 5_000, None),
        ("initialDepositAmount", "9" * 40, None),
        ("firstName", '"\\ud83d\\ude00 \\u2028 \\"\\\\ \\t"', None),
    ],
    ids=lambda value: str(value)[:24],
)
def test_unusual_value_gives_its_own_result(api: Api, field: str, text: str, code: str | None) -> None:
    assert send_and_get_codes(api, make_body(make_individual(field, text))) == [None, code, None]


@pytest.mark.parametrize(
    "item", ["null", "1", '"x"', "[]", "true", "1e999999999", "[" * DEEP + "]" * DEEP, '"\\ud800"']
)
def test_item_that_is_not_an_object_is_rejected(api: Api, item: str) -> None:
    assert send_and_get_codes(api, make_body(item)) == [None, "C019", None]


def test_empty_object_has_no_number(api: Api) -> None:
    assert send_and_get_codes(api, make_body("{}")) == [None, "001", None]


def test_last_of_duplicate_keys_counts(api: Api) -> None:
    duplicated = json.dumps(individual()).replace('"firstName"', '"firstName": [], "firstName"')
    assert send_and_get_codes(api, make_body(duplicated)) == [None, None, None]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"customers": [], "cust\\u006fmers": [CUSTOMER]}', "customers is twice"),
        ('{"customers": [CUSTOMER, {"a": -Infinity}]}', "-Infinity is not a JSON value"),
        ("communicationNumber,firstName\nsecret,Jonas", "looks like CSV"),
        ("<customers/>", "looks like XML"),
        ("CUSTOMER", "looks like a single customer"),
        ("[CUSTOMER]", "looks like a list of customers"),
    ],
)
def test_body_that_is_no_batch_is_a_400_that_says_what_it_is(api: Api, body: str, message: str) -> None:
    customer = individual(firstName="Jonas")
    response = api.send(body.replace("CUSTOMER", json.dumps(customer)).encode())
    assert response.status_code == 400
    assert message in response.json()["message"]
    assert "Jonas" not in response.text
    assert "errorCode" not in api.results([customer])[0]  # nothing was saved


@pytest.mark.parametrize("kind", EXPENSIVE_BODIES)
def test_expensive_body_gets_a_response(api: Api, kind: str) -> None:
    assert len(send_and_get_codes(api, build_expensive_body(kind, 100_000))) == 1


def test_keys_are_case_sensitive(api: Api) -> None:
    customer: dict[str, Any] = individual(FIRSTNAME=[], firstname={}, FirstName=1)
    assert send_and_get_codes(api, make_body(json.dumps(customer))) == [None, None, None]


def test_findings_of_a_batch_are_bounded_in_the_answer_and_in_the_record(api: Api) -> None:
    """A body like this one, of 8 KB after compression, made an answer of 289 MB and took a minute."""
    customers = [individual(listAddress=[1] * 1_000) for _ in range(200)]
    body = gzip.compress(json.dumps({"customers": customers}).encode())
    response = api.send(body, f"{SAVE}?detail=full", **{"Content-Encoding": "gzip"})
    results = response.json()["results"]
    found = {(result["errorCode"], len(result["errors"]), result["moreErrors"]) for result in results}
    assert found == {("C018", 100, True)}
    rows = api.sql("SELECT CAST(violations AS TEXT) FROM rejections WHERE position = 199")
    records = [json.loads(violations) for (violations,) in rows]
    assert [["C018", "/customers/199/listAddress/0"], ["MORE", "/customers/199"]] in [
        [record[0], record[-1]] for record in records
    ]


def send_raw(api: Api, request: bytes, *, half_close: bool = False) -> bytes:
    """The bytes that the service sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as connection:
        connection.sendall(request)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
        return received


def make_header(api: Api, length: str) -> bytes:
    """The header section of a request with this Content-Length."""
    return (
        f"POST {SAVE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    ).encode()


def test_too_short_content_length_is_a_400(api: Api) -> None:
    body = json.dumps({"customers": [individual()]}).encode()
    assert send_raw(api, make_header(api, str(len(body) - 10)) + body).startswith(b"HTTP/1.1 400")


def test_content_length_that_is_not_a_number_is_a_400(api: Api) -> None:
    assert send_raw(api, make_header(api, "many") + b"{}").startswith(b"HTTP/1.1 400")


def test_truncated_body_saves_nothing(api: Api) -> None:
    customer = individual()
    body = json.dumps({"customers": [customer]}).encode()
    assert b" 200 " not in send_raw(api, make_header(api, str(len(body) + 10)) + body, half_close=True)
    assert "errorCode" not in api.results([customer])[0]
