"""What an operation asks its driver to do.

An operation is a generator that does no input or output itself: it yields a step, and is sent what came of it. So
requests, retries and decoding stand once, and a driver, synchronous or asynchronous, only moves bytes.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

T = TypeVar("T")


class Sink(Protocol):
    """Where the content of a 200 is written as it arrives."""

    def restart(self) -> None:
        """Discards what was written by an earlier attempt."""
        ...

    def write(self, chunk: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`target` is path and query, encoded. `timeout` is of each wait for the network, in seconds.

    The driver adds the credentials. With a `sink`, the content of a 200 goes there and not into the response.
    """

    method: str
    target: str = field(repr=False)  # holds identifiers of customers
    content: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 60.0
    sink: Sink | None = None


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete response; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConnectionFailure:
    """There was no complete response. `was_sent` says whether the service may have received the request."""

    description: str
    was_sent: bool
    is_retryable: bool = True


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class BlockingCall:
    """Call a function that reads or writes a file, or that belongs to the user. Its errors are thrown in."""

    function: Callable[[], object]


Step: TypeAlias = HttpRequest | Pause | BlockingCall
# Sent in: `HttpResponse | ConnectionFailure` for an `HttpRequest`, None for a `Pause`, the result for a `BlockingCall`.
Operation: TypeAlias = Generator[Step, Any, T]
