"""Connections through PgBouncer, which gives each transaction another connection of the server."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text

from muster.storage import SchemaState, Storage, StorageUnavailableError, open_storage
from muster.storage.errors import scrub_errors
from muster.storage.postgres.bounded_connection import BoundedConnection, without_timeout
from muster.storage.postgres.connection import parse_options
from tests.postgres_databases import DatabaseMaker
from tests.storage.pgbouncer.server import PgBouncer, needs_pgbouncer, run_pgbouncer
from tests.storage.samples import build_customer, fetch, look_up, save


@pytest.fixture(scope="module", params=["", "ignore_startup_parameters = options"], ids=["refusing", "ignoring"])
def narrow(request: pytest.FixtureRequest, postgres_server_url: str) -> Iterator[PgBouncer]:
    """PgBouncer with one connection to each database; it refuses our start-up options or ignores them."""
    with run_pgbouncer(postgres_server_url, pool_size=1, more=request.param) as running:
        yield running


def show(storage: Storage, parameter: str) -> object:
    return fetch(storage, f"SHOW {parameter}")[0][0]


@scrub_errors
def sleep(storage: Storage) -> None:
    with storage.engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(0.3)")


@needs_pgbouncer
def test_parameters_hold_for_our_statements_and_for_nobody_else(narrow: PgBouncer, direct_url: str) -> None:
    url = narrow.to_url(direct_url)
    storage = open_storage(url, statement_timeout=7)
    assert [show(storage, name) for name in ("statement_timeout", "jit")] == ["7s", "off"]
    with storage.engine.begin() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "7s"
    with storage.engine.connect().execution_options(isolation_level="READ COMMITTED", yield_per=1) as connection:
        assert connection.exec_driver_sql("SELECT current_setting('jit') FROM generate_series(1, 3)").first() == (
            "off",
        )
        assert connection.exec_driver_sql("SELECT current_setting('lock_timeout')").scalar() == "30s"
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as other:
        assert other.execute("SELECT current_setting('statement_timeout'), current_setting('jit')").fetchone() == (
            "0",
            "on",
        )
    storage.close()


@needs_pgbouncer
def test_statement_fails_after_the_timeout(narrow: PgBouncer, direct_url: str) -> None:
    storage = open_storage(narrow.to_url(direct_url), statement_timeout=0.1)
    with pytest.raises(StorageUnavailableError, match="57014"):
        sleep(storage)
    with storage.engine.connect() as connection, without_timeout(connection):
        connection.exec_driver_sql("SELECT pg_sleep(0.3)")
    with storage.engine.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
        with without_timeout(connection):
            connection.exec_driver_sql("SELECT pg_sleep(0.3)")
    with pytest.raises(StorageUnavailableError, match="57014"):
        sleep(storage)
    storage.close()


@needs_pgbouncer
def test_options_of_the_url_hold(narrow: PgBouncer, direct_url: str) -> None:
    url = make_url(narrow.to_url(direct_url)).update_query_dict({"options": r"-c statement_timeout=5s -c geqo=off"})
    storage = open_storage(url.render_as_string(hide_password=False))
    assert (show(storage, "statement_timeout"), show(storage, "geqo")) == ("5s", "off")
    storage.close()


def test_options_are_read_as_the_server_reads_them() -> None:
    options = r"-c jit=off --work-mem=1MB -csearch_path=a,\ b -B 16 -c application_name=x\\y"
    expected = {"jit": "off", "work_mem": "1MB", "search_path": "a, b", "application_name": "x\\y"}
    assert parse_options(options) == expected


@needs_pgbouncer
def test_no_statement_stays_prepared(narrow: PgBouncer, direct_url: str) -> None:
    url = narrow.to_url(direct_url)
    with closing(open_storage(url)) as first, closing(open_storage(url)) as second:
        for n in range(8):
            for number, storage in enumerate((first, second)):
                save(storage, build_customer(f"{number}-{n}", f"{number}-{n}"))
                assert len(look_up(storage, [f"0-{n}", f"1-{n}"]).numbers) == number + 1
        assert fetch(first, "SELECT count(*) FROM pg_prepared_statements") == [(0,)]


@needs_pgbouncer
def test_no_flush_is_sent_outside_of_a_transaction(narrow: PgBouncer, direct_url: str, tmp_path: Path) -> None:
    """When it comes after the answer to the Sync, PgBouncer gives it a connection, and waits for an answer for ever."""
    trace = tmp_path / "trace"
    with (
        closing(open_storage(narrow.to_url(direct_url))) as storage,
        storage.engine.connect() as connection,
        trace.open("wb") as file,
    ):
        driver = connection.connection.driver_connection
        assert isinstance(driver, BoundedConnection)
        driver.pgconn.trace(file.fileno())
        assert connection.execute(text("SELECT :n + 1"), {"n": 1}).scalar() == 2
        assert driver.execute("SELECT %s, '%%', %b", ["50 %", b"\0\xff"]).fetchone() == ("50 %", "%", b"\0\xff")
        driver.cursor().executemany("SELECT %s", [[1], [2]])
        driver.pgconn.untrace()
    flushed_in: list[str] = []
    state = "I"
    for _, sender, _, message, *content in (line.split("\t") for line in trace.read_text().splitlines()):
        if message == "ReadyForQuery":
            state = content[0].strip()
        elif (sender, message) == ("F", "Flush"):
            flushed_in.append(state)
    assert set(flushed_in) <= {"T"}  # none at all when the answers come at once


def test_direct_connections_prepare_statements(postgres_server_url: str) -> None:
    storage = open_storage(postgres_server_url)
    with storage.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, BoundedConnection)
        assert (driver.is_pooled, driver.prepare_threshold) == (False, 5)
    storage.close()


@needs_pgbouncer
def test_schema_is_made_through_pgbouncer(pgbouncer: PgBouncer, postgres_databases: DatabaseMaker) -> None:
    storage = open_storage(pgbouncer.to_url(postgres_databases.make()))
    assert storage.schema_state() is SchemaState.EMPTY
    assert storage.upgrade()
    assert storage.ready()
    storage.close()


@needs_pgbouncer
def test_service_recovers_when_pgbouncer_was_restarted(postgres_server_url: str, direct_url: str) -> None:
    with run_pgbouncer(postgres_server_url) as own:
        storage = open_storage(own.to_url(direct_url))
        save(storage, build_customer("1"))
        own.kill()
        assert not storage.ready()
        own.start()
        assert look_up(storage, ["1"]).numbers == {"1"}
        storage.close()
