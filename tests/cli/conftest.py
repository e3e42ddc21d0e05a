"""Fixtures for the command line."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.commands import COMMAND, Muster, Running, make_certificate


@pytest.fixture
def muster(
    _migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Muster:
    """The command line on the SQLite file of a new installation."""
    shutil.copy(_migrated_sqlite, tmp_path / "muster.db")
    return Muster(f"sqlite:///{tmp_path / 'muster.db'}", monkeypatch, capsys)


@pytest.fixture
def bare_muster(muster: Muster, tmp_path: Path) -> Muster:
    """The command line on a SQLite file that does not exist yet."""
    tmp_path.joinpath("muster.db").unlink()
    return muster


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Starts the installed command; processes that still run at the end of the test are killed."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **environment: str) -> Running:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
        process = subprocess.Popen(
            [COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean | environment,
        )
        started.append(process)
        return Running(process)

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_certificate(cert, key)
    return cert, key
