"""Nodes behind HAProxy are killed, restarted and frozen, and the balancer reloads, while clients save and load files.

The configuration is the documented one. No customer is lost or saved twice, and no response is a 500.
"""

import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import pytest

from benchmarks.databases import Database
from faults.client_load import RETRY, LoadingClient, save_continuously
from faults.conftest import MIN_ACKNOWLEDGED, FaultSummary
from faults.haproxy import EXECUTABLE
from faults.nodes import NODES, Nodes, run_nodes
from faults.sql import run_sql

SEED = 20_241_126
CLIENTS = 4
# Shorter than a node is frozen: clients give up and send the batch to the other node, beside the frozen request.
ATTEMPT_TIMEOUT_SECONDS = 4.0
MAX_FROZEN_SECONDS = 10.0
DRAIN_SECONDS = 5  # as documented
WORKERS = 1  # a node ends as a whole here

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason="there is no haproxy; apt-get install haproxy")


class NodeFaults:
    """Injects faults one after the other, and counts them. Both nodes are up after each."""

    _CHOICES: Final = {"kill": 45, "restart": 20, "freeze": 15, "reload": 15, "kill both": 5}

    def __init__(self, nodes: Nodes, random: Random) -> None:
        self._nodes = nodes
        self._random = random
        self.counts: Counter[str] = Counter()

    def inject(self) -> None:
        """One fault, after up to a second without any."""
        [fault] = self._random.choices(list(self._CHOICES), list(self._CHOICES.values()))
        node = self._random.randrange(NODES)
        self.counts[fault] += 1
        time.sleep(self._random.uniform(0.1, 1))
        service = self._nodes.services[node]
        if fault == "reload":
            self._nodes.balancer.reload()
        elif fault == "freeze":
            with service.frozen():
                time.sleep(self._random.uniform(0.1, MAX_FROZEN_SECONDS))
        elif fault == "restart":
            service.terminate()
            self._nodes.restart(node)
        else:
            ended = range(NODES) if fault == "kill both" else [node]
            for number in ended:
                self._nodes.services[number].kill()
            time.sleep(self._random.uniform(0, 3))
            self._nodes.restart(*ended)
        self._nodes.wait_until_up()


def test_nodes_behind_a_balancer_lose_nothing(
    postgres_database: Database, summary: FaultSummary, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    count = int(pytestconfig.getoption("--node-faults"))
    with run_nodes(postgres_database, tmp_path, drain_seconds=DRAIN_SECONDS, workers=WORKERS) as nodes:
        faults = NodeFaults(nodes, Random(SEED))
        make_client = partial(nodes.make_client, RETRY, ATTEMPT_TIMEOUT_SECONDS)
        with ExitStack() as stack:
            saved = stack.enter_context(save_continuously(make_client, CLIENTS, SEED))
            loading = stack.enter_context(LoadingClient.running(make_client(), SEED))
            while faults.counts.total() < count and not saved.errors + loading.saved.errors:
                faults.inject()
        statuses = nodes.balancer.count_statuses()
    saved.accepted |= loading.saved.accepted
    found = saved.compare(partial(run_sql, postgres_database)) | {"wrong 500": statuses["500"]}
    summary.add_nodes(faults.counts, saved, loading.loads, statuses, found)
    assert saved.errors + loading.saved.errors == []
    assert found == {"lost": 0, "twice": 0, "untold": 0, "wrong 500": 0}
    assert len(saved.accepted) > MIN_ACKNOWLEDGED
    assert saved.replayed > 0
    assert loading.loads > 0
