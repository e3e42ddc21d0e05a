"""What one round sets up: new databases and newly started services."""

import sys
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Final

from benchmarks.client import Address
from benchmarks.customers import build_bodies
from benchmarks.databases import Database
from benchmarks.environment import BenchmarkEnvironment, serve_muster
from benchmarks.load_generator import SAVE, VALIDATE, send_batches
from benchmarks.peers import bare, conventional, table_api
from benchmarks.service import Service, find_free_port, start_service
from benchmarks.upper_bounds import time_copy

WORKERS: Final = 2

_TOKEN: Final = "a token of this run"
_WARM_UP_BATCHES: Final = 8


class RoundFixtures:
    """Creates each database and service on first use and keeps it until the round ends."""

    def __init__(self, environment: BenchmarkEnvironment, stack: ExitStack) -> None:
        self.environment = environment
        self._stack = stack
        self._databases: dict[tuple[str, str], Database] = {}
        self._services: dict[tuple[str, str, int], Service] = {}
        self._has_touched_pages = False

    def database(self, kind: str, use: str) -> Database:
        """A database with muster's schema, one for each use; `prefilled` is the one that holds customers."""
        if use == "prefilled":
            return self.environment.prefilled
        if (kind, use) not in self._databases:
            self._databases[kind, use] = self._stack.enter_context(self.environment.databases.new(kind))
        return self._databases[kind, use]

    def muster(self, kind: str, use: str = "", workers: int = WORKERS) -> Service:
        """muster on the database of this kind and use, after its warm-up."""
        if (kind, use, workers) not in self._services:
            service = self._stack.enter_context(serve_muster(self.database(kind, use), workers))
            self._warm_up(service, SAVE, VALIDATE)
            self._services[kind, use, workers] = service
        return self._services[kind, use, workers]

    @cached_property
    def conventional(self) -> Service:
        """The conventional service, after its warm-up."""
        url = self._create_postgres_database()
        conventional.create_tables(url)
        service = self._run_uvicorn("conventional", Database(url, _TOKEN), "--workers", str(WORKERS))
        self._warm_up(service, conventional.PATH)
        return service

    @cached_property
    def bare(self) -> Service:
        """The bare handler."""
        url = self._create_postgres_database()
        self.environment.databases.postgres.run(url, bare.CREATE_TABLE)
        options = ("--workers", str(WORKERS), "--no-server-header")
        return self._run_uvicorn("bare", Database(url, _TOKEN, bare.COUNT), *options)

    @cached_property
    def datasette_file(self) -> Path:
        return self.environment.databases.new_file_path()

    @cached_property
    def datasette(self) -> Service:
        """Datasette on `datasette_file`, after its warm-up."""
        environment, file = self.environment, self.datasette_file
        service = self._stack.enter_context(table_api.run_datasette(file, environment.size.batch))
        row_sets = (
            environment.row_templates.build_rows("minimal", 10, environment.identifiers)
            for _ in range(_WARM_UP_BATCHES)
        )
        bodies = map(table_api.build_insert_body, row_sets)
        send_batches(service, table_api.build_insert_path(file), bodies, 1, spread=False)
        return service

    def touch_pages(self) -> None:
        """Brings PostgreSQL into the state of a running migration, once in a round.

        After a checkpoint, and each round begins with one, PostgreSQL logs a page whole at its first change.
        """
        if self._has_touched_pages:
            return
        self._has_touched_pages = True
        environment, size = self.environment, self.environment.size
        for use in ("empty", "prefilled"):
            rows = environment.row_templates.build_rows("minimal", size.page_touches, environment.identifiers)
            time_copy(self.database("PostgreSQL", use), rows, size.batch)

    def _create_postgres_database(self) -> str:
        postgres = self.environment.databases.postgres
        url = postgres.create()
        self._stack.callback(postgres.drop, url)
        return url

    def _run_uvicorn(self, peer: str, database: Database, *options: str) -> Service:
        port = find_free_port()
        command = [sys.executable, "-m", "uvicorn", f"benchmarks.peers.{peer}:create_app", "--factory"]
        command += ["--port", str(port), "--no-access-log", "--log-level", "warning", "--ws", "none", *options]
        variables = {"BENCH_DATABASE": database.url, "BENCH_TOKEN": database.token}
        pid = self._stack.enter_context(start_service(command, port=port, ready_path="/ready", variables=variables))
        return Service(Address(port, database.token), pid, WORKERS, database.count_rows)

    def _warm_up(self, service: Service, *paths: str) -> None:
        clients, batches = service.workers, _WARM_UP_BATCHES * service.workers
        for path in paths:
            for batch in (1, self.environment.size.batch):
                bodies = build_bodies("minimal", batch, batches, self.environment.identifiers)
                send_batches(service, path, bodies, clients, spread=True)
