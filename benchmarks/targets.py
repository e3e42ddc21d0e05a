"""Performance targets: a quantity, or the ratio of two within a round, with its required value and its goal."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks import baselines, load_measurements, muster_measurements
from benchmarks.customers import SHAPES
from benchmarks.databases import KINDS
from benchmarks.measurements import Measurement, Quantity, Samples, Workload, build_target_workload
from benchmarks.muster_measurements import DRY_RUN, SAVING
from benchmarks.sizes import CustomerCounts, RunSize


@dataclass(frozen=True, slots=True)
class PerformanceTarget:
    """A quantity, or its ratio to the denominator. When the goal is below the required value, both are maxima."""

    name: str
    label: str
    numerator: Quantity
    denominator: Quantity | None
    required: float
    goal: float
    measurements: tuple[Measurement, ...]

    @property
    def is_maximum(self) -> bool:
        return self.goal < self.required

    def compute_ratios(self, samples: Samples) -> list[float]:
        """One ratio for each round; the samples themselves when there is no denominator."""
        if self.denominator is None:
            return list(samples[self.numerator])
        pairs = zip(samples[self.numerator], samples[self.denominator], strict=True)
        return [numerator / denominator for numerator, denominator in pairs]

    def evaluate(self, samples: Samples) -> str:
        """Whether the median meets the target: "no", "yes" or "yes, and the goal"."""
        median = statistics.median(self.compute_ratios(samples))
        met = [median <= bound if self.is_maximum else median >= bound for bound in (self.required, self.goal)]
        return ("no", "yes", "yes, and the goal")[sum(met)]


def build_targets(size: RunSize) -> list[PerformanceTarget]:
    """The targets of a run of this size, each with the measurements that give its two quantities side by side."""
    return [
        *_build_saving_targets(size),
        *_build_cpu_targets(size),
        *_build_request_targets(size),
        *_build_scaling_targets(size),
        *_build_load_targets(size),
    ]


def build_extra_measurements(size: RunSize) -> list[Measurement]:
    """Upper bounds that the report shows although no target uses them."""
    sqlite_bounds = [baselines.write_upper_bound(size, "SQLite", shape) for shape in SHAPES]
    return [*sqlite_bounds, *([baselines.prefilled_upper_bound(size)] if size.prefill else [])]


def _build_saving_targets(size: RunSize) -> Iterator[PerformanceTarget]:
    throughput, counts = muster_measurements.throughput, size.save_counts
    copy = baselines.write_upper_bound(size, "PostgreSQL", "minimal")
    save = throughput(build_target_workload(size, SAVING), counts)
    label = "saving minimal customers on PostgreSQL, relative to the upper bound"
    yield _build_target("minimal-postgres", label, save, copy, required=0.5, goal=0.65)
    conventional = baselines.conventional_baseline(size)
    label = "saving minimal customers on PostgreSQL, relative to the conventional service"
    yield _build_target("conventional", label, save, conventional, required=4, goal=6)
    copy = baselines.write_upper_bound(size, "PostgreSQL", "full")
    save = throughput(build_target_workload(size, SAVING, "full"), counts)
    label = "saving full customers on PostgreSQL, relative to the upper bound"
    yield _build_target("full-postgres", label, save, copy, required=0.5, goal=0.8)
    save = throughput(build_target_workload(size, SAVING, database="SQLite", clients=1), counts)
    datasette = baselines.datasette_baseline(size)
    label = "saving minimal customers on SQLite, 1 client, relative to Datasette"
    yield _build_target("minimal-sqlite", label, save, datasette, required=0.5, goal=1)


def _build_cpu_targets(size: RunSize) -> Iterator[PerformanceTarget]:
    for shape in SHAPES:
        label = f"CPU time of a dry run of {shape} customers, relative to decoding their JSON"
        measurement = muster_measurements.cpu_time(size, shape)
        decoding, used = measurement.quantities
        yield PerformanceTarget(f"cpu-{shape}", label, used, decoding, 5, 3, (measurement,))


def _build_request_targets(size: RunSize) -> Iterator[PerformanceTarget]:
    requests = baselines.single_request(size)
    bare, muster = requests.quantities
    label = "time of a request with one customer, relative to the bare handler"
    yield PerformanceTarget("one-customer", label, muster, bare, 2, 1.4, (requests,))
    memory = muster_measurements.memory(size)
    grown, body = memory.quantities
    label = "memory for a large body, relative to the size of the body"
    yield PerformanceTarget("memory", label, grown, body, 5, 3, (memory,))
    memory = muster_measurements.memory_of_expensive_bodies(size)
    grown, body = memory.quantities
    label = "memory for a body that is made to be expensive, relative to the size of the body"
    yield PerformanceTarget("expensive-memory", label, grown, body, 5, 3, (memory,))


def _build_scaling_targets(size: RunSize) -> Iterator[PerformanceTarget]:
    if size.prefill:
        for name, sequential in (("prefilled", False), ("prefilled-sequential", True)):
            measurement = muster_measurements.prefilled_throughput(size, sequential=sequential)
            empty, prefilled = measurement.quantities
            identifiers = "sequential identifiers" if sequential else "random identifiers"
            label = f"saving with {size.prefill:,} customers stored, {identifiers}, relative to an empty database"
            yield PerformanceTarget(name, label, prefilled, empty, 0.7, 0.9, (measurement,))
    for shape in SHAPES:
        for database in KINDS:
            workload = build_target_workload(size, DRY_RUN, shape, database=database)
            label = f"dry run of {shape} customers on {database}, speedup of two workers over one"
            two = muster_measurements.throughput(workload, size.dry_run_counts)
            one = muster_measurements.one_worker_throughput(size, shape, database)
            yield _build_target(f"workers-{shape}-{database.lower()}", label, two, one, required=1.6, goal=1.9)


def _build_load_targets(size: RunSize) -> Iterator[PerformanceTarget]:
    """`muster load`, relative to requests with as many customers as its chunks have, from one client."""
    counts = CustomerCounts(size.load_rows, size.load_rows)
    workload = Workload("PostgreSQL", SAVING, "minimal", size.chunk, 1)
    endpoint = muster_measurements.throughput(workload, counts)
    loads = {name: load_measurements.file_load(size, name) for name in ("CSV", "NDJSON", "Parquet")}
    label, relative = "loading minimal customers from {}, relative to {}", f"requests with {size.chunk:,} customers"
    for name, required, goal in (("CSV", 0.7, 0.9), ("NDJSON", 0.8, 1.0)):
        text = label.format(name, relative)
        yield _build_target(f"load-{name.lower()}", text, loads[name], endpoint, required=required, goal=goal)
    copy = baselines.write_upper_bound(size, "PostgreSQL", "minimal")
    text = label.format("CSV", "the upper bound")
    yield _build_target("load-csv-copy", text, loads["CSV"], copy, required=0.4, goal=0.6)
    text = label.format("Parquet", "CSV")
    yield _build_target("load-parquet", text, loads["Parquet"], loads["CSV"], required=0.8, goal=1.2)
    dry_run = load_measurements.file_dry_run(size, "CSV")
    text = "dry run of a CSV file, relative to loading it"
    yield _build_target("load-dry-run", text, dry_run, loads["CSV"], required=0.8, goal=1.0)
    workbook, refused = load_measurements.file_dry_run(size, "XLSX"), load_measurements.first_refused_row(size)
    memory = load_measurements.load_memory(size)
    small, large = memory.quantities
    text = "dry run of an XLSX file, rows per second"
    yield PerformanceTarget("load-xlsx", text, workbook.quantities[0], None, 6_000, 30_000, (workbook,))
    text = "time until the first refused row of a long file is told, in seconds"
    yield PerformanceTarget("load-first-refused", text, refused.quantities[0], None, 2, 0.5, (refused,))
    text = "memory above idle of the dry run of a large file, relative to a small one"
    yield PerformanceTarget("load-memory", text, large, small, 1.2, 1.1, (memory,))


def _build_target(
    name: str, label: str, numerator: Measurement, denominator: Measurement, *, required: float, goal: float
) -> PerformanceTarget:
    of, to = numerator.quantities[0], denominator.quantities[0]
    return PerformanceTarget(name, label, of, to, required, goal, (denominator, numerator))
