"""The HTTP server: uvicorn on a socket of ours, in this process or in several."""

import multiprocessing
import os
import signal
import socket
import threading
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from muster.cli.errors import CommandError
from muster.observability import multiprocess
from muster.server.graceful_shutdown import Server
from muster.server.protocol import BoundedProtocol
from muster.server.tls import reloading_context
from muster.server.workers import Workers
from muster.settings import Settings

if TYPE_CHECKING:
    from litestar import Litestar

APP: Final = "muster.server.run:create_app"
FAIR_LOOP: Final = "muster.server.accept:FairLoop"

# Seconds that requests get to end after SIGTERM: a batch of the largest size takes less.
GRACE_SECONDS: Final = 30
# A worker that doesn't answer for so many seconds is replaced. Uvicorn's 5 could do it to a worker that is only busy.
HUNG_SECONDS: Final = 15
BACKLOG: Final = 2048
_FIRST_GIVEN: Final = 3  # SD_LISTEN_FDS_START


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one. Raises `CommandError`.

    Made by us before any worker starts, so that a port in use is one line and not a traceback of each worker.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise CommandError(
            f"the host {host!r} is not known here; name an address of this machine with --host"
        ) from None
    # Of a name with several addresses IPv4 is taken: every client can reach that one.
    family, _, _, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    both = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
    try:
        return socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=both)
    except PermissionError:
        raise CommandError(f"port {port} is not allowed to this user; choose one above 1023 with --port") from None
    except OSError as error:
        what = f"can't listen on {host} port {port} ({os.strerror(error.errno or 0)})"
        raise CommandError(f"{what}; choose another with --port or --host, or stop what listens there") from None


def inherit_systemd_socket() -> socket.socket | None:
    """The socket that systemd listens on for us, as sd_listen_fds(3) says; None when there is none. Raises `CommandError`.

    It stays open while one service ends and the next one starts, so no connection is refused in between.
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = os.environ["LISTEN_FDS"]
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)  # it is not for the workers
    given = socket.socket(fileno=_FIRST_GIVEN) if count == "1" else None
    if given is None or given.family not in (socket.AF_INET, socket.AF_INET6) or given.type != socket.SOCK_STREAM:
        raise CommandError("systemd gave other sockets than one for TCP; its unit needs one ListenStream=PORT")
    return given


def configure(app: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    """Uvicorn's settings, the same wherever the service runs. Its logging is the service's own."""
    return uvicorn.Config(
        app,
        workers=settings.workers,
        http=BoundedProtocol,
        loop=FAIR_LOOP if settings.workers > 1 and os.name != "nt" else "auto",
        ws="none",
        forwarded_allow_ips=settings.trusted_proxies,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        ssl_context_factory=reloading_context if settings.tls_cert else None,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_worker_healthcheck=HUNG_SECONDS,
        **more,
    )


def run_service(settings: Settings, listener: socket.socket) -> None:
    """Serves until SIGTERM; raises `KeyboardInterrupt` after Ctrl-C. The workers' settings are in the environment."""
    config = configure(APP, settings, factory=True)
    with multiprocess.multiprocess_dir(settings.workers):
        if settings.workers == 1:
            Server(config).run(sockets=[listener])
            return
        workers = Workers(config, settings, listener)
        workers.run()
    if workers.interrupted:
        raise KeyboardInterrupt


def create_app() -> "Litestar":
    """What each process that serves runs: the service, which ends with the process that started it."""
    from muster import bootstrap

    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), name="parent-watch", daemon=True).start()
    return bootstrap.create_app()


def _end_after(parent: BaseProcess) -> None:
    """A parent that was killed could not tell its workers, and these would keep the port and the database."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def build_url(settings: Settings, listener: socket.socket) -> str:
    """Where the service is reached, as a URL without a path."""
    scheme = "https" if settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{listener.getsockname()[1]}"
