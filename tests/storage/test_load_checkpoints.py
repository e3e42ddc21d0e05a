"""The checkpoint of a load commits with its batch: whatever dies, each row is saved once."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import insert

from faults.commit_proxy import Cut, run_proxy
from muster.intake.checkpoint import START, Checkpoint, LeaseLostError, Position, Totals
from muster.intake.customer_store import Batch, CommitOutcome, ConflictError, LostCommitError, RejectedCustomer
from muster.intake.idempotency import IdempotencyKey
from muster.intake.service import generate_batch_id
from muster.loads.load_store import Part, RefusedChunk
from muster.records.record_store import BatchSummary
from muster.storage import Storage, StorageUnavailableError, open_storage
from muster.storage.engine import write_transaction
from muster.storage.load_rows import to_row
from muster.storage.loads import lock_creation
from muster.storage.tables import loads
from tests.loads.fakes import build_load
from tests.storage.samples import AT, RESPONSE, build_batch, build_customer, count_rows, fetch, list_batches
from tests.storage.test_races import count_deadlocks, run_concurrently

MINUTE = timedelta(minutes=1)
EXPIRED = timedelta(seconds=-1)
CONTENT = b"content of a part"


def start_load(storage: Storage) -> UUID:
    """A load that waits for a worker."""
    load_id = generate_batch_id(AT)
    storage.loads.create(build_load(load_id, AT))
    storage.loads.add_part(load_id, Part(1, len(CONTENT), b"digest"), CONTENT)
    assert storage.loads.start(load_id, size=len(CONTENT), content_sha256=b"digest")
    return load_id


def position(row: int) -> Position:
    return Position(row, row * 10, b"%d" % row) if row else START


def build_chunk(load_id: UUID, lease: UUID, first: int, last: int) -> Batch:
    """The rows from `first` to `last`: each is a customer with the row as its number, and every tenth is refused."""
    rows = range(first, last + 1)
    accepted = [build_customer(str(row), str(row)) for row in rows if row % 10]
    refused = ",".join(str(row) for row in rows if not row % 10).encode()
    checkpoint = Checkpoint(
        load_id, lease, position(first - 1), position(last), first, Totals(rows=last), refused or None
    )
    return replace(build_batch(*accepted), checkpoint=checkpoint)


def save(storage: Storage, batch: Batch) -> None:
    with storage.customers.session() as session:
        session.save(batch, RESPONSE)


def assert_rows_once(storage: Storage, load_id: UUID, last: int) -> None:
    """The rows from 1 to `last` were saved once: in batches without gaps, with each refused row in its chunk."""
    load = storage.loads.get(load_id)
    assert load is not None
    assert (load.position, load.totals.rows) == (position(last), last)
    numbers = fetch(storage, "SELECT communication_number FROM communications")
    assert sorted(int(number) for (number,) in numbers) == [row for row in range(1, last + 1) if row % 10]
    chunks = fetch(storage, "SELECT first_row, last_row FROM batches ORDER BY first_row")
    assert [first for first, _ in chunks] == [1, *(end + 1 for _, end in chunks[:-1])]
    assert chunks[-1][1] == last
    refused = b",".join(chunk.content for chunk in storage.loads.refused(load_id))
    assert [int(row) for row in refused.split(b",")] == list(range(10, last + 1, 10))


def test_a_batch_of_a_load_has_its_rows(storage: Storage) -> None:
    load_id, lease = start_load(storage), uuid4()
    storage.loads.lease_next(lease, MINUTE)
    batch = build_chunk(load_id, lease, 1, 12)
    save(storage, batch)
    expected = BatchSummary(batch.id, AT, "sender", 11, 0, load_id, 1, 12, warnings=0)
    assert storage.records.batch(batch.id) == expected
    assert list_batches(storage, sender=None, before=None, limit=9) == [expected]
    assert storage.records.response(batch.id) == RESPONSE


def test_one_customer_is_saved_with_its_checkpoint(storage: Storage) -> None:
    """Without a checkpoint, such a batch takes a statement of its own on PostgreSQL."""
    load_id, lease = start_load(storage), uuid4()
    storage.loads.lease_next(lease, MINUTE)
    save(storage, build_chunk(load_id, lease, 1, 1))
    save(storage, build_chunk(load_id, lease, 2, 10))
    assert_rows_once(storage, load_id, 10)


def test_a_lost_lease_writes_nothing_of_the_batch(storage: Storage) -> None:
    load_id, old = start_load(storage), uuid4()
    storage.loads.lease_next(old, EXPIRED)
    storage.loads.lease_next(uuid4(), MINUTE)
    rejected = RejectedCustomer(0, None, None, None, (("C018", ""),))
    key = IdempotencyKey("sender", "key", b"f", AT, AT + MINUTE)
    chunk = replace(build_chunk(load_id, old, 1, 20), rejected=(rejected,), idempotency_key=key)
    before = count_rows(storage)
    with storage.customers.session() as session:
        with pytest.raises(LeaseLostError):
            session.save(chunk, RESPONSE)
        session.save(build_batch(build_customer("1")), RESPONSE)  # the session stays usable
    assert count_rows(storage) == before | {"communications": 1, "customers": 1, "batches": 1}
    assert list(storage.loads.refused(load_id)) == []
    assert fetch(storage, "SELECT * FROM idempotency_keys") == []


def test_a_conflict_leaves_the_load_where_it_was(storage: Storage) -> None:
    load_id, lease = start_load(storage), uuid4()
    storage.loads.lease_next(lease, MINUTE)
    save(storage, build_batch(build_customer("3", "other")))
    with pytest.raises(ConflictError):
        save(storage, build_chunk(load_id, lease, 1, 20))
    load = storage.loads.get(load_id)
    assert load is not None
    assert (load.position, load.has_refused) == (START, False)


# Two workers


def work(storage: Storage, load_id: UUID, last: int, rows: int) -> None:
    """Takes the load from every other worker at once, saves one chunk, and so on to the end of the file."""
    while True:
        lease = uuid4()
        load = storage.loads.lease(load_id, lease, EXPIRED)
        assert load is not None
        if load.position.row == last:
            return
        first = load.position.row + 1
        # A conflict says that another worker has saved these rows.
        with suppress(LeaseLostError, ConflictError):
            save(storage, build_chunk(load_id, lease, first, min(first + rows - 1, last)))


@pytest.mark.untraced  # it repeats lines that other tests cover
def test_workers_that_take_a_load_from_each_other_save_every_row_once(storage: Storage, database_url: str) -> None:
    """Two storages stand for two processes: they share no Python lock."""
    load_id = start_load(storage)
    other = open_storage(database_url)
    try:
        run_concurrently(3, lambda n: work((storage, other)[n % 2], load_id, 100, 20 + n))
    finally:
        other.close()
    assert_rows_once(storage, load_id, 100)
    assert count_deadlocks(storage) == 0


def test_a_load_is_leased_by_one_of_many_workers(storage: Storage, database_url: str) -> None:
    other = open_storage(database_url)
    started = {start_load(storage) for _ in range(12)}

    def take(n: int) -> list[UUID]:
        loads = (storage, other)[n % 2].loads
        # A worker that finds every candidate locked gets nothing, and asks again later.
        return [load.id for _ in range(12) if (load := loads.lease_next(uuid4(), MINUTE)) is not None]

    try:
        taken = [load_id for ids in run_concurrently(6, take) for load_id in ids]
    finally:
        other.close()
    assert len(taken) == len(set(taken))
    assert set(taken) == started


@contextmanager
def open_transaction(url: str, statement: str, *parameters: object) -> Iterator[psycopg.Connection[Any]]:
    """Another session that holds what the statement locks, until it is rolled back."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(statement.encode(), parameters)
        yield connection
        connection.rollback()


def wait_for_blocked_session(storage: Storage) -> None:
    """Until one of the database's sessions waits for a lock of another one."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + 20
    while fetch(storage, query) == [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Storage]:
    storage = open_storage(postgres_url)
    yield storage
    storage.close()


def test_of_two_creations_under_a_key_one_stands_when_the_commit_of_the_first_comes_late(postgres: Storage) -> None:
    first, second = build_load(generate_batch_id(AT)), build_load(generate_batch_id(AT))
    with ThreadPoolExecutor() as pool:
        with write_transaction(postgres.engine) as connection:
            lock_creation(connection)
            later = pool.submit(postgres.loads.create_once, second)
            wait_for_blocked_session(postgres)
            connection.execute(insert(loads).values(to_row(first)))
        assert not later.result()
    assert [load.id for load in postgres.loads.find_same(first.fingerprint)] == [first.id]


def test_a_transaction_in_flight_loses_when_its_load_was_taken_over(postgres: Storage, postgres_url: str) -> None:
    load_id, old, new = start_load(postgres), uuid4(), uuid4()
    postgres.loads.lease_next(old, EXPIRED)
    taken = "INSERT INTO communications VALUES ('7', %s, 'MAIN', 'c', 1)"
    with ThreadPoolExecutor() as pool, open_transaction(postgres_url, taken, uuid4()) as other:
        first = pool.submit(save, postgres, build_chunk(load_id, old, 1, 20))
        wait_for_blocked_session(postgres)
        assert postgres.loads.lease_next(new, MINUTE) is not None
        other.rollback()
        with pytest.raises(LeaseLostError):
            first.result()
    save(postgres, build_chunk(load_id, new, 1, 20))
    assert_rows_once(postgres, load_id, 20)


def test_a_transaction_that_has_moved_its_load_wins(postgres: Storage, postgres_url: str) -> None:
    load_id, old, new = start_load(postgres), uuid4(), uuid4()
    postgres.loads.lease_next(old, EXPIRED)
    key = IdempotencyKey("sender", "key", b"f", AT, AT + MINUTE)
    chunk = replace(build_chunk(load_id, old, 1, 20), idempotency_key=key, redacted_response=b"redacted")
    # What a chunk writes last, after its checkpoint.
    blocking = "INSERT INTO replay_responses VALUES (%s, '')"
    with ThreadPoolExecutor() as pool, open_transaction(postgres_url, blocking, chunk.id) as other:
        first = pool.submit(save, postgres, chunk)
        wait_for_blocked_session(postgres)
        assert postgres.loads.lease_next(new, MINUTE) is None  # does not wait
        second = pool.submit(postgres.loads.lease, load_id, new, MINUTE)
        other.rollback()
        first.result()
        load = second.result()
    assert load is not None
    assert load.position == position(20)
    save(postgres, build_chunk(load_id, new, 21, 30))
    assert_rows_once(postgres, load_id, 30)


def test_a_worker_renews_its_lease_and_a_sender_cancels_while_a_chunk_waits(
    postgres: Storage, postgres_url: str
) -> None:
    """The load is locked last, so that a chunk which waits for another batch blocks nobody."""
    load_id, lease = start_load(postgres), uuid4()
    postgres.loads.lease_next(lease, MINUTE)
    taken = "INSERT INTO communications VALUES ('7', %s, 'MAIN', 'c', 1)"
    with ThreadPoolExecutor() as pool, open_transaction(postgres_url, taken, uuid4()) as other:
        chunk = pool.submit(save, postgres, build_chunk(load_id, lease, 1, 20))
        wait_for_blocked_session(postgres)
        postgres.loads.renew(load_id, lease, MINUTE)
        assert postgres.loads.cancel(load_id)
        other.rollback()
        with pytest.raises(LeaseLostError):
            chunk.result()
    assert count_rows(postgres)["communications"] == 0


@pytest.mark.untraced  # it repeats lines that other tests cover
def test_loads_do_not_deadlock_with_other_writers(storage: Storage) -> None:
    """Each thread does the next thing of all that may happen to a load, beside batches that want the same numbers."""
    load_id = start_load(storage)
    lease = uuid4()
    storage.loads.lease_next(lease, MINUTE)

    def save_chunk(n: int) -> None:
        load = storage.loads.get(load_id)
        assert load is not None
        first = load.position.row + 1
        save(storage, build_chunk(load_id, lease, first, first + 19))

    def save_same_numbers(n: int) -> None:
        save(storage, build_batch(*(build_customer(str(row), str(row)) for row in range(20 * n, 20 * n + 40))))

    def renew(n: int) -> None:
        storage.loads.renew(load_id, lease, MINUTE)
        storage.loads.save_dry_checkpoint(load_id, lease, Totals(), RefusedChunk(1_000_000 + n, b""))

    def end_others(n: int) -> None:
        other = start_load(storage)
        storage.loads.cancel(other)
        storage.loads.cancel_abandoned(AT)
        storage.loads.purge_refused(AT)
        storage.loads.lease_next(uuid4(), MINUTE)

    tasks: list[Callable[[int], None]] = [save_chunk, save_same_numbers, renew, end_others]

    def run(thread: int) -> None:
        for n in range(8):
            # A batch of the others may have taken numbers of the chunk, or another thread has moved the load.
            with suppress(ConflictError, LeaseLostError):
                tasks[(thread + n) % len(tasks)](n)

    run_concurrently(8, run)
    assert count_deadlocks(storage) == 0


# Lost connections


@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize("rows", [1, 20])
def test_a_chunk_whose_commit_is_lost_is_saved_once(postgres: Storage, postgres_url: str, cut: Cut, rows: int) -> None:
    """The worker asks what became of the batch; and if it does not, the fence keeps it from saving the rows again."""
    load_id, lease, cuts = start_load(postgres), uuid4(), list[Cut]()
    postgres.loads.lease(load_id, lease, MINUTE)
    with run_proxy(postgres_url, lambda: cuts.pop() if cuts else None) as proxy:
        worker = open_storage(proxy.url)
        save(worker, build_chunk(load_id, lease, 1, rows))
        chunk = build_chunk(load_id, lease, rows + 1, 2 * rows)
        cuts.append(cut)
        with worker.customers.session() as session:
            with pytest.raises(LostCommitError):
                session.save(chunk, RESPONSE)
            outcome = session.find_outcome(chunk.id)
        load = worker.loads.get(load_id)
        assert load is not None
        is_saved = outcome is CommitOutcome.SAVED
        assert outcome in (CommitOutcome.SAVED, CommitOutcome.NOT_SAVED)
        assert load.position == position(2 * rows if is_saved else rows)
        assert (chunk.id in worker.loads.batches(load_id)) is is_saved
        with suppress(LeaseLostError, ConflictError):
            save(worker, replace(chunk, id=uuid4()))
        save(worker, build_chunk(load_id, lease, 2 * rows + 1, 50))
        worker.close()
    assert_rows_once(postgres, load_id, 50)


@pytest.mark.parametrize("cut", Cut)
def test_a_part_whose_commit_is_lost_is_sent_again(postgres: Storage, postgres_url: str, cut: Cut) -> None:
    load_id, cuts = generate_batch_id(AT), list[Cut]()
    postgres.loads.create(build_load(load_id))
    with run_proxy(postgres_url, lambda: cuts.pop() if cuts else None) as proxy:
        sender = open_storage(proxy.url)
        part, content = Part(1, 200_000, b"digest"), bytes(200_000)
        assert sender.loads.get(load_id) is not None  # connects
        cuts.append(cut)
        with pytest.raises(StorageUnavailableError):
            sender.loads.add_part(load_id, part, content)
        assert sender.loads.add_part(load_id, part, content)
        sender.close()
    assert list(postgres.loads.parts(load_id)) == [part]
    assert postgres.loads.start(load_id, size=200_000, content_sha256=b"")


def test_a_killed_connection_leaves_a_load_as_it_was(postgres: Storage, postgres_url: str) -> None:
    load_id, lease = start_load(postgres), uuid4()
    postgres.loads.lease_next(lease, MINUTE)
    save(postgres, build_chunk(load_id, lease, 1, 20))
    taken = "INSERT INTO communications VALUES ('27', %s, 'MAIN', 'c', 1)"
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with ThreadPoolExecutor() as pool, open_transaction(postgres_url, taken, uuid4()) as other:
        chunk = pool.submit(save, postgres, build_chunk(load_id, lease, 21, 40))
        wait_for_blocked_session(postgres)
        other.execute(end.encode())
        with pytest.raises(StorageUnavailableError):
            chunk.result()
    save(postgres, build_chunk(load_id, lease, 21, 40))
    assert_rows_once(postgres, load_id, 40)
