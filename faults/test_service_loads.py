"""Files are loaded by API while workers, nodes, connections and the database die, beside live batches.

No row is lost, none is saved twice, and the refused rows are right.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from random import Random

import pytest

from benchmarks.databases import Database, Databases
from faults.commit_proxy import run_proxy
from faults.conftest import FaultSummary, check
from faults.ledger import Ledger
from faults.load import generate_load
from faults.load_faults import DatabaseUnderFaults, LoadFaults
from faults.load_files import Differences, StoredCustomers
from faults.loading_service import LoadingService
from faults.service import ServiceUnderTest, run_service
from faults.service_load import ServiceLoad, StoredLoads
from faults.sql import run_sql
from muster.auth.tokens import generate_token
from muster.auth.users import Role, Token, User
from muster.storage import open_storage

SEED = 20_240_601
SENDERS = 4
AT_ONCE = 12
NODES = 2  # on PostgreSQL
LIVE_CLIENTS = 1
DELETION_SECONDS = 60.0


def test_loads_by_api_survive_faults_on_postgresql(
    databases: Databases, postgres_database: Database, summary: FaultSummary, pytestconfig: pytest.Config
) -> None:
    with run_proxy(postgres_database.url) as proxy, ExitStack() as stack:
        proxied = Database(proxy.url, postgres_database.token)
        nodes = [stack.enter_context(run_service(proxied, make=LoadingService)) for _ in range(NODES)]
        server = DatabaseUnderFaults(databases.postgres, postgres_database.url, proxy)
        faults = LoadFaults(nodes, Random(SEED), server)
        run_loads(nodes, faults, postgres_database, summary, count_loads(pytestconfig))


def test_loads_by_api_survive_kills_on_sqlite(
    sqlite_database: Database, summary: FaultSummary, pytestconfig: pytest.Config
) -> None:
    with run_service(sqlite_database, make=LoadingService) as service:
        faults = LoadFaults([service], Random(SEED))
        run_loads([service], faults, sqlite_database, summary, count_loads(pytestconfig))


def run_loads(
    nodes: list[ServiceUnderTest], faults: LoadFaults, database: Database, summary: FaultSummary, count: int
) -> None:
    """Runs the loads under faults, and asserts that every row was decided as it must be."""
    senders, ports, stop = add_senders(database), [node.port for node in nodes], threading.Event()
    loads = [ServiceLoad(f"load-{number:05}-", senders[number % SENDERS], ports, stop) for number in range(count)]
    ledger, found = Ledger(SEED), Differences()
    with generate_load(ports[0], database.token, ledger, count=LIVE_CLIENTS), ThreadPoolExecutor(AT_ONCE) as threads:
        running = [threads.submit(load.run) for load in loads]
        try:
            faults.inject_until(lambda: all(load.done() for load in running))
            faults.restart_nodes()
        finally:
            stop.set()
        wait_for_deleted_parts(database, found)
    customers = StoredCustomers(database, [load.prefix for load in loads])
    stored = StoredLoads(database)
    for load, run in zip(loads, running, strict=True):
        if error := run.exception():
            found.add(load.prefix, f"{type(error).__name__}: {error}")
        else:
            load.check(stored, customers, found)
    summary.add_loads("by API", count, faults.counts, found)
    assert found.sentences == []
    assert faults.are_complete()
    check(database, ledger, summary, others=customers.list_numbers())


def add_senders(database: Database) -> list[str]:
    """The tokens of new users."""
    tokens = []
    with closing(open_storage(database.url)) as storage:
        for number in range(SENDERS):
            user, token = User(f"sender-{number}", Role.SUBMIT), generate_token()
            storage.users.add_user(user)
            storage.users.add_token(Token(token.id, user.name, token.sha256, datetime.now(UTC)))
            tokens.append(token.text)
    return tokens


def wait_for_deleted_parts(database: Database, found: Differences) -> None:
    """What a process has left that died at the end of a load is deleted by the next process."""
    deadline = time.monotonic() + DELETION_SECONDS
    query = "SELECT DISTINCT name, state FROM load_parts JOIN loads ON id = load_id"
    while left := run_sql(database, query):
        if time.monotonic() > deadline:
            found.add(str(left), "parts are left")
            break
        time.sleep(0.1)


def count_loads(config: pytest.Config) -> int:
    """Loads on one database."""
    return int(config.getoption("--loads")) // 2
