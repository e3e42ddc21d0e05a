"""Executors of a local Spark cluster are killed while they save a frame: no customer is lost, none is saved twice."""

import random
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from benchmarks.databases import Database
from muster.auth.administration import UserAdministration
from muster.auth.users import Role, User
from muster.storage import open_storage
from tests.samples import individual
from tests.spark.sessions import find_obstacle, list_executors, start_session

CUSTOMERS = 40_000
REFUSED_EVERY = 50
OPTIONS = {
    "spark_speculation": "true",
    "spark_task_maxFailures": "100",
    "spark_stage_maxConsecutiveAttempts": "100",  # each executor takes its shuffled rows with it
    "spark_deploy_maxExecutorRetries": "-1",
}

pytestmark = [
    pytest.mark.skipif(find_obstacle() is not None, reason=str(find_obstacle())),
    pytest.mark.filterwarnings("ignore"),  # Spark's own
]


class Killer(threading.Thread):
    """Kills one executor after another at random moments, each while batches are being saved."""

    def __init__(self, url: str, planned: int) -> None:
        super().__init__(daemon=True)
        self.kills = 0
        self.planned = planned
        self.is_over = threading.Event()
        self._url = url
        self._random = random.Random(1)

    def run(self) -> None:
        while self.kills < self.planned and not self.is_over.is_set():
            before = self.count_batches()
            # An executor that saves nothing is not worth killing.
            while self.count_batches() == before and not self.is_over.wait(0.05):
                pass
            self.is_over.wait(self._random.uniform(0, 0.5))
            executors = list_executors()
            if executors and not self.is_over.is_set():
                self._random.choice(executors).kill()
                self.kills += 1

    def count_batches(self) -> int:
        with psycopg.connect(self._url) as connection:
            row = connection.execute("SELECT count(*) FROM batches").fetchone()
        assert row is not None
        return int(row[0])


def make_frame(session: Any) -> Any:
    """Customers of whom one in `REFUSED_EVERY` is refused."""
    from pyspark.sql import functions as F  # noqa: N812

    number = F.col("id").cast("string")
    constant = {name: F.lit(value) for name, value in individual().items()}
    columns = constant | {
        "communicationNumber": F.concat(F.lit("n-"), number),
        "customerExtId": F.concat(F.lit("c-"), number),
        "citizenshipCountry": F.when(F.col("id") % REFUSED_EVERY == 0, F.lit("XX")).otherwise(F.lit("LT")),
    }
    return session.range(CUSTOMERS, numPartitions=8).select(*(each.alias(name) for name, each in columns.items()))


def count_stored(url: str) -> tuple[int, int, int, int]:
    """Customers, versions of them that were replaced, numbers, and what the batches say that they accepted."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM customer_history), "
            "(SELECT count(*) FROM communications), coalesce((SELECT sum(accepted) FROM batches), 0)"
        ).fetchone()
    assert row is not None
    customers, replaced, numbers, accepted = (int(value) for value in row)
    return customers, replaced, numbers, accepted


def test_killed_executors_lose_nothing_and_save_nothing_twice(
    postgres_database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], pytestconfig: pytest.Config
) -> None:
    from muster.spark import saved

    url = postgres_database.url
    store = open_storage(url)
    UserAdministration(store.users, "faults").add_user(User("core", Role.SUBMIT))
    store.close()
    with start_session("local-cluster[4,1,1024]", tmp_path, **OPTIONS) as session:
        killer = Killer(url, pytestconfig.getoption("--kills"))
        killer.start()
        started = time.monotonic()
        report = saved(make_frame(session), url, sender="core", job="faults", partitions=100, chunk_rows=20)
        seconds = time.monotonic() - started
        killer.is_over.set()
        killer.join()
        rows, accepted = report.count(), report.where("accepted").count()
    customers, replaced, numbers, counted = count_stored(url)
    expected = CUSTOMERS - CUSTOMERS // REFUSED_EVERY
    lost, twice = max(expected - customers, 0), replaced + counted - customers
    with capsys.disabled():
        print(
            f"\n{killer.kills} executors killed in {seconds:.0f} s of saving {CUSTOMERS:,} customers: {lost} lost, "
            f"{twice} saved twice; {rows:,} rows of the report, {accepted:,} of them accepted"
        )
    assert (lost, twice) == (0, 0)
    assert customers == numbers == expected
    assert (rows, accepted) == (CUSTOMERS, expected)
    assert killer.kills == killer.planned, "saving ended before all kills"
