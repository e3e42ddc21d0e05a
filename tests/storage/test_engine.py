"""Database URLs, connection options and the scrubbing of errors."""

import sqlite3
from pathlib import Path
from traceback import format_exception
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import Integer, cast, exc, insert, literal, select

from muster.storage import InvalidDatabaseUrlError, Storage, StorageError, hide_password, open_storage
from muster.storage.engine import create_database_engine, parse_database_url
from muster.storage.errors import scrub_errors
from muster.storage.pool import ConnectionUsage
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


# A password with each character that has a meaning in URLs, as people paste it.
PASSWORDS = [
    *("Zq1/Xw2", "Zq1:Xw2", "Zq1#Xw2", "Zq1%Xw2", "Zq1%41Xw2", "Zq1?Xw2", "Zq1 Xw2"),
    *("Zq1@Xw2", "@Zq1@", "Zq1@Xw2/Vp3", "Zq1@Xw2:99", "Zq1@Xw2#Vp3", "Zq1@Xw2 Vp3", "Zq1@[Xw2", "Zq1@Xw2&Vp3"),
    *("Zq1@Xw2?Vp3", "Zq1@Xw2?Vp3=1"),
]
PARTS = ("Zq1", "Xw2", "Vp3")


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize(
    "form", ["postgresql://muster:{}@127.0.0.1:1/name", "postgresql://mu/ster:{}@127.0.0.1:1/name"]
)
def test_no_part_of_a_password_is_shown_when_it_is_not_percent_encoded(form: str, password: str) -> None:
    url = form.format(password)
    shown = []
    try:
        shown.append(hide_password(url))
        storage = open_storage(url)
        shown.append(str(storage.find_obstacle()))
        storage.schema_state()
    except (InvalidDatabaseUrlError, StorageError) as error:
        shown.append("".join(format_exception(error)))
    assert len(shown) > 0
    assert [part for part in PARTS if part in str(shown)] == []


@pytest.mark.parametrize("password", [password for password in PASSWORDS if "@" in password])
def test_at_sign_in_a_password_must_be_percent_encoded(password: str) -> None:
    with pytest.raises(InvalidDatabaseUrlError, match="percent-encode special characters of name and password"):
        open_storage(f"postgresql://muster:{password}@127.0.0.1/name")
    quoted = quote(password, safe="")
    assert parse_database_url(f"postgresql://muster:{quoted}@127.0.0.1/name").password == password


def test_port_of_a_url_without_a_user_is_hidden() -> None:
    # The host is missing: these are a user and a password.
    assert "4711" not in hide_password("postgresql://muster:4711/name")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://muster:secret@db.example:5432/name", "postgresql://muster:***@db.example:5432/name"),
        ("postgres://db.example/name", "postgresql://db.example/name"),
        ("postgresql+psycopg://db.example/name?password=secret&sslmode=require", "postgresql://db.example/name?…"),
        ("postgresql:///name?host=/run/postgresql", "postgresql:///name?…"),
        ("sqlite:////var/lib/muster.db", "sqlite:////var/lib/muster.db"),
    ],
)
def test_shown_url_has_no_password(url: str, shown: str) -> None:
    assert hide_password(url) == shown


def test_unknown_option_of_a_url_is_refused_without_showing_it() -> None:
    with pytest.raises(InvalidDatabaseUrlError, match="an option that PostgreSQL does not know") as error:
        open_storage("postgresql://db.example/name?password=p&secret=1")
    assert "secret" not in str(error.value)


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
    assert storage.connections() == ConnectionUsage(0, 7)  # three, and four reserved
    with storage.customers.session(), storage.customers.session():
        assert storage.connections() == ConnectionUsage(2, 7)
    assert storage.connections() == ConnectionUsage(0, 7)
    storage.close()
