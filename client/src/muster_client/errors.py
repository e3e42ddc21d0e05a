"""The errors of the client.

Their texts never hold a value of a customer, nor credentials: they have the message of the service, which holds
neither, and the position of a customer in the given ones.
"""

from uuid import UUID

from muster_client.load_info import LoadInfo


class MusterError(Exception):
    """The base of all errors of this package.

    `status` is the HTTP status of the last response, None when there was none. `message` says what is wrong and what
    to do. `request_id` is the id that the service, or a gateway before it, gave to the request: `Muster-Request-Id`,
    `X-Request-Id` or `Request-Id` of the response. `retry_after` is how many seconds the service asks to wait, None
    when it does not say.

    `idempotency_key`, of a save or an upload, is the key under which the same can be sent again without being saved
    twice. `batch_id` is the id that the service gave to the batch. `rows`, of `load()`, are the positions of the
    customers whose batch failed.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        batch_id: UUID | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        self.batch_id = batch_id
        self.idempotency_key: str | None = None
        self.rows: range | None = None

    def __str__(self) -> str:
        known = (
            ("status", self.status),
            ("request id", self.request_id),
            ("batch", self.batch_id),
            ("idempotency key", self.idempotency_key),
            ("rows", None if self.rows is None else f"{self.rows.start} to {self.rows.stop - 1}"),
        )
        details = ", ".join(f"{name} {value}" for name, value in known if value is not None)
        return f"{self.message} ({details})" if details else self.message


class InvalidCustomer(MusterError):
    """A customer can't be written as JSON without changing it. Nothing of its batch was sent."""


class InvalidRequest(MusterError):
    """400, 405 or 415: the service does not take the request as it is."""


class InvalidBatch(InvalidRequest):
    """400, 413 or 415: the service does not take the batch as a whole. Nothing of it was saved."""


class KeyReused(InvalidBatch):
    """422: the idempotency key was used for other customers, with other options, or for another file."""


class AuthenticationError(MusterError):
    """401: the token or the password is wrong, has expired, or belongs to a disabled user."""


class PermissionDenied(MusterError):
    """403: the user has no role that permits this."""


class NotFound(MusterError):
    """404: what was asked for does not exist, or this user may not see it."""


class Conflict(MusterError):
    """409: the state of the thing does not permit the request."""


class RateLimited(MusterError):
    """429: too many requests of this user, or too many wrong credentials; also after all retries."""


class ServiceUnavailable(MusterError):
    """408, 502, 503 or 504: the service is overloaded or not ready, also after all retries."""


class ProcessingFailed(MusterError):
    """500, also after all retries: the service failed. It says that nothing of the batch was saved."""


class ConnectionFailed(MusterError):
    """The service can't be reached, or gave no complete response, also after all retries.

    Of a save, it says that no request reached the service. Otherwise the error is `OutcomeUnknown`.
    """


class OutcomeUnknown(MusterError):
    """Nobody knows whether a request took effect: its response was lost, or the service could not find out.

    The message says what to do. After a save, save the same customers with the same options under `idempotency_key`
    again: what was saved is not saved twice. Everything about loads can be sent again without harm.
    `batch_id` is known when the service sent the response 500 with `Muster-Outcome: unknown`.
    """


class UnexpectedResponse(MusterError):
    """The response is none of this service: another server may be listening at the URL."""


class UploadInterrupted(MusterError):
    """An upload ended before all parts of the load `load_id` were sent; `__cause__` says why.

    Upload the file again with its `idempotency_key` as `key`: what the service has is not sent again.
    """

    def __init__(self, message: str, *, load_id: UUID) -> None:
        super().__init__(message)
        self.load_id = load_id


class LoadFailed(MusterError):
    """A load failed; the message says why. What earlier chunks of the file saved stays saved.

    `info` is its last state, with the refused rows by code.
    """

    def __init__(self, message: str, *, info: LoadInfo) -> None:
        super().__init__(message)
        self.info = info


class WaitTimedOut(MusterError):
    """`wait(timeout=…)` ended before the load did. The load goes on."""
