"""Files in memory, and a store of customers that writes the checkpoints of loads."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from muster.intake.checkpoint import Position
from muster.intake.chunks import ChunkIntake
from muster.intake.customer_store import Batch, CustomerStore
from muster.intake.service import generate_batch_id
from muster.loads.load_store import Load, LoadOptions, NewLoad, RunningLoads
from muster.loads.mapping import make_mapper
from muster.loads.refused_rows import RefusedRow, unpack_refused_rows
from muster.loads.rows import FileChangedError, InvalidFileError, Layout, Row, RowProblem
from muster.loads.runner import LoadRunner
from tests.intake.fakes import FakeSender, MemoryStore, make_checkers
from tests.loads.fakes import MemoryLoadStore

LEASE = UUID(int=7)
SENDER = FakeSender("feed", ("MAIN",))


@dataclass
class ListSource:
    """A `RowSource` of documents, or of rows of cells below a header. It can't be read beyond row `breaks_at`.

    `problems` are those of rows, by their number.
    """

    values: Sequence[Any]
    header: tuple[str, ...] | None = None
    breaks_at: int | None = None
    problems: dict[int, tuple[RowProblem, ...]] = field(default_factory=dict)
    bytes_read: int = 0
    readings: int = 0

    @property
    def layout(self) -> Layout:
        return Layout("ndjson") if self.header is None else Layout("csv", self.header)

    @property
    def size(self) -> int:
        return len(self.values)

    def rows(self, after: Position) -> Iterator[Row]:
        self.readings += 1
        if after.row and self._position(after.row) != after:
            raise FileChangedError("the file has changed")
        for number in range(max(after.row + 1, self._first), len(self.values) + self._first):
            if number == self.breaks_at:
                raise InvalidFileError(f"row {number} ends in the middle")
            value = self.values[number - self._first]
            self.bytes_read = number
            yield Row(number, value, f"{json.dumps(value)}\n", number, self.problems.get(number, ()))

    def position_after(self, row: Row) -> Position:
        return self._position(row.number)

    def sha256(self) -> bytes:
        return self._position(len(self.values) + self._first - 1).digest

    def close(self) -> None:
        """Nothing is open."""

    @property
    def _first(self) -> int:
        return 1 if self.header is None else 2

    def _position(self, row: int) -> Position:
        content = json.dumps(self.values[: row - self._first + 1]).encode()
        return Position(row, len(content), hashlib.sha256(content).digest())


class MemoryLoadingStore(MemoryStore):
    """A `MemoryStore` that writes the checkpoint of a batch to a store of loads, as one transaction.

    `before_save` is called before each batch is written.
    """

    def __init__(self, loads: MemoryLoadStore) -> None:
        super().__init__()
        self._loads = loads
        self.before_save: Callable[[Batch], None] = lambda _: None

    @contextmanager
    def session(self) -> Iterator["MemoryLoadingStore"]:
        yield self

    def _write(self, batch: Batch) -> None:
        self.before_save(batch)
        written = self.numbers, self.versions, list(self.batches)
        super()._write(batch)
        if batch.checkpoint is not None:
            try:
                self._loads.save_checkpoint(batch.checkpoint, batch.id)
            except BaseException:
                self.numbers, self.versions, self.batches = written
                raise


def begin_load(loads: Any, **options: Any) -> Load:
    """A new load under `LEASE`. Its options may include those of `NewLoad`."""
    now = datetime.now(UTC)
    new = NewLoad(generate_batch_id(now), now, SENDER.name, SENDER.business_units, "x", LoadOptions(**options), b"f")
    loads.create(new)
    return lease_load(loads, new.id)


def lease_load(loads: Any, load_id: UUID) -> Load:
    leased = loads.lease(load_id, LEASE, timedelta(minutes=1))
    assert leased is not None
    found: Load = leased
    return found


def make_runner(customers: CustomerStore, loads: RunningLoads, *units: str) -> LoadRunner:
    return LoadRunner(ChunkIntake(customers, make_checkers(units)), loads)


def make_chunk_intake() -> ChunkIntake:
    return ChunkIntake(MemoryStore(), make_checkers(("MAIN",)))


def run_load(runner: LoadRunner, load: Load, source: ListSource, **more: Any) -> Load:
    mapper = make_mapper(source.layout, load.options.mapping, job=str(load.id))
    return runner.run(load, LEASE, source, mapper, SENDER, reopen=lambda: source, **more)


def read_refused(loads: Any, load: Load) -> list[RefusedRow]:
    return [row for chunk in loads.refused(load.id) for row in unpack_refused_rows(chunk.content)]
