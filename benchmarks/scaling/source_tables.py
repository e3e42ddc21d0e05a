"""The tables of what goes into the model: measured costs, assumptions with their weight, and the model's errors."""

from collections.abc import Iterator
from typing import Final

from benchmarks.scaling.assumptions import BENCHMARK, BENCHMARK_CORES, iterate_assumptions
from benchmarks.scaling.capacity import LAYOUTS, Layout, compute_capacity
from benchmarks.scaling.closed_network import BatchTimes, simulate_rate
from benchmarks.scaling.costs import CostModel, count_images, count_levels, count_round_trips
from benchmarks.scaling.figures import BatchCost, Figures
from benchmarks.scaling.result_tables import DAILY, GIVEN
from benchmarks.scaling.units import format_bytes, format_change, format_count, format_number
from tools.reference.markdown import table

_JOBS: Final = {
    "new": "new, minimal",
    "full": "new, all fields",
    "update": "update, minimal",
    "rejected": "rejected",
    "keyed": "new, with `Idempotency-Key`",
}
_LOOPBACK_SECONDS: Final = 0.00005  # a round trip between processes of one machine
_SENSITIVE: Final = ("4 nodes, PostgreSQL", "Citus, 64 nodes")


def render_machine(figures: Figures) -> str:
    return f"Measured: {figures.machine} The machine was shared with other work; {_describe_decoding(figures)}"


def _describe_decoding(figures: Figures) -> str:
    return (
        f"decoding a minimal customer took {figures.decoding:.2f} µs of CPU time meanwhile, and 0.73 µs in the "
        "benchmark."
    )


def render_costs(figures: Figures) -> str:
    header = ("database", "customers", "batch", "service, µs", "PostgreSQL, µs", "WAL, bytes", "pages touched", "xids")
    return table(header, map(_build_cost, figures.batches))


def _build_cost(cost: BatchCost) -> tuple[str, ...]:
    row = cost.database, _JOBS[cost.job], f"{cost.batch:,}", format_number(cost.service)
    if cost.database == "SQLite":
        return *row, "in the service", "", "", ""
    values = cost.server, cost.wal_bytes, cost.page_accesses, cost.transactions
    return *row, *map(format_number, values)


def render_rows(figures: Figures) -> str:
    header = (
        "table or operation",
        "rows",
        "table, bytes a row",
        "indexes, bytes a row",
        "CPU, µs a row",
        "WAL, bytes a row",
    )
    sizes = [
        (f"{size.table}, {size.database}", f"{size.rows:,}", f"{size.heap:,.0f}", f"{size.indexes:,.0f}", "", "")
        for size in figures.tables
        if size == figures.get_table(size.table, size.database)
    ]
    operations = [
        (
            cost.operation,
            f"{cost.rows:,}",
            f"{cost.bytes:,.0f}" if cost.bytes else "",
            "",
            *map(format_number, (cost.cpu, cost.wal_bytes)),
        )
        for cost in figures.rows
    ]
    return table(header, [*sizes, *operations])


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
    random, ordered = figures.random_writes
    images = count_images(random.index_pages, random.customers, 2)
    base = ordered.wal_bytes
    name = f"{random.customers:,} at random after a checkpoint, {random.stored:,} stored"
    predictions = (
        ("page images a customer", images, random.page_images),
        (
            "WAL bytes a customer",
            base + images * CostModel(figures).image_bytes,
            random.wal_bytes,
        ),
    )
    for what, predicted, measured in predictions:
        yield f"{what}: {name}", format_number(predicted), format_number(measured), format_change(predicted / measured)


def _validate_look_ups(figures: Figures) -> Iterator[tuple[str, ...]]:
    random = figures.random_writes[0]
    per_leaf = 2 * random.stored / random.index_pages
    for look_up in figures.look_ups:
        predicted = predict_look_up(look_up.stored, per_leaf)
        name = f"pages of a look-up of an unknown customer, {look_up.stored:,} stored"
        error = format_change(predicted / look_up.missing)
        yield name, format_number(predicted), format_number(look_up.missing), error
    for stored in (1e8, 1e9):
        yield f"the same, {format_count(stored)} stored", format_number(predict_look_up(stored, per_leaf)), "", ""


def predict_look_up(stored: float, per_leaf: float, batch: int = 1_000) -> float:
    """Pages per customer: a descent of each key's tree, which serves all identifiers of the batch in the same leaf."""
    return 2 * count_levels(stored, per_leaf) * count_images(stored / per_leaf, batch, 1)


def render_assumptions(figures: Figures) -> str:
    model = CostModel(figures)
    layouts = [layout for layout in LAYOUTS if layout.name in _SENSITIVE]
    header = ("given", "value", "source", *(f"doubled: {layout.name}" for layout in layouts))
    return table(header, _list_assumptions(model, layouts))


def _list_assumptions(model: CostModel, layouts: list[Layout]) -> Iterator[tuple[str, ...]]:
    for name, value, meaning, source, is_doubled in iterate_assumptions():
        shown = format_bytes(value) if "bytes" in meaning or "memory of" in meaning else format_number(value)
        effects = [_describe_effect(model, layout, name) if is_doubled else "" for layout in layouts]
        yield meaning, shown, source, *effects


def _describe_effect(model: CostModel, layout: Layout, name: str) -> str:
    """What twice the value makes of the customers per hour, at random."""
    plain, doubled = (compute_capacity(model, given, layout, DAILY).rate for given in (GIVEN, GIVEN.doubled(name)))
    return format_change(doubled / plain)
