"""Encoding rows on an executor: the document of each, and what keeps the rows of one customer together."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import pyarrow as pa

from muster.loads.records import Record
from muster.spark.results import FINDING, FindingColumn, FindingDescriber
from muster.spark.rows import HASH, ORDER, FrameRows

DOCUMENT: Final = "_document"
CUSTOMER: Final = "_customer"
ENCODED: Final = {
    HASH: "bigint",
    CUSTOMER: "string",
    DOCUMENT: "binary",  # JSON, null in a row that can't be read
    "communicationNumber": "string",
    "customerExtId": "string",
    "errors": f"array<{FINDING}>",  # those of a row that can't be read
}


def _to_text(value: object) -> str:
    """Texts of numbers are subclasses of `str`, which the encoder does not take."""
    if isinstance(value, str):
        return str(value)
    raise TypeError


_encode: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=_to_text).encode


@dataclass(frozen=True)
class RowEncoder:
    """Encodes the rows of a partition. Can be pickled."""

    rows: FrameRows

    def run(self, batches: Iterator[Any]) -> Iterator[Any]:
        """A batch for each chunk of rows: ORDER where the frame has it, and ENCODED."""
        describer = FindingDescriber(self.rows.mapper, self.rows.header)
        for chunk in self.rows.read(batches):
            hashes = chunk.batch.column(HASH)
            errors = FindingColumn()
            rows = []
            for record, _ in chunk.records():
                errors.add(describer.describe_problems(record) if record.problems else ())
                rows.append(_encode_record(record))
            numbers, ext_ids, documents = zip(*rows, strict=True)
            # Refused customers without an identifier are spread.
            customers = [ext_id or str(content) for ext_id, content in zip(ext_ids, hashes.to_pylist(), strict=True)]
            columns = {
                **({ORDER: chunk.batch.column(ORDER)} if ORDER in chunk.batch.schema.names else {}),
                HASH: hashes,
                CUSTOMER: pa.array(customers, pa.string()),
                DOCUMENT: pa.array(documents, pa.binary()),
                "communicationNumber": pa.array(numbers, pa.string()),
                "customerExtId": pa.array(ext_ids, pa.string()),
                "errors": errors.build(),
            }
            yield pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def _encode_record(record: Record) -> tuple[str | None, str | None, bytes | None]:
    document = record.document if isinstance(record.document, dict) else {}
    number, ext_id = (_read_text(document.get(name)) for name in ("communicationNumber", "customerExtId"))
    return number, ext_id, None if record.problems else _encode(document)


def _read_text(value: object) -> str | None:
    """An identifier without the white space around it, which the checker drops too."""
    return str(value).strip() if isinstance(value, str | int) else None
