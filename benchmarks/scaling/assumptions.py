"""What the model takes as given: machines, workload, and figures from elsewhere, each with its source."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

GIB: Final = 2**30


def _given(value: float, meaning: str, source: str, *, doubled: bool = True) -> Any:
    """`doubled`: whether the page shows what happens when the value is doubled."""
    return field(default=value, metadata={"meaning": meaning, "source": source, "doubled": doubled})


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Times are in seconds, sizes in bytes. A core is one of the machine that was measured."""

    service_cores: float = _given(8, "cores of a service node", "assumed")
    database_cores: float = _given(16, "cores of a PostgreSQL server", "assumed")
    node_cores: float = _given(16, "cores of a Citus node, which runs service and PostgreSQL", "assumed")
    utilization: float = _given(0.6, "share of a resource that is planned to be used", "assumed", doubled=False)
    memory: float = _given(128 * GIB, "memory of a PostgreSQL server or Citus node", "assumed")
    cache_share: float = _given(0.6, "share of it that caches index pages", "assumed", doubled=False)
    disk_operations: float = _given(50_000, "random reads and writes per second of its disk", "assumed: one NVMe drive")
    wal_bandwidth: float = _given(200e6, "bytes of write-ahead log per second that disk and standby take", "assumed")
    checkpoint: float = _given(1_800, "seconds between checkpoints", "`checkpoint_timeout` of the benchmark")
    image_share: float = _given(1.0, "compression of page images in the log", "none: `wal_compression = off`")
    flush: float = _given(
        0.0005, "seconds of a flush to disk", "assumed: twice the fastest tenth measured", doubled=False
    )
    round_trip: float = _given(
        0.0003, "seconds of a round trip between service and database", "assumed: one data centre", doubled=False
    )
    random_factor: float = _given(
        2.4,
        "CPU time of PostgreSQL with random identifiers and indexes beyond its caches, to small tables",
        "[benchmarks](benchmarks.md): 49,449 of 71,689 customers/s with 10,000,000 stored, see below",
    )
    node_cost: float = _given(
        0.0025,
        "CPU seconds of a batch for each node of a cluster that it writes to, beyond its customers'",
        "[measured](decisions/0025-citus.md) with 2 nodes, 1,000 a batch",
    )
    cluster_row_cost: float = _given(
        0.0000088,
        "CPU seconds of a customer on a cluster, beyond a single server's",
        "[measured](decisions/0025-citus.md) with 2 nodes, 10,000 a batch",
    )
    share_of_updates: float = _given(0.9, "share of customers that replace a stored version", "assumed", doubled=False)
    rejected_share: float = _given(0.01, "share of customers that are rejected", "assumed", doubled=False)
    batch: float = _given(1_000, "customers per batch", "what [operations](operations.md#size) advises")
    peak_hours: float = _given(4, "hours of the nightly peak", "assumed", doubled=False)
    peak_share: float = _given(0.7, "share of a day's customers that come within the peak", "assumed", doubled=False)

    def doubled(self, name: str) -> "Assumptions":
        return replace(self, **{name: 2 * getattr(self, name)})


def iterate_assumptions() -> Iterator[tuple[str, float, str, str, bool]]:
    """Name, value, meaning, source, and whether the page doubles it."""
    plain = Assumptions()
    for each in fields(Assumptions):
        yield (
            each.name,
            getattr(plain, each.name),
            each.metadata["meaning"],
            each.metadata["source"],
            each.metadata["doubled"],
        )


# Customers per second that `make bench` measured on 2 cores (docs/benchmarks.md), by batch and clients.
BENCHMARK: Final = {
    (1, 1): 725,
    (1, 4): 1_260,
    (100, 1): 23_261,
    (100, 4): 44_667,
    (1_000, 1): 43_299,
    (1_000, 4): 78_188,
    (10_000, 1): 63_032,
    (10_000, 4): 94_788,
}
BENCHMARK_CORES: Final = 2
