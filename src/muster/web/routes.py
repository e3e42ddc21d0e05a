"""The endpoints that the OpenAPI document describes from their handlers: all but the two batch endpoints."""

from typing import Final

from muster.web.audit import AuditHandlers
from muster.web.customers import CustomerHandlers
from muster.web.loads import LoadHandlers
from muster.web.metrics import MetricsHandlers
from muster.web.public import PublicHandlers
from muster.web.records import RecordHandlers
from muster.web.rejections import RejectionHandlers

DOCUMENTED_CONTROLLERS: Final = (
    RecordHandlers,
    RejectionHandlers,
    CustomerHandlers,
    LoadHandlers,
    AuditHandlers,
    PublicHandlers,
    MetricsHandlers,
)
# Names of the dependencies that the application provides to these handlers.
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
