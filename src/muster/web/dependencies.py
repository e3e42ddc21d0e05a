"""The dependencies of handlers: resources, each with the permission and the slots that its access needs.

They are made for each request from the context of its application, because all applications of a process share their
routes.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final

from litestar import Request
from litestar.di import Provide
from litestar.types import Scope

from muster.auth.authorization import (
    READ_AUDIT,
    READ_CUSTOMERS,
    READ_METRICS,
    READ_RECORDS,
    SUBMIT_LOADS,
    Permission,
)
from muster.web.access import AccessProvider
from muster.web.app_context import AppContext
from muster.web.console.access import PageProvider
from muster.web.download import AccessSource
from muster.web.public import PublicServices


def _provide(make: Callable[[AppContext], Any]) -> Provide:
    def provide(scope: Scope) -> Any:
        return make(AppContext.get(scope))

    return Provide(provide, sync_to_thread=False)


def _provide_access(make: Callable[[AppContext], AccessSource[Any]]) -> Provide:
    async def provide(request: Request[Any, Any, Any]) -> AsyncGenerator[Any, None]:
        async with make(AppContext.get(request.scope)).provide(request) as access:
            yield access

    return Provide(provide)


def _read_records(app: AppContext) -> AccessProvider[Any]:
    return _read(app, app.services.records, READ_RECORDS)


def _read_customers(app: AppContext) -> AccessProvider[Any]:
    return _read(app, app.services.records, READ_CUSTOMERS)


def _search(app: AppContext) -> AccessProvider[Any]:
    return _read(app, app.services.search, READ_RECORDS)


def _read_loads(app: AppContext) -> AccessProvider[Any]:
    return _read(app, app.services.loads, READ_RECORDS)


def _read_audit_pages(app: AppContext) -> AccessProvider[Any]:
    return _read(app, app.services.audit, READ_AUDIT)


def _read(app: AppContext, resource: Any, permission: Permission, *, is_file: bool = False) -> AccessProvider[Any]:
    """Bytes of files take slots of their own."""
    slots = app.pools.file_slots if is_file else app.pools.work_slots
    return AccessProvider(resource, permission, app.authenticator, slots, app.services.read_audit)


def _download_loads(app: AppContext) -> AccessProvider[Any]:
    return _read(app, app.services.loads, READ_RECORDS, is_file=True)


def _export_audit(app: AppContext) -> AccessProvider[Any]:
    return _read(app, app.services.audit, READ_AUDIT, is_file=True)


def _change_loads(app: AppContext) -> AccessProvider[Any]:
    return AccessProvider(app.services.loads, SUBMIT_LOADS, app.authenticator, app.pools.work_slots)


def _upload(app: AppContext) -> AccessProvider[Any]:
    return AccessProvider(app.services.loads, SUBMIT_LOADS, app.authenticator, app.pools.file_slots)


def _read_metrics(app: AppContext) -> AccessProvider[Any]:
    return AccessProvider(app.metrics, READ_METRICS, app.metrics_authenticator, app.pools.metrics_slots)


def _serve_public(app: AppContext) -> PublicServices:
    return PublicServices(app.services.classifiers, app.readiness, app.pools.public)


# Handlers name what they need. Access is checked before a handler runs, that of a `Download` when it begins.
API_DEPENDENCIES: Final[Mapping[str, Provide]] = {
    "record_access": _provide_access(_read_records),
    "search_access": _provide_access(_search),
    "customer_access": _provide_access(_read_customers),
    "load_access": _provide_access(_read_loads),
    "load_change_access": _provide_access(_change_loads),
    "upload_access": _provide_access(_upload),
    "metrics_access": _provide_access(_read_metrics),
    "downloads": _provide(_download_loads),
    "audit_pages": _provide(_read_audit_pages),
    "audit_exports": _provide(_export_audit),
    "public": _provide(_serve_public),
    "body_timeouts": _provide(lambda app: app.body_timeouts),
}

CONSOLE_DEPENDENCIES: Final[Mapping[str, Provide]] = {
    "console": _provide(lambda app: app),
    "page": _provide_access(lambda app: PageProvider(app, app.pools.console_slots)),
    "file_page": _provide_access(lambda app: PageProvider(app, app.pools.file_slots)),
}
