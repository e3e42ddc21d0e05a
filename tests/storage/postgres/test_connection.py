"""Bounds of connections to PostgreSQL."""

import psycopg
import pytest
from sqlalchemy import make_url

from faults.commit_proxy import run_proxy
from muster.bootstrap import open_database
from muster.settings import Settings
from muster.storage import Storage, StorageUnavailableError, open_storage
from muster.storage.engine import write_transaction
from muster.storage.errors import scrub_errors
from muster.storage.postgres.bounded_connection import BoundedConnection, without_timeout
from tests.storage.samples import RESPONSE, build_batch, build_customer, count_rows


@scrub_errors
def sleep(storage: Storage) -> None:
    with storage.engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(0.3)")


def test_statement_fails_after_the_timeout_and_keeps_its_connection(postgres_url: str) -> None:
    storage = open_storage(postgres_url, pool_size=1, statement_timeout=0.1)
    backend = read_backend(storage)
    with pytest.raises(StorageUnavailableError, match="57014"):
        sleep(storage)
    assert read_backend(storage) == backend
    storage.close()


def test_setting_bounds_the_statements_of_the_service(postgres_url: str) -> None:
    storage = open_database(Settings.read({}, database=postgres_url, statement_timeout=7))
    with storage.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "7s"
    storage.close()


def test_timeout_can_be_lifted_for_long_statements(postgres_url: str) -> None:
    storage = open_storage(postgres_url, pool_size=1, statement_timeout=0.1)
    with storage.engine.connect() as connection, without_timeout(connection):
        connection.exec_driver_sql("SELECT pg_sleep(0.3)")
    with pytest.raises(StorageUnavailableError, match="57014"):
        sleep(storage)
    storage.close()


def test_failed_transaction_restores_the_timeout(postgres_url: str) -> None:
    storage = open_storage(postgres_url, pool_size=1, statement_timeout=0.1)

    def fail() -> None:
        with write_transaction(storage.engine) as connection, without_timeout(connection):
            connection.exec_driver_sql("SELECT 1 / 0")

    with pytest.raises(Exception, match="division"):
        fail()
    with pytest.raises(StorageUnavailableError, match="57014"):
        sleep(storage)
    storage.close()


def test_lost_peers_are_found_by_tcp_on_both_sides(postgres_url: str) -> None:
    with run_proxy(postgres_url) as proxy:
        storage = open_storage(proxy.url, statement_timeout=7)
        with storage.customers.session(), storage.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, BoundedConnection)
            parameters = driver.info.get_parameters()
            options = parameters["options"]
        storage.close()
    assert (parameters["keepalives_idle"], parameters["tcp_user_timeout"]) == ("30", "7000")
    assert "statement_timeout=7000ms" in options
    assert "tcp_keepalives_idle=30" in options


def test_parameters_of_the_url_replace_ours(postgres_url: str) -> None:
    url = make_url(postgres_url).update_query_dict({"options": "-c statement_timeout=5s", "keepalives_idle": "5"})
    storage = open_storage(url.render_as_string(hide_password=False))
    with storage.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "5s"
        driver = connection.connection.driver_connection
        assert isinstance(driver, BoundedConnection)
        assert driver.info.get_parameters()["keepalives_idle"] == "5"
    storage.close()


def test_service_works_where_backends_are_hidden(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION pg_stat_get_activity(integer) FROM PUBLIC")
        connection.execute("CREATE ROLE muster_hidden LOGIN")
        connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO muster_hidden")
    try:
        storage = open_storage(make_url(postgres_url).set(username="muster_hidden").render_as_string(False))
        with storage.customers.session() as session:
            session.save(build_batch(build_customer("1")), RESPONSE)
        assert count_rows(storage)["batches"] == 1
        storage.close()
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("DROP OWNED BY muster_hidden")
            connection.execute("DROP ROLE muster_hidden")


def read_backend(storage: Storage) -> object:
    with storage.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
