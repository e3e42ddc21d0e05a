"""PgBouncer in front of the PostgreSQL server of the tests; it comes as a package of the operating system."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
POOL_SIZE = 4

needs_pgbouncer = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed")

_CONFIGURATION = """
[databases]
* = {target}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {directory}/users.txt
admin_users = {user}
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 200
server_login_retry = 0.1
logfile = {directory}/log
{more}
"""


@dataclass
class PgBouncer:
    """A running PgBouncer, which may be killed and started again at the same port."""

    server_url: str
    port: int
    directory: Path
    runs_as: int
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def to_url(self, url: str) -> str:
        """The URL of a database of the server, through PgBouncer."""
        through = make_url(url).set(host="127.0.0.1", port=self.port, password=None, query={})
        return through.set(drivername="postgresql").render_as_string(hide_password=False)

    def start(self) -> None:
        assert PROGRAM is not None
        # It refuses to run as root.
        user = {"user": self.runs_as} if os.getuid() == 0 else {}
        self._process = subprocess.Popen([PROGRAM, "-q", str(self.directory / "pgbouncer.ini")], **user)  # type: ignore[call-overload]
        for _ in range(200):
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            time.sleep(0.02)
        raise AssertionError((self.directory / "log").read_text())

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def show(self, what: str) -> list[dict[str, object]]:
        """The rows of a SHOW command of the administration console."""
        with psycopg.connect(self.to_url(self.server_url), dbname="pgbouncer", autocommit=True) as connection:
            cursor = psycopg.ClientCursor(connection)
            cursor.execute(f"SHOW {what}".encode())
            assert cursor.description is not None
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def run_pgbouncer(server_url: str, *, pool_size: int = POOL_SIZE, more: str = "") -> Iterator[PgBouncer]:
    """PgBouncer in transaction mode, in front of all databases of a server; `more` are lines of its configuration."""
    target = conninfo_to_dict(server_url)
    target.pop("dbname", None)
    user = str(target.get("user") or "postgres")
    host = str(target.get("host") or "127.0.0.1")
    # The server's socket belongs to the user that runs the server, and may be closed to others.
    runs_as = Path(host).stat().st_uid if host.startswith("/") else os.getuid() or 65_534
    with TemporaryDirectory(prefix="muster-pgbouncer-", dir="/tmp") as name, socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
        chosen.close()
        directory = Path(name)
        (directory / "users.txt").write_text(f'"{user}" ""\n')
        (directory / "pgbouncer.ini").write_text(
            _CONFIGURATION.format(
                target=" ".join(f"{key}={value}" for key, value in target.items()),
                port=port,
                directory=directory,
                user=user,
                pool_size=pool_size,
                more=more,
            )
        )
        if os.getuid() == 0:
            for path in (directory, *directory.iterdir()):
                os.chown(path, runs_as, -1)
        pgbouncer = PgBouncer(server_url, port, directory, runs_as)
        pgbouncer.start()
        try:
            yield pgbouncer
        finally:
            pgbouncer.kill()
