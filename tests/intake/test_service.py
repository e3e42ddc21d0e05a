"""A batch from its body to its results, with a store in memory."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from muster.intake.customer_store import Batch, CommitOutcome, ConflictError, LostCommitError
from muster.intake.large_body import ResponseBody
from muster.intake.optimistic_save import LOOKUPS_AFTER_HIT
from muster.intake.request import BatchOptions
from muster.intake.service import generate_batch_id
from muster.intake.write_plan import AcceptedCustomer, build_write_plan
from tests.intake.fakes import FakeSender, MemoryStore, get_codes, get_results, make_body, make_intake
from tests.samples import LEFT_OUT, individual, organization

SAVE, DRY_RUN = BatchOptions(save=True), BatchOptions(save=False)


def make_accepted(customer: dict[str, Any], version: int = 1) -> AcceptedCustomer:
    number, ext_id = customer["communicationNumber"], customer["customerExtId"]
    return AcceptedCustomer(number, "MAIN", ext_id, version, "INDIVIDUAL", "ACTIVE", b"{}")


def make_faster_batch(*customers: dict[str, Any]) -> Batch:
    """A batch of another request with these new customers."""
    now = datetime.now(UTC)
    return Batch(generate_batch_id(now), now, "another", build_write_plan(map(make_accepted, customers)))


def test_response_has_the_keys_of_the_contract_in_their_order() -> None:
    result = make_intake(MemoryStore()).process(make_body(individual(), organization(title=None)), FakeSender(), SAVE)
    response = json.loads(bytes(result.body))
    accepted, rejected = response["results"]
    assert list(response) == ["resultType", "results", "timeElapsedMs"]
    assert list(accepted) == [
        "resultType", "communicationNumber", "customerExtId", "businessUnit", "timeElapsedMs",
    ]  # fmt: skip
    assert list(rejected) == [
        "resultType", "communicationNumber", "customerExtId", "businessUnit", "errorCode", "errorDescription",
        "timeElapsedMs",
    ]  # fmt: skip
    assert (result.accepted, result.rejected) == (1, 1)


def test_batch_is_received_at_the_time_of_the_clock_and_its_id_begins_with_it() -> None:
    store, at = MemoryStore(), datetime(2024, 5, 26, 12, tzinfo=UTC)
    result = make_intake(store, now=lambda: at).process(make_body(individual()), FakeSender(), SAVE)
    (batch,) = store.batches
    assert batch.received_at == at
    assert result.batch_id is not None
    assert result.batch_id.int >> 80 == int(at.timestamp() * 1000)


def test_empty_batch_gives_no_results_and_writes_nothing() -> None:
    store = MemoryStore()
    result = make_intake(store).process(make_body(), FakeSender(), SAVE)
    assert get_results(result) == []
    assert result.batch_id is None
    assert store.batches == []


def test_unknown_identifiers_in_a_result_are_null() -> None:
    result = make_intake(MemoryStore()).process(
        make_body("x", {}, individual(customerExtId=["x"])), FakeSender(), DRY_RUN
    )
    not_an_object, empty, bad_id = get_results(result)
    for found in (not_an_object, empty):
        identifiers = found["communicationNumber"], found["customerExtId"], found["businessUnit"]
        assert identifiers == (None, None, "MAIN")
    assert bad_id["customerExtId"] is None


def test_unknown_business_unit_is_not_echoed() -> None:
    result = make_intake(MemoryStore()).process(make_body(individual(businessUnit="secret")), FakeSender(), DRY_RUN)
    assert get_results(result)[0]["businessUnit"] is None


def test_default_unit_applies_when_none_is_sent() -> None:
    sender = FakeSender(business_units=("SOUTH", "NORTH"))
    store = MemoryStore()
    result = make_intake(store, "NORTH", "SOUTH").process(
        make_body(individual(), individual(businessUnit="NORTH")), sender, SAVE
    )
    assert [found["businessUnit"] for found in get_results(result)] == ["SOUTH", "NORTH"]
    assert {unit for unit, _ in store.versions} == {"NORTH", "SOUTH"}


def test_same_identifier_in_another_unit_is_another_customer() -> None:
    sender = FakeSender(business_units=("SOUTH", "NORTH"))
    same = {"customerExtId": "one"}
    result = make_intake(MemoryStore(), "NORTH", "SOUTH").process(
        make_body(individual(**same), individual(**same, businessUnit="NORTH")), sender, SAVE
    )
    assert get_codes(result) == [None, None]


def test_accepted_customer_uses_its_number_and_rejected_one_keeps_its_number_free() -> None:
    number = {"communicationNumber": "n"}
    result = make_intake(MemoryStore()).process(
        make_body(individual(**number, lastName=None), individual(**number), individual(**number)),
        FakeSender(),
        SAVE,
    )
    assert get_codes(result) == ["C016.I02", None, "O005"]


def test_customer_rejected_by_the_decision_keeps_its_number_free() -> None:
    number = {"communicationNumber": "n"}
    result = make_intake(MemoryStore()).process(
        make_body(individual(**number, action="UPDATE"), individual(**number)), FakeSender(), SAVE
    )
    assert get_codes(result) == ["C004", None]


def test_batch_may_create_a_customer_and_update_it_several_times() -> None:
    store = MemoryStore()
    one = {"customerExtId": "one"}
    result = make_intake(store).process(
        make_body(
            individual(**one, action="UPDATE"),
            individual(**one, action=LEFT_OUT),
            individual(**one, action="UPDATE"),
            individual(**one),
            individual(**one, action="UPDATE"),
        ),
        FakeSender(),
        SAVE,
    )
    assert get_codes(result) == ["C004", None, None, "C004", None]
    assert [customer.version for customer in store.batches[0].plan.accepted] == [1, 2, 3]


def test_used_number_comes_before_existing_customer() -> None:
    store = MemoryStore()
    customer = individual()
    service = make_intake(store)
    service.process(make_body(customer), FakeSender(), SAVE)
    result = service.process(make_body(customer), FakeSender(), BatchOptions(save=True, detail=True))
    (customer_result,) = get_results(result)
    assert customer_result["errorCode"] == "O005"
    assert [(error["code"], error["pointer"]) for error in customer_result["errors"]] == [
        ("O005", "/customers/0/communicationNumber"),
        ("C004", "/customers/0/customerExtId"),
    ]


def test_after_a_conflict_the_batch_is_decided_again() -> None:
    first, second, third = individual(), individual(), individual()
    store = MemoryStore(faster_batches=[make_faster_batch(first), make_faster_batch(third)])
    result = make_intake(store).process(make_body(first, second, third), FakeSender(), SAVE)
    assert get_codes(result) == ["O005", None, "O005"]
    assert [customer.communication_number for customer in store.batches[-1].plan.accepted] == [
        second["communicationNumber"]
    ]


def test_new_customers_are_written_without_a_look_up() -> None:
    store = MemoryStore()
    make_intake(store).process(
        make_body(individual(), "x", individual(), individual(lastName=None)), FakeSender(), SAVE
    )
    assert (store.lookups, len(store.numbers)) == (0, 2)


def test_dry_run_always_looks_up() -> None:
    store = MemoryStore()
    make_intake(store).process(make_body(individual()), FakeSender(), DRY_RUN)
    assert store.lookups == 1


def test_batch_with_conflicts_within_it_is_looked_up() -> None:
    """Without a look-up, the second customer would be rejected for its identifier alone, and nothing would conflict."""
    store = MemoryStore()
    service = make_intake(store)
    service.process(make_body(individual(communicationNumber="taken")), FakeSender(), SAVE)
    contested = individual(customerExtId="new"), individual(customerExtId="new", communicationNumber="taken")
    result = service.process(make_body(*contested), FakeSender(), SAVE)
    assert get_codes(result) == [None, "O005"]


def test_after_a_known_customer_the_next_batches_are_looked_up_first() -> None:
    store = MemoryStore()
    service = make_intake(store)
    known = individual()
    for customer in (known, known):
        service.process(make_body(customer), FakeSender(), SAVE)
    assert store.lookups == 1
    for _ in range(LOOKUPS_AFTER_HIT + 5):
        service.process(make_body(individual()), FakeSender(), SAVE)
    assert store.lookups == 1 + LOOKUPS_AFTER_HIT
    assert get_codes(service.process(make_body(known), FakeSender(), SAVE)) == ["O005"]


def test_unexplained_conflict_is_raised_after_some_attempts() -> None:
    class AlwaysConflicting(MemoryStore):
        def save(self, batch: Batch, response: ResponseBody) -> None:
            raise ConflictError

    with pytest.raises(ConflictError):
        make_intake(AlwaysConflicting()).process(make_body(individual()), FakeSender(), SAVE)


def test_batch_that_is_found_after_a_lost_commit_is_a_saved_one() -> None:
    store = MemoryStore(commit_outcome=CommitOutcome.SAVED)
    result = make_intake(store).process(make_body(individual()), FakeSender(), SAVE)
    assert (result.batch_id, result.accepted) == (store.batches[0].id, 1)
    assert result.was_commit_lost


@pytest.mark.parametrize("outcome", [CommitOutcome.NOT_SAVED, CommitOutcome.UNKNOWN])
def test_batch_that_is_not_found_after_a_lost_commit_raises_what_is_known(outcome: CommitOutcome) -> None:
    store = MemoryStore(commit_outcome=outcome)
    with pytest.raises(LostCommitError) as error:
        make_intake(store).process(make_body(individual()), FakeSender(), SAVE)
    assert error.value.outcome is outcome
    assert [error.value.batch_id] == [batch.id for batch in store.batches] or outcome is CommitOutcome.NOT_SAVED


def test_dry_run_writes_nothing() -> None:
    store = MemoryStore()
    result = make_intake(store).process(make_body(individual(), "x"), FakeSender(), DRY_RUN)
    assert get_codes(result) == [None, "C019"]
    assert (store.batches, result.batch_id) == ([], None)


def test_batch_without_accepted_customers_is_saved_with_its_rejections() -> None:
    store = MemoryStore()
    make_intake(store).process(make_body("x", individual(communicationNumber="a\0")), FakeSender("night feed"), SAVE)
    (batch,) = store.batches
    assert batch.sender == "night feed"
    assert [(r.position, r.communication_number, r.violations) for r in batch.rejected] == [
        (0, None, (("C019", "/customers/0"),)),
        (1, None, (("C001", "/customers/1/communicationNumber"),)),
    ]


def test_detail_lists_all_violations_in_order_and_the_warnings() -> None:
    customer = individual(
        isPEP="x", riskLevel="x", listAddress=[{"country": "LT"}, {}], **{"a/b~c": 1}, firstName=LEFT_OUT
    )
    result = make_intake(MemoryStore()).process(
        make_body({}, customer), FakeSender(), BatchOptions(save=False, detail=True)
    )
    customer_result = get_results(result)[1]
    assert [(error["code"], error["pointer"]) for error in customer_result["errors"]] == [
        ("C009", "/customers/1/riskLevel"),
        ("C016.I01", "/customers/1/firstName"),
        ("C018", "/customers/1/isPEP"),
        ("Q004.ADR02", "/customers/1/listAddress/1/country"),
    ]
    assert customer_result["errorCode"] == "C009"
    assert customer_result["warnings"] == [
        {"code": "W001", "description": "Field is not known and was ignored", "pointer": "/customers/1/a~1b~0c"}
    ]


def test_times_of_the_customers_add_up_to_no_more_than_that_of_the_batch() -> None:
    result = make_intake(MemoryStore()).process(make_body(*(individual() for _ in range(100))), FakeSender(), SAVE)
    response = json.loads(bytes(result.body))
    assert sum(found["timeElapsedMs"] for found in response["results"]) <= response["timeElapsedMs"]


def test_document_is_stored_normalised() -> None:
    store = MemoryStore()
    customer = individual(
        isPEP="true", nationalCode=50001010022, listAddress=None, unknown=1, initialDepositAmount="10.50", giin=" "
    )
    make_intake(store).process(make_body(customer), FakeSender(), SAVE)
    document = store.batches[0].plan.accepted[0].document
    stored = json.loads(document)
    assert stored["isPEP"] is True
    assert stored["nationalCode"] == "50001010022"
    assert b'"initialDepositAmount":10.50' in document
    assert stored.keys().isdisjoint({"listAddress", "unknown", "giin"})


def test_batch_ids_sort_by_time() -> None:
    earlier, later = (generate_batch_id(datetime(2026, 1, 1, second=second, tzinfo=UTC)) for second in (1, 2))
    assert earlier < later
    assert earlier.version == 7
