"""`checked`: judges a frame as a load would, and saves nothing."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql.types import StructField, StructType

from muster.classifiers.snapshot import ClassifierCache
from muster.customer import Checker
from muster.spark.database import check_reachable, find_sender, open_for_driver
from muster.spark.errors import Batches, run_scrubbed
from muster.spark.executor import Secret, tune_process
from muster.spark.frame import GivenMapping, OrderBy, prepare
from muster.spark.judge import RIVALRY, RowJudge
from muster.spark.results import REPORT
from muster.spark.rivals import RivalJudge, add_keys, resolve_rivals
from muster.spark.rows import ORDER


def checked(
    df: DataFrame,
    *,
    database: str,
    sender: str | None = None,
    mapping: GivenMapping = None,
    order_by: OrderBy = None,
    upsert: bool = False,
    reject_unknown: bool = False,
) -> DataFrame:
    """The report on the customers of a frame, a row for each: what a dry run of loading them would answer.

    `database` is the URL of the database; executors look up its customers. `sender` is the user whose business units
    apply, None stands for an operator with all of them. `mapping` is that of a load, or the path of its TOML file;
    without one, columns have the names of fields. Rows are decided in the order of the columns `order_by`, and rows
    that these do not tell apart, or all without any, in the order of a hash of their content.

    The rows are checked now, once. Executors keep the report, in memory and on their disks, until its `unpersist()`.
    Raises `InvalidFrameError`, `InvalidMappingError` and the errors of the database; tasks raise `FrameTaskError`.
    """
    url = Secret(database)
    check_reachable(url, df.sparkSession)
    prepared, rows = prepare(df, mapping, order_by, job="")
    with open_for_driver(url) as store:
        checker = Checker(ClassifierCache(store.classifiers).current().codes)
        judge = RowJudge(rows, url, checker, find_sender(store, sender), upsert, reject_unknown)
    schema = make_report_schema(prepared.schema)
    with_rivalry = parse_columns(RIVALRY, schema.fields)
    judged = add_keys(prepared.mapInArrow(make_task(judge.run), with_rivalry)).persist()
    try:
        return materialize(resolve_rivals(judged, make_task(RivalJudge(rows, upsert).run), schema))
    finally:
        judged.unpersist()


def materialize(report: DataFrame) -> DataFrame:
    """Makes the report now, and keeps it on the executors until its `unpersist()`."""
    report = report.persist()
    try:
        report.count()
    except BaseException:
        report.unpersist()
        raise
    return report


def make_report_schema(frame: StructType) -> StructType:
    """The schema of the report on a frame that was prepared: ORDER where it has one, and REPORT."""
    return parse_columns(REPORT, [frame[ORDER]] if ORDER in frame.names else [])


def parse_columns(columns: Mapping[str, str], before: Sequence[StructField] = ()) -> StructType:
    """A schema from names and types of columns."""
    parsed = StructType.fromDDL(", ".join(f"{name} {kind}" for name, kind in columns.items()))
    return StructType([*before, *parsed.fields])


def make_task(run: Callable[[Batches], Batches]) -> Callable[[Any], Any]:
    """The function for `mapInArrow`. Plans and the UI show its name alone."""

    def muster(batches: Batches) -> Batches:
        tune_process(os.getpid())
        return run_scrubbed(run, batches)

    return muster
