"""Builds the service from its parts. Only this package names concrete stores and the OpenID adapter.

The command line calls it, and each worker process of the service calls `create_app`.
"""

import os
import time
from contextlib import ExitStack
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from muster.bootstrap.interpreter import tune_collector, tuned_interpreter
from muster.bootstrap.loads import make_load_runner, make_loads
from muster.classifiers.snapshot import ClassifierCache
from muster.settings import InvalidSettingError, Settings
from muster.storage import (
    USABLE_STATES,
    SchemaState,
    SchemaTooNewError,
    Storage,
    open_storage,
)

if TYPE_CHECKING:
    from litestar import Litestar

    from muster.auth.metrics_token import MetricsToken
    from muster.auth.oidc.token_verifier import OidcTokenVerifier
    from muster.loads.worker import WorkerTimes
    from muster.observability.traces import TraceExporter

__all__ = [
    "DatabaseMissingError",
    "SchemaOutdatedError",
    "check_oidc_settings",
    "configure_logs",
    "count_provider_keys",
    "create_app",
    "make_load_runner",
    "make_oidc_verifier",
    "make_service",
    "open_checked_database",
    "open_database",
    "read_metrics_token",
    "tuned_interpreter",
]

# OpenTelemetry's variables for the destination of traces. Without either, no traces are sent.
_TRACE_VARIABLES: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

# A load checks a chunk while it saves the one before, and reads the next part of its file. As many threads as
# FILE_CONNECTIONS take and send files.
CONNECTIONS_PER_LOAD: Final = 3
FILE_CONNECTIONS: Final = 2


class DatabaseMissingError(Exception):
    """There is no database at this place; the directory or the name is probably wrong."""


class SchemaOutdatedError(Exception):
    """The database has no schema or an old one, and its operator decides when to upgrade it."""


def open_database(settings: Settings) -> Storage:
    """The store, not yet connected. Raises `InvalidDatabaseUrlError`."""
    pool_size = settings.threads + FILE_CONNECTIONS + CONNECTIONS_PER_LOAD * settings.load_workers
    return open_storage(settings.database, pool_size=pool_size, statement_timeout=settings.statement_timeout)


def open_checked_database(settings: Settings, *, makes: bool) -> Storage:
    """The store with the schema of this version. SQLite is upgraded, because such a file has no other administrator.

    With `makes`, a missing database is created. Raises `DatabaseMissingError`, `SchemaOutdatedError`,
    `SchemaTooNewError`, `StorageUnavailableError` and `InvalidDatabaseUrlError`.
    """
    store = open_database(settings)
    try:
        if not makes and not store.exists():
            raise DatabaseMissingError(f"there is no database {store.engine.url.database}")
        _check_schema(store)
    except BaseException:
        store.close()
        raise
    return store


def create_app(*, load_times: "WorkerTimes | None" = None) -> "Litestar":
    """The service with settings from the environment. Each worker process runs it."""
    from muster.observability import multiprocess

    settings = Settings.read()
    check_oidc_settings(settings)
    configure_logs(settings)
    multiprocess.preallocate()
    service = make_service(settings, open_database(settings), load_times=load_times)
    tune_collector()
    return service


def configure_logs(settings: Settings) -> None:
    """Configures the logs of this process. Raises `InvalidSettingError`."""
    from muster.observability.log_configuration import configure_logging

    configure_logging(settings.log_format)


def check_oidc_settings(settings: Settings) -> None:
    """Raises `InvalidSettingError` when the settings of the OpenID provider are incomplete, or its extra is missing.

    The provider itself is called for the first of its tokens, so the service starts without it.
    """
    if (settings.oidc_issuer is None) != (settings.oidc_audience is None):
        raise InvalidSettingError(
            "MUSTER_OIDC_ISSUER and MUSTER_OIDC_AUDIENCE go together; set the other one too, or neither"
        )
    if settings.oidc_issuer is None:
        return
    if find_spec("joserfc") is None or find_spec("httpx") is None:
        raise InvalidSettingError(
            "MUSTER_OIDC_ISSUER needs the extra `oidc`; run `pip install -c constraints.txt '.[oidc]'` in its directory"
        )
    from muster.auth.oidc.http import is_secure_url

    if not is_secure_url(settings.oidc_issuer):
        raise InvalidSettingError("MUSTER_OIDC_ISSUER must be a URL with https; http is for this machine alone")


def make_oidc_verifier(settings: Settings) -> "OidcTokenVerifier | None":
    """The verifier for tokens of the OpenID provider; None when none is configured. Raises `InvalidSettingError`."""
    check_oidc_settings(settings)
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None
    from muster.auth.authentication import utc_now
    from muster.auth.oidc.claims import ClaimNames
    from muster.auth.oidc.discovery import KeyDiscovery
    from muster.auth.oidc.http import HttpFetcher
    from muster.auth.oidc.key_cache import KeyCache
    from muster.auth.oidc.token_verifier import OidcTokenVerifier

    keys = KeyCache(KeyDiscovery(settings.oidc_issuer, HttpFetcher()), time.monotonic)
    names = ClaimNames(settings.oidc_name_claim, settings.oidc_role_claim, settings.oidc_units_claim)
    return OidcTokenVerifier(
        keys, issuer=settings.oidc_issuer, audience=settings.oidc_audience, names=names, now=utc_now
    )


def count_provider_keys(settings: Settings) -> int:
    """Asks the configured OpenID provider for its keys. Raises `InvalidSettingError` when none can be had."""
    assert settings.oidc_issuer is not None
    from muster.auth.oidc.discovery import KeyDiscovery
    from muster.auth.oidc.errors import FetchError
    from muster.auth.oidc.http import HttpFetcher

    try:
        return len(KeyDiscovery(settings.oidc_issuer, HttpFetcher())())
    except FetchError as error:
        raise InvalidSettingError(
            f"MUSTER_OIDC_ISSUER: {error}; check the issuer's URL, the network and the provider's certificate"
        ) from None


def read_metrics_token(settings: Settings) -> "MetricsToken | None":
    """The token of the scraper; None when no file is configured. Raises `InvalidSettingError`."""
    if settings.metrics_token_file is None:
        return None
    from muster.auth import metrics_token

    try:
        return metrics_token.read_metrics_token(settings.metrics_token_file)
    except metrics_token.InvalidMetricsTokenError as error:
        raise InvalidSettingError(f"MUSTER_METRICS_TOKEN_FILE: {error}") from None


def make_service(settings: Settings, store: Storage, *, load_times: "WorkerTimes | None" = None) -> "Litestar":
    """The service on this store, which it closes at its end. Does not connect yet. Raises `InvalidSettingError`."""
    # Imported here, because loading the web framework takes a second, and commands on the database don't need it.
    from muster.audit.queue import AuditQueue
    from muster.audit.reader import AuditReader
    from muster.auth.audit_reading import AuditLogService
    from muster.auth.authentication import CredentialVerifier
    from muster.auth.read_audit import ReadAudit
    from muster.intake.checker_cache import CheckerCache
    from muster.intake.service import Intake
    from muster.records.reading import RecordReader
    from muster.records.search import RecordSearch
    from muster.web.app import make_app
    from muster.web.services import Services

    classifiers = ClassifierCache(store.classifiers)
    key_life = timedelta(hours=settings.idempotency_hours)
    intake = Intake(
        store.customers, CheckerCache(classifiers), max_customers=settings.max_customers, key_lifetime=key_life
    )
    audit_queue = AuditQueue(store.audit)
    credentials = CredentialVerifier(store.users, audit_queue)
    read_audit = ReadAudit(store.audit, audit_queue)

    def read_units() -> frozenset[str]:
        return classifiers.current().codes["businessUnit"]

    records = RecordReader(store.records, read_units, read_audit)
    loads, background = make_loads(settings, store, records, read_units, read_audit, load_times)
    resources = ExitStack()
    resources.callback(store.close)
    resources.callback(audit_queue.close)
    traces = _open_traces()
    if traces is not None:
        resources.callback(traces.close)
    services = Services(
        intake=intake,
        credentials=credentials,
        classifiers=classifiers,
        records=records,
        search=RecordSearch(store.search, read_units, read_audit),
        loads=loads,
        audit=AuditLogService(AuditReader(store.audit), read_audit),
        read_audit=read_audit,
        background=background,
        oidc_verifier=make_oidc_verifier(settings),
        find_obstacle=store.find_obstacle,
        read_connections=store.connections,
        close=resources.close,
        metrics_token=read_metrics_token(settings),
    )
    return make_app(services, settings, traces.record_request if traces else None)


def _open_traces() -> "TraceExporter | None":
    """None when traces are not configured, or can't be set up: the service works without them."""
    if not any(os.environ.get(variable) for variable in _TRACE_VARIABLES):
        return None
    from muster.observability.logs import log_error, log_warning

    try:
        from muster.observability.traces import TraceExporter

        return TraceExporter()
    except ImportError:
        log_warning("traces_unavailable", "Traces are not sent: the extra muster[traces] is not installed")
    except Exception as error:
        log_error(error, component="traces")
    return None


def _check_schema(store: Storage) -> None:
    state = store.schema_state()
    if state in USABLE_STATES:
        return
    if state is SchemaState.NEWER_INCOMPATIBLE:
        raise SchemaTooNewError("the database's schema was made by a later version of muster")
    if store.engine.dialect.name != "sqlite":
        raise SchemaOutdatedError(
            "the database has no schema yet" if state is SchemaState.EMPTY else "the schema is old"
        )
    store.upgrade()
