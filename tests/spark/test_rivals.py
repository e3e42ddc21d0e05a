"""Rivals are decided in their order, by what the rows before them and the database have."""

from typing import Any

import pyarrow as pa

from muster.spark.results import FINDING, REPORT
from muster.spark.rivals import RivalJudge
from tests.samples import individual
from tests.spark.batches import judge, make_batch, make_rows, read_rows


def decide(database_url: str, customers: list[dict[str, Any]], *sizes: int, **options: Any) -> list[list[str]]:
    """The codes of each customer; `sizes` are those of the batches in which Spark sends them."""
    batch = make_batch(customers)
    rows = make_rows(batch)
    judged = judge(database_url, batch, rows, **options)
    table = pa.Table.from_pylist(judged)
    batches = table.combine_chunks().to_batches(max_chunksize=sizes[0] if sizes else None)
    results = read_rows(RivalJudge(rows, **options).run(iter(batches)))
    assert all(set(REPORT) < set(result) for result in results)
    assert FINDING
    return [[error["code"] for error in result["errors"]] for result in results]


def test_the_first_of_a_number_wins_and_a_refused_row_takes_nothing(sqlite_url: str) -> None:
    a, b, c = individual(), individual(), individual()
    rivals = [a, {**b, "communicationNumber": a["communicationNumber"]}, b, {**c, "communicationNumber": "x"}, c]
    for size in (1, 2, 100):
        assert decide(sqlite_url, rivals, size) == [[], ["O005"], [], [], ["C004"]]


def test_an_update_sees_the_row_before_it(sqlite_url: str) -> None:
    customer = individual()
    update = {**customer, "communicationNumber": "later", "action": "UPDATE"}
    assert decide(sqlite_url, [update, customer, {**update, "communicationNumber": "last"}], 1) == [["C004"], [], []]
    either = individual(action=None)
    assert decide(sqlite_url, [either, {**either, "communicationNumber": "next"}], upsert=True) == [[], []]
