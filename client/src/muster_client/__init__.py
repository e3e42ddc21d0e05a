"""The Python client of muster, which takes customers into an anti-money-laundering system in batches."""

from muster_client.async_client import AsyncClient
from muster_client.async_load_resources import AsyncLoadJob
from muster_client.async_streams import AsyncCustomerStream
from muster_client.batches import BatchResult
from muster_client.client import Client
from muster_client.customer_types import Individual, Organization
from muster_client.errors import (
    AuthenticationError,
    Conflict,
    ConnectionFailed,
    InvalidBatch,
    InvalidCustomer,
    InvalidRequest,
    KeyReused,
    LoadFailed,
    MusterError,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    ProcessingFailed,
    RateLimited,
    ServiceUnavailable,
    UnexpectedResponse,
    UploadInterrupted,
    WaitTimedOut,
)
from muster_client.load_info import LoadInfo, RefusedCode
from muster_client.load_resources import LoadJob
from muster_client.records import ClassifierCode, Communication, CustomerChange, CustomerVersion, SavedBatch
from muster_client.results import CustomerResult, Finding
from muster_client.retries import RetryPolicy
from muster_client.streams import CustomerStream

Customer = Individual | Organization

__all__ = [
    "AsyncClient",
    "AsyncCustomerStream",
    "AsyncLoadJob",
    "AuthenticationError",
    "BatchResult",
    "ClassifierCode",
    "Client",
    "Communication",
    "Conflict",
    "ConnectionFailed",
    "Customer",
    "CustomerChange",
    "CustomerResult",
    "CustomerStream",
    "CustomerVersion",
    "Finding",
    "Individual",
    "InvalidBatch",
    "InvalidCustomer",
    "InvalidRequest",
    "KeyReused",
    "LoadFailed",
    "LoadInfo",
    "LoadJob",
    "MusterError",
    "NotFound",
    "Organization",
    "OutcomeUnknown",
    "PermissionDenied",
    "ProcessingFailed",
    "RateLimited",
    "RefusedCode",
    "RetryPolicy",
    "SavedBatch",
    "ServiceUnavailable",
    "UnexpectedResponse",
    "UploadInterrupted",
    "WaitTimedOut",
]
