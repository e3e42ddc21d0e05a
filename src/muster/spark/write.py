"""Saving encoded rows on an executor, in chunks under keys that every attempt of a task gives again."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from muster.spark.encode import DOCUMENT
from muster.spark.results import REPORT, FindingColumn, FindingDescriber, FindingRow
from muster.spark.rows import ORDER, FrameRows
from muster.spark.writers import Writer
from muster_client.results import CustomerResult, Finding

# Bytes of JSON of a chunk, as of a request of the client.
MAX_CHUNK_BYTES: Final = 16 * 1024 * 1024
_IDENTIFIERS: Final = ("communicationNumber", "customerExtId", "businessUnit")


@dataclass(frozen=True)
class ChunkWriter:
    """Saves the rows of a partition, which come in the same order in every attempt. Can be pickled.

    Chunks depend on the rows alone: not on the batches in which Spark sends them, and not on the cluster.
    """

    rows: FrameRows
    writer: Writer
    job: str
    chunk_rows: int

    def run(self, batches: Iterator[Any]) -> Iterator[Any]:
        """A batch of results for each chunk: ORDER where the frame has it, and REPORT."""
        describer = FindingDescriber(self.rows.mapper, self.rows.header)
        order_type = None
        chunk: list[dict[str, Any]] = []
        size = number = 0
        for batch in batches:
            if ORDER in batch.schema.names:
                order_type = batch.schema.field(ORDER).type
            for row in batch.to_pylist():
                chunk.append(row)
                size += len(row[DOCUMENT] or b"")
                if len(chunk) == self.chunk_rows or size >= MAX_CHUNK_BYTES:
                    yield self._save(chunk, number, describer, order_type)
                    chunk, size, number = [], 0, number + 1
        if chunk:
            yield self._save(chunk, number, describer, order_type)

    def _save(self, chunk: Sequence[dict[str, Any]], number: int, describer: FindingDescriber, order_type: Any) -> Any:
        documents = [row[DOCUMENT] for row in chunk if row[DOCUMENT] is not None]
        results = iter(self.writer.save(documents, self.make_key(documents, number)) if documents else ())
        errors, warnings = FindingColumn(), FindingColumn()
        values: list[tuple[Any, ...]] = []
        for row in chunk:
            if row[DOCUMENT] is None:
                errors.add(FindingRow(**each) for each in row["errors"])
                warnings.add()
                values.append((row["communicationNumber"], row["customerExtId"], None, row["errors"][0]["code"], False))
                continue
            result = next(results)
            errors.add(_describe(result.errors, describer))
            warnings.add(_describe(result.warnings, describer))
            values.append(_get_values(result))
        numbers, ext_ids, units, codes, more = zip(*values, strict=True)
        columns = {
            **({ORDER: pa.array([row[ORDER] for row in chunk], order_type)} if order_type is not None else {}),
            **dict(zip(_IDENTIFIERS, (pa.array(each, pa.string()) for each in (numbers, ext_ids, units)), strict=True)),
            "accepted": pa.array([code is None for code in codes], pa.bool_()),
            "errorCode": pa.array(codes, pa.string()),
            "errors": errors.build(),
            "warnings": warnings.build(),
            "moreFindings": pa.array(more, pa.bool_()),
        }
        assert columns.keys() - {ORDER} == REPORT.keys()
        return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))

    def make_key(self, documents: Sequence[bytes], number: int) -> str:
        """The job, the content of the chunk, and its number: the same customers may come twice.

        The partition is not in it: all rows of a customer are in one, so that no two have the same content.
        """
        digest = hashlib.blake2b(repr(self.writer.options).encode(), digest_size=16)
        for document in documents:
            digest.update(document + b"\n")
        return f"{self.job}/{number}/{digest.hexdigest()}"


def _get_values(result: CustomerResult) -> tuple[Any, ...]:
    identifiers = result.communication_number, result.customer_ext_id, result.business_unit
    return *identifiers, result.error_code, result.more_errors or result.more_warnings


def _describe(findings: Sequence[Finding], describer: FindingDescriber) -> Iterator[FindingRow]:
    for each in findings:
        steps = (step.replace("~1", "/").replace("~0", "~") for step in each.path.split("/")[1:])
        path = [int(step) if step.isdecimal() else step for step in steps]
        yield FindingRow(each.code, each.description, each.path, describer.find_column(path), each.expected)
