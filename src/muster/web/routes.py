"""The endpoints that the OpenAPI document describes from their handlers: all but the two batch endpoints."""

from typing import Final

from muster.web.customers import CustomerHandlers
from muster.web.loads import LoadHandlers
from muster.web.metrics import MetricsHandlers
from muster.web.public import PublicHandlers
from muster.web.records import RecordHandlers

DOCUMENTED_CONTROLLERS: Final = (RecordHandlers, CustomerHandlers, LoadHandlers, PublicHandlers, MetricsHandlers)
# Names of the dependencies that the application provides to these handlers.
DEPENDENCIES: Final = (
    "record_access",
    "customer_access",
    "metrics_access",
    "public",
    "load_access",
    "load_change_access",
    "upload_access",
    "downloads",
    "body_timeouts",
)
