"""A light client: threads that post prepared bodies, each over one connection."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Final

from benchmarks.service import Service

SAVE: Final = "/amlyze-ws-rest/batch-customers"
VALIDATE: Final = "/amlyze-ws-rest/validate-batch-customers"


def post_all(service: Service, path: str, bodies: Sequence[bytes], clients: int) -> tuple[float, int]:
    """Seconds from the first request to the last answer, and how many customers were accepted in them."""
    shares = [bodies[index::clients] for index in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        started = time.perf_counter()
        accepted = sum(pool.map(lambda share: _post(service, path, share), shares))
        return time.perf_counter() - started, accepted


def _post(service: Service, path: str, bodies: Sequence[bytes]) -> int:
    connection = HTTPConnection(service.host, service.port)
    headers = {"Authorization": f"Bearer {service.token}", "Content-Type": "application/json"}
    accepted = 0
    for body in bodies:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the service answered {answer.status}")
        accepted += content.count(b'{"resultType":"REQUEST_ACCEPTED","communicationNumber"')
    connection.close()
    return accepted
