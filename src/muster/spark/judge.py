"""Judging rows on an executor: each by itself, and against what the database has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from muster.bootstrap.senders import LoadSender
from muster.customer import BusinessUnits, Checker, Violation
from muster.intake.candidates import Candidate, Valid, check_customers
from muster.intake.customer_store import NOTHING_KNOWN, Known
from muster.intake.decision import decide
from muster.intake.request import BatchOptions
from muster.intake.stage_timings import StageTimings
from muster.intake.write_plan import CustomerKey
from muster.loads.records import Record
from muster.spark.executor import Secret, get_storage
from muster.spark.results import FindingColumn, FindingDescriber
from muster.spark.rows import HASH, ORDER, FrameRows

# What rivals are judged by: rows that have the same number or are the same customer. `_version` is that of the
# customer in the database, 0 when it has none.
RIVALRY: Final = {
    HASH: "bigint",
    "_is_valid": "boolean",
    "_action": "string",
    "_number_used": "boolean",
    "_version": "bigint",
}


@dataclass(frozen=True)
class RowJudge:
    """Judges the rows of a partition as if each were the only one. Can be pickled."""

    rows: FrameRows
    database: Secret
    checker: Checker
    sender: LoadSender
    upsert: bool = False
    reject_unknown: bool = False

    def run(self, batches: Iterator[Any]) -> Iterator[Any]:
        """A batch of results for each chunk of rows: ORDER where the frame has it, REPORT, RIVALRY."""
        options = BatchOptions(save=False, detail=True, upsert=self.upsert, reject_unknown=self.reject_unknown)
        units = BusinessUnits.for_user(self.checker.business_units, self.sender.business_units)
        describer = FindingDescriber(self.rows.mapper, self.rows.header)
        for chunk in self.rows.read(batches):
            candidates = check_customers(chunk.groups(), self.checker, units, StageTimings(), options).candidates
            known = self._look_up(candidates)
            # Rows that compete with others of the chunk are decided again, in order: see `rivals`.
            decision = decide(candidates, known, upsert=self.upsert)
            report = build_report(candidates, decision.violations, describer, chunk.problems)
            yield _build(chunk.batch, report, candidates, known)

    def _look_up(self, candidates: Sequence[Candidate]) -> Known:
        valid = [candidate for candidate in candidates if type(candidate) is Valid]
        if not valid:
            return NOTHING_KNOWN
        numbers = [candidate.communication_number for candidate in valid]
        with get_storage(self.database).customers.session() as session:
            return session.look_up(numbers, [(each.business_unit, each.customer_ext_id) for each in valid])


def _build(batch: Any, report: dict[str, Any], candidates: Sequence[Candidate], known: Known) -> Any:
    numbers, versions = known.numbers, known.versions
    columns = {
        **({ORDER: batch.column(ORDER)} if ORDER in batch.schema.names else {}),
        **report,
        HASH: batch.column(HASH),
        "_is_valid": pa.array([type(each) is Valid for each in candidates], pa.bool_()),
        "_action": pa.array([each.action if type(each) is Valid else None for each in candidates], pa.string()),
        "_number_used": pa.array([each.communication_number in numbers for each in candidates], pa.bool_()),
        "_version": pa.array([_find_version(each, versions) for each in candidates]),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def _find_version(candidate: Candidate, versions: Mapping[CustomerKey, int]) -> int:
    return versions.get((candidate.business_unit, candidate.customer_ext_id), 0) if type(candidate) is Valid else 0


def build_report(
    candidates: Sequence[Candidate],
    violations: Sequence[Sequence[Violation]],
    describer: FindingDescriber,
    problems: dict[int, Record],
) -> dict[str, Any]:
    """The columns of REPORT. `problems` has the rows that could not be read."""
    errors, warnings = FindingColumn(), FindingColumn()
    for index, (candidate, found) in enumerate(zip(candidates, violations, strict=True)):
        if index in problems:
            errors.add(describer.describe_problems(problems[index]))
        else:
            errors.add(map(describer.describe, found) if found else ())
        warnings.add(map(describer.describe_warning, candidate.warnings) if candidate.warnings else ())
    more = [candidate.has_more_warnings or getattr(candidate, "has_more_violations", False) for candidate in candidates]
    return {
        "communicationNumber": pa.array([each.communication_number for each in candidates], pa.string()),
        "customerExtId": pa.array([each.customer_ext_id for each in candidates], pa.string()),
        "businessUnit": pa.array([each.business_unit for each in candidates], pa.string()),
        "accepted": pa.array([not found for found in violations], pa.bool_()),
        "errorCode": pa.array([found[0].code if found else None for found in violations], pa.string()),
        "errors": errors.build(),
        "warnings": warnings.build(),
        "moreFindings": pa.array(more, pa.bool_()),
    }
