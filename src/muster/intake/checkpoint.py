"""The checkpoint of a load: how far a file was read, committed together with the batch that its rows became."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID


class Position(NamedTuple):
    """How far a file was read.

    `row` is the number of the last row that was read, 0 before the first. `offset` is the number of bytes of the
    decompressed content up to its end, and `digest` their SHA-256; a format that is not read in order has 0 and the
    digest of the whole file.
    """

    row: int
    offset: int
    digest: bytes


START: Final = Position(0, 0, b"")


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How many rows of a load were refused with this code, and where the first of them is.

    `description` is the text of the first one. `cell` names its cell as a spreadsheet does (`Q17`), when one is at
    fault and the format has columns.
    """

    code: str
    count: int
    description: str
    first_row: int
    cell: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What became of the rows of a load so far. `codes` counts the refused ones by their first code."""

    rows: int = 0
    accepted: int = 0
    refused: int = 0
    warnings: int = 0
    codes: tuple[CodeCount, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a chunk of a load writes in the transaction of its batch.

    The transaction writes nothing unless the load still stands at `before` under `lease`. `first_row` and `after.row`
    are the rows of the chunk. `refused` has the refused rows of the chunk, compressed, None when there are none.
    `record_rows` has the first row of each customer of the batch; empty where nobody knows them.
    """

    load_id: UUID
    lease: UUID
    before: Position
    after: Position
    first_row: int
    totals: Totals
    refused: bytes | None = None
    record_rows: Sequence[int] = ()


class LeaseLostError(Exception):
    """Another process has taken over the load, or it was cancelled. Nothing of the chunk was written."""
