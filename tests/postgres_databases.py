"""PostgreSQL databases for tests: created, emptied for the next test, and dropped."""

import os
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

EXTERNAL_SERVER: Final = os.environ.get("MUSTER_TEST_POSTGRES")

# FILE_COPY creates a database in 15 ms; the default strategy WAL_LOG takes ten times as long until the log has grown.
# The option exists since PostgreSQL 15, and an external server may be older.
_STRATEGY: Final = "" if EXTERNAL_SERVER else "STRATEGY FILE_COPY"

# Tests may leave a larger database, which is not worth emptying.
_MOST_GROWTH_BYTES: Final = 8 * 1024 * 1024

# What a test may have changed beside rows. Object ids are those of the template in each of its copies.
_DESCRIBE_SCHEMA: Final = """
SELECT (SELECT string_agg(concat_ws(' ', oid, relname, relkind, reloptions, relacl), ';' ORDER BY oid)
          FROM pg_class WHERE oid >= 16384),
       (SELECT string_agg(concat_ws(' ', attrelid, attname, atttypid, attnotnull, attstattarget), ';'
                          ORDER BY attrelid, attnum) FROM pg_attribute WHERE attrelid >= 16384),
       (SELECT string_agg(concat_ws(' ', tgrelid, tgname, tgenabled), ';' ORDER BY oid) FROM pg_trigger),
       (SELECT string_agg(concat_ws(' ', conrelid, conname), ';' ORDER BY oid) FROM pg_constraint WHERE oid >= 16384),
       (SELECT string_agg(concat_ws(' ', proname, prosrc), ';' ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
       (SELECT string_agg(concat_ws(' ', nspname, nspacl), ';' ORDER BY oid) FROM pg_namespace WHERE nspname !~ 'temp'),
       (SELECT string_agg(concat_ws(' ', setrole, setconfig), ';' ORDER BY setrole) FROM pg_db_role_setting
         WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())),
       (SELECT concat_ws(' ', datacl, datconnlimit, datallowconn) FROM pg_database WHERE datname = current_database())
"""
# Statements that drop what a migration makes.
_LIST_DROPS: Final = """
SELECT format('DROP TABLE IF EXISTS %s CASCADE', oid::regclass) FROM pg_class WHERE relkind = 'r' AND oid >= 16384
 UNION ALL SELECT format('DROP ROUTINE %s CASCADE', oid::regprocedure) FROM pg_proc WHERE oid >= 16384
"""
_LIST_TABLES: Final = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND oid >= 16384"
_END_OTHERS: Final = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@dataclass
class DatabaseMaker:
    """Creates databases on a server; `drop_all` drops them after the test."""

    server_url: str
    made: list[str] = field(default_factory=list)

    def make(self, template: str = "template0", options: str = "ENCODING 'UTF8'") -> str:
        name = f"muster_{uuid4().hex}"
        execute(self.server_url, f"CREATE DATABASE {name} TEMPLATE {template} {_STRATEGY} {options}")
        self.made.append(name)
        return with_database(self.server_url, name)

    def drop(self, name: str) -> None:
        execute(self.server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.made.remove(name)

    def drop_all(self) -> None:
        for name in list(self.made):
            self.drop(name)


class DatabasePool:
    """Copies of a template, used again: to empty one takes 15 ms of CPU, to create and drop one 270.

    A template without tables gives databases without tables.
    """

    def __init__(self, server_url: str, template: str) -> None:
        self._server_url = server_url
        self.template = template
        self._maker = DatabaseMaker(server_url)
        self._free: list[str] = []
        with psycopg.connect(with_database(server_url, template), autocommit=True) as connection:
            self._schema = connection.execute(_DESCRIBE_SCHEMA).fetchone()
            self._size = _read_size(connection)
            self._rows = {table: _read_rows(connection, table) for (table,) in connection.execute(_LIST_TABLES)}

    def take(self) -> str:
        """The URL of a database like the template."""
        return self._free.pop() if self._free else self._maker.make(template=self.template)

    def give_back(self, url: str) -> None:
        """Empties the database for another test, or drops it."""
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                is_free = self._empty(connection)
        except psycopg.Error:  # the test has dropped it, or its user may not empty it
            is_free = False
        if is_free:
            self._free.append(url)
        else:
            self._maker.drop(str(make_url(url).database))

    def _empty(self, connection: psycopg.Connection) -> bool:
        """Whether it is like the template again. It is not when the test changed more than rows."""
        connection.execute(_END_OTHERS)
        if not self._rows:
            drops = [statement for (statement,) in connection.execute(_LIST_DROPS)]
            connection.execute("; ".join(drops).encode())
        is_alike = connection.execute(_DESCRIBE_SCHEMA).fetchone() == self._schema
        if not is_alike or _read_size(connection) > self._size + _MOST_GROWTH_BYTES:
            return False
        connection.execute("SET session_replication_role = replica")  # triggers guard the audit log
        with connection.transaction():
            connection.execute("; ".join(f"DELETE FROM {table}" for table in self._rows).encode())
            for table, rows in self._rows.items():
                _write_rows(connection, table, rows)
        return True

    def drop_all(self) -> None:
        self._maker.drop_all()


def with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _read_size(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])


def _read_rows(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT".encode()) as copy:
        return b"".join(map(bytes, copy))


def _write_rows(connection: psycopg.Connection, table: str, rows: bytes) -> None:
    if rows:
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
            copy.write(rows)
