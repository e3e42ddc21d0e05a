"""Rivals: rows of a frame that have the same communication number, or are the same customer.

A load decides on them in the order of its file, and a row sees what the accepted ones before it change. Here Spark
finds the rows that may depend on others, and only these are decided again, in the order of the frame, by the code that
decides on batches.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from muster.customer import Violation
from muster.intake.candidates import Valid
from muster.intake.customer_store import Known
from muster.intake.decision import decide, to_accepted
from muster.intake.write_plan import CustomerKey, build_write_plan
from muster.loads.dry_run import TakenIdentifiers
from muster.spark.results import REPORT, FindingColumn, FindingDescriber
from muster.spark.rows import HASH, ORDER, FrameRows

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import StructType

_NUMBER: Final = "_number"
_CUSTOMER: Final = "_customer"
_IS_CHAINED: Final = "_is_chained"
# Rows that each executor gets a copy of, of 9 bytes each.
_MAX_BROADCAST: Final = 1_000_000


@dataclass(frozen=True)
class RivalJudge:
    """Decides on rivals that come in order. Can be pickled."""

    rows: FrameRows
    upsert: bool = False

    def run(self, batches: Iterator[Any]) -> Iterator[Any]:
        """The same rows with their final decision: ORDER where the frame has it, and REPORT."""
        describer = FindingDescriber(self.rows.mapper, self.rows.header)
        with TakenIdentifiers() as taken:
            for batch in batches:
                columns = {name: batch.column(name) for name in batch.schema.names if name in (ORDER, *REPORT)}
                if batch.num_rows:
                    columns |= self._decide(batch, taken, describer)
                yield pa.RecordBatch.from_arrays(list(columns.values()), list(columns))

    def _decide(self, batch: Any, taken: TakenIdentifiers, describer: FindingDescriber) -> dict[str, Any]:
        names = ("communicationNumber", "customerExtId", "businessUnit", "_action", "_number_used", "_version")
        rows = list(zip(*(batch.column(name).to_pylist() for name in names), strict=True))
        candidates = [Valid(number, ext_id, unit, action) for number, ext_id, unit, action, _, _ in rows]
        numbers = {number for number, _, _, _, is_used, _ in rows if is_used}
        versions: dict[CustomerKey, int] = {
            (unit, ext_id): version for _, ext_id, unit, _, _, version in rows if version
        }
        known = taken.find([each.communication_number for each in candidates], [*dict.fromkeys(map(_key, candidates))])
        decision = decide(candidates, Known(known.numbers | numbers, versions | known.versions), upsert=self.upsert)
        taken.add(build_write_plan(to_accepted(candidates, decision)))
        return _build(decision.violations, describer)


def _key(candidate: Valid) -> CustomerKey:
    return candidate.business_unit, candidate.customer_ext_id


def _build(violations: Any, describer: FindingDescriber) -> dict[str, Any]:
    errors = FindingColumn()
    found: list[Violation]
    for found in violations:
        errors.add(map(describer.describe, found))
    return {
        "accepted": pa.array([not found for found in violations], pa.bool_()),
        "errorCode": pa.array([found[0].code if found else None for found in violations], pa.string()),
        "errors": errors.build(),
    }


def add_keys(judged: "DataFrame") -> "DataFrame":
    """Adds the hashes that rivals share, null in a refused row, which takes nothing from others.

    A collision makes rivals of rows that are none, which changes no decision.
    """
    from pyspark.sql import functions as F  # noqa: N812

    def hash_valid(*names: str) -> "Column":
        return F.when(F.col("_is_valid"), F.xxhash64(*names))

    return judged.withColumn(_NUMBER, hash_valid("communicationNumber")).withColumn(
        _CUSTOMER, hash_valid("businessUnit", "customerExtId")
    )


def resolve_rivals(judged: "DataFrame", judge: Any, report: "StructType") -> "DataFrame":
    """The report of judged rows with their keys, which are read several times.

    `judge` decides on rivals in order; `report` is the schema of the report.
    """
    from pyspark.sql import functions as F  # noqa: N812

    public = report.fieldNames()
    customers = _find_rival_customers(judged).persist()
    try:
        count = customers.count()
        if not count:
            return judged.select(public)
        sought = F.broadcast(customers) if count < _MAX_BROADCAST else customers
        orders = [ORDER] if ORDER in public else []
        # Rivals of one customer are decided together; those that a number connects to other customers, in one place.
        place = F.when(F.col(_IS_CHAINED), F.lit(0)).otherwise(F.col(_CUSTOMER)).alias("_place")
        rivals = judged.join(sought, _CUSTOMER).select("*", place).repartition("_place")
        decided = rivals.sortWithinPartitions("_place", *orders, HASH).mapInArrow(judge, report)
        return judged.join(sought, _CUSTOMER, "left_anti").select(public).unionByName(decided)
    finally:
        customers.unpersist()


def _find_rival_customers(judged: "DataFrame") -> "DataFrame":
    """Customers with several rows, or with a number that another one has: their keys, and whether it is the latter."""
    from pyspark.sql import functions as F  # noqa: N812

    keys = judged.where(F.col("_is_valid")).select(_NUMBER, _CUSTOMER)
    shared = keys.groupBy(_NUMBER).agg((F.min(_CUSTOMER) != F.max(_CUSTOMER)).alias("is_shared")).where("is_shared")
    chained = keys.join(shared, _NUMBER, "left_semi").select(_CUSTOMER, F.lit(True).alias(_IS_CHAINED))
    several = keys.groupBy(_CUSTOMER).count().where("count > 1").select(_CUSTOMER, F.lit(False).alias(_IS_CHAINED))
    return several.unionByName(chained).groupBy(_CUSTOMER).agg(F.max(_IS_CHAINED).alias(_IS_CHAINED))
