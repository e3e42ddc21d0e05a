"""Sending a request until it has a definite response."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import msgspec

from muster_client.errors import (
    Conflict,
    ConnectionFailed,
    InvalidBatch,
    InvalidRequest,
    MusterError,
    OutcomeUnknown,
    ProcessingFailed,
    RateLimited,
    ServiceUnavailable,
    UnexpectedResponse,
)
from muster_client.responses import UNKNOWN_OUTCOME, Decode, to_error
from muster_client.steps import ConnectionFailure, HttpRequest, HttpResponse, Operation, Pause

T = TypeVar("T")

# A busy service asks for 1 second. With a tenth more or less, the clients that it refused do not come back together.
_RETRY_AFTER_JITTER: Final = 0.1
_MIN_TIMEOUT_SECONDS: Final = 1.0
_logger: Final = logging.getLogger("muster_client")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a request is retried.

    `deadline` is for one call with all its attempts and pauses; a request of `load()` has a deadline of its own. Where
    the service does not say how long to wait, the pauses double from `first_pause` to `max_pause`, and each is
    shortened by up to a half, at random. All are in seconds. A deadline of 0 makes one attempt, with the whole
    timeout.
    """

    deadline: float = 120.0
    first_pause: float = 0.25
    max_pause: float = 10.0


class RetryingSender:
    """Retries what may succeed later: 429, 5xx, timeouts, refused and cut connections.

    `clock` gives seconds, like `time.monotonic`; `timeout` is of each wait for the network.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        timeout: float,
        clock: Callable[[], float],
        choose: Callable[[], float] = random.random,
    ) -> None:
        self.policy = policy
        self._timeout = timeout
        self._clock = clock
        self._choose = choose

    @property
    def now(self) -> float:
        return self._clock()

    def send(
        self,
        request: HttpRequest,
        decode: Decode[T],
        *,
        key: str | None = None,
        invalid: type[InvalidRequest] = InvalidRequest,
        unknown: str = UNKNOWN_OUTCOME,
    ) -> Operation[T]:
        """Sends the request until a response is definite, and returns the decoded 2xx.

        `key` is the idempotency key of a save: then a 409 says that an earlier attempt is still being processed, and
        the loss of a response is never taken for a refusal. `invalid` is the error of a 400, and `unknown` the message
        of a 500 of a service that does not know the outcome. Raises `MusterError`.
        """
        deadline = self._clock() + self.policy.deadline
        is_outcome_unknown = False
        attempt = 0
        while True:
            attempt += 1
            answer = yield replace(request, timeout=self._choose_timeout(deadline))
            decoded, error, was_sent = _interpret(answer, decode, lambda response: to_error(response, invalid, unknown))
            if error is None:
                return decoded  # type: ignore[return-value]  # None only beside an error
            is_outcome_unknown = key is not None and (is_outcome_unknown or was_sent)
            pause = self._choose_pause(attempt, error.retry_after)
            is_over = self._clock() + pause >= deadline
            if is_over or not _is_retryable(answer, error, key):
                raise _conclude(error, key, is_outcome_unknown)
            _logger.warning("%s: %s; attempt %d follows in %.1f s", type(error).__name__, error, attempt + 1, pause)
            yield Pause(pause)

    def _choose_timeout(self, deadline: float) -> float:
        if not self.policy.deadline:  # a single attempt
            return self._timeout
        return max(min(self._timeout, deadline - self._clock()), _MIN_TIMEOUT_SECONDS)

    def _choose_pause(self, attempt: int, retry_after: float | None) -> float:
        if retry_after is not None:
            return retry_after * (1 + _RETRY_AFTER_JITTER * self._choose())
        pause = min(self.policy.first_pause * 2.0 ** min(attempt - 1, 30), self.policy.max_pause)
        return pause * (1 - self._choose() / 2)


def _interpret(
    answer: HttpResponse | ConnectionFailure, decode: Decode[T], to_error: Decode[MusterError]
) -> tuple[T | None, MusterError | None, bool]:
    """The decoded response, or an error and whether the service may have saved what was sent."""
    if isinstance(answer, ConnectionFailure):
        return None, ConnectionFailed(answer.description), answer.was_sent
    if not 200 <= answer.status < 300:
        error = to_error(answer)
        # A gateway answers 502 and 504 for a service that may have got the request.
        return None, error, isinstance(error, OutcomeUnknown | Conflict) or answer.status in (502, 504)
    try:
        return decode(answer), None, True
    except UnexpectedResponse as unexpected:
        return None, unexpected, False
    except msgspec.ValidationError:
        return None, UnexpectedResponse("the response has not the expected form", status=answer.status), True
    except msgspec.DecodeError:
        # A gateway that sends no Content-Length can cut a response short unnoticed.
        return None, ConnectionFailed("the response is incomplete", status=answer.status), True


def _is_retryable(answer: HttpResponse | ConnectionFailure, error: MusterError, key: str | None) -> bool:
    if isinstance(answer, ConnectionFailure):
        return answer.is_retryable
    retried = (RateLimited, ServiceUnavailable, ProcessingFailed, OutcomeUnknown, ConnectionFailed)
    return isinstance(error, retried) or (key is not None and isinstance(error, Conflict))


def _conclude(error: MusterError, key: str | None, is_outcome_unknown: bool) -> MusterError:
    """The error to raise after the last attempt."""
    if key is None:
        return error
    if is_outcome_unknown and not isinstance(error, OutcomeUnknown | InvalidBatch):
        message = (
            "the batch may be saved or not, because the response of an attempt was lost; save the same customers under "
            f"the same key again. The last attempt ended with: {error.message}"
        )
        unknown = OutcomeUnknown(
            message,
            status=error.status,
            request_id=error.request_id,
            retry_after=error.retry_after,
            batch_id=error.batch_id,
        )
        unknown.__cause__ = error
        error = unknown
    error.idempotency_key = key
    return error
