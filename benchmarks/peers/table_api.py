"""Datasette's HTTP API for inserting rows into SQLite, which checks no customer."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

from benchmarks.client import Address
from benchmarks.row_templates import Row
from benchmarks.service import Service, find_free_port, start_service

DATASETTE: Final = Path(sys.executable).with_name("datasette")

_SECRET: Final = "a secret of this run"
_TABLE: Final = """
CREATE TABLE customers (
    customer_ext_id TEXT NOT NULL, business_unit TEXT NOT NULL, version INTEGER NOT NULL,
    communication_number TEXT NOT NULL, entity_type TEXT NOT NULL, customer_status TEXT NOT NULL,
    batch_id TEXT NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (customer_ext_id, business_unit)
)
"""


def build_insert_path(file: Path) -> str:
    """The path of the insert endpoint."""
    return f"/{file.stem}/customers/-/insert"


@contextmanager
def run_datasette(file: Path, batch: int) -> Iterator[Service]:
    """Runs Datasette with a new database in this file; a request may insert `batch` rows."""
    with closing(sqlite3.connect(file)) as connection:
        # The faster journal mode, and the one that muster uses.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(_TABLE)
    port = find_free_port()
    command: list[str | Path] = [DATASETTE, "serve", file, "--port", str(port), "--secret", _SECRET]
    settings = {"max_insert_rows": str(batch), f"databases.{file.stem}.permissions.insert-row.id": "bench"}
    options = [part for name, value in settings.items() for part in ("--setting", name, value)]
    with start_service([*command, *options], port=port, ready_path="/-/versions.json") as pid:
        yield Service(Address(port, _create_token()), pid, workers=1, count_rows=lambda: _count_rows(file))


def build_insert_body(rows: Sequence[Row]) -> bytes:
    """A request of the insert endpoint with the columns of muster's table `customers`."""
    batch_id = uuid4().hex
    return json.dumps({"rows": [_build_columns(row, batch_id) for row in rows]}).encode()


def _build_columns(row: Row, batch_id: str) -> dict[str, object]:
    return {
        "customer_ext_id": row.ext_id,
        "business_unit": row.unit,
        "version": row.version,
        "communication_number": row.number,
        "entity_type": row.entity_type,
        "customer_status": row.status,
        "batch_id": batch_id,
        "document": row.document,
    }


def _create_token() -> str:
    command: list[str | Path] = [DATASETTE, "create-token", "bench", "--secret", _SECRET]
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout.strip()


def _count_rows(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM customers").fetchone()[0])
