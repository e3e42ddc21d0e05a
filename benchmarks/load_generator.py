"""Sends prepared batches: at full speed over several connections, or one request at a time, interleaved."""

import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Final

from benchmarks.client import Connection, send_all
from benchmarks.process_stats import find_connection_owner
from benchmarks.service import Service

SAVE: Final = "/amlyze-ws-rest/batch-customers"
VALIDATE: Final = "/amlyze-ws-rest/validate-batch-customers"

_ACCEPTED: Final = b'{"resultType":"REQUEST_ACCEPTED","communicationNumber"'
_MAX_CONNECTION_ATTEMPTS: Final = 2_000


class CountMismatchError(RuntimeError):
    """A service accepted or stored another number of customers than was sent, so its figures mean nothing."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"expected {expected} customers, found {found}")


def check_count(expected: int, found: int) -> None:
    """Raises CountMismatchError when the two differ."""
    if found != expected:
        raise CountMismatchError(expected, found)


def count_accepted(response: bytes) -> int:
    """How many customers a response of the contract's form accepts."""
    return response.count(_ACCEPTED)


def send_batches(
    service: Service, path: str, bodies: Iterable[bytes], clients: int, *, spread: bool
) -> tuple[float, int]:
    """Seconds from the first request to the last response, and the number of accepted customers.

    Each client sends the next body as soon as it has its response.
    """
    requests = [service.address.build_request(path, body) for body in bodies]
    with open_connections(service, clients, spread=spread) as connections:
        started = time.perf_counter()
        responses = send_all(connections, requests)
        seconds = time.perf_counter() - started
    return seconds, sum(map(count_accepted, responses))


def send_interleaved(
    pairs: Sequence[tuple[Connection, Sequence[bytes]]], block_size: int
) -> list[tuple[float, list[bytes]]]:
    """Sends blocks of requests over each connection in turn.

    Returns for each connection the median seconds of a request, and the responses.
    """
    seconds: list[list[float]] = [[] for _ in pairs]
    responses: list[list[bytes]] = [[] for _ in pairs]
    for start in range(0, len(pairs[0][1]), block_size):
        for index, (connection, requests) in enumerate(pairs):
            for request in requests[start : start + block_size]:
                before = time.perf_counter()
                response = connection.send(request)
                seconds[index].append(time.perf_counter() - before)
                responses[index].append(response)
    return [(statistics.median(times), bodies) for times, bodies in zip(seconds, responses, strict=True)]


@contextmanager
def open_connections(service: Service, clients: int, *, spread: bool) -> Iterator[list[Connection]]:
    """One connection for each client, to the worker that accepts it first or, with `spread`, evenly to all workers."""
    with ExitStack() as stack:
        connections = _connect_evenly(service, stack) if spread else _connect_anywhere(service, stack)
        yield [next(connections) for _ in range(clients)]


def _connect_anywhere(service: Service, stack: ExitStack) -> Iterator[Connection]:
    while True:
        yield stack.enter_context(closing(Connection(service.address)))


def _connect_evenly(service: Service, stack: ExitStack) -> Iterator[Connection]:
    """Connections to a different worker each time, until all workers have one; then again."""
    connected: set[int] = set()
    attempts = zip(range(_MAX_CONNECTION_ATTEMPTS), _connect_anywhere(service, stack), strict=False)
    for _, connection in attempts:
        worker = find_worker(service, connection)
        if worker not in connected:
            connected.add(worker)
            yield connection
        if len(connected) == service.workers:
            connected.clear()
    raise RuntimeError("some workers accept no connections")


def find_worker(service: Service, connection: Connection) -> int:
    """The process of the service that has accepted the connection."""
    for _ in range(200):
        if (pid := find_connection_owner(service.pid, connection.port)) is not None:
            return pid
        time.sleep(0.005)
    raise RuntimeError("no worker accepted the connection")
