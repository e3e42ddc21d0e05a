"""Builds the service from its parts. Only this package names concrete stores and the OpenID adapter.

The command line calls it, and each worker process of the service calls `create_app`.
"""

import gc
from contextlib import ExitStack
from typing import TYPE_CHECKING

from muster.bootstrap.database import (
    FILE_CONNECTIONS,
    DatabaseMissingError,
    SchemaOutdatedError,
    open_checked_database,
    open_database,
)
from muster.bootstrap.interpreter import tune_collector, tuned_interpreter
from muster.bootstrap.oidc import check_oidc_settings, check_provider, make_oidc
from muster.bootstrap.traces import open_traces
from muster.settings import InvalidSettingError, Settings
from muster.storage import Storage

if TYPE_CHECKING:
    from muster.auth.metrics_token import MetricsToken
    from muster.loads.worker import WorkerTimes
    from muster.web.app import Application

__all__ = [
    "FILE_CONNECTIONS",
    "DatabaseMissingError",
    "SchemaOutdatedError",
    "check_oidc_settings",
    "check_provider",
    "configure_logs",
    "create_app",
    "make_oidc",
    "make_service",
    "open_checked_database",
    "open_database",
    "preload",
    "read_metrics_token",
    "tuned_interpreter",
]


def preload() -> None:
    """Loads the code and makes the routes of the service, in the process that forks the workers.

    They share its memory, and each starts in a third of the time.
    """
    gc.disable()  # what is loaded stays: looking for garbage in it takes a tenth of the time
    from muster.bootstrap import services  # noqa: F401
    from muster.web.router import preload_routes

    preload_routes()
    gc.freeze()  # a collection would write to all objects, and so copy the memory of each
    gc.enable()


def create_app(*, load_times: "WorkerTimes | None" = None) -> "Application":
    """The service with settings from the environment. Each worker process runs it."""
    from muster.observability import multiprocess

    settings = Settings.read()
    check_oidc_settings(settings)
    configure_logs(settings)
    multiprocess.preallocate()
    service = make_service(settings, open_database(settings), load_times=load_times)
    tune_collector()
    return service


def make_service(settings: Settings, store: Storage, *, load_times: "WorkerTimes | None" = None) -> "Application":
    """The service on this store, which it closes at its end. Does not connect yet. Raises `InvalidSettingError`."""
    # Imported here, because loading the web framework takes a second, and commands on the database don't need it.
    from muster.bootstrap.services import make_services
    from muster.web.app import make_app

    resources = ExitStack()
    oidc_verifier, oidc_sign_in = make_oidc(settings)
    services = make_services(
        settings,
        store,
        resources,
        oidc_verifier=oidc_verifier,
        oidc_sign_in=oidc_sign_in,
        metrics_token=read_metrics_token(settings),
        load_times=load_times,
    )
    traces = open_traces()
    if traces is not None:
        resources.callback(traces.close)
    return make_app(services, settings, traces.record_request if traces else None)


def configure_logs(settings: Settings) -> None:
    """Configures the logs of this process. Raises `InvalidSettingError`."""
    from muster.observability.log_configuration import configure_logging

    configure_logging(settings.log_format)


def read_metrics_token(settings: Settings) -> "MetricsToken | None":
    """The token of the scraper; None when no file is configured. Raises `InvalidSettingError`."""
    if settings.metrics_token_file is None:
        return None
    from muster.auth import metrics_token

    try:
        return metrics_token.read_metrics_token(settings.metrics_token_file)
    except metrics_token.InvalidMetricsTokenError as error:
        raise InvalidSettingError(f"MUSTER_METRICS_TOKEN_FILE: {error}") from None
