"""The service under fire, on a database of either kind: what was sent, what it answered, and what its log says."""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.databases import MUSTER, Database
from faults.service import Running, running
from fuzzing import documented, wire

# Of the time, so much is for requests by the document and the rest for those by chance.
_DOCUMENTED = 0.6


@dataclass
class Fire:
    """One run. `statuses` and `failures` are counted in the log: no request that reached the service is missed."""

    by_hand: int = 0  # requests by chance, many of which HTTP does not let through
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, other: "Fire") -> None:
        self.by_hand += other.by_hand
        self.statuses += other.statuses
        self.failures += other.failures

    @property
    def faults(self) -> int:
        """How many answers had a status of 500 or more."""
        return sum(count for status, count in self.statuses.items() if status >= 500)


def fire_at(database: Database, seconds: int, seed: int) -> Fire:
    """Runs the service on the database, and sends to it for about so many seconds."""
    change = [str(MUSTER), "user", "change", "bench", "--role", "admin"]
    subprocess.run(change, env={**os.environ, "MUSTER_DATABASE": database.url}, check=True, capture_output=True)
    with running(database, workers=1) as service:
        said = documented.run(service.port, database.token, max(int(seconds * _DOCUMENTED), 1))
        seen = wire.run(service.port, database.token, seconds * (1 - _DOCUMENTED), seed)
        service.wait_until_ready()
        failures = [*seen.wrong, *_logged(service), *([said] if said else [])]
        return Fire(seen.sent, _statuses(service), failures)


def _statuses(service: Running) -> Counter[int]:
    """Of all requests that the service answered; 0 stands for those whose sender had gone."""
    return Counter(event["status"] for event in service.events() if event.get("event") == "request")


def _logged(service: Running) -> Iterator[str]:
    """What the log tells that nobody expected."""
    for event in service.events():
        if event.get("event") == "failure" or event.get("level") in ("error", "critical"):
            yield f"the log says: {event}"
