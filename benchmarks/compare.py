"""`python -m benchmarks.compare CHECKOUT`: the service of this tree and of another checkout, in one interleaved run.

CHECKOUT is a directory with another revision of the project, installed by `make install` there. Both services run with
two workers, each on an empty SQLite file of its own, and take turns. Prints the medians of both and their ratio.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.client import Address, Connection, send_all
from benchmarks.customers import RandomIdentifiers, build_bodies
from benchmarks.load_generator import SAVE, VALIDATE, check_count, count_accepted
from benchmarks.service import ROOT, find_free_port, start_service

WORKERS: Final = 2
SEED: Final = 20_240_527


class Workload(NamedTuple):
    """Requests of `customers` customers each, `requests` of them in a round, over `clients` connections."""

    customers: int
    clients: int
    requests: int


WORKLOADS: Final = (
    Workload(1, 1, 400),
    Workload(1, 4, 1_000),
    Workload(1_000, 1, 12),
    Workload(1_000, 4, 24),
    Workload(10_000, 1, 2),
    Workload(10_000, 4, 4),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    identifiers = RandomIdentifiers(SEED)
    with run_muster(arguments.checkout) as other, run_muster(ROOT) as own:
        print("| path | customers | clients | other, ms | this tree, ms | ratio |\n|---|---|---|---|---|---|")
        for path in (VALIDATE, SAVE):
            for workload in WORKLOADS:
                print(compare(path, workload, (other, own), identifiers, arguments.rounds), flush=True)


def compare(
    path: str, workload: Workload, addresses: tuple[Address, Address], identifiers: RandomIdentifiers, rounds: int
) -> str:
    """One line of the table. The first round warms up and does not count; the order changes from round to round."""
    samples: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for index in (0, 1) if number % 2 else (1, 0):
            seconds = measure(path, workload, addresses[index], identifiers)
            if number:
                samples[index].append(seconds * 1_000 / workload.requests)
    other, own = map(statistics.median, samples)
    cells = path.rpartition("/")[2], workload.customers, workload.clients, f"{other:.3f}", f"{own:.3f}"
    return f"| {' | '.join(map(str, cells))} | {own / other:.2f} |"


def measure(path: str, workload: Workload, address: Address, identifiers: RandomIdentifiers) -> float:
    """Seconds from the first request to the last response. Raises CountMismatchError unless all are accepted."""
    bodies = build_bodies("minimal", workload.customers, workload.requests, identifiers)
    requests = [address.build_request(path, body) for body in bodies]
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(Connection(address))) for _ in range(workload.clients)]
        started = time.perf_counter()
        responses = send_all(connections, requests)
        seconds = time.perf_counter() - started
    check_count(workload.customers * workload.requests, sum(map(count_accepted, responses)))
    return seconds


@contextmanager
def run_muster(checkout: Path) -> Iterator[Address]:
    """`muster serve` of a checkout, on an empty database with one user."""
    program = str(checkout.resolve() / ".venv" / "bin" / "muster")
    with tempfile.TemporaryDirectory(prefix="muster-compare-") as directory:
        variables = {"MUSTER_DATABASE": f"sqlite:///{directory}/muster.db"}
        _run(variables, program, "user", "add", "bench", "--role", "submit", "--password-stdin")
        token = _run(variables, program, "token", "create", "bench").strip()
        port = find_free_port()
        command = [program, "serve", "--port", str(port), "--workers", str(WORKERS)]
        with start_service(command, port=port, ready_path="/health/ready", variables=variables):
            yield Address(port, token)


def _run(variables: dict[str, str], *command: str) -> str:
    environment = {**os.environ, **variables}
    done = subprocess.run(command, env=environment, input="password\n", capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main()
