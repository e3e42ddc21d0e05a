"""Batches of Arrow as Spark sends them, and what executors need, without Spark."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from muster.bootstrap.senders import LoadSender
from muster.spark.executor import Secret
from muster.spark.judge import RowJudge
from muster.spark.rows import HASH, ORDER, FrameRows
from tests.samples import make_checker

SENDER = LoadSender("core", ("MAIN",))


def make_batch(rows: Sequence[dict[str, Any]]) -> Any:
    """The rows as Spark sends them: null where a row has no such cell, with their order and a hash."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: pa.array([row.get(name) for row in rows]) for name in names}
    columns[ORDER] = pa.array([{"line": number} for number in range(len(rows))])
    columns[HASH] = pa.array([hash(tuple(map(str, row.values()))) for row in rows], pa.int64())
    return pa.RecordBatch.from_pydict(columns)


def make_rows(batch: Any, **more: Any) -> FrameRows:
    header = tuple(name for name in batch.schema.names if name not in (ORDER, HASH))
    texts = frozenset(i for i, name in enumerate(header) if pa.types.is_string(batch.schema.field(name).type))
    return FrameRows(header, texts, **more)


def judge(database_url: str, batch: Any, rows: FrameRows | None = None, **options: Any) -> list[dict[str, Any]]:
    """The results of a batch, a dict for each row."""
    row_judge = RowJudge(rows or make_rows(batch), Secret(database_url), make_checker(), SENDER, **options)
    return read_rows(row_judge.run(iter([batch])))


def read_rows(batches: Iterator[Any]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.to_pylist()]
