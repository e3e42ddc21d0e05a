"""Puts the parts together: the only place that names a concrete store, and the provider's adapter.

The command line calls it, and every worker of the service does, through `create_app`.
"""

import gc
import os
import time
from contextlib import ExitStack
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from muster.classifiers.snapshot import ClassifierCache
from muster.settings import InvalidSettingError, Settings
from muster.storage import USABLE_STATES, SchemaState, SchemaTooNewError, Storage, open_storage

if TYPE_CHECKING:
    from litestar import Litestar

    from muster.auth.oidc.token_verifier import OidcTokenVerifier
    from muster.observability.traces import Traces

# OpenTelemetry's own: where traces go. Without either there are none.
_TRACES_WANTED: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class DatabaseMissingError(Exception):
    """Where it should be is none: another directory, or another name, is meant."""


class SchemaOutdatedError(Exception):
    """The database has no schema or an old one, and it is for its operator to say when that changes."""


def open_database(settings: Settings) -> Storage:
    """The store, not yet connected. Raises `InvalidDatabaseUrlError`."""
    return open_storage(settings.database, pool_size=settings.threads)


def open_checked_database(settings: Settings, *, makes: bool) -> Storage:
    """The store with the schema of this version; SQLite is upgraded for it, as nobody else looks after such a file.

    Raises `DatabaseMissingError` unless it `makes` one, `SchemaOutdatedError`, `SchemaTooNewError`, `StorageUnavailableError`, `InvalidDatabaseUrlError`.
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


# The objects of a batch are made together and die together, without cycles. By its defaults the garbage collector walks
# over all of them every 700 allocations: a full customer in a batch of 1,000 took 215 µs and takes 137 with these.
_GARBAGE_THRESHOLDS: Final = (50_000, 20, 50)


def create_app() -> "Litestar":
    """The service with its settings from the environment: what each worker process runs."""
    from muster.observability import multiprocess

    settings = Settings.read()
    check_oidc_settings(settings)
    configure_logs(settings)
    multiprocess.preallocate()
    service = make_service(settings, open_database(settings))
    gc.freeze()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    return service


def configure_logs(settings: Settings) -> None:
    """Sends the logs of this process where its settings say. Raises `InvalidSettingError`."""
    from muster.observability import logs

    logs.configure_logging(settings.log_format)


def check_oidc_settings(settings: Settings) -> None:
    """Raises `InvalidSettingError` when an OpenID provider is configured by halves, or what it needs is not installed.

    The provider itself is asked when the first of its tokens comes: the service starts without it.
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
    """What recognises the tokens of the provider; None when there is none. Raises `InvalidSettingError`."""
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


def make_service(settings: Settings, store: Storage) -> "Litestar":
    """The service on this store, which it closes at its end. Does not touch the database yet. Raises `InvalidSettingError`."""
    # Imported here: the commands that only look into the database need no web server, which takes a second to load.
    from muster.auth.authentication import CredentialVerifier
    from muster.intake.service import Intake
    from muster.records.reading import RecordReader
    from muster.web.app import make_app
    from muster.web.ports import Services

    classifiers = ClassifierCache(store.classifiers)
    key_life = timedelta(hours=settings.idempotency_hours)
    intake = Intake(store.customers, classifiers, max_customers=settings.max_customers, key_lifetime=key_life)
    access = CredentialVerifier(store.users, store.audit)
    records = RecordReader(store.records, lambda: classifiers.current().codes["businessUnit"], store.audit)
    closing = ExitStack()
    closing.callback(store.close)
    closing.callback(access.close)
    traces = _open_traces()
    if traces is not None:
        closing.callback(traces.close)
    rooms = Services(
        intake,
        access,
        classifiers,
        records,
        make_oidc_verifier(settings),
        store.ready,
        store.connections,
        closing.close,
    )
    return make_app(rooms, settings, [traces.request] if traces else [])


def _open_traces() -> "Traces | None":
    """None when nobody asks for traces, and when they can't be had: the service works without them."""
    if not any(os.environ.get(variable) for variable in _TRACES_WANTED):
        return None
    from muster.observability.logs import log_error, log_warning

    try:
        from muster.observability.traces import Traces

        return Traces()
    except ImportError:
        log_warning("no traces are sent: that needs the extra muster[traces], which is not installed")
    except Exception as error:
        log_error(error, where="traces")
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
