"""How many customers a second each layout takes, and which resource ends first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from benchmarks.scaling.assumptions import Assumptions
from benchmarks.scaling.costs import PAGE_BYTES, CostModel, Demand, count_images

_ITERATIONS: Final = 60


class Resource(Enum):
    """What a layout runs out of."""

    WRITER = "one writer"
    SERVICE = "CPU of the service nodes"
    DATABASE = "CPU of PostgreSQL"
    NODES = "CPU of the nodes"
    WAL = "write-ahead log"
    DISK = "random reads and writes of the disk"


@dataclass(frozen=True, slots=True)
class Layout:
    """`servers` PostgreSQL servers; `nodes` of the service, or none where it runs on the servers."""

    name: str
    servers: int
    nodes: int = 0
    is_cluster: bool = False
    is_sqlite: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """Customers that are stored in all, those that come, and whether their identifiers ascend with time.

    `batch` replaces the assumed size. `job` is a measured one; without it, minimal customers are a mix of new ones and
    updates.
    """

    stored: float
    share_of_updates: float = 0.0
    is_in_order: bool = False
    batch: float | None = None
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    """Customers per second at the planned utilization, and the first resource to end."""

    rate: float
    limit: Resource
    wal_bytes: float  # per customer, with page images


LAYOUTS: Final = (
    Layout("one node, SQLite", servers=1, is_sqlite=True),
    Layout("one node, PostgreSQL on it", servers=1),
    Layout("4 nodes, PostgreSQL", servers=1, nodes=4),
    Layout("Citus, 4 nodes", servers=4, is_cluster=True),
    Layout("Citus, 16 nodes", servers=16, is_cluster=True),
    Layout("Citus, 64 nodes", servers=64, is_cluster=True),
)


def compute_capacity(model: CostModel, given: Assumptions, layout: Layout, load: Load) -> Capacity:
    if layout.is_sqlite:
        seconds = model.get_sqlite_seconds("new", round(load.batch or given.batch))
        return Capacity(given.utilization / seconds, Resource.WRITER, 0)
    batch = load.batch or given.batch
    plain = model.get_demand(load.job, batch) if load.job else model.get_mix(load.share_of_updates, batch)
    pages = plain.pages_in_order if load.is_in_order else plain.random_pages
    demand = _add_overheads(replace(plain, random_pages=pages), given, layout, batch)
    rate, limit, wal_bytes = 1_000.0, Resource.DATABASE, 0.0
    # The more customers between two checkpoints, the fewer page images each: a few rounds settle it.
    for _ in range(_ITERATIONS):
        wal_bytes, operations = count_page_costs(model, given, layout.servers, load.stored, demand, rate)
        rates = _compute_rates(given, layout, demand, wal_bytes, operations)
        limit = min(rates, key=rates.__getitem__)
        rate = (rate * rates[limit]) ** 0.5
    return Capacity(rate * given.utilization, limit, wal_bytes)


def _add_overheads(demand: Demand, given: Assumptions, layout: Layout, batch: float) -> Demand:
    """What PostgreSQL takes more: random pages of large indexes, and each batch on every node of a cluster."""
    database = demand.database * (given.random_factor if demand.random_pages else 1)
    if layout.is_cluster:
        # A customer's number and its document may lie on two nodes.
        database += given.cluster_row_cost + min(layout.servers, 2 * batch) * given.node_cost / batch
    return replace(demand, database=database)


def count_page_costs(
    model: CostModel, given: Assumptions, servers: int, stored: float, demand: Demand, rate: float
) -> tuple[float, float]:
    """Bytes of write-ahead log, and random reads and writes of pages, per customer."""
    if not demand.random_pages:
        return demand.wal_bytes, 0.0
    # The keys of numbers and customers are about the same size; so is taken what else an update changes.
    pages = stored * model.pages_per_customer / 2 * demand.random_pages
    images = count_images(pages, rate * given.checkpoint, demand.random_pages)
    cached = servers * given.memory * given.cache_share / (pages * PAGE_BYTES)
    reads = demand.random_pages * max(0.0, 1 - cached)
    # Each page that was changed is also written back once a checkpoint.
    return demand.wal_bytes + images * given.image_share * model.image_bytes, reads + images


def count_keys_in_memory(model: CostModel, given: Assumptions, layout: Layout, random_pages: float) -> float:
    """Customers whose randomly changed pages fit into the memory of the servers."""
    pages = model.pages_per_customer / 2 * random_pages
    return given.memory * given.cache_share * layout.servers / (pages * PAGE_BYTES)


def _compute_rates(
    given: Assumptions, layout: Layout, demand: Demand, wal_bytes: float, operations: float
) -> Mapping[Resource, float]:
    """Customers per second at which each resource is used up."""
    servers = layout.servers
    rates = {
        Resource.WAL: servers * given.wal_bandwidth / wal_bytes,
        Resource.DISK: servers * given.disk_operations / max(operations, 1e-9),
    }
    if layout.nodes:
        rates[Resource.SERVICE] = layout.nodes * given.service_cores / demand.service
        rates[Resource.DATABASE] = servers * given.database_cores / demand.database
    else:
        rates[Resource.NODES] = servers * given.node_cores / (demand.service + demand.database)
    return rates


def without_one_node(layout: Layout) -> Layout:
    """The layout while a service node is down; a server of a cluster has a standby."""
    return replace(layout, nodes=layout.nodes - 1) if layout.nodes > 1 else layout
