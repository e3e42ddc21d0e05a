"""Creates databases with muster's schema and a user, as copies of one migrated template of each kind."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import psycopg

from benchmarks.postgres import PostgresServer

MUSTER: Final = Path(sys.executable).with_name("muster")
KINDS: Final = ("PostgreSQL", "SQLite")

_SQLITE: Final = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Database:
    """A database with muster's schema, and the token of a user with the role `submit`."""

    url: str
    token: str
    count_query: str = "SELECT count(*) FROM customers"

    @property
    def file(self) -> Path:
        """Path of a SQLite database."""
        return Path(self.url.removeprefix(_SQLITE))

    def count_rows(self) -> int:
        """The number of stored customers."""
        if self.url.startswith(_SQLITE):
            with closing(sqlite3.connect(self.file)) as connection:
                return int(connection.execute(self.count_query).fetchone()[0])
        with psycopg.connect(self.url) as connection:
            row = connection.execute(self.count_query.encode()).fetchone()
            assert row is not None
            return int(row[0])


class Databases:
    """Creates databases. Each kind is migrated once and then copied."""

    def __init__(self, postgres: PostgresServer, directory: Path) -> None:
        self.postgres = postgres
        self._directory = directory
        self._file_count = 0
        self._templates: dict[str, Database] = {}

    @contextmanager
    def new(self, kind: str) -> Iterator[Database]:
        """A database without customers, removed at the end."""
        database = self.copy(self.get_template(kind))
        try:
            yield database
        finally:
            self.remove(database)

    def get_template(self, kind: str) -> Database:
        """The database of this kind that `new` copies."""
        if kind not in self._templates:
            url = self.postgres.create() if kind == "PostgreSQL" else f"{_SQLITE}{self.new_file_path()}"
            self._templates[kind] = _create_template(url)
        return self._templates[kind]

    def copy(self, database: Database) -> Database:
        if not database.url.startswith(_SQLITE):
            return replace(database, url=self.postgres.create(database.url))
        file = self.new_file_path()
        shutil.copy(database.file, file)
        return replace(database, url=f"{_SQLITE}{file}")

    def remove(self, database: Database) -> None:
        if not database.url.startswith(_SQLITE):
            self.postgres.drop(database.url)
            return
        for file in database.file.parent.glob(f"{database.file.name}*"):
            file.unlink()

    def new_file_path(self) -> Path:
        """An unused path for a SQLite database."""
        self._file_count += 1
        return self._directory / f"bench_{self._file_count}.db"


def _create_template(url: str) -> Database:
    def run_muster(*arguments: str, stdin: str = "") -> str:
        variables = {**os.environ, "MUSTER_DATABASE": url}
        done = subprocess.run([MUSTER, *arguments], env=variables, input=stdin, text=True, capture_output=True)
        if done.returncode:
            raise RuntimeError(f"muster {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    run_muster("db", "upgrade")
    run_muster("user", "add", "bench", "--role", "submit", "--password-stdin", stdin="a long enough password\n")
    return Database(url, run_muster("token", "create", "bench"))
