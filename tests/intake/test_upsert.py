"""Upserts: a customer without action is an UPDATE when it is known, and a CREATE when it is new."""

from typing import Any

import pytest

from muster.intake.idempotency import KeyReusedError, compute_fingerprint
from muster.intake.request import BatchOptions
from muster.intake.service import IntakeResult
from tests.intake.fakes import FakeSender, MemoryStore, get_codes, make_body, make_intake
from tests.intake.test_service import make_faster_batch
from tests.samples import LEFT_OUT, individual


def customer(ext_id: str, action: Any = LEFT_OUT, **changes: Any) -> dict[str, Any]:
    return individual(customerExtId=ext_id, action=action, **changes)


def process(store: MemoryStore, *customers: Any, save: bool = True, **options: Any) -> IntakeResult:
    return make_intake(store).process(make_body(*customers), FakeSender(), BatchOptions(save, upsert=True, **options))


def get_versions(store: MemoryStore) -> dict[str, int]:
    return {ext_id: version for (_, ext_id), version in store.versions.items()}


@pytest.mark.parametrize("action", [LEFT_OUT, None, " "])
def test_customer_without_action_is_created_and_then_updated(action: Any) -> None:
    store = MemoryStore()
    for version in (1, 2, 3):
        assert get_codes(process(store, customer("one", action), save=False)) == [None]
        assert get_codes(process(store, customer("one", action))) == [None]
        assert get_versions(store) == {"one": version}


def test_customer_with_an_action_is_judged_by_it() -> None:
    store = MemoryStore()
    process(store, customer("known"))
    batch = (
        customer("known", "CREATE"),
        customer("new", "UPDATE"),
        customer("new", "CREATE"),
        customer("known", "UPDATE"),
    )
    for save in (False, True):
        assert get_codes(process(store, *batch, save=save)) == ["C004", "C004", None, None]


def test_customers_are_judged_in_the_order_of_the_list() -> None:
    store = MemoryStore()
    batch = (
        customer("one", "UPDATE"),
        customer("one"),
        customer("one"),
        customer("one", "UPDATE"),
        customer("one", "CREATE"),
    )
    dry_run = get_codes(process(store, *batch, save=False))
    assert get_codes(process(store, *batch)) == dry_run == ["C004", None, None, None, "C004"]
    assert [accepted.version for accepted in store.batches[0].plan.accepted] == [1, 2, 3]


def test_used_number_still_rejects_an_upsert() -> None:
    store = MemoryStore()
    used = customer("one")
    assert get_codes(process(store, used, used)) == [None, "O005"]


def test_without_the_option_an_absent_action_is_a_create() -> None:
    store = MemoryStore()
    process(store, customer("one"))
    result = make_intake(store).process(make_body(customer("one")), FakeSender(), BatchOptions(save=True))
    assert get_codes(result) == ["C004"]


def test_new_customers_are_written_without_a_look_up() -> None:
    store = MemoryStore()
    assert get_codes(process(store, customer("one"), customer("one"), customer("two"))) == [None, None, None]
    assert store.lookups == 0


def test_upsert_updates_the_customer_that_a_faster_request_has_created() -> None:
    one = customer("one")
    store = MemoryStore(faster_batches=[make_faster_batch(individual(customerExtId="one"))])
    assert get_codes(process(store, one)) == [None]
    assert get_versions(store) == {"one": 2}


def test_upsert_is_part_of_the_request_that_a_key_stands_for() -> None:
    store = MemoryStore()
    body = make_body(customer("one"))
    make_intake(store).process(body, FakeSender(), BatchOptions(save=True, idempotency_key="k"))
    with pytest.raises(KeyReusedError):
        make_intake(store).process(body, FakeSender(), BatchOptions(save=True, idempotency_key="k", upsert=True))


def test_fingerprints_of_earlier_versions_stay_valid() -> None:
    """A stored key must recognise its request after an upgrade."""
    fingerprint = compute_fingerprint(
        b'{"customers": []}', BatchOptions(save=True, detail=True, min_accepted_percent=90)
    )
    assert fingerprint.hex() == "e717a003fa3a65054bf91a6df70df525e197d3babda0704238114faef4715e29"
