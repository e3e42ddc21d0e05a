"""Concurrent batches: each number goes to exactly one of them, and no deadlock occurs."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from muster.storage import Storage, open_storage
from tests.storage.samples import build_customer, count_rows, fetch, look_up, save, save_free

T = TypeVar("T")
THREADS = 16


def run_concurrently(count: int, task: Callable[[int], T]) -> list[T]:
    """The results of `task(0)` to `task(count - 1)`, started at the same moment."""
    start = Barrier(count)

    def run(n: int) -> T:
        start.wait()
        return task(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def count_deadlocks(storage: Storage) -> int:
    if storage.engine.dialect.name != "postgresql":
        return 0
    fetch(storage, "SELECT pg_stat_force_next_flush()")
    [(found,)] = fetch(storage, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return int(found)


def shuffle(keys: list[str], seed: int) -> list[str]:
    return random.Random(seed).sample(keys, len(keys))


def test_each_of_the_same_numbers_goes_to_one_batch(storage: Storage) -> None:
    numbers = [f"number-{n:03}" for n in range(100)]

    def race(n: int) -> list[str]:
        with storage.customers.session() as session:
            return save_free(session, shuffle(numbers, n), [f"{n}-{k}" for k in range(100)])

    saved = Counter(number for numbers_of_batch in run_concurrently(THREADS, race) for number in numbers_of_batch)
    assert saved == Counter(numbers)
    assert count_rows(storage)["customers"] == len(numbers)
    assert count_deadlocks(storage) == 0


def test_each_of_overlapping_numbers_goes_to_one_batch(storage: Storage) -> None:
    numbers = [f"number-{n:03}" for n in range(300)]

    def race(n: int) -> list[str]:
        requested = shuffle(numbers, n)[:100]
        with storage.customers.session() as session:
            return save_free(session, requested, [f"{n}-{k}" for k in range(100)])

    saved = Counter(number for numbers_of_batch in run_concurrently(THREADS, race) for number in numbers_of_batch)
    assert set(saved.values()) == {1}
    assert count_rows(storage)["communications"] == saved.total()
    assert count_deadlocks(storage) == 0


def test_one_batch_creates_a_customer_and_the_others_update_it(storage: Storage) -> None:
    ext_ids = [f"customer-{n:02}" for n in range(30)]

    def race(n: int) -> None:
        with storage.customers.session() as session:
            save_free(session, [f"{n}-{k}" for k in range(30)], shuffle(ext_ids, n))

    run_concurrently(THREADS, race)
    versions = look_up(storage, [], [("MAIN", ext_id) for ext_id in ext_ids]).versions
    assert set(versions.values()) == {THREADS}
    assert count_rows(storage)["customer_history"] == 30 * (THREADS - 1)
    assert fetch(storage, "SELECT count(DISTINCT version) FROM customer_history") == [(THREADS - 1,)]
    assert count_deadlocks(storage) == 0


def test_updates_in_opposite_order_do_not_deadlock(storage: Storage) -> None:
    ext_ids = [f"customer-{n:02}" for n in range(50)]
    save(storage, *(build_customer(f"first-{ext_id}", ext_id) for ext_id in ext_ids))

    def race(n: int) -> None:
        order = ext_ids if n else ext_ids[::-1]
        with storage.customers.session() as session:
            for attempt in range(10):
                save_free(session, [f"{n}-{attempt}-{k}" for k in range(50)], order)

    run_concurrently(2, race)
    versions = look_up(storage, [], [("MAIN", ext_id) for ext_id in ext_ids]).versions
    assert set(versions.values()) == {21}
    assert count_deadlocks(storage) == 0


def test_batches_that_create_and_update_overlapping_customers_succeed(storage: Storage) -> None:
    ext_ids = [f"customer-{n:02}" for n in range(40)]

    def race(n: int) -> int:
        chosen = random.Random(n)
        with storage.customers.session() as session:
            for attempt in range(8):
                save_free(session, [f"{n}-{attempt}-{k}" for k in range(10)], chosen.sample(ext_ids, 10))
        return 80

    saved = sum(run_concurrently(8, race))
    assert count_rows(storage)["communications"] == saved
    assert count_rows(storage)["customers"] + count_rows(storage)["customer_history"] == saved
    assert count_deadlocks(storage) == 0


def test_two_processes_share_a_database(storage: Storage, database_url: str) -> None:
    """Two storages stand for two processes: they share no Python lock."""
    other = open_storage(database_url)
    numbers = [f"{n}" for n in range(200)]

    def race(n: int) -> int:
        with (storage if n % 2 else other).customers.session() as session:
            return sum(len(save_free(session, [number], [f"{n}-{number}"])) for number in numbers)

    try:
        assert sum(run_concurrently(4, race)) == len(numbers)
    finally:
        other.close()
