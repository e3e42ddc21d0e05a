"""Databases on a Citus cluster, for the tests that run once for each kind of database.

`MUSTER_TEST_CITUS` is the postgresql:// URL, for a superuser, of a database on the coordinator that knows its worker
nodes (`citus_add_node`). Tests connect to the coordinator; with `MUSTER_TEST_CITUS_NODE=worker`, to the first worker
node, as services do. There a few tests fail, because a worker node takes none of their DDL.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

from muster.storage import open_storage
from muster.storage.postgres.distribution import ROLE_SETTINGS
from tests.postgres_databases import execute, with_database

COORDINATOR = os.environ.get("MUSTER_TEST_CITUS")
_IS_WORKER_TESTED = os.environ.get("MUSTER_TEST_CITUS_NODE") == "worker"


@dataclass
class CitusDatabaseMaker:
    """Creates the same database on all nodes, as a copy of a distributed one; `drop_all` drops them.

    `nodes` has the URLs of the nodes, that of the coordinator first.
    """

    nodes: Sequence[str]
    template: str
    made: list[str] = field(default_factory=list)

    def make(self) -> str:
        """The URL of a distributed database without customers, on the node that is tested."""
        name = f"muster_{uuid4().hex}"
        self.made.append(name)
        statements = [
            f"CREATE DATABASE {name} TEMPLATE {self.template} STRATEGY FILE_COPY",
            # They belong to a database, not to what is in it, and a copy has none.
            *(f"ALTER ROLE CURRENT_USER IN DATABASE {name} SET {k} = '{v}'" for k, v in ROLE_SETTINGS.items()),
        ]
        _on_each(self.nodes, lambda node: _execute(node, *statements))
        return self.get_url(name)

    def make_empty(self) -> str:
        """The URL on the coordinator of an empty database on all nodes, which know each other."""
        self.made.append(f"muster_{uuid4().hex}")
        return make_cluster(self.nodes, self.made[-1])

    def get_url(self, name: str, node: int = int(_IS_WORKER_TESTED)) -> str:
        return with_database(self.nodes[node], name)

    def drop_all(self) -> None:
        """Does not wait: a background worker of Citus may take seconds to leave a database."""
        for name in self.made:
            for node in self.nodes:
                _dropping.submit(_drop, name, node)


# Processes that end before this one does, and no threads: a test may fork a service meanwhile, in which a lock that
# OpenSSL holds in a thread would never be released.
_dropping = ProcessPoolExecutor(3, get_context("spawn"))


def _drop(name: str, node: str) -> None:
    """Again if need be: a background worker of Citus may connect at the same moment."""
    for _ in range(20):
        with suppress(psycopg.errors.ObjectInUse):
            _execute(node, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            return


def _on_each(nodes: Sequence[str], task: Callable[[str], None]) -> None:
    with ThreadPoolExecutor(len(nodes)) as pool:
        list(pool.map(task, nodes))


@contextmanager
def citus_template() -> Iterator[CitusDatabaseMaker]:
    """A distributed database without customers, that is copied for each test."""
    assert COORDINATOR is not None
    nodes = [COORDINATOR, *_list_workers(COORDINATOR)]
    maker = CitusDatabaseMaker(nodes, f"muster_template_{uuid4().hex[:8]}")
    try:
        url = make_cluster(nodes, maker.template)
        storage = open_storage(url)
        storage.upgrade()
        storage.distribute()
        storage.close()
        for node in nodes:
            # Citus connects to each of its databases, and one that is in use can't be copied.
            _execute(node, f"ALTER DATABASE {maker.template} ALLOW_CONNECTIONS false")
            _execute(
                node, f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{maker.template}'"
            )
        yield maker
    finally:
        maker.made.append(maker.template)
        maker.drop_all()


def make_cluster(nodes: Sequence[str], name: str) -> str:
    """An empty database on all nodes that know each other; its URL on the coordinator."""
    for node in nodes:
        _execute(node, f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY ENCODING 'UTF8'")
        _execute(with_database(node, name), "CREATE EXTENSION citus")
    coordinator, *workers = (make_url(node) for node in nodes)
    add = [f"SELECT citus_set_coordinator_host('{coordinator.host}', {coordinator.port})"]
    add += [f"SELECT citus_add_node('{worker.host}', {worker.port})" for worker in workers]
    url = with_database(nodes[0], name)
    _execute(url, *add)
    return url


def _list_workers(coordinator: str) -> list[str]:
    query = b"SELECT nodename, nodeport FROM pg_dist_node WHERE groupid > 0 ORDER BY groupid"
    with psycopg.connect(coordinator, autocommit=True) as connection:
        found: Any = connection.execute(query).fetchall()
    return [make_url(coordinator).set(host=h, port=p).render_as_string(hide_password=False) for h, p in found]


def _execute(url: str, *statements: str) -> None:
    """On this node alone."""
    execute(url, "SET citus.enable_alter_role_set_propagation = off", *statements)
