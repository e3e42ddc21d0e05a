"""What ends a request early: one table from exception to answer, and the two shapes that the contract gives it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import msgspec
from litestar.exceptions import HTTPException

from muster.auth.login_throttle import TooManyAttemptsError
from muster.auth.oidc.errors import ProviderUnavailableError
from muster.intake.decode import InvalidBatchError, TooManyCustomersError
from muster.intake.idempotency import KeyInProgressError, KeyReusedError
from muster.web.concurrency import TooManyRequestsError
from muster.web.thread_pool import PoolSaturatedError

Headers = Sequence[tuple[str, str]]

# Two lines and not one list: RFC 9110 11.6.1 allows both, and warns that some clients read only one challenge a line.
CHALLENGES: Final = (
    ("WWW-Authenticate", 'Basic realm="muster", charset="UTF-8"'),
    ("WWW-Authenticate", 'Bearer realm="muster"'),
)
# A place becomes free within a batch's time, a database rather later.
RETRY_BUSY: Final = (("Retry-After", "1"),)
RETRY_NOT_READY: Final = (("Retry-After", "5"),)
# RFC 9110 renamed it; the `http` module of Python 3.11 knows the older names.
_PHRASES: Final = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}
_MESSAGES: Final = {
    404: "nothing is served at this path; /v2/api-docs lists what is",
    405: "this path does not take this method; the header Allow says which ones it takes",
}


class Problem(Exception):
    """The request is refused with this status. The message says what is wrong and what to do, without values of it."""

    def __init__(self, status: int, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


def unauthorized(message: str) -> Problem:
    return Problem(401, message, CHALLENGES)


def content_too_large(limit: int) -> Problem:
    return Problem(413, f"the body has more than {limit} bytes, the limit of one request; send smaller batches")


def to_problem(error: Exception) -> Problem | None:
    """The refusal that an exception stands for; None when it is a failure of ours."""
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
            message = "the OpenID provider can't be asked for its keys at the moment; send the same again later"
            return Problem(503, message, RETRY_NOT_READY)
        case KeyInProgressError():
            return Problem(409, "the first request with this Idempotency-Key still runs; ask again later", RETRY_BUSY)
        case KeyReusedError():
            return Problem(422, "this Idempotency-Key was used for another request; give each request a key of its own")
        case TooManyRequestsError():
            return Problem(429, "too many requests of this user are under way; send the same again later", RETRY_BUSY)
        case PoolSaturatedError():
            return Problem(503, "all threads are busy and the queue is full; send the same again later", RETRY_BUSY)
        case HTTPException() if error.status_code < 500:
            message = _MESSAGES.get(error.status_code, "the request is not sound HTTP for this service")
            return Problem(error.status_code, message, _allowed(error))
    return None


def _allowed(error: HTTPException) -> Headers:
    return [("Allow", value) for name, value in (error.headers or {}).items() if name.lower() == "allow"]


def build_problem_body(problem: Problem, path: str) -> bytes:
    """The contract's body of a refusal, as JSON. The time is UTC, in milliseconds."""
    return msgspec.json.encode(
        {
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "status": problem.status,
            "error": _PHRASES.get(problem.status) or HTTPStatus(problem.status).phrase,
            "path": path,
            "message": problem.message,
        }
    )


def build_error_body(milliseconds: int) -> bytes:
    """The contract's body of a 500, as JSON."""
    return msgspec.json.encode(
        {"errorCode": "500", "errorDescription": "Processing failed", "timeElapsedMs": milliseconds}
    )
