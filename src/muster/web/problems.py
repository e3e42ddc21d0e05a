"""Errors that end a request: one table from exception to status, and the two bodies of the contract."""

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final, TypeVar

import msgspec
from litestar.exceptions import HTTPException, MethodNotAllowedException
from msgspec import Meta

from muster.auth.login_throttle import TooManyAttemptsError
from muster.auth.oidc.errors import ProviderUnavailableError
from muster.intake.customer_store import CommitOutcome, LostCommitError, OutcomeUnknownError, StoreBusyError
from muster.intake.decode import InvalidBatchError, TooManyCustomersError
from muster.intake.idempotency import KeyInProgressError, KeyReusedError
from muster.loads.formats import UnsupportedFormatError
from muster.loads.load_store import MAX_PARTS
from muster.loads.reading import LoadConflictError
from muster.loads.uploads import FileTooLargeError, NotSenderError, TooManyLoadsError, UnsupportedEncodingError
from muster.records.visibility import UnitRequiredError
from muster.web.concurrency import TooManyRequestsError
from muster.web.thread_pool import PoolSaturatedError

T = TypeVar("T")
Headers = Sequence[tuple[str, str]]

# Two headers instead of one list: RFC 9110 11.6.1 allows both, and warns that some clients read one challenge a header.
CHALLENGES: Final = (
    ("WWW-Authenticate", 'Basic realm="muster", charset="UTF-8"'),
    ("WWW-Authenticate", 'Bearer realm="muster"'),
)
# Seconds. A slot becomes free within the time of a batch; an unavailable database takes longer.
RETRY_BUSY: Final = (("Retry-After", "1"),)
RETRY_NOT_READY: Final = (("Retry-After", "5"),)
# Names of RFC 9110; the `http` module of Python 3.11 has older ones.
_PHRASES: Final = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}


class ProblemResponse(msgspec.Struct):
    """The whole request was refused."""

    timestamp: Annotated[str, Meta(description="UTC.", examples=["2024-05-26T16:49:50.237+00:00"])]
    status: int
    error: Annotated[str, Meta(description="The name of the status.")]
    path: str
    message: Annotated[str, Meta(description="What is wrong, and where.")]


class InternalErrorResponse(msgspec.Struct, rename="camel"):
    """Processing failed. Nothing was saved, unless the header `Muster-Outcome: unknown` says that nobody knows."""

    error_code: Annotated[str, Meta(extra_json_schema={"const": "500"})]
    error_description: str
    time_elapsed_ms: Annotated[int, Meta(ge=0, description="Whole milliseconds.")]


class Problem(Exception):
    """Refuses the request with this status. The message says what is wrong and what to do, without values of it."""

    def __init__(self, status: int, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


def unauthorized(message: str) -> Problem:
    return Problem(401, message, CHALLENGES)


def content_too_large(max_bytes: int) -> Problem:
    return Problem(413, f"the body has more than {max_bytes} bytes, the limit of one request; send smaller batches")


def or_404(found: T | None, message: str) -> T:
    """The value that was found. Raises `Problem`, a 404, for None."""
    if found is None:
        raise Problem(404, message)
    return found


def to_problem(error: Exception) -> Problem | None:
    """The problem that an exception stands for; None for an internal error."""
    match error:
        case Problem():
            return error
        case InvalidBatchError():
            return Problem(400, str(error))
        case TooManyCustomersError():
            return Problem(413, f"one request may hold at most {error.limit} customers; send smaller batches")
        case TooManyAttemptsError():
            time = "1 second" if error.seconds == 1 else f"{error.seconds} seconds"
            message = f"too many wrong credentials came from this address; try again in {time}"
            return Problem(429, message, [("Retry-After", str(error.seconds))])
        case ProviderUnavailableError():
            message = "the OpenID provider is unavailable; send the request again later"
            return Problem(503, message, RETRY_NOT_READY)
        case UnitRequiredError():
            message = "the installation has several business units; say with the query parameter businessUnit which one"
            return Problem(400, message)
        case KeyInProgressError():
            return Problem(
                409, "the first request with this Idempotency-Key still runs; send the request again later", RETRY_BUSY
            )
        case KeyReusedError():
            return Problem(422, "this Idempotency-Key was used for another request; give each request a key of its own")
        case TooManyRequestsError():
            return Problem(429, "too many requests of this user are running; send the request again later", RETRY_BUSY)
        case PoolSaturatedError():
            return Problem(503, "all threads are busy and the queue is full; send the request again later", RETRY_BUSY)
        case StoreBusyError():
            message = "the database is busy with other changes; send the request again later"
            return Problem(503, message, RETRY_NOT_READY)
        case MethodNotAllowedException():
            return _method_not_allowed(error)
        case (
            LoadConflictError()
            | FileTooLargeError()
            | NotSenderError()
            | TooManyLoadsError()
            | UnsupportedEncodingError()
            | UnsupportedFormatError()
        ):
            return _to_load_problem(error)
        case HTTPException() if error.status_code < 500:
            return Problem(error.status_code, "the request is not valid HTTP for this service")
    return None


def _to_load_problem(error: Exception) -> Problem:
    match error:
        case LoadConflictError():
            return Problem(409, str(error), RETRY_BUSY)
        case FileTooLargeError():
            return Problem(413, f"a file may have at most {error.max_bytes} bytes, and {MAX_PARTS} parts; split it")
        case NotSenderError():
            return Problem(403, "this load was sent by another user, who alone may change it; `admin` may cancel it")
        case UnsupportedFormatError():
            return Problem(400, str(error))
        case TooManyLoadsError():
            message = f"{error.limit} loads of this user have not ended; wait for one, or cancel one"
            return Problem(429, message, RETRY_NOT_READY)
    return Problem(400, "the service knows no text encoding of this name; name one such as utf-8 or cp1257")


def path_not_found(nearest: str | None) -> Problem:
    """A 404 that names the template of the nearest path. The path itself is not echoed in the message."""
    hint = f"did you mean {nearest}? " if nearest else ""
    return Problem(404, f"nothing is served at this path; {hint}/v2/api-docs lists all paths")


def _method_not_allowed(error: HTTPException) -> Problem:
    allowed = next((value for name, value in (error.headers or {}).items() if name.lower() == "allow"), "")
    methods = sorted({method.strip() for method in allowed.split(",")} - {"", "OPTIONS"})
    message = f"this path does not take this method; use {' or '.join(methods)}"
    return Problem(405, message, [("Allow", allowed)])


def get_phrase(status: int) -> str:
    """The name of an HTTP status."""
    return _PHRASES.get(status) or HTTPStatus(status).phrase


def build_problem_body(problem: Problem, path: str) -> bytes:
    """The contract's body of a refusal, as JSON. The time is UTC, in milliseconds."""
    timestamp = datetime.now(UTC).isoformat(timespec="milliseconds")
    return msgspec.json.encode(
        ProblemResponse(timestamp, problem.status, get_phrase(problem.status), path, problem.message)
    )


def build_internal_error_headers(error: Exception) -> Headers:
    """The headers of a 500 that doesn't claim that nothing was saved; other 500s have none."""
    if isinstance(error, LostCommitError) and error.outcome is CommitOutcome.UNKNOWN:
        return [("Muster-Outcome", error.outcome.value), ("Muster-Batch-Id", str(error.batch_id))]
    if isinstance(error, OutcomeUnknownError):
        return [("Muster-Outcome", CommitOutcome.UNKNOWN.value)]
    return ()


def build_internal_error_body(elapsed_ms: int) -> bytes:
    """The contract's body of a 500, as JSON."""
    return msgspec.json.encode(InternalErrorResponse("500", "Processing failed", elapsed_ms))
