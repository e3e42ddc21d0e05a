"""Databases of the tests: SQLite files, and a PostgreSQL server; which tests are traced; and one Chromium.

With pytest-xdist each test process has a PostgreSQL server of its own. MUSTER_TEST_POSTGRES, the postgresql:// URL of a
database whose user may create databases, replaces these servers by another one.
"""

import gc
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from muster.storage import Storage, open_storage
from tests.citus import COORDINATOR, CitusDatabaseMaker, citus_template
from tests.postgres_databases import EXTERNAL_SERVER, DatabaseMaker, DatabasePool, execute
from tests.postgres_server import OwnPostgres, run_server
from tests.tracing import Tracing, import_traced, traced_by, untraced

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A busy machine is slow; no property test has a deadline.
settings.register_profile("muster", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("muster")

# With MUSTER_TEST_CITUS, a Citus cluster too; see `tests/citus.py`.
_KINDS = ["sqlite", "postgres", *(["citus"] if COORDINATOR else [])]


# Tests whose tracing takes time and counts next to nothing. Single ones have the marker `untraced`.
_UNTRACED = (
    # They see the product from outside: its code runs in other processes, which are killed at the end, or it was traced
    # already when it was imported.
    *("browser/", "contract/", "docs/", "fuzzing/", "operations/", "package/", "server/", "test_structure.py"),
    *("cli/test_load_url_kills.py", "cli/test_serve_tls.py", "observability/test_multiprocess.py"),
    *("storage/pgbouncer/test_pooled_services.py", "storage/pgbouncer/test_pooled_storage.py"),
    # They go through all pages again, which other tests cover one by one.
    *(f"web/console/test_{name}.py" for name in ("access", "injection", "pages", "privacy")),
)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Collects tests untraced and without collecting garbage, which takes half of its CPU otherwise.

    The tests are exempt from later collections of garbage.
    """
    gc.disable()
    if not session.config.getoption("numprocesses", None):  # then the test processes import and collect, not this one
        import_traced()
    try:
        with untraced():
            return (yield)
    finally:
        gc.enable()
        gc.freeze()


# What traces the test that runs. Beside tests and fixtures nothing is traced: pytest takes twice the CPU with it.
_TRACING = pytest.StashKey[Tracing]()
_COVERAGE = pytest.StashKey[Tracing]()


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    with untraced() as session.config.stash[_COVERAGE]:
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Traces no tests of `_UNTRACED`, no property tests, which repeat lines that others cover, and none with the marker
    `untraced`.

    The marker `no_cover` of pytest-cov does not work with pytest-xdist: where it pauses the measurement of a test
    process, the one that was begun before it goes on.
    """
    path = item.path.relative_to(Path(__file__).parent).as_posix()
    markers = ("untraced", "hypothesis")  # its plugin sets the second one
    is_untraced = path.startswith(_UNTRACED) or any(map(item.get_closest_marker, markers))
    item.config.stash[_TRACING] = Tracing() if is_untraced else item.config.stash[_COVERAGE]
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(request: pytest.FixtureRequest) -> Generator[None, object, object]:
    with traced_by(request.config.stash[_TRACING]):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    with traced_by(pyfuncitem.config.stash[_TRACING]):
        return (yield)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Names binary parameters by their length: gzip stores the time, and ids must be the same in all test processes."""
    if isinstance(val, bytes) and not (val.isascii() and val.decode().isprintable()):
        return f"{len(val)} bytes"
    return None


@pytest.fixture(params=_KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database without customers; the test runs once for each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="module", params=_KINDS)
def shared_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """As `database_url`, one for all tests of a module."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("shared") / "muster.db"
        shutil.copy(request.getfixturevalue("_migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    if request.param == "citus":
        citus = CitusDatabaseMaker(*request.getfixturevalue("_distributed_template"))
        yield citus.make()
        citus.drop_all()
        return
    yield request.getfixturevalue("shared_postgres_url")


@pytest.fixture(scope="module")
def shared_postgres_url(_postgres_pool: DatabasePool) -> Iterator[str]:
    """As `postgres_url`, one for all tests of a module."""
    url = _postgres_pool.take()
    yield url
    _postgres_pool.give_back(url)


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
def postgres_url(_postgres_pool: DatabasePool) -> Iterator[str]:
    """A migrated PostgreSQL database without customers."""
    url = _postgres_pool.take()
    yield url
    _postgres_pool.give_back(url)


@pytest.fixture
def citus_databases(_distributed_template: tuple[Sequence[str], str]) -> Iterator[CitusDatabaseMaker]:
    maker = CitusDatabaseMaker(*_distributed_template)
    yield maker
    maker.drop_all()


@pytest.fixture
def citus_url(citus_databases: CitusDatabaseMaker) -> str:
    """A distributed database without customers."""
    return citus_databases.make()


@pytest.fixture
def empty_postgres_url(_empty_postgres_pool: DatabasePool) -> Iterator[str]:
    """A PostgreSQL database without tables."""
    url = _empty_postgres_pool.take()
    yield url
    _empty_postgres_pool.give_back(url)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables; the test runs once for each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture
def own_postgres(_stopped_postgres: Path) -> Iterator[OwnPostgres]:
    """A running server for this test, with a migrated database without customers."""
    with run_server(copied_from=_stopped_postgres) as server:
        yield OwnPostgres(server.get_uri(), server)


@pytest.fixture(scope="session")
def _stopped_postgres() -> Iterator[Path]:
    """The files of a stopped server with a migrated database: copying them takes a tenth of making them."""
    with run_server() as server:
        _migrate(server.get_uri())
        server.stop()
        yield server.pgdata


@pytest.fixture(scope="session")
def postgres_server_url() -> Iterator[str]:
    """The server that the tests of one process share: the URL of its maintenance database."""
    if EXTERNAL_SERVER:
        yield EXTERNAL_SERVER
        return
    with run_server() as server:
        url = server.get_uri()
        # Tests need no durability against power loss, which costs them time.
        execute(
            url, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET max_wal_size = '256MB'", "SELECT pg_reload_conf()"
        )
        yield url


@pytest.fixture
def postgres_databases(postgres_server_url: str) -> Iterator[DatabaseMaker]:
    maker = DatabaseMaker(postgres_server_url)
    yield maker
    maker.drop_all()


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "muster.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _postgres_pool(postgres_server_url: str) -> Iterator[DatabasePool]:
    with _copies_of_new_database(postgres_server_url, _migrate) as pool:
        yield pool


@pytest.fixture(scope="session")
def _empty_postgres_pool(postgres_server_url: str) -> Iterator[DatabasePool]:
    with _copies_of_new_database(postgres_server_url, lambda _: None) as pool:
        yield pool


@pytest.fixture(scope="session")
def _distributed_template() -> Iterator[tuple[Sequence[str], str]]:
    with citus_template() as maker:
        yield maker.nodes, maker.template


@contextmanager
def _copies_of_new_database(server_url: str, prepare: Callable[[str], None]) -> Iterator[DatabasePool]:
    maker = DatabaseMaker(server_url)
    prepare(maker.make())
    pool = DatabasePool(server_url, maker.made[0])
    yield pool
    pool.drop_all()
    maker.drop_all()


def _migrate(url: str) -> None:
    store = open_storage(url)
    store.upgrade()
    store.close()


@pytest.fixture(scope="session")
def _use_chromium() -> Iterator[Callable[[], AbstractContextManager["Browser"]]]:
    from tests.chromium import start_chromium  # importing playwright takes 0.4 s

    with start_chromium() as use_chromium:
        yield use_chromium


@pytest.fixture(scope="module")
def chromium(_use_chromium: Callable[[], AbstractContextManager["Browser"]]) -> Iterator["Browser"]:
    with _use_chromium() as browser:
        yield browser
