"""Fixtures for the command line."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

import pytest

from faults.certificates import make_certificate
from muster.auth.users import Role
from muster.cli.load_request import LoadBounds
from tests.cli.commands import COMMAND, Muster, Running
from tests.cli.uploads import PART_BYTES, Load
from tests.serving import Api, serving


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
    """Starts the installed command; at the end of the test it is killed with all processes that it started.

    A command with `traced=True` is traced by coverage.py, which starting takes twice as long. One that is killed never
    writes what it has counted.
    """
    with starting() as start:
        yield start


@pytest.fixture(scope="module")
def shared_service(_migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """The database and the port of one `muster serve` for all tests of a module."""
    path = tmp_path_factory.mktemp("shared-service") / "muster.db"
    shutil.copy(_migrated_sqlite, path)
    url = f"sqlite:///{path}"
    with starting() as start:
        yield url, start("serve", "--port", "0", "--database", url).port()


@contextmanager
def starting() -> Iterator[Callable[..., Running]]:
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, traced: bool = False, **environment: str) -> Running:
        unwanted = ("MUSTER_",) if traced else ("MUSTER_", "COVERAGE_")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        process = subprocess.Popen(
            [COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean | environment,
            process_group=0,
        )
        started.append(process)
        return Running(process)

    try:
        yield begin
    finally:
        for process in started:
            # A worker that outlived the command would hold its pipes, and reading them would wait for its end.
            with suppress(ProcessLookupError):  # all have ended
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=30)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_certificate(cert, key)
    return cert, key


@pytest.fixture(scope="module", name="api")
def _api(tmp_path_factory: pytest.TempPathFactory, _migrated_sqlite: Path) -> Iterator[Api]:
    """One service for all tests, which send only customers that no other test has, each as a user of its own."""
    path = tmp_path_factory.mktemp("service") / "muster.db"
    path.write_bytes(_migrated_sqlite.read_bytes())
    with serving(f"sqlite:///{path}") as api:
        yield api


@pytest.fixture
def target(api: Api, tmp_path: Path) -> list[str]:
    """The options for a service, with the token of a new user."""
    token = tmp_path / "token"
    token.write_text(f"{api.user(Role.SUBMIT)}\n")
    return ["--url", f"http://127.0.0.1:{api.port}/", "--token-file", str(token)]


@pytest.fixture
def load(muster: Muster, target: list[str]) -> Load:
    return lambda *arguments, stdin=b"": muster("load", *arguments, *target, stdin=stdin)


@pytest.fixture
def quick_uploads(muster: Muster) -> Iterator[None]:
    """Small parts, and no pauses while the service loads the file."""
    muster.load_bounds = LoadBounds(part_bytes=PART_BYTES)
    with patch("muster_client.loads.parse_retry_after", lambda _: 0.02):
        yield
