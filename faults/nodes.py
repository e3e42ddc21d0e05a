"""Two nodes on one PostgreSQL, behind HAProxy with the configuration that the documentation shows."""

import ssl
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from benchmarks.databases import Database
from faults.certificates import make_certificate
from faults.haproxy import HaProxy, run_haproxy
from faults.loading_service import LoadingService
from faults.service import ServiceUnderTest, run_service
from muster_client import Client, RetryPolicy

NODES: Final = 2


@dataclass
class Nodes:
    """The nodes, and the balancer in front of them."""

    services: list[ServiceUnderTest]
    balancer: HaProxy
    database: Database
    trust: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"https://localhost:{self.balancer.port}"

    def make_client(self, retry: RetryPolicy | None = None, timeout: float = 60.0) -> Client:
        """A client of the balancer."""
        return Client(self.url, token=self.database.token, retry=retry, timeout=timeout, verify=self.trust)

    def connect(self, node: int | None = None) -> httpx.Client:
        """A connection to the balancer, or to one node as the balancer would connect to it."""
        if node is None:
            return httpx.Client(base_url=self.url, verify=self.trust, timeout=60)
        headers = {"Host": f"localhost:{self.balancer.port}", "X-Forwarded-Proto": "https"}
        url = f"http://127.0.0.1:{self.services[node].port}"
        return httpx.Client(base_url=url, headers=headers, verify=self.trust, timeout=60)

    def restart(self, *nodes: int) -> None:
        """Starts nodes that have ended, and waits until the balancer sends requests to them."""
        for node in nodes:
            self.services[node].restart()
        for node in nodes:
            self.services[node].wait_until_ready()
        self.wait_until_up()

    def wait_until_up(self) -> None:
        self.balancer.wait_for(*["UP"] * NODES)

    def count_requests(self) -> Counter[int]:
        """The requests that the balancer sent to each node."""
        words = self.balancer.read_log().split()
        return Counter({node: words.count(f"nodes/node{node + 1}") for node in range(NODES)})


@contextmanager
def run_nodes(
    database: Database,
    directory: Path,
    *,
    drain_seconds: int,
    changes: Mapping[str, str] | None = None,
    workers: int = 1,
) -> Iterator[Nodes]:
    """`changes` are those of `HaProxy`."""
    certificate, key, both = (directory / name for name in ("cert.pem", "key.pem", "both.pem"))
    make_certificate(certificate, key)
    both.write_text(certificate.read_text() + key.read_text())
    with ExitStack() as stack:
        services = [
            stack.enter_context(
                run_service(database, workers=workers, make=LoadingService, drain_seconds=str(drain_seconds))
            )
            for _ in range(NODES)
        ]
        ports = [service.port for service in services]
        balancer = stack.enter_context(run_haproxy(directory, both, ports, changes))
        yield Nodes(services, balancer, database, ssl.create_default_context(cafile=certificate))
