"""`saved`: saves the customers of a frame, each once, whatever happens to tasks and executors."""

import os
import re
from typing import Final

from pyspark.sql import DataFrame

from muster.settings import read_client_token
from muster.spark.check import make_report_schema, make_task, materialize, parse_columns
from muster.spark.database import check_reachable, find_sender, open_for_driver
from muster.spark.encode import CUSTOMER, ENCODED, RowEncoder
from muster.spark.errors import InvalidFrameError
from muster.spark.executor import Secret
from muster.spark.frame import GivenMapping, OrderBy, prepare
from muster.spark.rows import HASH, ORDER
from muster.spark.write import ChunkWriter
from muster.spark.writers import DatabaseWriter, ServiceWriter, WriteOptions, Writer

# Of a key, which has 255 characters at most.
_JOB: Final = re.compile(r"[!#-\[\]-~]{1,200}", re.ASCII)
# A migration and its repetition, with a weekend between them.
KEY_HOURS: Final = 30 * 24
MAX_KEY_HOURS: Final = 8_760
MAX_CHUNK_ROWS: Final = 10_000


def saved(
    df: DataFrame,
    url: str,
    *,
    job: str,
    sender: str | None = None,
    token: str | None = None,
    ca_file: str | None = None,
    mapping: GivenMapping = None,
    order_by: OrderBy = None,
    upsert: bool = False,
    reject_unknown: bool = False,
    partitions: int = 32,
    chunk_rows: int = 5_000,
    key_hours: int = KEY_HOURS,
) -> DataFrame:
    """Saves the customers of a frame, and gives the report on them, a row for each.

    `url` is that of a service, which `token` or the environment's MUSTER_TOKEN authenticates to; or that of a database,
    which is written in the name of the user `sender`. `job` names the migration: the same frame under the same job and
    the same options, `partitions` and `chunk_rows` among them, saves nothing twice and gives the same report within
    `key_hours`. At most `partitions` requests run at the same time. The rows of one customer are saved in the order of
    `order_by`. The other options are those of `checked`; `ca_file` has certificates to trust, on every executor.

    The rows are saved now. Executors keep the report until its `unpersist()`. Raises what `checked` does.
    """
    _check(job, partitions, chunk_rows, key_hours)
    prepared, rows = prepare(df, mapping, order_by, job=job)
    options = WriteOptions(upsert, reject_unknown, key_hours)
    if url.startswith(("http://", "https://")):
        writer: Writer = _make_service_writer(url, sender, token, ca_file, options)
    else:
        writer = _make_database_writer(df, url, sender, token, options)
    schema = make_report_schema(prepared.schema)
    order = [schema[ORDER]] if ORDER in schema.names else []
    encoded = prepared.mapInArrow(make_task(RowEncoder(rows).run), parse_columns(ENCODED, order))
    placed = encoded.repartition(partitions, CUSTOMER).sortWithinPartitions(*(field.name for field in order), HASH)
    return materialize(placed.mapInArrow(make_task(ChunkWriter(rows, writer, job, chunk_rows).run), schema))


def _check(job: str, partitions: int, chunk_rows: int, key_hours: int) -> None:
    if not _JOB.fullmatch(job):
        raise InvalidFrameError("job takes 1 to 200 visible ASCII characters other than the quote and the backslash")
    if partitions < 1:
        raise InvalidFrameError("partitions is at least 1")
    if not 1 <= chunk_rows <= MAX_CHUNK_ROWS:
        raise InvalidFrameError(f"chunk_rows is from 1 to {MAX_CHUNK_ROWS:,}")
    if not 1 <= key_hours <= MAX_KEY_HOURS:
        raise InvalidFrameError(f"key_hours is from 1 to {MAX_KEY_HOURS:,}")


def _make_service_writer(
    url: str, sender: str | None, token: str | None, ca_file: str | None, options: WriteOptions
) -> ServiceWriter:
    from muster_client import Client

    if sender is not None:
        raise InvalidFrameError("a service takes its user from the token: leave out sender, or give a database URL")
    token = token or read_client_token()
    if not token:
        raise InvalidFrameError("there is no token for the service: give token=…, or set MUSTER_TOKEN for the driver")
    problem = None
    try:
        Client(url, token=token).close()
    except ValueError as error:
        problem = str(error)  # names no credentials
    if problem is not None:
        raise InvalidFrameError(problem)
    return ServiceWriter(url, Secret(token), os.fspath(ca_file) if ca_file else None, options)


def _make_database_writer(
    df: DataFrame, url: str, sender: str | None, token: str | None, options: WriteOptions
) -> DatabaseWriter:
    if token is not None:
        raise InvalidFrameError("a database takes no token: its URL has the credentials")
    if sender is None:
        raise InvalidFrameError("sender: name the user in whose name the customers are saved")
    database = Secret(url)
    check_reachable(database, df.sparkSession)
    with open_for_driver(database) as store:
        return DatabaseWriter(database, find_sender(store, sender), options)
