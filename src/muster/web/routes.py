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
