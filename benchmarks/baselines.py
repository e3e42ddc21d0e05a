"""Measurements of the upper bounds and baselines that muster is compared with."""

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from typing import Final

from benchmarks.client import Connection
from benchmarks.customers import build_bodies
from benchmarks.databases import Database
from benchmarks.load_generator import SAVE, check_count, count_accepted, send_batches, send_interleaved
from benchmarks.measurements import CLIENTS, Measurement, Quantity, Unit, describe_fill_levels
from benchmarks.peers import bare, conventional, table_api
from benchmarks.round_fixtures import RoundFixtures
from benchmarks.row_templates import Row
from benchmarks.sizes import RunSize
from benchmarks.upper_bounds import time_copy, time_inserts

COPY_CONNECTIONS: Final = (1, 2, 4)


def write_upper_bound(size: RunSize, kind: str, shape: str) -> Measurement:
    """Connections that only write the rows that muster writes: on PostgreSQL, the best of several numbers of them."""
    if kind == "SQLite":
        label = f"upper bound, SQLite: executemany on one connection, {_label_rows(size, shape)}"
        return Measurement(
            (Quantity(label, Unit.RATE),),
            lambda fixtures: [_measure_write_rate(fixtures, kind, shape, "upper bound", time_inserts)],
        )
    numbers = ", ".join(map(str, COPY_CONNECTIONS))
    label = f"upper bound, PostgreSQL: COPY, the best of {numbers} connections, {_label_rows(size, shape)}"

    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        writers = (partial(time_copy, connections=number) for number in COPY_CONNECTIONS)
        return [max(_measure_write_rate(fixtures, kind, shape, "upper bound", write) for write in writers)]

    return Measurement((Quantity(label, Unit.RATE),), measure)


def prefilled_upper_bound(size: RunSize) -> Measurement:
    """COPY into an empty and into a prefilled database: the cost of stored customers in PostgreSQL alone."""
    levels = describe_fill_levels(size)
    label = f"upper bound, PostgreSQL: COPY on one connection, {_label_rows(size, 'minimal')}"
    quantities = tuple(Quantity(f"{label}, {level}", Unit.RATE) for level in levels.values())

    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        fixtures.touch_pages()
        return [_measure_write_rate(fixtures, "PostgreSQL", "minimal", use, time_copy) for use in levels]

    return Measurement(quantities, measure)


def conventional_baseline(size: RunSize) -> Measurement:
    """The conventional service, with its connections spread evenly over its workers."""
    label = f"conventional service on PostgreSQL: save, minimal customers, {size.batch:,} per batch, {CLIENTS} clients"

    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        service, identifiers = fixtures.conventional, fixtures.environment.identifiers
        batches = size.save_counts.count_batches("minimal", size.batch, CLIENTS)
        bodies, customers = build_bodies("minimal", size.batch, batches, identifiers), batches * size.batch
        before = service.count_rows()
        seconds, count = send_batches(service, conventional.PATH, bodies, CLIENTS, spread=True)
        check_count(customers, count)
        check_count(customers, service.count_rows() - before)
        return [customers / seconds]

    return Measurement((Quantity(label, Unit.RATE),), measure)


def datasette_baseline(size: RunSize) -> Measurement:
    """Datasette, which inserts rows without checking them."""
    label = f"Datasette on SQLite: insert rows, minimal customers, {size.batch:,} per batch, 1 client"

    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        service, environment = fixtures.datasette, fixtures.environment
        batches = size.save_counts.count_batches("minimal", size.batch)
        templates, identifiers = environment.row_templates, environment.identifiers
        row_sets = (templates.build_rows("minimal", size.batch, identifiers) for _ in range(batches))
        bodies = [table_api.build_insert_body(rows) for rows in row_sets]
        before, customers = service.count_rows(), batches * size.batch
        path = table_api.build_insert_path(fixtures.datasette_file)
        seconds, _ = send_batches(service, path, bodies, 1, spread=False)
        check_count(customers, service.count_rows() - before)
        return [customers / seconds]

    return Measurement((Quantity(label, Unit.RATE),), measure)


def single_request(size: RunSize) -> Measurement:
    """A batch of one customer against the bare handler, interleaved; the median time of a request to each."""
    quantities = (
        Quantity("bare handler on PostgreSQL: one INSERT and COMMIT, 1 client", Unit.REQUEST),
        Quantity("muster on PostgreSQL: save, minimal customers, 1 per batch, 1 client", Unit.REQUEST),
    )

    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        services, paths = [fixtures.bare, fixtures.muster("PostgreSQL")], [bare.PATH, SAVE]
        requests = []
        for service, path in zip(services, paths, strict=True):
            bodies = build_bodies("minimal", 1, size.single_requests, fixtures.environment.identifiers)
            requests.append([service.address.build_request(path, body) for body in bodies])
        before = [service.count_rows() for service in services]
        with closing(Connection(services[0].address)) as first, closing(Connection(services[1].address)) as second:
            pairs = [(first, requests[0]), (second, requests[1])]
            (bare_seconds, _), (seconds, responses) = send_interleaved(pairs, size.interleave_block)
        check_count(size.single_requests, sum(map(count_accepted, responses)))
        for service, rows in zip(services, before, strict=True):
            check_count(size.single_requests, service.count_rows() - rows)
        return [bare_seconds * 1e3, seconds * 1e3]

    return Measurement(quantities, measure)


def _label_rows(size: RunSize, shape: str) -> str:
    return f"{shape} customers, {size.batch:,} per transaction"


def _measure_write_rate(
    fixtures: RoundFixtures, kind: str, shape: str, use: str, write: Callable[[Database, Sequence[Row], int], float]
) -> float:
    """Customers per second."""
    environment, database = fixtures.environment, fixtures.database(kind, use)
    batch = environment.size.batch
    customers = environment.size.save_counts.count_batches(shape, batch) * batch
    rows = environment.row_templates.build_rows(shape, customers, environment.identifiers)
    before = database.count_rows()
    seconds = write(database, rows, batch)
    if use != "prefilled":  # counts customers by the batches of the service, which this writer does not add to
        check_count(customers, database.count_rows() - before)
    return customers / seconds
