"""What one run sets up once: the PostgreSQL server, identifiers, row templates and the prefilled database."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from benchmarks import postgres
from benchmarks.client import Address
from benchmarks.customers import RandomIdentifiers, SequentialIdentifiers
from benchmarks.databases import MUSTER, Database, Databases
from benchmarks.load_generator import open_connections
from benchmarks.prefill import fill_database
from benchmarks.row_templates import RowTemplates, read_templates
from benchmarks.service import Service, find_free_port, start_service
from benchmarks.sizes import RunSize

SEED: Final = 20_240_526


@dataclass
class BenchmarkEnvironment:
    """Lives for a whole run. `spread` distributes the connections to muster evenly over its workers."""

    size: RunSize
    databases: Databases
    spread: bool
    identifiers: RandomIdentifiers
    sequential_identifiers: SequentialIdentifiers

    @cached_property
    def row_templates(self) -> RowTemplates:
        with self.databases.new("SQLite") as database, serve_muster(database, 1) as service:
            return read_templates(service, database)

    @cached_property
    def prefilled(self) -> Database:
        """A database with `size.prefill` customers. Filling 10,000,000 takes minutes."""
        database = self.databases.copy(self.databases.get_template("PostgreSQL"))
        row = self.row_templates.get_individual("minimal")
        return fill_database(self.databases.postgres, database, row, self.size.prefill)


@contextmanager
def create_environment(size: RunSize, *, spread: bool) -> Iterator[BenchmarkEnvironment]:
    """Removes everything at the end."""
    with postgres.run_server() as server, tempfile.TemporaryDirectory(prefix="muster-bench-") as directory:
        databases = Databases(server, Path(directory))
        yield BenchmarkEnvironment(size, databases, spread, RandomIdentifiers(SEED), SequentialIdentifiers(SEED))


@contextmanager
def serve_muster(database: Database, workers: int, settings: Mapping[str, str] | None = None) -> Iterator[Service]:
    """Runs `muster serve` on this database until every worker is ready; `settings` are environment variables."""
    port = find_free_port()
    command: list[str | Path] = [MUSTER, "serve", "--port", str(port), "--workers", str(workers)]
    variables = {"MUSTER_DATABASE": database.url, "MUSTER_LOG_FORMAT": "json", **(settings or {})}
    with start_service(command, port=port, ready_path="/health/ready", variables=variables) as pid:
        service = Service(Address(port, database.token), pid, workers, database.count_rows)
        with open_connections(service, workers, spread=True):
            pass
        yield service
