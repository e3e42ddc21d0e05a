"""New databases: with muster's schema and a user of it, or with nothing in them."""

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

from benchmarks.postgres import Postgres

MUSTER: Final = Path(sys.executable).with_name("muster")
KINDS: Final = ("PostgreSQL", "SQLite")

_SQLITE: Final = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Database:
    """A database with muster's schema, and a token of a user who may submit."""

    url: str
    token: str
    counting: str = "SELECT count(*) FROM customers"

    @property
    def file(self) -> Path:
        """Where a SQLite database lies."""
        return Path(self.url.removeprefix(_SQLITE))

    def rows(self) -> int:
        """How many customers it holds."""
        if self.url.startswith(_SQLITE):
            with closing(sqlite3.connect(self.file)) as connection:
                return int(connection.execute(self.counting).fetchone()[0])
        with psycopg.connect(self.url) as connected:
            row = connected.execute(self.counting.encode()).fetchone()
            assert row is not None
            return int(row[0])


class Databases:
    """Makes databases. Each kind is migrated once, and copied from then on."""

    def __init__(self, postgres: Postgres, directory: Path) -> None:
        self.postgres = postgres
        self._directory = directory
        self._made = 0
        self._prepared: dict[str, Database] = {}

    @contextmanager
    def new(self, kind: str) -> Iterator[Database]:
        """A database without customers, gone afterwards."""
        database = self.copy_of(self.prepared(kind))
        try:
            yield database
        finally:
            self.remove(database)

    def prepared(self, kind: str) -> Database:
        """The database of this kind that the others are copies of."""
        if kind not in self._prepared:
            url = self.postgres.create() if kind == "PostgreSQL" else f"{_SQLITE}{self.new_file()}"
            self._prepared[kind] = _prepare(url)
        return self._prepared[kind]

    def copy_of(self, database: Database) -> Database:
        if not database.url.startswith(_SQLITE):
            return replace(database, url=self.postgres.create(database.url))
        file = self.new_file()
        shutil.copy(database.file, file)
        return replace(database, url=f"{_SQLITE}{file}")

    def remove(self, database: Database) -> None:
        if not database.url.startswith(_SQLITE):
            self.postgres.drop(database.url)
            return
        for file in database.file.parent.glob(f"{database.file.name}*"):
            file.unlink()

    def new_file(self) -> Path:
        """Where a SQLite database may be made."""
        self._made += 1
        return self._directory / f"bench_{self._made}.db"


def _prepare(url: str) -> Database:
    def muster(*arguments: str, given: str = "") -> str:
        environment = {**os.environ, "MUSTER_DATABASE": url}
        done = subprocess.run([MUSTER, *arguments], env=environment, input=given, text=True, capture_output=True)
        if done.returncode:
            raise RuntimeError(f"muster {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    muster("db", "upgrade")
    muster("user", "add", "bench", "--role", "submit", "--password-stdin", given="a long enough password\n")
    return Database(url, muster("token", "create", "bench"))
