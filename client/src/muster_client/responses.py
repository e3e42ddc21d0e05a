"""From responses to values and errors."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeAlias, TypeVar
from uuid import UUID

import msgspec

from muster_client.errors import (
    AuthenticationError,
    Conflict,
    InvalidBatch,
    InvalidRequest,
    KeyReused,
    MusterError,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    ProcessingFailed,
    RateLimited,
    ServiceUnavailable,
    UnexpectedResponse,
)
from muster_client.steps import HttpResponse

T = TypeVar("T")
Decode: TypeAlias = Callable[[HttpResponse], T]

# The service sends none of its own; gateways do.
_REQUEST_ID_HEADERS: Final = ("muster-request-id", "x-request-id", "request-id")
_MAX_HEADER_LENGTH: Final = 200
_MAX_MESSAGE_LENGTH: Final = 1_000
_CLASSES: Final[dict[int, type[MusterError]]] = {
    401: AuthenticationError,
    403: PermissionDenied,
    404: NotFound,
    408: ServiceUnavailable,
    409: Conflict,
    429: RateLimited,
    500: ProcessingFailed,
}


class _Problem(msgspec.Struct):
    """The body of a refusal. A page of another server has no `message`, or is no JSON."""

    message: str


UNKNOWN_OUTCOME: Final = "the service does not know whether the request took effect; send it again"

_decode_problem: Final = msgspec.json.Decoder(_Problem).decode


def make_json_decoder(decoder: "msgspec.json.Decoder[T]") -> Decode[T]:
    """Decodes JSON responses. Raises `UnexpectedResponse` for another type of content."""

    def decode(response: HttpResponse) -> T:
        if not response.headers.get("content-type", "").startswith("application/json"):
            raise UnexpectedResponse(
                "the response is not JSON; another server may be listening at the URL", status=response.status
            )
        return decoder.decode(response.content)

    return decode


def ignore_content(response: HttpResponse) -> None:
    """Decodes a response whose status says everything."""


def get_batch_id(response: HttpResponse) -> UUID | None:
    try:
        return UUID(response.headers.get("muster-batch-id", ""))
    except ValueError:
        return None


def to_error(
    response: HttpResponse, invalid: type[InvalidRequest] = InvalidRequest, unknown: str = UNKNOWN_OUTCOME
) -> MusterError:
    """The error that a response other than 2xx stands for.

    `invalid` is that of a request that is not taken, `unknown` the message when the service does not know the outcome.
    """
    status, headers = response.status, response.headers
    if headers.get("muster-outcome") == "unknown":
        error_class: type[MusterError] = OutcomeUnknown
    elif status == 422 and invalid is InvalidBatch:
        error_class = KeyReused
    elif status in _CLASSES:
        error_class = _CLASSES[status]
    elif status >= 500:
        error_class = ServiceUnavailable if status in (502, 503, 504) else ProcessingFailed
    else:
        error_class = invalid if status >= 400 else UnexpectedResponse
    return error_class(
        unknown if error_class is OutcomeUnknown else _read_message(response, error_class),
        status=status,
        request_id=_get_request_id(headers.get),
        retry_after=parse_retry_after(headers.get("retry-after")),
        batch_id=get_batch_id(response),
    )


def _read_message(response: HttpResponse, error_class: type[MusterError]) -> str:
    if error_class is ProcessingFailed:
        return "processing failed; nothing was saved"
    if error_class is UnexpectedResponse:
        return "the service does not redirect; check the URL"
    try:
        return _decode_problem(response.content).message[:_MAX_MESSAGE_LENGTH]
    except msgspec.DecodeError:
        # A page of a gateway may repeat the path, which holds identifiers of customers.
        return "a server before the service refused the request, or another server is listening at the URL"


def _get_request_id(get_header: Callable[[str], str | None]) -> str | None:
    found = next(filter(None, map(get_header, _REQUEST_ID_HEADERS)), None)
    return found if found is None else found[:_MAX_HEADER_LENGTH]


def parse_retry_after(value: str | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """The seconds of a `Retry-After`: a number, or an HTTP date. None for anything else."""
    if value is None:
        return None
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        return max((moment - now()).total_seconds(), 0.0)
    except (ValueError, TypeError, IndexError):
        return None
