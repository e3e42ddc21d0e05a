"""All or nothing, on request: a batch is saved only when enough of its customers are accepted."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.intake.idempotency import KeyReusedError
from muster.intake.service import Intake, IntakeResult
from tests.intake.fakes import FixedClassifiers, MemoryStore, SomeSender
from tests.samples import individual, snapshot

NOT_SAVED = "Batch not saved, other customers were rejected"


def take(store: MemoryStore, *customers: Any, **wishes: Any) -> IntakeResult:
    intake = Intake(store, FixedClassifiers(snapshot()), max_customers=100)
    return intake.process(json.dumps({"customers": customers}).encode(), SomeSender(), **{"save": True, **wishes})


def codes(answer: IntakeResult) -> list[str | None]:
    return [result.get("errorCode") for result in json.loads(answer.body)["results"]]


def test_a_batch_with_one_rejected_customer_is_not_saved_when_all_must_be_accepted() -> None:
    store = MemoryStore()
    answer = take(store, individual(), individual(firstName=None), individual(), accept=100)
    assert codes(answer) == ["B001", "C016.I01", "B001"]
    assert json.loads(answer.body)["results"][0]["errorDescription"] == NOT_SAVED
    assert (answer.batch_id, answer.accepted, answer.rejected, store.batches) == (None, 0, 3, [])


def test_a_batch_whose_customers_are_all_accepted_is_saved() -> None:
    store = MemoryStore()
    answer = take(store, individual(), individual(), accept=100)
    assert codes(answer) == [None, None]
    assert [batch.id for batch in store.batches] == [answer.batch_id]


@pytest.mark.parametrize(("accept", "saved"), [(0, True), (66, True), (67, False), (100, False)])
def test_a_share_is_reached_or_not(accept: int, saved: bool) -> None:
    store = MemoryStore()
    answer = take(store, individual(), individual(), {}, accept=accept)
    assert (codes(answer)[0] is None) is saved
    assert len(store.batches) == saved


def test_a_batch_that_is_not_saved_takes_no_number() -> None:
    store = MemoryStore()
    customer = individual()
    take(store, customer, {}, accept=100)
    assert codes(take(store, customer)) == [None]


def test_an_empty_batch_lacks_nothing() -> None:
    assert codes(take(MemoryStore(), accept=100)) == []


def test_what_a_sound_customer_is_told_on_request_points_at_it() -> None:
    answer = take(MemoryStore(), {}, individual(), accept=100, detail=True)
    assert json.loads(answer.body)["results"][1]["errors"] == [
        {"code": "B001", "description": NOT_SAVED, "pointer": "/customers/1"}
    ]


def test_a_request_that_was_faster_counts() -> None:
    first, second = individual(), individual()
    other = MemoryStore()
    take(other, first)
    store = MemoryStore(before_save=other.batches)
    assert codes(take(store, first, second, accept=100)) == ["O005", "B001"]
    assert len(store.batches) == 1


def test_the_same_batch_with_another_share_is_another_request() -> None:
    store = MemoryStore()
    customer = individual()
    take(store, customer, key="k", accept=90)
    with pytest.raises(KeyReusedError):
        take(store, customer, key="k", accept=91)


def test_a_batch_that_is_not_saved_leaves_its_key_free() -> None:
    store = MemoryStore()
    take(store, individual(), {}, key="k", accept=100)
    assert codes(take(store, individual(), key="k", accept=100)) == [None]


@given(
    st.lists(st.sampled_from(("known", "same", "new", "broken", "update")), max_size=8),
    st.sampled_from((1, 50, 75, 100)),
)
def test_the_dry_run_answers_what_saving_answers(kinds: list[str], accept: int) -> None:
    store = MemoryStore()
    known, same = individual(), individual()
    take(store, known)
    made = {
        "known": lambda: known,
        "same": lambda: same,
        "new": individual,
        "broken": lambda: individual(lastName=None),
        "update": lambda: individual(action="UPDATE"),
    }
    customers = [made[kind]() for kind in kinds]
    before = list(store.batches)
    dry = codes(take(store, *customers, save=False, accept=accept))
    assert store.batches == before
    assert codes(take(store, *customers, accept=accept)) == dry
