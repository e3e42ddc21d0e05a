"""Connections between the Python client and the service are cut at any byte: no customer is lost or saved twice."""

from functools import partial

import pytest

from benchmarks.databases import Database
from faults.client_load import save_until_cut
from faults.conftest import MIN_ACKNOWLEDGED, FaultSummary
from faults.http_proxy import Direction, RandomCuts, run_http_proxy
from faults.service import run_service
from faults.sql import run_sql

SEED = 20_240_530
CLIENTS = 4


def test_client_loses_no_customer_and_saves_none_twice(
    database: Database, summary: FaultSummary, pytestconfig: pytest.Config
) -> None:
    cuts = int(pytestconfig.getoption("--cuts"))
    with run_service(database) as service, run_http_proxy(service.port, RandomCuts(SEED)) as proxy:
        saved = save_until_cut(proxy, database.token, cuts, CLIENTS, SEED)
    found = saved.compare(partial(run_sql, database))
    summary.add_client(proxy.cuts.total(), len(saved.accepted), saved.replayed, found)
    assert saved.errors == []
    assert found == {"lost": 0, "twice": 0, "untold": 0}
    assert len(saved.accepted) > MIN_ACKNOWLEDGED
    assert saved.replayed > 0
    assert proxy.cuts.total() >= cuts
    assert set(proxy.cuts) == set(Direction)
