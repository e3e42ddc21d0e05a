"""Describes the machine and the versions under test."""

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from benchmarks.postgres import SETTINGS
from benchmarks.service import ROOT

_PACKAGES: Final = (
    "litestar",
    "gunicorn",
    "uvicorn",
    "uvloop",
    "httptools",
    "msgspec",
    "psycopg",
    "sqlalchemy",
    "fastapi",
    "pydantic",
    "datasette",
)


def describe_machine(postgres: str) -> str:
    """One line for the report; `postgres` is the version of the server."""
    settings = ", ".join(f"{name} = {value}" for name, value in SETTINGS.items())
    parts = [
        f"{os.cpu_count()} cores",
        platform.machine(),
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        *_list_versions(),
        f"SQLite {sqlite3.sqlite_version}",
        f"PostgreSQL {postgres} with {settings}",
    ]
    return f"{datetime.now(UTC):%Y-%m-%d}, commit {_describe_commit()}; {', '.join(parts)}."


def _list_versions() -> Iterator[str]:
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            yield f"{name} {version(name)}"


def _describe_commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
