"""`muster serve`."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

from muster.cli.context import open_command_storage, read_settings, settings_errors
from muster.cli.errors import CommandError, UsageError
from muster.cli.options import Database, setting
from muster.cli.output import print_event
from muster.settings import Settings

Host = Annotated[str | None, setting("host")]
Port = Annotated[int | None, setting("port", min=0, max=65535)]
Workers = Annotated[int | None, setting("workers", min=1, max=1024)]
TlsCert = Annotated[str | None, setting("tls_cert", metavar="FILE")]
TlsKey = Annotated[str | None, setting("tls_key", metavar="FILE")]


def serve(
    host: Host = None,
    port: Port = None,
    database: Database = None,
    workers: Workers = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
) -> None:
    """Runs the service until Ctrl-C or SIGTERM; requests that are under way are finished."""
    settings = read_settings(
        host=host, port=port, database=database, workers=workers, tls_cert=tls_cert, tls_key=tls_key
    )
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise UsageError("HTTPS needs both --tls-cert and --tls-key; give the other one too")
    with startup_errors():
        _serve(settings)


@contextmanager
def startup_errors() -> Iterator[None]:
    """Turns errors that prevent the start into errors of one line. Raises `CommandError`."""
    if sys.platform == "win32":  # gunicorn and uvloop need POSIX
        raise CommandError("the service needs Linux or macOS; run it there, or in a container")
    from muster.server.errors import StartupError

    try:
        yield
    except StartupError as error:
        raise CommandError(str(error)) from None


def _serve(settings: Settings) -> None:
    from muster import bootstrap
    from muster.observability.multiprocess import mark_dead, multiprocess_dir
    from muster.server.application import Service, run
    from muster.server.listen import build_url, listen
    from muster.server.sighup import ignore_until_serving
    from muster.server.systemd_socket import inherit_systemd_socket
    from muster.server.tls_reload import Certificate

    with settings_errors():
        bootstrap.configure_logs(settings)
        bootstrap.check_oidc_settings(settings)
        bootstrap.read_metrics_token(settings)
    certificate = Certificate(settings.tls_cert, settings.tls_key) if settings.tls_cert and settings.tls_key else None
    inherited = inherit_systemd_socket()
    if inherited is not None:
        host, port, *_ = inherited.getsockname()
        settings = replace(settings, host=host, port=port)
    with inherited or listen(settings.host, settings.port) as listener:
        has_users = _check_database(settings)
        os.environ.update(settings.to_environment())  # where each worker reads them
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until gunicorn handles it
        ignore_until_serving()
        if not has_users and settings.oidc_issuer is None:
            print_event(
                "no_users",
                "there is no user yet; `muster user add NAME --role submit` adds one, also while the service runs",
            )
        url = build_url(listener, settings.host, tls=certificate is not None)
        print_event("service_started", f"muster listens on {url} (Swagger UI: /swagger-ui/); Ctrl-C ends it")
        service = Service(
            bootstrap.create_app,
            listener,
            workers=settings.workers,
            keep_alive=settings.keep_alive,
            drain_seconds=settings.drain_seconds,
            trusted_proxies=settings.trusted_proxies,
            certificate=certificate,
            on_worker_exit=mark_dead,
        )
        with multiprocess_dir(settings.workers):
            bootstrap.preload()  # here, because prometheus_client looks for the directory when it is imported
            exit_code = run(service)
    if exit_code:
        raise CommandError("the service did not start; its log above says why")


def _check_database(settings: Settings) -> bool:
    """Whether there is a user. The workers open the database themselves; here only its schema is checked."""
    with open_command_storage(settings.database, settings, create=True) as store:
        return any(not user.disabled for user in store.users.users())
