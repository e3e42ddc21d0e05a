"""What stands for a whole run: the database server, the names that were given, the rows that muster writes."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks import documents, postgres
from benchmarks.client import Address
from benchmarks.data import Names, NamesInOrder
from benchmarks.databases import MUSTER, Database, Databases
from benchmarks.posting import connections
from benchmarks.service import Service, free_port, started
from benchmarks.sizes import Size
from benchmarks.stored import fill

SEED = 20_240_526


@dataclass
class Ground:
    """Made once for a run. `spread` lays the connections to muster evenly on its workers."""

    size: Size
    databases: Databases
    spread: bool
    names: Names
    names_in_order: Names

    @cached_property
    def rows(self) -> documents.Rows:
        with self.databases.new("SQLite") as database, serving(database, 1) as service:
            return documents.learn(service, database)

    @cached_property
    def stored(self) -> Database:
        """A database that already holds customers. Filling it takes minutes."""
        database = self.databases.copy_of(self.databases.prepared("PostgreSQL"))
        return fill(self.databases.postgres, database, self.rows.first("minimal"), self.size.stored)


@contextmanager
def prepared(size: Size, *, spread: bool) -> Iterator[Ground]:
    """All of it is gone afterwards."""
    with postgres.running() as server, tempfile.TemporaryDirectory(prefix="muster-bench-") as directory:
        yield Ground(size, Databases(server, Path(directory)), spread, Names(SEED), NamesInOrder(SEED))


@contextmanager
def serving(database: Database, workers: int, settings: Mapping[str, str] | None = None) -> Iterator[Service]:
    """`muster serve` on this database, every worker ready; `settings` are environment variables."""
    port = free_port()
    command: list[str | Path] = [MUSTER, "serve", "--port", str(port), "--workers", str(workers)]
    environment = {"MUSTER_DATABASE": database.url, "MUSTER_LOG_FORMAT": "json", **(settings or {})}
    with started(command, port=port, ready="/health/ready", environment=environment) as pid:
        service = Service(Address(port, database.token), pid, workers, database.rows)
        with connections(service, workers, spread=True):
            pass
        yield service
