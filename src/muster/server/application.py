"""Gunicorn with the settings and hooks of this service."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger

from muster.observability.logs import log_error
from muster.server import http2
from muster.server.drain import Drain, StopFlag
from muster.server.edge import Edge
from muster.server.fair_accept import use_fair_loop
from muster.server.graceful_shutdown import GRACE_SECONDS, leave_signals_to_main_process, stop_on_signals
from muster.server.limits import ConnectionLimits
from muster.server.sighup import reload_on_sighup
from muster.server.tls_reload import Certificate
from muster.server.trial_boot import can_boot
from muster.server.worker_events import WorkerEvents

# A worker whose event loop stands still this long is replaced. Gunicorn has one setting for this and for the longest
# pause within a body, which must exceed the application's 30 seconds: the application answers 408, gunicorn hangs up.
HANG_SECONDS: Final = 40
_BOOT_SECONDS: Final = 60.0
# A request whose client has gone is finished: its batch may be half saved in the client's mind. Gunicorn cancels
# the request after this time.
_AFTER_DISCONNECT_SECONDS: Final = 3600


def _ignore_exit(_pid: int) -> None:
    """Nobody counts the workers."""


@dataclass
class Service:
    """What is served, and how. `make_app` makes the ASGI application in each worker.

    `run` takes over the listener: it must be closed before its end, when requests are still being finished.
    """

    make_app: Callable[[], Any]
    listener: socket.socket
    workers: int = 1
    keep_alive: int = 75
    drain_seconds: int = 0
    trusted_proxies: str = "127.0.0.1"
    certificate: Certificate | None = None
    on_worker_exit: Callable[[int], None] = _ignore_exit
    hang_seconds: int = HANG_SECONDS
    limits: ConnectionLimits = field(default_factory=ConnectionLimits)


def run(service: Service) -> int:
    """Serves until SIGTERM or Ctrl-C. Returns the exit code: 0, or 1 when a worker did not start."""
    main_process = os.getpid()
    try:
        GunicornApplication(service).run()
    except SystemExit as end:
        if os.getpid() != main_process:
            _end_worker(end.code if isinstance(end.code, int) else 1)
        return 1 if end.code else 0
    except HaltServer:  # a second worker that did not start, while gunicorn ends because of the first
        return 1
    return 0


def _end_worker(code: int) -> None:
    """A forked worker ends here too; cleaning up behind `run` is for the main process alone."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _log_worker_errors(worker: Any) -> Callable[[], None]:
    """The worker's process, with a log event for an exception that ends it. Gunicorn would print its message."""
    init_process = worker.init_process

    def run() -> None:
        try:
            init_process()
        except Exception as error:
            log_error(error, component="worker")
            # A worker that never booted ends the service; another one is replaced.
            raise SystemExit(1 if worker.booted else Arbiter.WORKER_BOOT_ERROR) from None

    return run


class _Log(Logger):
    """Gunicorn's log as records of the standard library, which the service's log takes over."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class GunicornApplication(BaseApplication):
    """A custom application of gunicorn, see its documentation."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._bind = f"fd://{service.listener.detach()}"  # gunicorn closes what it binds
        self._events = WorkerEvents(service.on_worker_exit)
        self._stop_flag = StopFlag()
        super().__init__()

    def load_config(self) -> None:
        service = self._service
        settings: dict[str, Any] = {
            "bind": [self._bind],
            "workers": service.workers,
            "worker_class": "asgi",
            "asgi_loop": "asyncio",  # whose policy makes our loop
            "asgi_lifespan": "on",
            "asgi_disconnect_grace_period": _AFTER_DISCONNECT_SECONDS,
            "http_parser": "python",
            "keepalive": service.keep_alive,
            "timeout": service.hang_seconds,
            "graceful_timeout": GRACE_SECONDS,
            "limit_request_line": 0,  # the guard bounds the whole header section, the application the URL (414)
            "limit_request_fields": 100,
            "limit_request_field_size": service.limits.max_head_bytes,
            "forwarded_allow_ips": service.trusted_proxies,
            "logger_class": _Log,
            "loglevel": "warning",
            "control_socket_disable": True,
            "proc_name": "muster",
            "pre_fork": self._events.pre_fork,
            "post_fork": self._post_fork,
            "child_exit": self._events.child_exit,
            "nworkers_changed": self._events.nworkers_changed,
            "when_ready": self._when_ready,
            "on_reload": self._events.on_reload,
        }
        if service.certificate is not None:
            cert, key = service.certificate.files
            settings |= {"certfile": cert, "keyfile": key, "ssl_context": self._ssl_context}
            settings |= http2.build_settings(service.limits)
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application, in a worker. Gunicorn would print the message of an exception."""
        leave_signals_to_main_process()
        try:
            app = self._service.make_app()
        except Exception as error:
            log_error(error, component="worker_start")
            raise SystemExit(Arbiter.WORKER_BOOT_ERROR) from None
        return Edge(app, self._service.trusted_proxies, self._stop_flag.is_set)

    def run(self) -> None:
        """Gunicorn's own method prints errors, which is no line of the log."""
        Arbiter(self).run()

    def _post_fork(self, _arbiter: Any, worker: Any) -> None:
        worker.init_process = _log_worker_errors(worker)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the main process's handler would only queue it, in this copy
        use_fair_loop(self._service.limits, tls=self._service.certificate is not None)

    def _when_ready(self, _arbiter: Any) -> None:
        stop_on_signals(self._events.on_stop, Drain(self._stop_flag, self._service.drain_seconds))
        reload_on_sighup(self._can_reload)

    def _can_reload(self) -> bool:
        service = self._service
        if not can_boot(service.make_app, service.on_worker_exit, _BOOT_SECONDS):
            return False
        return service.certificate is None or service.certificate.reload()

    def _ssl_context(self, _config: Any, _default: Any) -> Any:
        """The main process made the context: gunicorn serves in plain text when making one fails in a worker."""
        assert self._service.certificate is not None
        return self._service.certificate.context
