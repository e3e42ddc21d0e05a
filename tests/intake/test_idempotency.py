"""A request with an idempotency key is processed once."""

import hashlib
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from muster.intake.customer_store import CommitOutcome, LostCommitError
from muster.intake.decode import InvalidBatchError
from muster.intake.idempotency import IdempotencyKey, KeyInProgressError, KeyReusedError, compute_fingerprint
from muster.intake.request import BatchOptions
from tests.intake.fakes import FakeSender, MemoryStore, get_codes, make_body, make_intake
from tests.samples import individual

NOW = datetime(2024, 5, 26, tzinfo=UTC)
WITH_KEY = BatchOptions(save=True, idempotency_key="k")


def test_repeated_request_gets_the_stored_response_and_is_saved_once() -> None:
    store = MemoryStore()
    content = make_body(individual(), individual(firstName=None))
    first = make_intake(store).process(content, FakeSender(), WITH_KEY)
    again = make_intake(store).process(bytearray(content), FakeSender(), WITH_KEY)
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.body, again.batch_id, again.accepted, again.rejected) == (first.body, first.batch_id, 1, 1)
    assert len(store.batches) == 1


def test_replay_has_the_number_of_warnings() -> None:
    store = MemoryStore()
    content = make_body(individual(nickname=1, birthDate="2999-01-01"), {"nickname": 1})
    first = make_intake(store).process(content, FakeSender(), WITH_KEY)
    again = make_intake(store).process(content, FakeSender(), WITH_KEY)
    assert (first.warning_count, again.warning_count) == (3, 3)
    assert (first.warning_codes, again.warning_codes) == ({"W001": 2, "W003": 1}, {})


def test_treatment_of_unknown_fields_is_part_of_the_request() -> None:
    store = MemoryStore()
    content = make_body(individual())
    make_intake(store).process(content, FakeSender(), WITH_KEY)
    with pytest.raises(KeyReusedError):
        make_intake(store).process(content, FakeSender(), replace(WITH_KEY, reject_unknown=True))


def test_fingerprint_of_a_request_of_earlier_versions_stays() -> None:
    """A key that was stored before an upgrade must replay after it."""
    content = b"{}"
    before = hashlib.sha256(b"detail=0&accept=0\n" + content).digest()
    assert compute_fingerprint(content, BatchOptions(save=True)) == before


@pytest.mark.parametrize("detail", [True, False])
def test_another_request_with_the_key_is_rejected(detail: bool) -> None:
    store = MemoryStore()
    content = make_body(individual())
    make_intake(store).process(content, FakeSender(), WITH_KEY)
    with pytest.raises(KeyReusedError):
        make_intake(store).process(
            content if detail else content + b" ", FakeSender(), BatchOptions(True, detail, idempotency_key="k")
        )
    assert len(store.batches) == 1


def test_second_request_with_a_key_in_progress_is_rejected() -> None:
    store = MemoryStore()
    sender = FakeSender()
    content = make_body(individual())
    make_intake(store).process(content, sender, WITH_KEY)
    [batch] = store.batches
    assert isinstance(batch.idempotency_key, IdempotencyKey)
    with store.claim(batch.idempotency_key), pytest.raises(KeyInProgressError):
        make_intake(store).process(content, sender, WITH_KEY)


def test_key_belongs_to_its_sender() -> None:
    store = MemoryStore()
    for name in ("anna", "tom"):
        result = make_intake(store).process(make_body(individual()), FakeSender(name), WITH_KEY)
        assert not result.replayed
    assert len(store.batches) == 2


def test_expired_key_can_be_reused() -> None:
    store = MemoryStore()
    content = make_body(individual())
    for code in (None, "O005"):
        result = make_intake(store, key_lifetime=timedelta(0)).process(content, FakeSender(), WITH_KEY)
        assert get_codes(result) == [code]


def test_key_is_stored_with_the_time_of_its_expiry() -> None:
    store = MemoryStore()
    make_intake(store, key_lifetime=timedelta(hours=3)).process(make_body(individual()), FakeSender(), WITH_KEY)
    [batch] = store.batches
    assert isinstance(batch.idempotency_key, IdempotencyKey)
    assert (
        batch.received_at - batch.idempotency_key.valid_from
        == batch.idempotency_key.valid_until - batch.received_at
        == timedelta(hours=3)
    )


def test_key_of_a_migration_outlives_the_setting() -> None:
    store, times = MemoryStore(), iter([NOW, NOW + timedelta(hours=719), NOW + timedelta(hours=719)])
    intake = make_intake(store, now=lambda: next(times))
    content, longer = make_body(individual()), replace(WITH_KEY, key_lifetime=timedelta(hours=720))
    assert not intake.process(content, FakeSender(), longer).replayed
    assert intake.process(content, FakeSender(), longer).replayed
    [batch] = store.batches
    assert isinstance(batch.idempotency_key, IdempotencyKey)
    assert batch.idempotency_key.valid_until == NOW + timedelta(hours=720)
    # Another request under the key, which does not ask for a longer time, may use it again.
    assert get_codes(intake.process(content, FakeSender(), WITH_KEY)) == ["O005"]


def test_a_shorter_time_than_that_of_the_setting_does_not_count() -> None:
    store, times = MemoryStore(), iter([NOW, NOW + timedelta(hours=23)])
    intake = make_intake(store, now=lambda: next(times))
    content, shorter = make_body(individual()), replace(WITH_KEY, key_lifetime=timedelta(hours=1))
    assert not intake.process(content, FakeSender(), shorter).replayed
    assert intake.process(content, FakeSender(), shorter).replayed


@pytest.mark.parametrize("content", [b"{", make_body(), make_body({}), make_body({}, individual(firstName=None))])
@pytest.mark.parametrize("percent", [0, 50, 100])
def test_request_of_which_nothing_is_accepted_leaves_its_key_free(content: bytes, percent: int) -> None:
    store = MemoryStore()
    options = BatchOptions(save=True, min_accepted_percent=percent, idempotency_key="k")
    try:
        make_intake(store).process(content, FakeSender(), options)
    except InvalidBatchError:
        assert content == b"{"
    assert not make_intake(store).process(make_body(individual()), FakeSender(), WITH_KEY).replayed
    assert store.locked_keys == set()


def test_batch_that_misses_its_threshold_leaves_its_key_free() -> None:
    store = MemoryStore()
    options = BatchOptions(save=True, min_accepted_percent=100, idempotency_key="k")
    result = make_intake(store).process(make_body(individual(), {}), FakeSender(), options)
    assert get_codes(result)[0] == "B001"
    assert not make_intake(store).process(make_body(individual()), FakeSender(), WITH_KEY).replayed


def test_batch_that_loses_all_its_customers_to_another_request_leaves_its_key_free() -> None:
    customer = individual()
    other = MemoryStore()
    make_intake(other).process(make_body(customer), FakeSender(), BatchOptions(save=True))
    store = MemoryStore(faster_batches=other.batches)
    result = make_intake(store).process(make_body(customer), FakeSender(), WITH_KEY)
    assert (get_codes(result), store.responses) == (["O005"], {})


def test_rejected_request_is_processed_again_when_its_cause_is_mended() -> None:
    store, content = MemoryStore(), make_body(individual(businessUnit="NORTH"))
    rejected = make_intake(store).process(content, FakeSender(business_units=("NORTH",)), WITH_KEY)
    mended = make_intake(store, "NORTH").process(content, FakeSender(business_units=("NORTH",)), WITH_KEY)
    assert ((rejected.accepted, rejected.replayed), (mended.accepted, mended.replayed)) == ((0, False), (1, False))


@pytest.mark.parametrize("outcome", CommitOutcome)
def test_request_is_never_saved_twice_after_a_lost_commit(outcome: CommitOutcome) -> None:
    store, content = MemoryStore(commit_outcome=outcome), make_body(individual())
    with suppress(LostCommitError):
        make_intake(store).process(content, FakeSender(), WITH_KEY)
    store.commit_outcome = None
    result = make_intake(store).process(content, FakeSender(), WITH_KEY)
    assert (result.accepted, len(store.batches), store.locked_keys) == (1, 1, set())
    assert result.replayed is (outcome is not CommitOutcome.NOT_SAVED)


def test_dry_run_ignores_its_key() -> None:
    store = MemoryStore()
    content = make_body(individual())
    for save, replayed in ((False, False), (True, False), (True, True), (False, False)):
        assert (
            make_intake(store).process(content, FakeSender(), BatchOptions(save, idempotency_key="k")).replayed
            is replayed
        )


def test_request_with_a_key_is_decided_again_after_a_conflict() -> None:
    customer = individual()
    other = MemoryStore()
    make_intake(other).process(make_body(customer), FakeSender(), BatchOptions(save=True))
    store = MemoryStore(faster_batches=other.batches)
    first = make_intake(store).process(make_body(customer, individual()), FakeSender(), WITH_KEY)
    again = make_intake(store).process(
        make_body(customer, individual()), FakeSender(), BatchOptions(save=True, idempotency_key="other")
    )
    assert (first.accepted, first.rejected, again.replayed) == (1, 1, False)
