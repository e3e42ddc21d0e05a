"""Posting prepared bodies: as fast as a service takes them, or one by one."""

import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Final

from benchmarks.client import Connection, exchanged
from benchmarks.processes import holder
from benchmarks.service import Service

SAVE: Final = "/amlyze-ws-rest/batch-customers"
VALIDATE: Final = "/amlyze-ws-rest/validate-batch-customers"

_ACCEPTED: Final = b'{"resultType":"REQUEST_ACCEPTED","communicationNumber"'
_MOST_TRIES: Final = 2_000


class Count(RuntimeError):
    """A service took other customers than it was sent: its figures mean nothing."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"{found} of {expected} customers were taken")


def accepted(answer: bytes) -> int:
    """How many customers an answer of the contract's form accepts."""
    return answer.count(_ACCEPTED)


def post_all(service: Service, path: str, bodies: Iterable[bytes], clients: int, *, spread: bool) -> tuple[float, int]:
    """Seconds from the first request to the last answer, and how many customers were accepted in them.

    Each client takes the next body when it has its answer.
    """
    waiting = [service.address.request(path, body) for body in bodies]
    with connections(service, clients, spread=spread) as connected:
        started = time.perf_counter()
        answers = exchanged(connected, waiting)
        seconds = time.perf_counter() - started
    return seconds, sum(map(accepted, answers))


def in_turns(pairs: Sequence[tuple[Connection, Sequence[bytes]]], block: int) -> list[tuple[float, list[bytes]]]:
    """Sends blocks of requests over each connection in turn.

    Gives for each connection the median seconds of a request, and the answers.
    """
    seconds: list[list[float]] = [[] for _ in pairs]
    answers: list[list[bytes]] = [[] for _ in pairs]
    for start in range(0, len(pairs[0][1]), block):
        for index, (connection, requests) in enumerate(pairs):
            for request in requests[start : start + block]:
                before = time.perf_counter()
                answer = connection.send(request)
                seconds[index].append(time.perf_counter() - before)
                answers[index].append(answer)
    return [(statistics.median(taken), given) for taken, given in zip(seconds, answers, strict=True)]


@contextmanager
def connections(service: Service, clients: int, *, spread: bool) -> Iterator[list[Connection]]:
    """One connection for each client: where they happen to land or, `spread`, evenly on the workers."""
    with ExitStack() as kept:
        made = _landing_evenly(service, kept) if spread else _landing(service, kept)
        yield [next(made) for _ in range(clients)]


def _landing(service: Service, kept: ExitStack) -> Iterator[Connection]:
    while True:
        yield kept.enter_context(closing(Connection(service.address)))


def _landing_evenly(service: Service, kept: ExitStack) -> Iterator[Connection]:
    """Connections on another worker each time, until all workers have had one; then again."""
    had: set[int] = set()
    for _, connection in zip(range(_MOST_TRIES), _landing(service, kept), strict=False):
        worker = _holder(service, connection)
        if worker not in had:
            had.add(worker)
            yield connection
        if len(had) == service.workers:
            had.clear()
    raise RuntimeError("not every worker takes connections")


def _holder(service: Service, connection: Connection) -> int:
    for _ in range(200):
        if (pid := holder(service.pid, connection.port)) is not None:
            return pid
        time.sleep(0.005)
    raise RuntimeError("no worker took the connection")
