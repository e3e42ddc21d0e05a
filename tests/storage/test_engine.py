import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Integer, cast, exc, insert, literal, select

from muster.storage import InvalidDatabaseUrlError, Storage, open_storage
from muster.storage.engine import create_database_engine, parse_database_url
from muster.storage.errors import scrub_errors
from muster.storage.tables import users


@pytest.mark.parametrize("url", ["postgresql://h/d", "postgres://h/d", "postgresql+psycopg://h/d"])
def test_postgres_has_one_driver(url: str) -> None:
    assert parse_database_url(url).drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "muster.db",
        "mysql://user:secret@host/database",
        "postgresql+asyncpg://user:secret@host/database",
        "postgresql://user:secret@host:port/database",
        "secret://",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_other_urls_are_refused_without_naming_their_password(url: str) -> None:
    with pytest.raises(InvalidDatabaseUrlError) as caught:
        open_storage(url)
    assert "user" not in str(caught.value).replace("USER", "")
    assert "host" not in str(caught.value)


def test_the_url_may_overrule_our_options(postgres_url: str) -> None:
    store = open_storage(
        postgres_url + "&application_name=other" if "?" in postgres_url else postgres_url + "?application_name=other"
    )
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar() == "other"
    store.close()


def test_postgres_is_told_who_we_are(postgres_url: str) -> None:
    engine = create_database_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar() == "muster"
        assert connection.exec_driver_sql("SHOW client_encoding").scalar() == "UTF8"
    engine.dispose()


def test_sqlite_commits_durably_and_lets_readers_read(sqlite_url: str) -> None:
    engine = create_database_engine(sqlite_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000  # milliseconds
    engine.dispose()


def test_a_new_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = open_storage(f"sqlite:///{tmp_path / 'new.db'}")
    store.upgrade()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    store.close()


def test_the_mode_of_a_sqlite_file_stays_as_its_owner_set_it(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    path.touch()
    path.chmod(0o660)
    store = open_storage(f"sqlite:///{path}")
    store.upgrade()
    assert path.stat().st_mode & 0o777 == 0o660
    store.close()


def test_an_error_of_sqlalchemy_loses_its_statement_and_parameters(store: Storage) -> None:
    @scrub_errors
    def fail() -> None:
        with store.engine.connect() as connection:
            connection.execute(insert(users), {"name": "secret"})

    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is, it must not tell
        fail()
    assert "secret" not in str(caught.value)
    assert not isinstance(caught.value, exc.SQLAlchemyError | psycopg.Error | sqlite3.Error)
    assert caught.value.__context__ is None


def test_a_value_that_the_server_cannot_read_is_not_repeated(postgres_url: str) -> None:
    store = open_storage(postgres_url)

    @scrub_errors
    def fail() -> None:
        with store.engine.connect() as connection:
            connection.execute(select(cast(literal("secret"), Integer)))

    with pytest.raises(Exception, match="22P02") as caught:
        fail()
    assert "secret" not in str(caught.value)
    store.close()


def test_connections_are_counted_while_they_are_in_use(database_url: str) -> None:
    store = open_storage(database_url, pool_size=3)
    assert store.connections() == (0, 7)  # four are spare
    with store.customers.session(), store.customers.session():
        assert store.connections() == (2, 7)
    assert store.connections() == (0, 7)
    store.close()
