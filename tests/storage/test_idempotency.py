"""Idempotency keys: stored with the batch, and locked across processes."""

import gc
import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess

import pytest
from sqlalchemy import delete, insert, select, update

from muster.intake.customer_store import ConflictError
from muster.intake.idempotency import IdempotencyKey, KeyInProgressError, StoredResponse
from muster.intake.large_body import MAX_PLAIN_BYTES, LargeBody
from muster.storage import Storage, open_storage
from muster.storage.tables import batches, idempotency_keys
from tests.storage.samples import AT, RESPONSE, build_batch, build_customer, count_rows, fetch, look_up

_fork = multiprocessing.get_context("fork")
KEY = IdempotencyKey("sender", "key", b"f" * 32, AT - timedelta(hours=24), AT + timedelta(hours=24))


def claim(storage: Storage, key: IdempotencyKey = KEY) -> StoredResponse | None:
    """Claims and releases the key; returns the response stored for it."""
    with storage.customers.session() as session, session.claim(key) as stored:
        return stored


def fetch_valid_until(storage: Storage) -> list[datetime | None]:
    with storage.engine.connect() as connection:
        return list(connection.execute(select(idempotency_keys.c.valid_until)).scalars())


def hold(url: str, is_held: Connection) -> None:
    """Claims the key, tells so, and holds it until the process ends."""
    gc.freeze()  # the connections of the test are not this process's to close
    with open_storage(url).customers.session() as session, session.claim(KEY):
        is_held.send(True)
        signal.pause()


@contextmanager
def hold_in_another_process(url: str) -> Iterator[ForkProcess]:
    ours, its = _fork.Pipe()
    holder = _fork.Process(target=hold, args=(url, its))
    holder.start()
    its.close()
    assert ours.recv()
    ours.close()
    try:
        yield holder
    finally:
        holder.kill()
        holder.join()


def test_key_is_stored_with_the_batch_and_returns_its_response(storage: Storage) -> None:
    given = replace(build_batch(build_customer("1")), idempotency_key=KEY)
    with storage.customers.session() as session:
        with session.claim(KEY) as before:
            session.save(given, RESPONSE)
        with session.claim(KEY) as after:
            pass
    assert before is None
    assert after == StoredResponse(KEY.fingerprint, given.id, 1, 0, RESPONSE)
    assert fetch_valid_until(storage) == [KEY.valid_until]


def test_replay_gets_the_response_and_the_batch_keeps_the_redacted_one(storage: Storage) -> None:
    with_key, without = (
        replace(build_batch(build_customer(number, number)), idempotency_key=key, redacted_response=b"redacted")
        for number, key in (("1", KEY), ("2", None))
    )
    with storage.customers.session() as session:
        for given in (with_key, without):
            session.save(given, RESPONSE)
    assert claim(storage) == StoredResponse(KEY.fingerprint, with_key.id, 1, 0, RESPONSE)
    assert [storage.records.response(given.id) for given in (with_key, without)] == [b"redacted"] * 2
    assert fetch(storage, "SELECT count(*) FROM replay_responses") == [(1,)]


def test_large_response_is_stored_as_any_other_and_replayed_in_pieces(storage: Storage) -> None:
    text, body = b"a response of " + b"findings " * (MAX_PLAIN_BYTES // 8), LargeBody()
    body.append(text)
    given = replace(build_batch(build_customer("1")), idempotency_key=KEY)
    with storage.customers.session() as session:
        session.save(given, body)
    assert storage.records.response(given.id) == text  # the way in which older code reads it, too
    stored = claim(storage)
    assert stored is not None
    assert isinstance(stored.body, LargeBody)
    assert bytes(stored.body) == text


@pytest.mark.parametrize("numbers", [["1"], ["1", "2"]])
def test_response_is_stored_with_the_number_of_warnings(storage: Storage, numbers: list[str]) -> None:
    customers = [build_customer(number, f"c-{number}") for number in numbers]
    with storage.customers.session() as session:
        session.save(replace(build_batch(*customers), warnings=7), RESPONSE)
        session.save(replace(build_batch(), idempotency_key=KEY, warnings=3), RESPONSE)
    stored = claim(storage)
    assert stored is not None
    assert stored.warnings == 3
    with storage.engine.begin() as connection:
        assert sorted(connection.execute(select(batches.c.warnings)).scalars()) == [3, 7]
        connection.execute(update(batches).values(warnings=None))  # as code before revision 0007 saved it
    stored = claim(storage)
    assert stored is not None
    assert stored.warnings == 0


def test_key_without_stored_validity_is_found(storage: Storage) -> None:
    with storage.customers.session() as session:
        session.save(replace(build_batch(build_customer("1")), idempotency_key=KEY), RESPONSE)
    with storage.engine.begin() as connection:
        older = [column for column in idempotency_keys.columns if column.name != "valid_until"]
        row = connection.execute(select(*older)).one()
        connection.execute(delete(idempotency_keys))
        connection.execute(insert(idempotency_keys).values(row._asdict()))
    assert fetch_valid_until(storage) == [None]
    assert claim(storage) is not None


def test_key_of_a_failed_batch_stays_free(storage: Storage) -> None:
    with storage.customers.session() as session:
        session.save(build_batch(build_customer("1")), RESPONSE)
        with session.claim(KEY), pytest.raises(ConflictError):
            session.save(replace(build_batch(build_customer("1")), idempotency_key=KEY), RESPONSE)
    assert claim(storage) is None


@pytest.mark.parametrize(
    "other", [replace(KEY, sender="another"), replace(KEY, key="KEY"), IdempotencyKey("s", "enderkey", b"", AT, AT)]
)
def test_other_senders_and_keys_are_independent(storage: Storage, other: IdempotencyKey) -> None:
    with storage.customers.session() as session, session.claim(KEY):
        session.save(replace(build_batch(build_customer("1")), idempotency_key=KEY), RESPONSE)
        assert claim(storage, other) is None


def test_expired_key_can_be_reused(storage: Storage) -> None:
    later = replace(
        KEY, fingerprint=b"l" * 32, valid_from=AT + timedelta(seconds=1), valid_until=AT + timedelta(hours=48)
    )
    with storage.customers.session() as session:
        session.save(replace(build_batch(build_customer("1")), idempotency_key=KEY), RESPONSE)
        with session.claim(later) as stored:
            assert stored is None
            received = later.valid_from + timedelta(seconds=1)
            session.save(
                replace(build_batch(build_customer("2", "2")), idempotency_key=later, received_at=received),
                RESPONSE,
            )
    found = claim(storage, later)
    assert found is not None
    assert found.fingerprint == later.fingerprint
    assert count_rows(storage)["batches"] == 2
    assert fetch_valid_until(storage) == [later.valid_until]


def test_claimed_key_is_in_progress_in_this_and_another_process(database_url: str, storage: Storage) -> None:
    with storage.customers.session() as session, session.claim(KEY), pytest.raises(KeyInProgressError):
        claim(storage)
    assert claim(storage) is None
    with hold_in_another_process(database_url), pytest.raises(KeyInProgressError):
        claim(storage)


def test_killed_process_releases_its_keys(database_url: str, storage: Storage) -> None:
    with hold_in_another_process(database_url) as holder:
        holder.kill()
        holder.join()
        assert _claim_within_seconds(storage) is None


def _claim_within_seconds(storage: Storage) -> StoredResponse | None:
    for _ in range(100):  # until PostgreSQL notices that the connection is closed
        try:
            return claim(storage)
        except KeyInProgressError:
            time.sleep(0.05)
    return claim(storage)


def test_several_keys_can_be_claimed_at_once(storage: Storage) -> None:
    with storage.customers.session() as first, storage.customers.session() as second:
        with first.claim(KEY), second.claim(replace(KEY, key="other")), pytest.raises(KeyInProgressError):
            claim(storage)
        assert claim(storage) is None


def test_lost_connection_during_release_does_not_lose_the_response(postgres_url: str) -> None:
    storage = open_storage(postgres_url)
    batch = replace(build_batch(build_customer("1")), idempotency_key=KEY)
    with storage.customers.session() as session, session.claim(KEY):
        session.save(batch, RESPONSE)
        with storage.engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    assert claim(storage) == StoredResponse(KEY.fingerprint, batch.id, 1, 0, RESPONSE)
    assert look_up(storage, ["1"]).numbers == {"1"}
    storage.close()
