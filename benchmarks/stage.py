"""What one round measures on: new databases and newly started services."""

import sys
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Final

from benchmarks.client import Address
from benchmarks.data import bodies
from benchmarks.databases import Database
from benchmarks.ground import Ground, serving
from benchmarks.limits import copied
from benchmarks.peers import bare, conventional, table_api
from benchmarks.posting import SAVE, VALIDATE, post_all
from benchmarks.service import Service, free_port, started

WORKERS: Final = 2

_TOKEN: Final = "a token of this run"
_WARM_BATCHES: Final = 8


class Stage:
    """Each part is made when it is first asked for, and stays until the round ends."""

    def __init__(self, ground: Ground, parts: ExitStack) -> None:
        self.ground = ground
        self._parts = parts
        self._databases: dict[tuple[str, str], Database] = {}
        self._services: dict[tuple[str, str, int], Service] = {}
        self._touched = False

    def database(self, kind: str, use: str) -> Database:
        """A database with muster's schema, one for each use; the one for the use `stored` holds customers."""
        if use == "stored":
            return self.ground.stored
        if (kind, use) not in self._databases:
            self._databases[kind, use] = self._parts.enter_context(self.ground.databases.new(kind))
        return self._databases[kind, use]

    def muster(self, kind: str, use: str = "", workers: int = WORKERS) -> Service:
        """The service on the database of that kind and use, warm."""
        if (kind, use, workers) not in self._services:
            service = self._parts.enter_context(serving(self.database(kind, use), workers))
            self._warm(service, SAVE, VALIDATE)
            self._services[kind, use, workers] = service
        return self._services[kind, use, workers]

    @cached_property
    def conventional(self) -> Service:
        """The conventional service, warm."""
        url = self._new_postgres()
        conventional.create_tables(url)
        service = self._uvicorn("conventional", Database(url, _TOKEN), "--workers", str(WORKERS))
        self._warm(service, conventional.PATH)
        return service

    @cached_property
    def bare(self) -> Service:
        """The bare handler."""
        url = self._new_postgres()
        self.ground.databases.postgres.run(url, bare.CREATE_TABLE)
        return self._uvicorn("bare", Database(url, _TOKEN, bare.COUNT), "--workers", str(WORKERS), "--no-server-header")

    @cached_property
    def datasette_file(self) -> Path:
        return self.ground.databases.new_file()

    @cached_property
    def datasette(self) -> Service:
        """Datasette, on `datasette_file`, warm."""
        ground, path = self.ground, table_api.path_of(self.datasette_file)
        service = self._parts.enter_context(table_api.running(self.datasette_file, ground.size.batch))
        warming = (table_api.body(ground.rows.take("minimal", 10, ground.names)) for _ in range(_WARM_BATCHES))
        post_all(service, path, warming, 1, spread=False)
        return service

    def touch(self) -> None:
        """Brings PostgreSQL to the midst of a migration, once in a round.

        After a checkpoint, and a round begins with one, it logs every page whole that is touched for the first time.
        """
        if self._touched:
            return
        self._touched = True
        ground, size = self.ground, self.ground.size
        for use in ("empty", "stored"):
            rows = ground.rows.take("minimal", size.touched, ground.names)
            copied(self.database("PostgreSQL", use), rows, size.batch)

    def _new_postgres(self) -> str:
        postgres = self.ground.databases.postgres
        url = postgres.create()
        self._parts.callback(postgres.drop, url)
        return url

    def _uvicorn(self, peer: str, database: Database, *options: str) -> Service:
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", f"benchmarks.peers.{peer}:create_app", "--factory"]
        command += ["--port", str(port), "--no-access-log", "--log-level", "warning", "--ws", "none", *options]
        environment = {"BENCH_DATABASE": database.url, "BENCH_TOKEN": database.token}
        pid = self._parts.enter_context(started(command, port=port, ready="/ready", environment=environment))
        return Service(Address(port, database.token), pid, WORKERS, database.rows)

    def _warm(self, service: Service, *paths: str) -> None:
        clients, batches = service.workers, _WARM_BATCHES * service.workers
        for path in paths:
            for batch in (1, self.ground.size.batch):
                sent = bodies("minimal", batch, batches, self.ground.names)
                post_all(service, path, sent, clients, spread=True)
