"""Why a connection fails is said in words of our own, with what to do, and without anything of the URL."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from muster.storage import Storage, StorageError, open_storage
from muster.storage.postgres.connection_failures import find_connection_failure
from tests.postgres_databases import DatabaseMaker
from tests.postgres_server import OwnPostgres

NONE = "no connection to the database"


@dataclass(frozen=True)
class Role:
    """A role of the shared server that may log in with a password."""

    name: str
    password: str


@pytest.fixture
def role(postgres_server_url: str) -> Iterator[Role]:
    """A role without rights. Its password has characters that a URL must percent-encode."""
    role = Role(f"muster_{uuid4().hex[:8]}", "p@ss/w:rd %41")
    with psycopg.connect(postgres_server_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role.name} LOGIN PASSWORD '{role.password}'".encode())
        yield role
        connection.execute(f"DROP OWNED BY {role.name}".encode())
        connection.execute(f"DROP ROLE {role.name}".encode())


def with_parts(url: str, **parts: Any) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)


def read_error(url: str, use: Callable[[Storage], object] = Storage.schema_state) -> StorageError:
    storage = open_storage(url)
    try:
        with pytest.raises(StorageError) as error:
            use(storage)
    finally:
        storage.close()
    assert error.value.__context__ is None
    return error.value


def test_missing_database_is_named_as_such(postgres_server_url: str) -> None:
    error = read_error(with_parts(postgres_server_url, database="no_such_database"))
    assert str(error) == f"{NONE}: it does not exist on this server"
    assert "CREATE DATABASE" in error.remedy
    assert "no_such_database" not in str(error)


def test_unknown_role_is_told_to_check_user_password_and_their_encoding(postgres_server_url: str) -> None:
    error = read_error(with_parts(postgres_server_url, username="no_such_role"))
    assert str(error) == f"{NONE}: its server refuses this user and password"
    assert "percent-encoded" in error.remedy
    assert "%40" in error.remedy


def test_wrong_password_is_told_to_check_its_encoding_and_no_part_of_it_is_shown(own_postgres: OwnPostgres) -> None:
    rules = Path(str(make_url(own_postgres.url).query["host"])) / "pg_hba.conf"
    rules.write_text("local all muster scram-sha-256\n" + rules.read_text())
    with psycopg.connect(own_postgres.url, autocommit=True) as connection:
        connection.execute("CREATE ROLE muster LOGIN PASSWORD 'Zq1@Xw2%41'")
        connection.execute("SELECT pg_reload_conf()")
    for password in ("Zq1@Xw2A", "Zq1", ""):  # the first one is the right one, decoded once too often
        error = read_error(with_parts(own_postgres.url, username="muster", password=password))
        assert vars(error)["connection_failure"] == "login_failed"
        assert "% is %25" in error.remedy
        assert "Zq1" not in f"{error} {error.remedy}"
    # The right one lets the role in, which has no rights there.
    denied = read_error(with_parts(own_postgres.url, username="muster", password="Zq1@Xw2%41"))
    assert vars(denied)["sqlstate"] == "42501"


def test_missing_right_on_the_schema_says_whom_to_make_the_owner(empty_postgres_url: str, role: Role) -> None:
    with psycopg.connect(empty_postgres_url, autocommit=True) as connection:
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")  # the default since PostgreSQL 15
    error = read_error(with_parts(empty_postgres_url, username=role.name, password=role.password), Storage.upgrade)
    assert "permission denied for schema public" in str(error)
    assert "OWNER TO" in error.remedy


def test_missing_right_on_tables_says_whose_they_are(postgres_url: str, role: Role) -> None:
    url = with_parts(postgres_url, username=role.name, password=role.password)
    error = read_error(url, lambda storage: storage.users.users())
    assert "owns the tables" in error.remedy


def test_owner_of_a_database_can_create_the_schema(role: Role, postgres_databases: DatabaseMaker) -> None:
    url = postgres_databases.make(options=f"ENCODING 'UTF8' OWNER {role.name}")
    storage = open_storage(with_parts(url, username=role.name, password=role.password))
    assert storage.upgrade()
    assert storage.ready()
    storage.close()


def test_closed_port_is_told_apart_from_an_unknown_host() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        error = read_error(f"postgresql://muster:secret@127.0.0.1:{closed.getsockname()[1]}/name")
    assert (str(error), vars(error)["connection_failure"]) == (f"{NONE}: nothing listens at its address", "refused")
    error = read_error("postgresql://muster:secret@no-such-host.invalid/name")
    assert (str(error), vars(error)["connection_failure"]) == (
        f"{NONE}: its host is not known here",
        "host_unknown",
    )


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ('connection failed: FATAL:  password authentication failed for user "muster"', "login_failed"),
        ("connection failed: fe_sendauth: no password supplied", "login_failed"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "muster", database "m", no encryption', "host_denied"),
        ('FATAL:  Peer authentication failed for user "muster"', "host_denied"),
        ("FATAL:  sorry, too many clients already", "too_many_connections"),
        ("FATAL:  the database system is starting up", "starting"),
        ("connection timeout expired", "unreachable"),
        ("server does not support SSL, but SSL was required", "tls_failed"),
        ("server closed the connection unexpectedly", "connection_lost"),
        ("FATAL:  Passwort-Authentifizierung für Benutzer »muster« fehlgeschlagen", "connection_lost"),
    ],
)
def test_message_of_libpq_leads_to_a_cause(message: str, name: str) -> None:
    assert find_connection_failure(message).name == name
