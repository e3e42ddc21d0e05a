"""What is stored of a response has no name, text or identifier that only a refused value had."""

import json
from typing import Any

import pytest

from muster.customer import Violation
from muster.customer.findings import CompiledError
from muster.intake.candidates import Invalid
from muster.intake.customer_store import NOTHING_KNOWN
from muster.intake.decision import decide, to_rejections
from muster.intake.redaction import redact_path, redact_violation
from muster.intake.request import BatchOptions
from tests.intake.fakes import FakeSender, MemoryStore, make_body, make_intake
from tests.samples import individual

MADE_UP = "made-up-4711"


def process(*customers: Any, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The response that is sent, and the one that is stored."""
    store = MemoryStore()
    result = make_intake(store).process(make_body(*customers), FakeSender(), BatchOptions(save=True, **options))
    [batch] = store.batches
    return json.loads(bytes(result.body)), json.loads(bytes(batch.redacted_response or result.body))


@pytest.mark.parametrize(
    ("path", "redacted"),
    [
        ((), ()),
        (("listAddress", 3, "country"), ("listAddress", 3, "country")),
        ((MADE_UP,), ()),
        (("listRelatedEntity", 0, "listContact", 1, MADE_UP), ("listRelatedEntity", 0, "listContact", 1)),
        ((MADE_UP, 0, "country"), ()),
    ],
)
def test_path_ends_before_the_first_unknown_name(path: tuple[str | int, ...], redacted: tuple[str | int, ...]) -> None:
    assert redact_path(path) == redacted


@pytest.mark.parametrize("detail", [False, True])
def test_response_without_made_up_values_is_stored_as_it_was_sent(detail: bool) -> None:
    customers: tuple[Any, ...] = (
        individual(),
        individual(firstName=None),
        individual(listAddress=[{"country": "XX"}]),
        "x",
        {},
    )
    sent, stored = process(*customers, detail=detail)
    assert stored == sent


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"communicationNumber": MADE_UP * 50}, ("communicationNumber",)),
        ({"customerExtId": f"{MADE_UP}\0"}, ("customerExtId",)),
        ({"initializeScreeningProcesses": [MADE_UP]}, ("errorDescription",)),
    ],
)
def test_refused_identifier_and_screening_name_are_not_stored(change: dict[str, Any], path: tuple[str]) -> None:
    sent, stored = process(individual(), individual(**change), individual())
    assert MADE_UP in sent["results"][1][path[0]]
    assert MADE_UP not in json.dumps(stored)
    # Everything else is as it was sent, times included.
    sent["results"][1].pop(path[0])
    stored["results"][1].pop(path[0])
    assert stored == sent


def test_details_are_stored_without_names_of_unknown_fields() -> None:
    customers = individual(**{MADE_UP: 1}), individual(listAddress=[{"country": "XX", MADE_UP: [MADE_UP]}])
    sent, stored = process(*customers, detail=True)
    assert json.dumps(sent).count(MADE_UP) >= 2
    assert MADE_UP not in json.dumps(stored)
    assert [result["warnings"][0]["pointer"] for result in stored["results"]] == [
        "/customers/0",
        "/customers/1/listAddress/0",
    ]
    assert [result["warnings"][0]["code"] for result in stored["results"]] == ["W001", "W001"]
    assert stored["results"][1]["errors"] == sent["results"][1]["errors"]


def test_text_of_a_bad_additional_value_is_stored_with_its_placeholder() -> None:
    value = {"code": MADE_UP, "description": "x", "datatype": "DATE", "value": "x"}
    sent, stored = process(individual(listAdditionalValues=[value]))
    assert sent["results"][0]["errorDescription"].endswith(MADE_UP)
    assert stored["results"][0]["errorDescription"].endswith("{code}")


def test_customer_rejected_for_unknown_values_of_all_kinds_keeps_its_valid_identifiers() -> None:
    customer = individual(**{MADE_UP: 1}, initializeScreeningProcesses=[MADE_UP])
    _, stored = process(customer, detail=True)
    assert stored["results"][0]["communicationNumber"] == customer["communicationNumber"]
    assert stored["results"][0]["customerExtId"] == customer["customerExtId"]


def test_rejection_is_stored_without_the_name_of_an_unknown_field() -> None:
    refused = Violation(CompiledError(0, "C020", "Field is not known. Field: {Field}"), (MADE_UP,), ("Field", MADE_UP))
    candidate = Invalid("n", "c", "MAIN", ("n", "c"), [refused], ())
    [rejection] = to_rejections([candidate], decide([candidate], NOTHING_KNOWN))
    assert rejection.violations == (("C020", "/customers/0"),)
    assert redact_violation(refused).description == "Field is not known. Field: {Field}"
