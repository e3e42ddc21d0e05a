"""Bodies that break services: each gets a clear answer, and the customers beside them keep their place."""

import json
import socket
from typing import Any

import pytest

from tests.samples import individual
from tests.serving import SAVE, Api

DEEP = 100_000


def answer_codes(api: Api, body: bytes) -> list[str | None]:
    answer = api.send(body)
    assert answer.status_code == 200, answer.text
    return [result.get("errorCode") for result in answer.json()["results"]]


def between_sound_ones(odd: str) -> bytes:
    """A batch of three: the odd customer, written as JSON text, stands between two sound ones."""
    first, last = (json.dumps(individual()) for _ in range(2))
    return f'{{"customers": [{first}, {odd}, {last}]}}'.encode()


def individual_with(field: str, text: str) -> str:
    """A minimal individual whose field has the value that `text` writes in JSON."""
    return json.dumps(individual(**{field: "PLACE"})).replace('"PLACE"', text)


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
        # A pattern that tried every split of these zeros would hold the worker for hours.
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
def test_a_value_that_breaks_services_is_an_answer_of_its_own(
    api: Api, field: str, text: str, code: str | None
) -> None:
    assert answer_codes(api, between_sound_ones(individual_with(field, text))) == [None, code, None]


@pytest.mark.parametrize(
    "item", ["null", "1", '"x"', "[]", "true", "1e999999999", "[" * DEEP + "]" * DEEP, '"\\ud800"']
)
def test_items_that_are_no_objects_are_told_so(api: Api, item: str) -> None:
    assert answer_codes(api, between_sound_ones(item)) == [None, "C019", None]


def test_an_object_without_anything_misses_its_number(api: Api) -> None:
    assert answer_codes(api, between_sound_ones("{}")) == [None, "001", None]


def test_of_duplicate_keys_the_last_one_counts(api: Api) -> None:
    twice = json.dumps(individual()).replace('"firstName"', '"firstName": [], "firstName"')
    assert answer_codes(api, between_sound_ones(twice)) == [None, None, None]


def test_keys_that_collide_after_lower_casing_are_different_keys(api: Api) -> None:
    customer: dict[str, Any] = individual(FIRSTNAME=[], firstname={}, FirstName=1)
    assert answer_codes(api, between_sound_ones(json.dumps(customer))) == [None, None, None]


def raw(api: Api, request: bytes, *, hang_up: bool = False) -> bytes:
    """What the service answers to these bytes before it closes the connection."""
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as connection:
        connection.sendall(request)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
        return received


def head(api: Api, length: str) -> bytes:
    return (
        f"POST {SAVE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    ).encode()


def test_a_content_length_that_is_too_short_is_a_400(api: Api) -> None:
    body = json.dumps({"customers": [individual()]}).encode()
    assert raw(api, head(api, str(len(body) - 10)) + body).startswith(b"HTTP/1.1 400")


def test_a_content_length_that_is_no_number_is_a_400(api: Api) -> None:
    assert raw(api, head(api, "many") + b"{}").startswith(b"HTTP/1.1 400")


def test_a_body_that_is_cut_in_the_middle_saves_nothing(api: Api) -> None:
    customer = individual()
    body = json.dumps({"customers": [customer]}).encode()
    assert b" 200 " not in raw(api, head(api, str(len(body) + 10)) + body, hang_up=True)
    assert "errorCode" not in api.results([customer])[0]
