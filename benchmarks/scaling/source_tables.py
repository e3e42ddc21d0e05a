"""The tables of what goes into the model: measured costs, assumptions with their weight, and the model's errors."""

from collections.abc import Iterator
from typing import Final

from benchmarks.scaling.assumptions import BENCHMARK, BENCHMARK_CORES, iterate_assumptions
from benchmarks.scaling.capacity import LAYOUTS, Layout, compute_capacity
from benchmarks.scaling.closed_network import BatchTimes, simulate_rate
from benchmarks.scaling.costs import BENCHMARK_DECODING, CostModel, count_images, count_levels, count_round_trips
from benchmarks.scaling.figures import BatchCost, Figures, TableSize
from benchmarks.scaling.result_tables import DAILY, GIVEN
from benchmarks.scaling.units import format_bytes, format_change, format_number
from benchmarks.scaling.volume import STORED
from tools.reference.markdown import table

_JOBS: Final = {
    "new": "new, minimal",
    "full": "new, all fields",
    "update": "update, minimal",
    "rejected": "rejected",
    "keyed": "new, with `Idempotency-Key`",
}
_SIZES: Final = (1, 100, 1_000, 10_000)
_MIN_ROWS: Final = 1_000
_LOOPBACK_SECONDS: Final = 0.00005  # a round trip between processes of one machine
_SENSITIVE: Final = ("4 nodes, PostgreSQL", "Citus, 64 nodes")


def render_machine(figures: Figures) -> str:
    idle, used = map(format_bytes, figures.worker_bytes)
    return (
        f"Measured: {figures.machine} The machine was shared with other work; "
        f"{_describe_decoding(figures)} A worker had {idle} of memory of its own at the start and {used} at the end; "
        f"a service with 2 workers held {figures.connections} connections under 8 clients."
    )


def _describe_decoding(figures: Figures) -> str:
    return (
        f"decoding a minimal customer took {figures.decoding:.2f} µs of CPU time, and {BENCHMARK_DECODING} µs in the "
        "benchmark, so the model divides CPU times by the ratio of the two."
    )


def render_costs(figures: Figures) -> str:
    """CPU times in µs, of the service and of PostgreSQL."""
    header = ("customers", *(f"{size:,} a batch" for size in _SIZES), "WAL, bytes", "page images", "pages touched")
    kinds = dict.fromkeys((cost.database, cost.job) for cost in figures.batches)
    return table(header, (list(_build_costs(figures, *kind)) for kind in sorted(kinds)))


def _build_costs(figures: Figures, database: str, job: str) -> Iterator[str]:
    """Counters are those of the largest batches that were measured."""
    costs = {cost.batch: cost for cost in figures.batches if (cost.database, cost.job) == (database, job)}
    yield f"{database}: {_JOBS[job]}"
    for size in _SIZES:
        yield _describe_cpu(costs[size]) if size in costs else ""
    last = costs[max(costs)]
    for value in (last.wal_bytes, last.page_images, last.page_accesses):
        yield format_number(value) if database == "PostgreSQL" else ""


def _describe_cpu(cost: BatchCost) -> str:
    server = f" + {format_number(cost.server)}" if cost.database == "PostgreSQL" else ""
    return f"{format_number(cost.service)}{server}"


def render_sizes(figures: Figures) -> str:
    """Tables at the largest size that was measured, without those of a few rows."""
    header = ("table", "rows", "bytes a row", "bytes of indexes a row")
    largest = (size for size in figures.tables if size == figures.get_table(size.table, size.database))
    sizes = [size for size in largest if size.rows >= _MIN_ROWS]
    return table(header, map(_build_size, sizes))


def _build_size(size: TableSize) -> tuple[str, ...]:
    indexes = f"{size.indexes:,.0f}" if size.indexes else "in the table"
    return f"{size.database}: {size.table}", f"{size.rows:,}", f"{size.heap:,.0f}", indexes


def render_validation(figures: Figures) -> str:
    header = ("prediction", "model", "measured", "error")
    return table(header, [*_validate_rates(figures), *_validate_images(figures), *_validate_look_ups(figures)])


def _validate_rates(figures: Figures) -> Iterator[tuple[str, ...]]:
    model = CostModel(figures)
    for (batch, clients), measured in BENCHMARK.items():
        predicted = predict_rate(model, batch, clients)
        name = f"customers/s on 2 cores, {batch:,} a batch, {clients} client{'s' if clients > 1 else ''}"
        yield name, format_number(predicted), format_number(measured), format_change(predicted / measured)


def predict_rate(model: CostModel, batch: int, clients: int) -> float:
    """Customers per second of the benchmark."""
    demand = model.get_demand("new", batch)
    times = BatchTimes(
        client=model.get_client_seconds(batch) * batch,
        service=demand.service * batch,
        database=demand.database * batch,
        waiting=model.flush_seconds + count_round_trips(batch) * _LOOPBACK_SECONDS,
    )
    return simulate_rate(times, clients, BENCHMARK_CORES) * batch


def _validate_images(figures: Figures) -> Iterator[tuple[str, ...]]:
    random = figures.random_writes[0]
    predicted = count_images(random.index_pages, random.customers, 2)
    name = f"page images a customer: {random.customers:,} at random after a checkpoint, {random.stored:,} stored"
    error = format_change(predicted / random.page_images)
    yield name, format_number(predicted), format_number(random.page_images), error


def _validate_look_ups(figures: Figures) -> Iterator[tuple[str, ...]]:
    random = figures.random_writes[0]
    per_leaf = 2 * random.stored / random.index_pages
    for look_up in figures.look_ups:
        predicted = predict_look_up(look_up.stored, per_leaf)
        name = f"pages of a look-up of an unknown customer, {look_up.stored:,} stored"
        error = format_change(predicted / look_up.missing)
        yield name, format_number(predicted), format_number(look_up.missing), error
    yield "the same, 1 billion stored", format_number(predict_look_up(STORED, per_leaf)), "", ""


def predict_look_up(stored: float, per_leaf: float, batch: int = 1_000) -> float:
    """Pages per customer: a descent of each key's tree, which serves all identifiers of the batch in the same leaf."""
    return 2 * count_levels(stored, per_leaf) * count_images(stored / per_leaf, batch, 1)


def render_assumptions(figures: Figures) -> str:
    model = CostModel(figures)
    layouts = [layout for layout in LAYOUTS if layout.name in _SENSITIVE]
    header = ("given", "value", "source", *(f"doubled: {layout.name}" for layout in layouts))
    rows, others = [], []
    for name, value, meaning, source, is_doubled in iterate_assumptions():
        shown = format_bytes(value) if "bytes" in meaning or "memory of" in meaning else format_number(value)
        if is_doubled:
            rows.append((meaning, shown, source, *(_describe_effect(model, layout, name) for layout in layouts)))
        else:
            others.append(f"{meaning}: {shown} ({source})")
    return f"{table(header, rows)}\n\nAlso given: {'; '.join(others)}."


def _describe_effect(model: CostModel, layout: Layout, name: str) -> str:
    """What twice the value makes of the customers per hour, at random."""
    plain, doubled = (compute_capacity(model, given, layout, DAILY).rate for given in (GIVEN, GIVEN.doubled(name)))
    return format_change(doubled / plain)
