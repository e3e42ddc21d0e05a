"""PgBouncer or its connection to the server ends during a commit: what is said of the batch is true."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

import psycopg
import pytest

from muster.intake.customer_store import Batch, CommitOutcome, LostCommitError
from muster.intake.idempotency import IdempotencyKey, KeyInProgressError, StoredResponse
from muster.storage import Storage, open_storage
from tests.storage.pgbouncer.server import PgBouncer, needs_pgbouncer, run_pgbouncer
from tests.storage.samples import AT, RESPONSE, build_batch, build_customer, count_rows

pytestmark = needs_pgbouncer

KEY = IdempotencyKey("sender", "key", b"f" * 32, AT - timedelta(hours=24), AT + timedelta(hours=24))
LOCK = 7

# The commit of a batch waits for a lock of the test.
HOLD = f"""
CREATE FUNCTION hold_commit() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock({LOCK}); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER hold_commit AFTER INSERT ON batches DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION hold_commit()
"""
WAITING = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
WAITING += "(SELECT oid FROM pg_database WHERE datname = current_database())"


@dataclass
class HeldCommit:
    """A storage through a PgBouncer of its own, in which no batch commits before `release`."""

    storage: Storage
    pgbouncer: PgBouncer
    holder: "psycopg.Connection[tuple[object, ...]]"

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while not self.holder.execute(WAITING).fetchall():
            assert time.monotonic() < deadline

    def release(self) -> None:
        self.holder.execute(f"SELECT pg_advisory_unlock({LOCK})")

    def restart_pgbouncer(self) -> None:
        self.pgbouncer.kill()
        self.pgbouncer.start()

    def end_backend(self) -> None:
        self.holder.execute(f"SELECT pg_terminate_backend(pid) FROM ({WAITING}) AS waiting")


@pytest.fixture(scope="module")
def own_pgbouncer(postgres_server_url: str) -> Iterator[PgBouncer]:
    with run_pgbouncer(postgres_server_url) as running:
        yield running


@pytest.fixture
def held(own_pgbouncer: PgBouncer, direct_url: str) -> Iterator[HeldCommit]:
    with psycopg.connect(direct_url, autocommit=True) as holder:
        holder.execute(HOLD)
        holder.execute(f"SELECT pg_advisory_lock({LOCK})")
        storage = open_storage(own_pgbouncer.to_url(direct_url), outcome_timeout=30)
        yield HeldCommit(storage, own_pgbouncer, holder)
        storage.close()


def claim(storage: Storage) -> StoredResponse | None:
    with storage.customers.session() as session, session.claim(KEY) as stored:
        return stored


def save_and_ask(storage: Storage, batch: Batch) -> CommitOutcome:
    """Saves a batch whose commit gets no answer, and asks for its outcome."""
    with storage.customers.session() as session:
        if batch.idempotency_key is None:
            with pytest.raises(LostCommitError):
                session.save(batch, RESPONSE)
        else:
            with session.claim(batch.idempotency_key), pytest.raises(LostCommitError):
                session.save(batch, RESPONSE)
        return session.find_outcome(batch.id)


def lose(held: HeldCommit, batch: Batch, *faults: Callable[[HeldCommit], None]) -> CommitOutcome:
    with ThreadPoolExecutor() as pool:
        outcome = pool.submit(save_and_ask, held.storage, batch)
        held.wait()
        for fault in faults:
            fault(held)
        return outcome.result()


@pytest.mark.parametrize("key", [None, KEY], ids=["no key", "key"])
@pytest.mark.parametrize("count", [1, 3])
def test_batch_is_found_that_was_committed_after_pgbouncer_died(
    held: HeldCommit, count: int, key: IdempotencyKey | None
) -> None:
    batch = replace(build_batch(*(build_customer(f"{n}", f"{n}") for n in range(count))), idempotency_key=key)
    assert lose(held, batch, HeldCommit.restart_pgbouncer, HeldCommit.release) is CommitOutcome.SAVED
    assert count_rows(held.storage)["customers"] == count
    assert (claim(held.storage) is not None) == (key is not None)


@pytest.mark.parametrize("key", [None, KEY], ids=["no key", "key"])
@pytest.mark.parametrize("count", [1, 3])
def test_batch_whose_backend_ends_is_certainly_not_saved(
    held: HeldCommit, count: int, key: IdempotencyKey | None
) -> None:
    batch = replace(build_batch(*(build_customer(f"{n}", f"{n}") for n in range(count))), idempotency_key=key)
    assert lose(held, batch, HeldCommit.end_backend) is CommitOutcome.NOT_SAVED
    assert count_rows(held.storage) == dict.fromkeys(count_rows(held.storage), 0)
    held.release()
    assert claim(held.storage) is None


def test_key_is_in_progress_until_the_backend_has_committed(held: HeldCommit) -> None:
    batch = replace(build_batch(build_customer("1")), idempotency_key=KEY)

    def find_in_progress(held: HeldCommit) -> None:
        with pytest.raises(KeyInProgressError):
            claim(held.storage)

    faults = HeldCommit.restart_pgbouncer, find_in_progress, HeldCommit.release
    assert lose(held, batch, *faults) is CommitOutcome.SAVED
    stored = claim(held.storage)
    assert stored is not None
    assert stored.batch_id == batch.id
