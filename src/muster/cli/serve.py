"""`muster serve`."""

import os
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from types import FrameType
from typing import Annotated

from muster.cli.context import open_command_storage, read_settings, settings_errors
from muster.cli.errors import UsageError
from muster.cli.options import Database, setting
from muster.cli.output import print_note
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
    _serve(settings)


def _serve(settings: Settings) -> None:
    from muster import bootstrap
    from muster.server import sighup
    from muster.server.run import build_url, inherit_systemd_socket, listen, run_service
    from muster.server.tls import check_tls

    with settings_errors():
        bootstrap.check_oidc_settings(settings)
    check_tls(settings)
    given = inherit_systemd_socket()
    if given is not None:
        host, port, *_ = given.getsockname()
        settings = replace(settings, host=host, port=port)
    with given or listen(settings.host, settings.port) as listener:
        has_users = _check_database(settings)
        with settings_errors():
            bootstrap.configure_logs(settings)
        os.environ.update(settings.to_environment())
        signal.signal(signal.SIGTERM, _end)
        sighup.ignore()
        if not has_users and settings.oidc_issuer is None:
            print_note(
                "there is no user yet; `muster user add NAME --role submit` adds one, also while the service runs"
            )
        print_note(f"muster listens on {build_url(settings, listener)} (Swagger UI: /swagger-ui/); Ctrl-C ends it")
        with suppress(KeyboardInterrupt):  # the way to end it, and no failure
            run_service(settings, listener)


def _check_database(settings: Settings) -> bool:
    """Whether there is a user. The workers open the database themselves, here it is seen that it has the schema."""
    with open_command_storage(settings.database, settings, create=True) as store:
        return any(not user.disabled for user in store.users.users())


def _end(_signal: int, _frame: FrameType | None) -> None:
    """Uvicorn hands the signal on when it has ended: a service that was told to stop has not failed."""
    sys.exit(0)
