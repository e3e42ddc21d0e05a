"""Fuzzes the running service on a database, and reports its responses and what its log says."""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.databases import MUSTER, Database
from faults.service import ServiceUnderTest, run_service
from fuzzing import clients, openapi

# The share of the time for requests from the OpenAPI document; the rest is for random requests.
_OPENAPI_SHARE = 0.6


@dataclass
class ServiceReport:
    """The result of a run. `statuses` is counted in the service's log, so it has every request that was processed."""

    random_requests: int = 0  # many of them are not valid HTTP and never reach the application
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, other: "ServiceReport") -> None:
        self.random_requests += other.random_requests
        self.statuses += other.statuses
        self.failures += other.failures

    @property
    def server_errors(self) -> int:
        """The number of responses with a status of 500 or more."""
        return sum(count for status, count in self.statuses.items() if status >= 500)


def fuzz_service(database: Database, seconds: int, seed: int) -> ServiceReport:
    """Starts the service on the database and fuzzes it for about `seconds`."""
    change = [str(MUSTER), "user", "change", "bench", "--role", "admin"]
    subprocess.run(change, env={**os.environ, "MUSTER_DATABASE": database.url}, check=True, capture_output=True)
    with run_service(database, workers=1) as service:
        openapi_failures = openapi.run(service.port, database.token, max(int(seconds * _OPENAPI_SHARE), 1))
        log = clients.run(service.port, database.token, seconds * (1 - _OPENAPI_SHARE), seed)
        service.wait_until_ready()
        failures = [*log.failures, *_find_logged_failures(service), *([openapi_failures] if openapi_failures else [])]
        return ServiceReport(log.sent, _count_statuses(service), failures)


def _count_statuses(service: ServiceUnderTest) -> Counter[int]:
    """The statuses of all requests in the service's log; 0 stands for a client that disconnected."""
    return Counter(event["status"] for event in service.events() if event.get("event") == "request")


def _find_logged_failures(service: ServiceUnderTest) -> Iterator[str]:
    for event in service.events():
        if event.get("event") == "failure" or event.get("level") in ("error", "critical"):
            yield f"the log has: {event}"
