"""Database URLs, connection options and the scrubbing of errors."""

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
def test_postgres_url_selects_psycopg(url: str) -> None:
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
def test_invalid_url_is_rejected_without_showing_its_password(url: str) -> None:
    with pytest.raises(InvalidDatabaseUrlError) as error:
        open_storage(url)
    assert "user" not in str(error.value).replace("USER", "")
    assert "host" not in str(error.value)


def test_url_overrides_connection_options(postgres_url: str) -> None:
    storage = open_storage(
        postgres_url + "&application_name=other" if "?" in postgres_url else postgres_url + "?application_name=other"
    )
    with storage.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar() == "other"
    storage.close()


def test_postgres_connection_has_a_name_and_utf8(postgres_url: str) -> None:
    engine = create_database_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar() == "muster"
        assert connection.exec_driver_sql("SHOW client_encoding").scalar() == "UTF8"
    engine.dispose()


def test_sqlite_uses_wal_and_durable_commits(sqlite_url: str) -> None:
    engine = create_database_engine(sqlite_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000  # milliseconds
    engine.dispose()


def test_new_sqlite_files_are_private(tmp_path: Path) -> None:
    storage = open_storage(f"sqlite:///{tmp_path / 'new.db'}")
    storage.upgrade()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    storage.close()


def test_mode_of_an_existing_sqlite_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    path.touch()
    path.chmod(0o660)
    storage = open_storage(f"sqlite:///{path}")
    storage.upgrade()
    assert path.stat().st_mode & 0o777 == 0o660
    storage.close()


def test_error_of_sqlalchemy_is_scrubbed_of_parameters(storage: Storage) -> None:
    @scrub_errors
    def fail() -> None:
        with storage.engine.connect() as connection:
            connection.execute(insert(users), {"name": "secret"})

    with pytest.raises(Exception) as error:  # noqa: PT011 - any error must be scrubbed
        fail()
    assert "secret" not in str(error.value)
    assert not isinstance(error.value, exc.SQLAlchemyError | psycopg.Error | sqlite3.Error)
    assert error.value.__context__ is None


def test_error_of_the_server_is_scrubbed_of_values(postgres_url: str) -> None:
    storage = open_storage(postgres_url)

    @scrub_errors
    def fail() -> None:
        with storage.engine.connect() as connection:
            connection.execute(select(cast(literal("secret"), Integer)))

    with pytest.raises(Exception, match="22P02") as error:
        fail()
    assert "secret" not in str(error.value)
    storage.close()


def test_connections_in_use_are_counted(database_url: str) -> None:
    storage = open_storage(database_url, pool_size=3)
    assert storage.connections() == (0, 7)  # three, and four reserved
    with storage.customers.session(), storage.customers.session():
        assert storage.connections() == (2, 7)
    assert storage.connections() == (0, 7)
    storage.close()
