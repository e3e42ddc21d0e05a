"""A batch from its bytes to its results, with a store in memory."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from muster.intake.customer_store import AcceptedCustomer, Batch, ConflictError
from muster.intake.service import LOOKUPS_AFTER_HIT, Intake, IntakeResult, generate_batch_id
from tests.intake.fakes import FixedClassifiers, MemoryStore, SomeSender
from tests.samples import LEFT_OUT, individual, organization, snapshot


def intake(store: MemoryStore, *units: str) -> Intake:
    return Intake(store, FixedClassifiers(snapshot(*units)), max_customers=100)


def body(*customers: Any) -> bytes:
    return json.dumps({"customers": customers}).encode()


def results(answer: IntakeResult) -> list[dict[str, Any]]:
    report: dict[str, Any] = json.loads(answer.body)
    found: list[dict[str, Any]] = report["results"]
    return found


def codes(answer: IntakeResult) -> list[str | None]:
    return [result.get("errorCode") for result in results(answer)]


def arrival(customer: dict[str, Any], version: int = 1) -> AcceptedCustomer:
    number, ext_id = customer["communicationNumber"], customer["customerExtId"]
    return AcceptedCustomer(number, "MAIN", ext_id, version, "INDIVIDUAL", "ACTIVE", b"{}")


def saved_by_another(*arrivals: AcceptedCustomer) -> Batch:
    now = datetime.now(UTC)
    return Batch(generate_batch_id(now), now, "another", arrivals)


def test_an_answer_has_the_keys_of_the_contract_in_their_order() -> None:
    answer = intake(MemoryStore()).process(body(individual(), organization(title=None)), SomeSender(), save=True)
    report = json.loads(answer.body)
    accepted, rejected = report["results"]
    assert list(report) == ["resultType", "results", "timeElapsedMs"]
    assert list(accepted) == [
        "resultType", "communicationNumber", "customerExtId", "businessUnit", "timeElapsedMs",
    ]  # fmt: skip
    assert list(rejected) == [
        "resultType", "communicationNumber", "customerExtId", "businessUnit", "errorCode", "errorDescription",
        "timeElapsedMs",
    ]  # fmt: skip
    assert (answer.accepted, answer.rejected) == (1, 1)


def test_an_empty_list_is_an_answer_without_results_and_writes_nothing() -> None:
    store = MemoryStore()
    answer = intake(store).process(body(), SomeSender(), save=True)
    assert results(answer) == []
    assert answer.batch_id is None
    assert store.batches == []


def test_what_is_unknown_of_an_item_is_null() -> None:
    answer = intake(MemoryStore()).process(body("x", {}, individual(customerExtId=["x"])), SomeSender(), save=False)
    no_object, nothing, no_id = results(answer)
    assert [no_object[key] for key in ("communicationNumber", "customerExtId", "businessUnit")] == [None, None, "MAIN"]
    assert [nothing[key] for key in ("communicationNumber", "customerExtId", "businessUnit")] == [None, None, "MAIN"]
    assert no_id["customerExtId"] is None


def test_a_sent_unit_that_the_installation_does_not_have_is_not_echoed() -> None:
    answer = intake(MemoryStore()).process(body(individual(businessUnit="secret")), SomeSender(), save=False)
    assert results(answer)[0]["businessUnit"] is None


def test_the_default_unit_of_a_sender_applies_when_none_is_sent() -> None:
    sender = SomeSender(business_units=("SOUTH", "NORTH"))
    store = MemoryStore()
    answer = intake(store, "NORTH", "SOUTH").process(
        body(individual(), individual(businessUnit="NORTH")), sender, save=True
    )
    assert [result["businessUnit"] for result in results(answer)] == ["SOUTH", "NORTH"]
    assert {unit for unit, _ in store.versions} == {"NORTH", "SOUTH"}


def test_the_same_id_in_another_unit_is_another_customer() -> None:
    sender = SomeSender(business_units=("SOUTH", "NORTH"))
    same = {"customerExtId": "one"}
    answer = intake(MemoryStore(), "NORTH", "SOUTH").process(
        body(individual(**same), individual(**same, businessUnit="NORTH")), sender, save=True
    )
    assert codes(answer) == [None, None]


def test_a_number_is_taken_by_an_earlier_accepted_item_and_not_by_a_rejected_one() -> None:
    number = {"communicationNumber": "n"}
    answer = intake(MemoryStore()).process(
        body(individual(**number, lastName=None), individual(**number), individual(**number)), SomeSender(), save=True
    )
    assert codes(answer) == ["C016.I02", None, "O005"]


def test_an_item_that_the_store_refuses_takes_no_number_either() -> None:
    number = {"communicationNumber": "n"}
    answer = intake(MemoryStore()).process(
        body(individual(**number, action="UPDATE"), individual(**number)), SomeSender(), save=True
    )
    assert codes(answer) == ["C004", None]


def test_a_create_and_later_updates_of_one_customer_in_a_batch_are_all_accepted() -> None:
    store = MemoryStore()
    one = {"customerExtId": "one"}
    answer = intake(store).process(
        body(
            individual(**one, action="UPDATE"),
            individual(**one, action=LEFT_OUT),
            individual(**one, action="UPDATE"),
            individual(**one),
            individual(**one, action="UPDATE"),
        ),
        SomeSender(),
        save=True,
    )
    assert codes(answer) == ["C004", None, None, "C004", None]
    assert [arrival.version for arrival in store.batches[0].arrivals] == [1, 2, 3]


def test_the_number_is_judged_before_the_customer() -> None:
    store = MemoryStore()
    customer = individual()
    service = intake(store)
    service.process(body(customer), SomeSender(), save=True)
    answer = service.process(body(customer), SomeSender(), save=True, detail=True)
    (result,) = results(answer)
    assert result["errorCode"] == "O005"
    assert [(error["code"], error["pointer"]) for error in result["errors"]] == [
        ("O005", "/customers/0/communicationNumber"),
        ("C004", "/customers/0/customerExtId"),
    ]


def test_a_conflict_is_looked_at_again_and_gives_the_answer_of_a_moment_later() -> None:
    first, second, third = individual(), individual(), individual()
    store = MemoryStore(before_save=[saved_by_another(arrival(first)), saved_by_another(arrival(third))])
    answer = intake(store).process(body(first, second, third), SomeSender(), save=True)
    assert codes(answer) == ["O005", None, "O005"]
    assert [arrival.communication_number for arrival in store.batches[-1].arrivals] == [second["communicationNumber"]]


def test_a_batch_of_new_customers_is_written_without_a_look() -> None:
    store = MemoryStore()
    intake(store).process(body(individual(), "x", individual(), individual(lastName=None)), SomeSender(), save=True)
    assert (store.looked_up, len(store.numbers)) == (0, 2)


def test_the_dry_run_always_looks() -> None:
    store = MemoryStore()
    intake(store).process(body(individual()), SomeSender(), save=False)
    assert store.looked_up == 1


def test_a_batch_in_which_items_contest_is_judged_by_all_that_is_known() -> None:
    """Written without a look, the second item would be refused for its customer alone, and nothing would conflict."""
    store = MemoryStore()
    service = intake(store)
    service.process(body(individual(communicationNumber="taken")), SomeSender(), save=True)
    contested = individual(customerExtId="new"), individual(customerExtId="new", communicationNumber="taken")
    answer = service.process(body(*contested), SomeSender(), save=True)
    assert codes(answer) == [None, "O005"]


def test_after_a_known_customer_batches_are_looked_up_until_they_are_new_again() -> None:
    store = MemoryStore()
    service = intake(store)
    known = individual()
    for customer in (known, known):
        service.process(body(customer), SomeSender(), save=True)
    assert store.looked_up == 1
    for _ in range(LOOKUPS_AFTER_HIT + 5):
        service.process(body(individual()), SomeSender(), save=True)
    assert store.looked_up == 1 + LOOKUPS_AFTER_HIT
    assert codes(service.process(body(known), SomeSender(), save=True)) == ["O005"]


def test_a_conflict_that_nothing_explains_is_raised_in_the_end() -> None:
    class Broken(MemoryStore):
        def save(self, batch: Batch, answer: object) -> bytes:
            raise ConflictError

    with pytest.raises(ConflictError):
        intake(Broken()).process(body(individual()), SomeSender(), save=True)


def test_the_dry_run_writes_nothing() -> None:
    store = MemoryStore()
    answer = intake(store).process(body(individual(), "x"), SomeSender(), save=False)
    assert codes(answer) == [None, "C019"]
    assert (store.batches, answer.batch_id) == ([], None)


def test_a_batch_of_which_nothing_is_accepted_is_recorded_with_its_reasons() -> None:
    store = MemoryStore()
    intake(store).process(body("x", individual(communicationNumber="a\0")), SomeSender("night feed"), save=True)
    (batch,) = store.batches
    assert batch.sender == "night feed"
    assert [(r.position, r.communication_number, r.violations) for r in batch.rejected] == [
        (0, None, (("C019", "/customers/0"),)),
        (1, None, (("C001", "/customers/1/communicationNumber"),)),
    ]


def test_full_detail_gives_all_violations_in_order_and_the_warnings() -> None:
    customer = individual(
        isPEP="x", riskLevel="x", listAddress=[{"country": "LT"}, {}], **{"a/b~c": 1}, firstName=LEFT_OUT
    )
    answer = intake(MemoryStore()).process(body({}, customer), SomeSender(), save=False, detail=True)
    result = results(answer)[1]
    assert [(error["code"], error["pointer"]) for error in result["errors"]] == [
        ("C009", "/customers/1/riskLevel"),
        ("C016.I01", "/customers/1/firstName"),
        ("C018", "/customers/1/isPEP"),
        ("Q004.ADR02", "/customers/1/listAddress/1/country"),
    ]
    assert result["errorCode"] == "C009"
    assert result["warnings"] == [
        {"code": "W001", "description": "Field is not known and was ignored", "pointer": "/customers/1/a~1b~0c"}
    ]


def test_the_times_of_the_items_add_up_to_no_more_than_the_batch() -> None:
    answer = intake(MemoryStore()).process(body(*(individual() for _ in range(100))), SomeSender(), save=True)
    report = json.loads(answer.body)
    assert sum(result["timeElapsedMs"] for result in report["results"]) <= report["timeElapsedMs"]


def test_a_document_is_kept_as_it_was_read() -> None:
    store = MemoryStore()
    customer = individual(
        isPEP="true", nationalCode=50001010022, listAddress=None, unknown=1, initialDepositAmount="10.50", giin=" "
    )
    intake(store).process(body(customer), SomeSender(), save=True)
    document = store.batches[0].arrivals[0].document
    kept = json.loads(document)
    assert kept["isPEP"] is True
    assert kept["nationalCode"] == "50001010022"
    assert b'"initialDepositAmount":10.50' in document
    assert kept.keys().isdisjoint({"listAddress", "unknown", "giin"})


def test_ids_of_batches_sort_by_time() -> None:
    earlier, later = (generate_batch_id(datetime(2026, 1, 1, second=second, tzinfo=UTC)) for second in (1, 2))
    assert earlier < later
    assert earlier.version == 7
