"""Measurements of muster itself: throughput, CPU time and memory."""

from collections.abc import Sequence
from contextlib import closing
from typing import Final

from benchmarks.client import Connection
from benchmarks.customers import SHAPES, build_bodies, build_body_below
from benchmarks.databases import KINDS
from benchmarks.environment import serve_muster
from benchmarks.expensive_bodies import MEMORY_KINDS, build_expensive_body
from benchmarks.load_generator import SAVE, VALIDATE, check_count, count_accepted, find_worker, send_batches
from benchmarks.measurements import (
    CLIENTS,
    Measurement,
    Quantity,
    Unit,
    Workload,
    build_target_workload,
    describe_fill_levels,
)
from benchmarks.process_stats import measure_memory_growth, read_cpu_seconds
from benchmarks.round_fixtures import RoundFixtures
from benchmarks.service import Service
from benchmarks.sizes import MEBIBYTE, CustomerCounts, RunSize
from benchmarks.upper_bounds import time_decoding

SAVING: Final = "save"
DRY_RUN: Final = "dry run"
_PATHS: Final = {SAVING: SAVE, DRY_RUN: VALIDATE}

INTERLEAVED_BLOCKS: Final = 20
# Sent before the idle memory of a worker is read.
_WARM_UP_BATCHES: Final = 10


def throughput(workload: Workload, counts: CustomerCounts) -> Measurement:
    """Customers per second of two workers."""

    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        return [_measure_rate(fixtures, fixtures.muster(workload.database), workload, counts)]

    return Measurement((workload.quantity,), measure)


def one_worker_throughput(size: RunSize, shape: str, database: str) -> Measurement:
    """The dry run with one worker, on the database that the service with two workers uses."""
    workload = build_target_workload(size, DRY_RUN, shape, database=database)
    quantity = Quantity(f"{workload.quantity.label}, one worker", Unit.RATE)

    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        service = fixtures.muster(workload.database, workers=1)
        return [_measure_rate(fixtures, service, workload, size.dry_run_counts)]

    return Measurement((quantity,), measure)


def prefilled_throughput(size: RunSize, *, sequential: bool) -> Measurement:
    """Saving into an empty and into a prefilled database, with random or sequential identifiers."""
    workload, levels = build_target_workload(size, SAVING), describe_fill_levels(size)
    label = f"{workload.quantity.label}, sequential identifiers" if sequential else workload.quantity.label
    quantities = tuple(Quantity(f"{label}, {level}", Unit.RATE) for level in levels.values())

    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        fixtures.touch_pages()
        services = (fixtures.muster(workload.database, use) for use in levels)
        return [
            _measure_rate(fixtures, service, workload, size.save_counts, sequential=sequential) for service in services
        ]

    return Measurement(quantities, measure)


def cpu_time(size: RunSize, shape: str) -> Measurement:
    """CPU time of a dry run in all processes of the service, and of decoding the same bodies alone.

    The two alternate in many blocks, because the speed of a shared machine changes from one second to the next.
    """
    workload = build_target_workload(size, DRY_RUN, shape)
    quantities = (
        Quantity(f"baseline, JSON: msgspec decodes {shape} customers, {size.batch:,} per body", Unit.CPU),
        Quantity(workload.quantity.label, Unit.CPU),
    )

    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        service, environment = fixtures.muster(workload.database), fixtures.environment
        batches = max(size.dry_run_counts.count_batches(shape, workload.batch) // INTERLEAVED_BLOCKS, workload.clients)
        decoding, before = 0.0, read_cpu_seconds(service.pid)
        for _ in range(INTERLEAVED_BLOCKS):
            bodies = build_bodies(workload.shape, workload.batch, batches, environment.identifiers)
            decoding += time_decoding(bodies)
            _, count = send_batches(service, VALIDATE, bodies, workload.clients, spread=environment.spread)
            check_count(batches * workload.batch, count)
        customers = INTERLEAVED_BLOCKS * batches * workload.batch
        return [decoding * 1e6 / customers, (read_cpu_seconds(service.pid) - before) * 1e6 / customers]

    return Measurement(quantities, measure)


def memory(size: RunSize) -> Measurement:
    """Peak memory of a worker above its idle memory while it saves one large body, and the size of that body."""
    quantities = (
        Quantity("muster on PostgreSQL: memory of a worker above its idle memory, saving full customers", Unit.MEMORY),
        Quantity("size of the body that the worker saves", Unit.MEMORY),
    )

    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        database, identifiers = fixtures.database("PostgreSQL", "memory"), fixtures.environment.identifiers
        body, customers = build_body_below(size.memory_body_bytes, "full", identifiers)
        with serve_muster(database, 1, {"MUSTER_MAX_CUSTOMERS": str(customers)}) as service:
            warm_up = build_bodies("full", size.batch // 10, _WARM_UP_BATCHES, identifiers)
            send_batches(service, SAVE, warm_up, 1, spread=False)
            request = service.address.build_request(SAVE, body)
            with closing(Connection(service.address)) as connection:
                worker = find_worker(service, connection)
                responses: list[bytes] = []
                grown = measure_memory_growth(worker, lambda: responses.append(connection.send(request)))
            check_count(customers, count_accepted(responses[0]))
        if grown < len(body):
            raise RuntimeError("a worker that takes a body grows by its size at least: another process was measured")
        return [grown / MEBIBYTE, len(body) / MEBIBYTE]

    return Measurement(quantities, measure)


def memory_of_expensive_bodies(size: RunSize) -> Measurement:
    """Peak memory of a worker above its idle memory in dry runs of bodies that are made to be expensive, one by one."""
    quantities = (
        Quantity("muster on PostgreSQL: memory of a worker above its idle memory, expensive bodies", Unit.MEMORY),
        Quantity("size of the expensive bodies", Unit.MEMORY),
    )

    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        database, identifiers = fixtures.database("PostgreSQL", "expensive"), fixtures.environment.identifiers
        bodies = [build_expensive_body(kind, size.expensive_body_bytes) for kind in MEMORY_KINDS]
        with serve_muster(database, 1, {}) as service:
            warm_up = build_bodies("full", size.batch // 10, _WARM_UP_BATCHES, identifiers)
            send_batches(service, VALIDATE, warm_up, 1, spread=False)
            requests = [service.address.build_request(VALIDATE, body) for body in bodies]
            with closing(Connection(service.address)) as connection:
                worker = find_worker(service, connection)
                grown = measure_memory_growth(worker, lambda: [connection.send(each) for each in requests])
        return [grown / MEBIBYTE, len(bodies[0]) / MEBIBYTE]

    return Measurement(quantities, measure)


def list_table_workloads(size: RunSize) -> list[tuple[Workload, CustomerCounts]]:
    """Both endpoints, databases and shapes, with all batch sizes, for one client and for several."""
    return [
        (Workload(database, job, shape, batch, clients), counts)
        for database in KINDS
        for job in _PATHS
        for shape in SHAPES
        for batch, counts in size.table_counts.items()
        for clients in (1, CLIENTS)
    ]


def _measure_rate(
    fixtures: RoundFixtures, service: Service, workload: Workload, counts: CustomerCounts, *, sequential: bool = False
) -> float:
    """Customers per second. Raises CountMismatchError unless all are accepted and, after a save, stored."""
    environment = fixtures.environment
    identifiers = environment.sequential_identifiers if sequential else environment.identifiers
    batches = counts.count_batches(workload.shape, workload.batch, workload.clients)
    bodies = build_bodies(workload.shape, workload.batch, batches, identifiers)
    customers, before = batches * workload.batch, service.count_rows()
    seconds, count = send_batches(service, _PATHS[workload.job], bodies, workload.clients, spread=environment.spread)
    check_count(customers, count)
    check_count(customers if workload.job == SAVING else 0, service.count_rows() - before)
    return customers / seconds
