"""Faults while a service loads files: kills of workers and nodes, and what happens to a database."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from random import Random
from typing import Final

import psutil

from benchmarks.postgres import PostgresServer
from faults.commit_proxy import CommitProxy, Cut
from faults.service import ServiceUnderTest

MIN_PAUSE_SECONDS: Final = 0.1
MAX_PAUSE_SECONDS: Final = 0.9
DATABASE_DOWN_SECONDS: Final = 0.5
CRASH_INTERVAL: Final = 6  # every so many faults the database crashes
CUT_SHARE: Final = 0.01  # of the commits

TERMINATE_CONNECTIONS: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'muster'
"""


class Fault(StrEnum):
    """What happened, as the summary says it."""

    COMMAND = "commands killed"
    WORKER = "workers killed"
    NODE = "nodes killed"
    CONNECTIONS = "times all connections ended"
    COMMIT = "commits cut"
    DATABASE = "databases crashed"


@dataclass(frozen=True)
class DatabaseUnderFaults:
    """A PostgreSQL server, the URL of the database without the proxy, and the proxy that the nodes connect to."""

    server: PostgresServer
    url: str
    proxy: CommitProxy


class LoadFaults:
    """Injects one fault after the other."""

    def __init__(
        self, nodes: Sequence[ServiceUnderTest], random: Random, database: DatabaseUnderFaults | None = None
    ) -> None:
        """Without a `database`, processes are killed only."""
        self.counts: Counter[Fault] = Counter()
        self._nodes = nodes
        self._random = random
        self._database = database

    def inject_until(self, is_done: Callable[[], bool]) -> None:
        """Returns when it is done; no fault happens afterwards."""
        faults: list[Callable[[], None]] = [self._kill_worker, self._kill_worker, self._kill_node]
        first: list[Callable[[], None]] = [self._kill_worker, self._kill_node]  # one of each kind, however few loads
        if self._database is not None:
            faults += [self._end_connections, self._end_connections]
            first += [self._end_connections, self._crash_database]
            self._database.proxy.choose_cut = self._choose_cut
        self._random.shuffle(first)
        for number in count(1):
            for node in self._nodes:  # a machine that only starts processes would load nothing
                node.wait_until_ready()
            time.sleep(self._random.uniform(MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS))
            if is_done():
                break
            fault = first.pop() if first else self._random.choice(faults)
            if number % CRASH_INTERVAL == 0 and self._database is not None:
                fault = self._crash_database
            fault()
        if self._database is not None:
            self._database.proxy.choose_cut = lambda: None
            self.counts[Fault.COMMIT] = self._database.proxy.cuts.total()

    def restart_nodes(self) -> None:
        """Kills all nodes and starts them again. A new process deletes what the end of a load has left."""
        for node in self._nodes:
            self._kill(node)
        for node in self._nodes:
            node.wait_until_ready()

    def are_complete(self) -> bool:
        """Whether each kind of fault has happened."""
        kinds = {Fault.WORKER, Fault.NODE} if self._database is None else set(Fault) - {Fault.COMMAND}
        return all(self.counts[kind] for kind in kinds)

    def _choose_cut(self) -> Cut | None:
        return self._random.choice(list(Cut)) if self._random.random() < CUT_SHARE else None

    def _kill_worker(self) -> None:
        with suppress(psutil.NoSuchProcess, IndexError):
            self._random.choice(self._random.choice(self._nodes).workers()).kill()
            self.counts[Fault.WORKER] += 1

    def _kill_node(self) -> None:
        self._kill(self._random.choice(self._nodes))

    def _kill(self, node: ServiceUnderTest) -> None:
        node.kill()
        node.restart()
        self.counts[Fault.NODE] += 1

    def _end_connections(self) -> None:
        assert self._database is not None
        self._database.server.run(self._database.url, TERMINATE_CONNECTIONS)
        self.counts[Fault.CONNECTIONS] += 1

    def _crash_database(self) -> None:
        assert self._database is not None
        self._database.server.crash()
        time.sleep(DATABASE_DOWN_SECONDS)
        self._database.server.start()
        self.counts[Fault.DATABASE] += 1
