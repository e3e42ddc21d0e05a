"""The threshold of accepted customers: a batch that misses it is not saved."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.intake.idempotency import KeyReusedError
from muster.intake.request import BatchOptions
from muster.intake.service import IntakeResult
from tests.intake.fakes import FakeSender, MemoryStore, get_codes, get_results, make_body, make_intake
from tests.samples import individual

NOT_SAVED = "Batch not saved, other customers were rejected"


def process(store: MemoryStore, *customers: Any, save: bool = True, **options: Any) -> IntakeResult:
    return make_intake(store).process(make_body(*customers), FakeSender(), BatchOptions(save, **options))


def test_one_rejected_customer_keeps_the_batch_from_being_saved_at_100_percent() -> None:
    store = MemoryStore()
    result = process(store, individual(), individual(firstName=None), individual(), min_accepted_percent=100)
    assert get_codes(result) == ["B001", "C016.I01", "B001"]
    assert get_results(result)[0]["errorDescription"] == NOT_SAVED
    assert (result.batch_id, result.accepted, result.rejected, store.batches) == (None, 0, 3, [])


def test_batch_of_accepted_customers_is_saved_at_100_percent() -> None:
    store = MemoryStore()
    result = process(store, individual(), individual(), min_accepted_percent=100)
    assert get_codes(result) == [None, None]
    assert [batch.id for batch in store.batches] == [result.batch_id]


@pytest.mark.parametrize(("percent", "is_saved"), [(0, True), (66, True), (67, False), (100, False)])
def test_batch_is_saved_when_it_meets_the_threshold(percent: int, is_saved: bool) -> None:
    store = MemoryStore()
    result = process(store, individual(), individual(), {}, min_accepted_percent=percent)
    assert (get_codes(result)[0] is None) is is_saved
    assert len(store.batches) == is_saved


def test_batch_that_is_not_saved_keeps_its_numbers_free() -> None:
    store = MemoryStore()
    customer = individual()
    process(store, customer, {}, min_accepted_percent=100)
    assert get_codes(process(store, customer)) == [None]


def test_empty_batch_meets_every_threshold() -> None:
    assert get_codes(process(MemoryStore(), min_accepted_percent=100)) == []


def test_detail_points_at_the_customer_that_is_rejected_for_the_threshold() -> None:
    result = process(MemoryStore(), {}, individual(), min_accepted_percent=100, detail=True)
    assert get_results(result)[1]["errors"] == [
        {
            "code": "B001",
            "description": NOT_SAVED,
            "pointer": "/customers/1",
            "expected": "no change of this customer, but fewer rejected customers in its batch",
        }
    ]


def test_threshold_is_applied_after_a_conflict() -> None:
    first, second = individual(), individual()
    other = MemoryStore()
    process(other, first)
    store = MemoryStore(faster_batches=other.batches)
    assert get_codes(process(store, first, second, min_accepted_percent=100)) == ["O005", "B001"]
    assert len(store.batches) == 1


def test_same_batch_with_another_threshold_is_another_request() -> None:
    store = MemoryStore()
    customer = individual()
    process(store, customer, idempotency_key="k", min_accepted_percent=90)
    with pytest.raises(KeyReusedError):
        process(store, customer, idempotency_key="k", min_accepted_percent=91)


def test_batch_that_is_not_saved_leaves_its_key_free() -> None:
    store = MemoryStore()
    process(store, individual(), {}, idempotency_key="k", min_accepted_percent=100)
    assert get_codes(process(store, individual(), idempotency_key="k", min_accepted_percent=100)) == [None]


@given(
    st.lists(st.sampled_from(("known", "known again", "same", "new", "broken", "update")), max_size=8),
    st.sampled_from((1, 50, 75, 100)),
    st.booleans(),
)
def test_dry_run_gives_the_results_of_saving(kinds: list[str], percent: int, upsert: bool) -> None:
    store = MemoryStore()
    known, same = individual(), individual()
    process(store, known)
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "known": lambda: known,
        "known again": lambda: individual(customerExtId=known["customerExtId"], action=None),
        "same": lambda: same,
        "new": individual,
        "broken": lambda: individual(lastName=None),
        "update": lambda: individual(action="UPDATE"),
    }
    customers = [makers[kind]() for kind in kinds]
    before = list(store.batches)
    dry = get_codes(process(store, *customers, save=False, min_accepted_percent=percent, upsert=upsert))
    assert store.batches == before
    assert get_codes(process(store, *customers, min_accepted_percent=percent, upsert=upsert)) == dry
