"""The tables of what the model predicts: steps, nights, batches, volumes and limits of PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from benchmarks.scaling.assumptions import Assumptions
from benchmarks.scaling.capacity import (
    LAYOUTS,
    Capacity,
    Layout,
    Load,
    compute_capacity,
    count_keys_in_memory,
    count_page_costs,
    without_one_node,
)
from benchmarks.scaling.costs import CostModel, count_round_trips
from benchmarks.scaling.day import Failure, simulate_day
from benchmarks.scaling.figures import Figures, RowCost
from benchmarks.scaling.units import format_bytes, format_count, format_hours, format_number
from benchmarks.scaling.volume import MAX_TABLE_BYTES, PER_DAY, STORED, list_volumes
from muster.records.retention import RetentionKind
from tools.reference.markdown import table

GIVEN: Final = Assumptions()
MIGRATION: Final = Load(STORED, is_in_order=True)
DAILY: Final = Load(STORED, share_of_updates=GIVEN.share_of_updates)
_BATCHES: Final = (1_000, 10_000)
_NODE_OUTAGE: Final = 60  # minutes
_MIXED_PAGES: Final = 4  # random pages of an update
_SWITCH_OVER: Final = 2  # minutes until a standby has taken over
_MAX_XIDS: Final = 200e6  # autovacuum_freeze_max_age


def render_steps(figures: Figures) -> str:
    model = CostModel(figures)
    rates = ("new, in order: an hour, a day", "ends first", "daily mix: an hour, a day", "ends first")
    header = ("layout", "keys in memory up to", *rates, "100 million take")
    return table(header, (_build_step(model, layout) for layout in LAYOUTS))


def _build_step(model: CostModel, layout: Layout) -> tuple[str, ...]:
    ordered, random = (compute_capacity(model, GIVEN, layout, load) for load in (MIGRATION, DAILY))
    if layout.is_sqlite:
        return layout.name, "1 million tried", *_describe(ordered), "not for this size", "", _describe_day(ordered)
    stored = count_keys_in_memory(model, GIVEN, layout, _MIXED_PAGES)
    days = f"{_describe_day(ordered)} to {_describe_day(random)}"
    return layout.name, format_count(stored), *_describe(ordered), *_describe(random), days


def _describe(capacity: Capacity) -> tuple[str, str]:
    hour = capacity.rate * 3_600
    return f"{format_count(hour)}, {format_count(24 * hour)}", capacity.limit.value


def _describe_day(capacity: Capacity) -> str:
    return format_hours(PER_DAY / capacity.rate / 3_600)


def render_nights(figures: Figures) -> str:
    """Each layout through a day of 100 million: without a failure, and with one at the peak's begin."""
    model = CostModel(figures)
    header = (
        "layout",
        "longest wait",
        "one node out for an hour, no standby",
        "switch-over of two minutes to a standby",
    )
    return table(header, (_build_night(model, layout) for layout in LAYOUTS if not layout.is_sqlite))


def _build_night(model: CostModel, layout: Layout) -> tuple[str, ...]:
    rate = compute_capacity(model, GIVEN, layout, DAILY).rate
    lost = 1.0
    if layout.nodes:
        lost = 1 - compute_capacity(model, GIVEN, without_one_node(layout), DAILY).rate / rate
    # Every batch needs every node of a cluster, and one server holds all data: without a standby, both stand still.
    failures = (None, Failure(lost, _NODE_OUTAGE), Failure(1.0, _SWITCH_OVER))
    return layout.name, *(_describe_night(rate, failure) for failure in failures)


def _describe_night(rate: float, failure: Failure | None) -> str:
    night = simulate_day(PER_DAY, rate, GIVEN.peak_hours, GIVEN.peak_share, failure)
    if night.saved < PER_DAY * 0.99:
        return "not done within a day"
    return f"{format_hours(night.delay / 60)}, {format_count(night.backlog)} customers" if night.delay else "nothing"


def render_batches(figures: Figures) -> str:
    """Customers per hour by size of batches."""
    model = CostModel(figures)
    sizes = (1, 100, *_BATCHES)
    header = ("layout", *(f"{size:,} a batch" for size in sizes), "1,000 new ones with all fields")
    rows = [list(_build_sizes(model, layout, sizes)) for layout in LAYOUTS if not layout.is_sqlite]
    times = (format_number(_get_response_seconds(model, size) * 1_000) for size in sizes)
    return table(header, [*rows, ["response time without a queue, ms", *times, ""]])


def _build_sizes(model: CostModel, layout: Layout, sizes: tuple[int, ...]) -> Iterator[str]:
    yield layout.name
    loads = (replace(MIGRATION, batch=size) for size in sizes)
    for load in (*loads, replace(MIGRATION, batch=1_000, job="full")):
        if layout.is_cluster and load.batch and load.batch < _BATCHES[0]:
            yield "not modelled"
        else:
            yield format_count(compute_capacity(model, GIVEN, layout, load).rate * 3_600)


def _get_response_seconds(model: CostModel, batch: int) -> float:
    demand = model.get_demand("new", batch)
    round_trips = count_round_trips(batch)
    return (demand.service + demand.database) * batch + round_trips * GIVEN.round_trip + GIVEN.flush


def render_volumes(figures: Figures) -> str:
    """Bytes on one copy, minimal and full customers."""
    minimal, full = (list_volumes(figures, GIVEN, is_full=is_full) for is_full in (False, True))
    header = ("table", "1 billion stored", "rows a day", "a day", "a year", "a year, all fields")
    rows = [
        (
            f"`{one.table}`",
            format_bytes(one.stored),
            format_count(one.rows),
            *map(format_bytes, (one.day, one.year, other.year)),
        )
        for one, other in zip(minimal, full, strict=True)
    ]
    sums = (sum(volume.stored for volume in minimal), sum(volume.day for volume in minimal))
    years = (sum(volume.year for volume in volumes) for volumes in (minimal, full))
    stored, day = map(format_bytes, sums)
    logs = (("write-ahead log, daily mix", DAILY), ("the same, new customers in order", MIGRATION))
    log_rows = [(name, "", "", format_bytes(_get_daily_log(figures, load)), "", "") for name, load in logs]
    return table(header, [*rows, ("together", stored, "", day, *map(format_bytes, years)), *log_rows])


def _get_daily_log(figures: Figures, load: Load) -> float:
    """Bytes of write-ahead log of a day on one server, at the rate of the peak."""
    model, rate = CostModel(figures), PER_DAY * GIVEN.peak_share / (GIVEN.peak_hours * 3_600)
    demand = model.get_mix(load.share_of_updates, GIVEN.batch)
    pages = demand.pages_in_order if load.is_in_order else demand.random_pages
    return PER_DAY * count_page_costs(model, GIVEN, 1, STORED, replace(demand, random_pages=pages), rate)[0]


def render_operations(figures: Figures) -> str:
    """Operations that take time in proportion to what is stored, of minimal customers, on one core."""
    keys, removed = PER_DAY / GIVEN.batch, PER_DAY * GIVEN.rejected_share
    rows = {
        "vacuum and freeze": STORED,
        "pg_dump": STORED,
        "pg_restore": STORED,
        "index on two columns of `communications`": STORED,
        "count of customers by batch (migration 0009)": STORED,
        "purge: customer that stays": STORED,
        f"purge: {RetentionKind.CLOSED_CUSTOMERS.meaning}": PER_DAY,
        f"purge: {RetentionKind.REJECTIONS.meaning}": removed,
        f"purge: {RetentionKind.RESPONSES.meaning}": keys,
        f"purge: {RetentionKind.KEYS.meaning}": keys,
        "entry of the audit log": keys,
    }
    header = ("operation", "measured, µs a row", "rows", "CPU time", "write-ahead log", "result")
    model = CostModel(figures)
    return table(header, (_build_operation(model, figures.get_row(name), count) for name, count in rows.items()))


def _build_operation(model: CostModel, cost: RowCost, rows: float) -> tuple[str, ...]:
    size = format_bytes(cost.bytes * rows) if cost.bytes else ""
    cpu = format_hours(model.get_row_seconds(cost.operation) * rows / 3_600)
    return cost.operation, format_number(cost.cpu), format_count(rows), cpu, format_bytes(cost.wal_bytes * rows), size


def render_limits(figures: Figures) -> str:
    """When a limit of PostgreSQL is reached at 100 million customers a day."""
    header = ("limit of PostgreSQL", "minimal customers", "all fields")
    minimal, full = (list_volumes(figures, GIVEN, is_full=is_full) for is_full in (False, True))
    rows = [
        (
            f"32 TB of one table, `{one.table}`",
            *(format_hours(MAX_TABLE_BYTES / each.heap_of_day * 24) for each in (one, other)),
        )
        for one, other in zip(minimal, full, strict=True)
        if one.table in ("communications", "customer_history")
    ]
    per_batch = CostModel(figures).get_demand("new", 1).transactions
    for batch in (1, 1_000):
        hours = _MAX_XIDS / (PER_DAY / batch * per_batch) * 24
        rows.append(
            (
                f"a forced vacuum of all tables (200 million transaction ids), batches of {batch:,}",
                *[format_hours(hours)] * 2,
            )
        )
    return table(header, rows)
