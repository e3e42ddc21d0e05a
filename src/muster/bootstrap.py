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

from muster.classifiers.source import Classifiers
from muster.settings import BadSetting, Settings
from muster.store import USABLE, SchemaIsNewer, SchemaState, Store, open_store

if TYPE_CHECKING:
    from litestar import Litestar

    from muster.access.oidc import ProviderTokens
    from muster.web.traces import Traces

# OpenTelemetry's own: where traces go. Without either there are none.
_TRACES_WANTED: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class NoDatabase(Exception):
    """Where it should be is none: another directory, or another name, is meant."""


class SchemaIsOld(Exception):
    """The database has no schema or an old one, and it is for its operator to say when that changes."""


def open_database(settings: Settings) -> Store:
    """The store, not yet connected. Raises `BadDatabaseUrl`."""
    return open_store(settings.database, pool_size=settings.threads)


def open_ready_database(settings: Settings, *, makes: bool) -> Store:
    """The store with the schema of this version; SQLite is upgraded for it, as nobody else looks after such a file.

    Raises `NoDatabase` unless it `makes` one, `SchemaIsOld`, `SchemaIsNewer`, `StoreUnavailable`, `BadDatabaseUrl`.
    """
    store = open_database(settings)
    try:
        if not makes and not store.is_there():
            raise NoDatabase(f"there is no database {store.engine.url.database}")
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
    from muster.web import shared

    settings = Settings.read()
    check_provider(settings)
    configure_logs(settings)
    shared.make_room()
    service = make_service(settings, open_database(settings))
    gc.freeze()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    return service


def configure_logs(settings: Settings) -> None:
    """Sends the logs of this process where its settings say. Raises `BadSetting`."""
    from muster.web import logs

    logs.configure(settings.log_format)


def check_provider(settings: Settings) -> None:
    """Raises `BadSetting` when an OpenID provider is configured by halves, or what it needs is not installed.

    The provider itself is asked when the first of its tokens comes: the service starts without it.
    """
    if (settings.oidc_issuer is None) != (settings.oidc_audience is None):
        raise BadSetting("MUSTER_OIDC_ISSUER and MUSTER_OIDC_AUDIENCE go together; set the other one too, or neither")
    if settings.oidc_issuer is None:
        return
    if find_spec("joserfc") is None or find_spec("httpx") is None:
        raise BadSetting(
            "MUSTER_OIDC_ISSUER needs the extra `oidc`; run `pip install -c constraints.txt '.[oidc]'` in its directory"
        )
    from muster.provider import is_secure

    if not is_secure(settings.oidc_issuer):
        raise BadSetting("MUSTER_OIDC_ISSUER must be a URL with https; http is for this machine alone")


def make_provider(settings: Settings) -> "ProviderTokens | None":
    """What recognises the tokens of the provider; None when there is none. Raises `BadSetting`."""
    check_provider(settings)
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None
    from muster.access.authority import utc_now
    from muster.access.claims import ClaimNames
    from muster.access.oidc import ProviderTokens
    from muster.provider import CachedKeys, Http, KeySource

    keys = CachedKeys(KeySource(settings.oidc_issuer, Http()), time.monotonic)
    names = ClaimNames(settings.oidc_name_claim, settings.oidc_role_claim, settings.oidc_units_claim)
    return ProviderTokens(keys, issuer=settings.oidc_issuer, audience=settings.oidc_audience, names=names, now=utc_now)


def make_service(settings: Settings, store: Store) -> "Litestar":
    """The service on this store, which it closes at its end. Does not touch the database yet. Raises `BadSetting`."""
    # Imported here: the commands that only look into the database need no web server, which takes a second to load.
    from muster.access.authority import Access
    from muster.intake.service import Intake
    from muster.records.reading import Records
    from muster.web.app import make_app
    from muster.web.ports import Rooms

    classifiers = Classifiers(store.classifiers)
    key_life = timedelta(hours=settings.idempotency_hours)
    intake = Intake(store.customers, classifiers, max_customers=settings.max_customers, key_life=key_life)
    access = Access(store.users, store.audit)
    records = Records(store.records, lambda: classifiers.current().codes["businessUnit"], store.audit)
    closing = ExitStack()
    closing.callback(store.close)
    closing.callback(access.close)
    traces = _open_traces()
    if traces is not None:
        closing.callback(traces.close)
    rooms = Rooms(
        intake, access, classifiers, records, make_provider(settings), store.ready, store.connections, closing.close
    )
    return make_app(rooms, settings, [traces.request] if traces else [])


def _open_traces() -> "Traces | None":
    """None when nobody asks for traces, and when they can't be had: the service works without them."""
    if not any(os.environ.get(variable) for variable in _TRACES_WANTED):
        return None
    from muster.web.logs import log_failure, log_warning

    try:
        from muster.web.traces import Traces

        return Traces()
    except ImportError:
        log_warning("no traces are sent: that needs the extra muster[traces], which is not installed")
    except Exception as error:
        log_failure(error, where="traces")
    return None


def _check_schema(store: Store) -> None:
    state = store.schema_state()
    if state in USABLE:
        return
    if state is SchemaState.NEWER:
        raise SchemaIsNewer("the database's schema was made by a later version of muster")
    if store.engine.dialect.name != "sqlite":
        raise SchemaIsOld("the database has no schema yet" if state is SchemaState.EMPTY else "the schema is old")
    store.upgrade()
