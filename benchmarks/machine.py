"""What the figures were measured on."""

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from benchmarks.postgres import SETTINGS
from benchmarks.service import ROOT

_SERVICE: Final = ("litestar", "uvicorn", "uvloop", "httptools", "msgspec", "psycopg", "sqlalchemy")
_PEERS: Final = ("fastapi", "pydantic", "datasette")


def machine(postgres: str) -> str:
    """One line; `postgres` is the server's version."""
    settings = ", ".join(f"{name} = {value}" for name, value in SETTINGS.items())
    parts = [
        f"{os.cpu_count()} cores",
        platform.machine(),
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        *(f"{name} {version(name)}" for name in (*_SERVICE, *_PEERS)),
        f"SQLite {sqlite3.sqlite_version}",
        f"PostgreSQL {postgres} with {settings}",
    ]
    return f"{datetime.now(UTC):%Y-%m-%d}, commit {_commit()}; {', '.join(parts)}."


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
