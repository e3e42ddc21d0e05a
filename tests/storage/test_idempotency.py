"""Keys of requests that are processed once, kept with the customers and held over all processes."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select

from muster.intake.customer_store import ConflictError
from muster.intake.idempotency import IdempotencyKey, KeyInProgressError, StoredResponse
from muster.storage import Storage, open_storage
from muster.storage.tables import idempotency_keys
from tests.storage.samples import ANSWER, AT, answer, arrival, batch, counts, look_up

ONCE = IdempotencyKey("sender", "key", b"f" * 32, AT - timedelta(hours=24), AT + timedelta(hours=24))

# Claims the key in a process of its own, says so, and holds it until its end.
HOLDER = """
import sys
from datetime import UTC, datetime
from muster.intake.idempotency import Once
from muster.storage import open_store
with open_store(sys.argv[1]).customers.session() as session:
    with session.claim(Once("sender", "key", b"f" * 32, datetime.now(UTC), datetime.now(UTC))):
        print("held", flush=True)
        sys.stdin.read()
"""


def claimed(store: Storage, once: IdempotencyKey = ONCE) -> StoredResponse | None:
    """What was kept under the key; it is let go at once."""
    with store.customers.session() as session, session.claim(once) as kept:
        return kept


def valid_until(store: Storage) -> list[datetime | None]:
    with store.engine.connect() as connection:
        return list(connection.execute(select(idempotency_keys.c.valid_until)).scalars())


@contextmanager
def held_elsewhere(url: str) -> Iterator["subprocess.Popen[str]"]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        yield holder
    finally:
        holder.kill()
        holder.communicate()


def test_a_key_is_kept_with_the_customers_and_gives_their_answer(store: Storage) -> None:
    given = replace(batch(arrival("1")), idempotency_key=ONCE)
    with store.customers.session() as session:
        with session.claim(ONCE) as before:
            session.save(given, answer)
        with session.claim(ONCE) as after:
            pass
    assert before is None
    assert after == StoredResponse(ONCE.fingerprint, given.id, 1, 0, ANSWER)
    assert valid_until(store) == [ONCE.valid_until]


def test_a_key_of_older_code_serves_though_it_does_not_say_when_it_ends(store: Storage) -> None:
    with store.customers.session() as session:
        session.save(replace(batch(arrival("1")), idempotency_key=ONCE), answer)
    with store.engine.begin() as connection:
        older = [column for column in idempotency_keys.columns if column.name != "valid_until"]
        row = connection.execute(select(*older)).one()
        connection.execute(delete(idempotency_keys))
        connection.execute(insert(idempotency_keys).values(row._asdict()))
    assert valid_until(store) == [None]
    assert claimed(store) is not None


def test_a_batch_that_is_not_saved_leaves_its_key_free(store: Storage) -> None:
    with store.customers.session() as session:
        session.save(batch(arrival("1")), answer)
        with session.claim(ONCE), pytest.raises(ConflictError):
            session.save(replace(batch(arrival("1")), idempotency_key=ONCE), answer)
    assert claimed(store) is None


@pytest.mark.parametrize(
    "other", [replace(ONCE, sender="another"), replace(ONCE, key="KEY"), IdempotencyKey("s", "enderkey", b"", AT, AT)]
)
def test_another_sender_or_key_has_nothing_to_do_with_it(store: Storage, other: IdempotencyKey) -> None:
    with store.customers.session() as session, session.claim(ONCE):
        session.save(replace(batch(arrival("1")), idempotency_key=ONCE), answer)
        assert claimed(store, other) is None


def test_a_key_that_has_ended_is_kept_anew(store: Storage) -> None:
    later = replace(
        ONCE, fingerprint=b"l" * 32, valid_from=AT + timedelta(seconds=1), valid_until=AT + timedelta(hours=48)
    )
    with store.customers.session() as session:
        session.save(replace(batch(arrival("1")), idempotency_key=ONCE), answer)
        with session.claim(later) as kept:
            assert kept is None
            received = later.valid_from + timedelta(seconds=1)
            session.save(replace(batch(arrival("2", "2")), idempotency_key=later, received_at=received), answer)
    found = claimed(store, later)
    assert found is not None
    assert found.fingerprint == later.fingerprint
    assert counts(store)["batches"] == 2
    assert valid_until(store) == [later.valid_until]


def test_a_key_that_is_held_is_refused_in_this_process_and_in_another(database_url: str, store: Storage) -> None:
    with store.customers.session() as session, session.claim(ONCE), pytest.raises(KeyInProgressError):
        claimed(store)
    assert claimed(store) is None
    with held_elsewhere(database_url), pytest.raises(KeyInProgressError):
        claimed(store)


def test_a_process_that_is_killed_lets_go_of_its_keys(database_url: str, store: Storage) -> None:
    with held_elsewhere(database_url) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert _within_seconds(store) is None


def _within_seconds(store: Storage) -> StoredResponse | None:
    for _ in range(100):  # until PostgreSQL has seen that the connection is gone
        try:
            return claimed(store)
        except KeyInProgressError:
            time.sleep(0.05)
    return claimed(store)


def test_many_keys_are_held_at_once(store: Storage) -> None:
    with store.customers.session() as first, store.customers.session() as second:
        with first.claim(ONCE), second.claim(replace(ONCE, key="other")), pytest.raises(KeyInProgressError):
            claimed(store)
        assert claimed(store) is None


def test_letting_go_over_a_broken_connection_costs_nobody_the_answer(postgres_url: str) -> None:
    store = open_storage(postgres_url)
    with store.customers.session() as session, session.claim(ONCE):
        session.save(replace(batch(arrival("1")), idempotency_key=ONCE), answer)
        with store.engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    found = claimed(store)
    assert found is not None
    assert found.body == ANSWER
    assert look_up(store, ["1"]).numbers == {"1"}
    store.close()
