"""Many at once: exactly one gets what several want, and nobody waits in a circle."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from muster.storage import Storage
from tests.storage.samples import arrival, counts, look_up, read, save, take_in

T = TypeVar("T")
THREADS = 16


def at_once(count: int, task: Callable[[int], T]) -> list[T]:
    """The results of `task(0)` to `task(count - 1)`, begun at the same moment."""
    start = Barrier(count)

    def run(n: int) -> T:
        start.wait()
        return task(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def deadlocks(store: Storage) -> int:
    if store.engine.dialect.name != "postgresql":
        return 0
    read(store, "SELECT pg_stat_force_next_flush()")
    [(found,)] = read(store, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return int(found)


def shuffled(keys: list[str], seed: int) -> list[str]:
    return random.Random(seed).sample(keys, len(keys))


def test_of_sixteen_who_want_the_same_numbers_each_number_goes_to_one(store: Storage) -> None:
    numbers = [f"number-{n:03}" for n in range(100)]

    def race(n: int) -> list[str]:
        with store.customers.session() as session:
            return take_in(session, shuffled(numbers, n), [f"{n}-{k}" for k in range(100)])[0]

    got = Counter(number for taken in at_once(THREADS, race) for number in taken)
    assert got == Counter(numbers)
    assert counts(store)["customers"] == len(numbers)
    assert deadlocks(store) == 0


def test_of_sixteen_who_want_overlapping_numbers_each_number_goes_to_one(store: Storage) -> None:
    numbers = [f"number-{n:03}" for n in range(300)]

    def race(n: int) -> list[str]:
        wanted = shuffled(numbers, n)[:100]
        with store.customers.session() as session:
            return take_in(session, wanted, [f"{n}-{k}" for k in range(100)])[0]

    got = Counter(number for taken in at_once(THREADS, race) for number in taken)
    assert set(got.values()) == {1}
    assert counts(store)["communications"] == got.total()
    assert deadlocks(store) == 0


def test_of_sixteen_who_create_the_same_customers_one_does_and_the_others_update(store: Storage) -> None:
    ext_ids = [f"customer-{n:02}" for n in range(30)]

    def race(n: int) -> None:
        with store.customers.session() as session:
            take_in(session, [f"{n}-{k}" for k in range(30)], shuffled(ext_ids, n))

    at_once(THREADS, race)
    versions = look_up(store, [], [("MAIN", ext_id) for ext_id in ext_ids]).versions
    assert set(versions.values()) == {THREADS}
    assert counts(store)["customer_history"] == 30 * (THREADS - 1)
    assert read(store, "SELECT count(DISTINCT version) FROM customer_history") == [(THREADS - 1,)]
    assert deadlocks(store) == 0


def test_two_who_update_the_same_customers_in_opposite_order_both_succeed(store: Storage) -> None:
    ext_ids = [f"customer-{n:02}" for n in range(50)]
    save(store, *(arrival(f"first-{ext_id}", ext_id) for ext_id in ext_ids))

    def race(n: int) -> None:
        order = ext_ids if n else ext_ids[::-1]
        with store.customers.session() as session:
            for turn in range(10):
                take_in(session, [f"{n}-{turn}-{k}" for k in range(50)], order)

    at_once(2, race)
    versions = look_up(store, [], [("MAIN", ext_id) for ext_id in ext_ids]).versions
    assert set(versions.values()) == {21}
    assert deadlocks(store) == 0


def test_batches_that_create_and_update_each_others_customers_all_succeed(store: Storage) -> None:
    ext_ids = [f"customer-{n:02}" for n in range(40)]

    def race(n: int) -> int:
        chosen = random.Random(n)
        with store.customers.session() as session:
            for turn in range(8):
                take_in(session, [f"{n}-{turn}-{k}" for k in range(10)], chosen.sample(ext_ids, 10))
        return 80

    saved = sum(at_once(8, race))
    assert counts(store)["communications"] == saved
    assert counts(store)["customers"] + counts(store)["customer_history"] == saved
    assert deadlocks(store) == 0


def test_two_processes_share_a_database(store: Storage, database_url: str) -> None:
    """Two stores stand for two processes: they share no lock of Python's."""
    from muster.storage import open_storage

    other = open_storage(database_url)
    numbers = [f"{n}" for n in range(200)]

    def race(n: int) -> int:
        with (store if n % 2 else other).customers.session() as session:
            return sum(len(take_in(session, [number], [f"{n}-{number}"])[0]) for number in numbers)

    try:
        assert sum(at_once(4, race)) == len(numbers)
    finally:
        other.close()
