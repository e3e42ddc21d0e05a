"""The dependencies of the API's handlers: resources, each with the permission and the slots that its access needs."""

from collections.abc import Mapping
from typing import Any, Final

from litestar.di import Provide

from muster.auth.authorization import READ_AUDIT, READ_CUSTOMERS, READ_METRICS, READ_RECORDS, SUBMIT_LOADS
from muster.web.access import AccessProvider
from muster.web.app_context import AppContext
from muster.web.authenticator import Authenticator
from muster.web.public import PublicServices

DEPENDENCIES: Final = (
    "record_access",
    "search_access",
    "customer_access",
    "metrics_access",
    "public",
    "load_access",
    "load_change_access",
    "upload_access",
    "downloads",
    "body_timeouts",
    "audit_pages",
    "audit_exports",
)


def build_dependencies(context: AppContext) -> dict[str, Provide]:
    """The dependencies by their names, which are `DEPENDENCIES`."""
    services, pools = context.services, context.pools
    return {
        **_provide_reading(context),
        **_provide_loads(context),
        **_provide_audit(context),
        "metrics_access": _provide_metrics(context),
        "public": _provide_value(PublicServices(services.classifiers, context.readiness, pools.public)),
        "body_timeouts": _provide_value(context.body_timeouts),
    }


def _provide_reading(context: AppContext) -> Mapping[str, Provide]:
    services, authenticator, slots = context.services, context.authenticator, context.pools.work_slots
    records, search, read_audit = services.records, services.search, services.read_audit
    return {
        "record_access": Provide(AccessProvider(records, READ_RECORDS, authenticator, slots, read_audit).provide),
        "search_access": Provide(AccessProvider(search, READ_RECORDS, authenticator, slots, read_audit).provide),
        "customer_access": Provide(AccessProvider(records, READ_CUSTOMERS, authenticator, slots, read_audit).provide),
    }


def _provide_loads(context: AppContext) -> Mapping[str, Provide]:
    """Bytes of files take slots of their own."""
    loads, read_audit, authenticator = context.services.loads, context.services.read_audit, context.authenticator
    work_slots, file_slots = context.pools.work_slots, context.pools.file_slots
    return {
        "load_access": Provide(AccessProvider(loads, READ_RECORDS, authenticator, work_slots, read_audit).provide),
        "load_change_access": Provide(AccessProvider(loads, SUBMIT_LOADS, authenticator, work_slots).provide),
        "upload_access": Provide(AccessProvider(loads, SUBMIT_LOADS, authenticator, file_slots).provide),
        "downloads": _provide_value(AccessProvider(loads, READ_RECORDS, authenticator, file_slots, read_audit)),
    }


def _provide_audit(context: AppContext) -> Mapping[str, Provide]:
    audit, read_audit, authenticator = context.services.audit, context.services.read_audit, context.authenticator
    work_slots, file_slots = context.pools.work_slots, context.pools.file_slots
    return {
        "audit_pages": _provide_value(AccessProvider(audit, READ_AUDIT, authenticator, work_slots, read_audit)),
        "audit_exports": _provide_value(AccessProvider(audit, READ_AUDIT, authenticator, file_slots, read_audit)),
    }


def _provide_metrics(context: AppContext) -> Provide:
    """The scraper's token is valid here and nowhere else."""
    services = context.services
    authenticator = Authenticator(
        services.credentials,
        context.throttle,
        oidc_verifier=services.oidc_verifier,
        metrics_token=services.metrics_token,
    )
    return Provide(AccessProvider(context.metrics, READ_METRICS, authenticator, context.pools.metrics_slots).provide)


def _provide_value(value: Any) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)
