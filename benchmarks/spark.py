"""Measures `muster.spark`: checking per core beside one plain process, and saving into PostgreSQL.

`python -m benchmarks.spark` needs the extra `spark` and Java 17; no other measurement runs it. A core is a second of
CPU, of all processes of Spark together, so that other work on the machine counts little. Rounds are interleaved.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil
import pyarrow as pa
from pyarrow import parquet

from benchmarks import postgres
from benchmarks.databases import Databases
from muster.auth.administration import UserAdministration
from muster.auth.users import Role, User
from muster.bootstrap.intake import make_intake
from muster.bootstrap.interpreter import tune_collector
from muster.bootstrap.senders import make_operator
from muster.classifiers.snapshot import ClassifierCache
from muster.customer import Checker
from muster.intake.request import BatchOptions
from muster.settings import Settings
from muster.spark import checked, saved
from muster.spark.check import make_report_schema, make_task, parse_columns
from muster.spark.executor import Secret
from muster.spark.frame import prepare
from muster.spark.judge import RIVALRY, RowJudge
from muster.spark.rows import HASH, FrameRows
from muster.storage import Storage, open_storage
from muster.web.openapi.document import minimal_batch
from tests.spark.sessions import start_session

BATCH_ROWS: Final = 10_000
# The compilers of a production JVM: the tests start theirs without the second one, which starts faster and runs slower.
OPTIONS: Final = {"spark_driver_memory": "3g", "spark_driver_extraJavaOptions": "-XX:+UseSerialGC"}


def write_table(file: Path, count: int) -> None:
    """Minimal customers, every one new."""
    constant = minimal_batch()["customers"][0]
    columns = {name: pa.array([value] * count) for name, value in constant.items()}
    columns["communicationNumber"] = pa.array([f"n-{i}" for i in range(count)])
    columns["customerExtId"] = pa.array([f"c-{i}" for i in range(count)])
    parquet.write_table(pa.table(columns), file, row_group_size=count // 8)


def check_rows(file: Path, storage: Storage) -> int:
    """One process does what an executor does, on batches that pyarrow reads."""
    table = parquet.ParquetFile(file)
    header = tuple(table.schema_arrow.names)
    checker = Checker(ClassifierCache(storage.classifiers).current().codes)
    database = Secret(storage.engine.url.render_as_string(hide_password=False))
    judge = RowJudge(FrameRows(header, frozenset(range(len(header)))), database, checker, make_operator(storage, "op"))
    batches = (
        batch.append_column(HASH, pa.array(range(batch.num_rows), pa.int64()))
        for batch in table.iter_batches(BATCH_ROWS)
    )
    return sum(result.column("accepted").true_count for result in judge.run(batches))


def judge_rows(frame: Any, storage: Storage, url: str) -> None:
    """Spark checks rows, without looking for rivals and without keeping the report."""
    prepared, rows = prepare(frame, None, None, job="")
    checker = Checker(ClassifierCache(storage.classifiers).current().codes)
    judge = RowJudge(rows, Secret(url), checker, make_operator(storage, "op"))
    schema = parse_columns(RIVALRY, make_report_schema(prepared.schema).fields)
    prepared.mapInArrow(make_task(judge.run), schema).write.format("noop").mode("overwrite").save()


def check_bodies(bodies: list[bytes], storage: Storage) -> int:
    """One process checks the same customers as bodies of requests."""
    intake = make_intake(Settings.read({}), storage)
    operator = make_operator(storage, "op")
    return sum(intake.process(body, operator, BatchOptions(save=False)).accepted for body in bodies)


def make_bodies(file: Path) -> list[bytes]:
    batches = parquet.ParquetFile(file).iter_batches(BATCH_ROWS)
    return [json.dumps({"customers": batch.to_pylist()}).encode() for batch in batches]


def measure(count: int, check: Callable[[], int]) -> float:
    """Customers in a second of CPU, of this process and all below it."""
    before = sum_cpu()
    assert check() == count
    return count / (sum_cpu() - before)


def sum_cpu() -> float:
    total = 0.0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


@contextmanager
def open_postgres(directory: Path) -> Iterator[Storage]:
    with postgres.run_server() as server, Databases(server, directory).new("PostgreSQL") as database:
        storage = open_storage(database.url)
        UserAdministration(storage.users, "benchmark").add_user(User("core", Role.SUBMIT))
        try:
            yield storage
        finally:
            storage.close()


def run(count: int, rounds: int, save_count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="muster-spark-") as name:
        directory = Path(name)
        file, small = directory / "customers.parquet", directory / "small.parquet"
        write_table(file, count)
        write_table(small, save_count)
        with (
            open_postgres(directory) as storage,
            start_session("local[2]", directory / "logs", **OPTIONS) as session,
        ):
            tune_collector()
            url = storage.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")

            def check_frame() -> int:
                report = checked(session.read.parquet(str(file)), database=url)
                accepted: int = report.where("accepted").count()
                report.unpersist()
                return accepted

            def judge_frame() -> int:
                judge_rows(session.read.parquet(str(file)), storage, url)
                return count

            bodies = make_bodies(file)
            for _ in range(3):  # compiles what Spark runs
                check_frame()
            ways: dict[str, Callable[[], int]] = {
                "rows, one process": lambda: check_rows(file, storage),
                "bodies, one process": lambda: check_bodies(bodies, storage),
                "Spark, rows alone": judge_frame,
                "Spark, checked": check_frame,
            }
            rates: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(rounds):
                for way, check in ways.items():
                    rates[way].append(measure(count, check))
            for way, found in rates.items():
                print(f"{way:22} {statistics.median(found):9,.0f} customers per CPU second")
            for way in ("Spark, rows alone", "Spark, checked"):
                ratios = [spark / plain for spark, plain in zip(rates[way], rates["rows, one process"], strict=True)]
                print(
                    f"{way:18} to one process {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
                )
            started = time.monotonic()
            report = saved(session.read.parquet(str(small)), url, sender="core", job="benchmark", partitions=8)
            assert report.where("accepted").count() == save_count
            print(f"saved {save_count:,} in {time.monotonic() - started:.1f} s, PostgreSQL on the same machine")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="that are checked")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--saved", type=int, default=200_000, help="rows that are saved")
    arguments = parser.parse_args()
    run(arguments.rows, arguments.rounds, arguments.saved)
