"""A request with a key is processed once."""

import json
from datetime import timedelta
from typing import Any

import pytest

from muster.intake.decode import InvalidBatchError
from muster.intake.idempotency import IdempotencyKey, KeyInProgressError, KeyReusedError
from muster.intake.service import Intake
from tests.intake.fakes import FixedClassifiers, MemoryStore, SomeSender
from tests.samples import individual, snapshot


def intake(store: MemoryStore, **settings: Any) -> Intake:
    return Intake(store, FixedClassifiers(snapshot()), max_customers=100, **settings)


def body(*customers: Any) -> bytes:
    return json.dumps({"customers": customers}).encode()


def test_the_same_request_gets_the_same_answer_and_is_saved_once() -> None:
    store = MemoryStore()
    content = body(individual(), individual(firstName=None))
    first = intake(store).process(content, SomeSender(), save=True, key="k")
    again = intake(store).process(bytearray(content), SomeSender(), save=True, key="k")
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.body, again.batch_id, again.accepted, again.rejected) == (first.body, first.batch_id, 1, 1)
    assert len(store.batches) == 1


@pytest.mark.parametrize("detail", [True, False])
def test_another_request_under_the_key_is_refused(detail: bool) -> None:
    store = MemoryStore()
    content = body(individual())
    intake(store).process(content, SomeSender(), save=True, key="k")
    with pytest.raises(KeyReusedError):
        intake(store).process(content if detail else content + b" ", SomeSender(), save=True, detail=detail, key="k")
    assert len(store.batches) == 1


def test_while_the_first_request_runs_the_second_is_told_so() -> None:
    store = MemoryStore()
    sender = SomeSender()
    content = body(individual())
    intake(store).process(content, sender, save=True, key="k")
    [batch] = store.batches
    assert isinstance(batch.idempotency_key, IdempotencyKey)
    with store.claim(batch.idempotency_key), pytest.raises(KeyInProgressError):
        intake(store).process(content, sender, save=True, key="k")


def test_a_key_belongs_to_its_sender() -> None:
    store = MemoryStore()
    for name in ("anna", "tom"):
        answer = intake(store).process(body(individual()), SomeSender(name), save=True, key="k")
        assert not answer.replayed
    assert len(store.batches) == 2


def test_a_key_that_has_ended_is_a_new_one() -> None:
    store = MemoryStore()
    content = body(individual())
    for code in (None, "O005"):
        answer = intake(store, key_life=timedelta(0)).process(content, SomeSender(), save=True, key="k")
        assert json.loads(answer.body)["results"][0].get("errorCode") == code


def test_a_key_is_kept_with_the_moment_of_its_end() -> None:
    store = MemoryStore()
    intake(store, key_life=timedelta(hours=3)).process(body(individual()), SomeSender(), save=True, key="k")
    [batch] = store.batches
    assert isinstance(batch.idempotency_key, IdempotencyKey)
    assert (
        batch.received_at - batch.idempotency_key.valid_from
        == batch.idempotency_key.valid_until - batch.received_at
        == timedelta(hours=3)
    )


@pytest.mark.parametrize("content", [b"{", body()])
def test_a_request_that_saves_nothing_leaves_its_key_free(content: bytes) -> None:
    store = MemoryStore()
    try:
        intake(store).process(content, SomeSender(), save=True, key="k")
    except InvalidBatchError:
        assert content == b"{"
    assert not intake(store).process(body(individual()), SomeSender(), save=True, key="k").replayed
    assert store.held == set()


def test_a_dry_run_keeps_no_key_and_asks_for_none() -> None:
    store = MemoryStore()
    content = body(individual())
    for save, replayed in ((False, False), (True, False), (True, True), (False, False)):
        assert intake(store).process(content, SomeSender(), save=save, key="k").replayed is replayed


def test_a_conflict_is_judged_again_under_the_key() -> None:
    customer = individual()
    other = MemoryStore()
    intake(other).process(body(customer), SomeSender(), save=True)
    store = MemoryStore(before_save=other.batches)
    first = intake(store).process(body(customer, individual()), SomeSender(), save=True, key="k")
    again = intake(store).process(body(customer, individual()), SomeSender(), save=True, key="other")
    assert (first.accepted, first.rejected, again.replayed) == (1, 1, False)
