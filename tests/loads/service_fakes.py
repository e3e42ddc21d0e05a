"""Fakes of what the use case and the workers of loads need beside the store."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO
from uuid import UUID

import msgspec

from muster.audit.events import Action, AuditEvent
from muster.audit.queue import AuditQueue
from muster.auth.read_audit import ReadAudit
from muster.auth.users import Role, User
from muster.intake.checkpoint import Checkpoint, Position, Totals
from muster.intake.customer_store import Sender
from muster.loads.load_store import Load, LoadState
from muster.loads.records import Cell, Record, RecordMapper
from muster.loads.refused_rows import RefusedRow, pack_refused_rows
from muster.loads.rows import InvalidFileError, Layout, Row, RowSource
from muster.loads.saved_mappings import MappingInfo, SavedMapping
from muster.records.paging import Page
from tests.loads.fakes import MemoryLoadStore

ANNA = User("anna", Role.SUBMIT, ("MAIN",))
BEN = User("ben", Role.SUBMIT, ("MAIN",))
RITA = User("rita", Role.READ, ("MAIN",))
ADA = User("ada", Role.ADMIN)
LAYOUT = Layout("csv", ("name",))
START_TIME = datetime(2024, 5, 26, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = START_TIME

    def __call__(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> None:
        self.time += by


class AuditList:
    """Audit events in memory."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []

    def append(self, event: AuditEvent) -> None:
        self.events.append(event)

    def read_audit(self) -> ReadAudit:
        """Records reads, and refused ones, here."""
        return ReadAudit(self, AuditQueue(self))

    def actions(self) -> list[Action]:
        return [event.action for event in self.events]


@dataclass
class FakeResults:
    """One result for each batch, of the unit MAIN; none of the batches in `purged`."""

    purged: set[UUID] = field(default_factory=set)

    def find_results(self, batch_id: UUID, user: User, *, start: int, limit: int) -> Page[msgspec.Raw, int] | None:
        return None if batch_id in self.purged else Page([msgspec.Raw(f'{{"batch":"{batch_id}"}}'.encode())], None)


class LineSource:
    """The rows of a text without a header. A line `broken` makes the file invalid there."""

    layout = LAYOUT

    def __init__(self, file: BinaryIO, size: int | None) -> None:
        self._lines = file.read().decode().splitlines()
        self.size = size
        self.bytes_read = size or 0
        self.is_closed = False

    def rows(self, after: Position) -> Iterator[Row]:
        for number, line in enumerate(self._lines, 1):
            if line == "broken":
                raise InvalidFileError(f"row {number} can't be read")
            if number > after.row:
                yield Row(number, [line], line + "\n", 0)

    def position_after(self, row: Row) -> Position:
        return Position(row.number, 0, b"")

    def sha256(self) -> bytes:
        return b"s" * 32

    def close(self) -> None:
        self.is_closed = True


def open_lines(
    file: BinaryIO, *, name: str, size: int | None, encoding: str | None = None, sheet: str | None = None
) -> RowSource:
    return LineSource(file, size)


class NameMapper:
    def map(self, rows: Iterable[Row]) -> Iterator[Record]:
        return (Record({"name": row.value[0]}, (row,)) for row in rows)

    def locate(self, path: Sequence[str | int]) -> Cell | None:
        return None


def make_name_mapper(layout: Layout, mapping: Mapping[str, Any] | None, *, job: str) -> RecordMapper:
    return NameMapper()


@dataclass
class FakeRunner:
    """Saves each row as a chunk of its own; a row `refused` is refused, and `action` is called with each row."""

    store: MemoryLoadStore
    action: Callable[[str], object] = lambda text: None
    saved: list[tuple[str, str]] = field(default_factory=list)  # sender and text

    def run(
        self,
        load: Load,
        lease: UUID,
        source: RowSource,
        mapper: RecordMapper,
        sender: Sender,
        *,
        reopen: Callable[[], RowSource],
        on_progress: Callable[[Load], None],
        should_stop: Callable[[], bool],
    ) -> Load:
        self.store.describe(load.id, lease, layout=source.layout, bytes_read=source.bytes_read)
        try:
            for record in mapper.map(source.rows(load.position)):
                if should_stop():
                    break
                load = self._save(load, lease, source, record, sender)
                on_progress(load)
            else:
                self.store.finish(load.id, lease, LoadState.COMPLETED, content_sha256=source.sha256())
        except BaseException:
            self.store.release(load.id, lease)  # as the real one does
            raise
        found = self.store.get(load.id)
        assert found is not None
        return found

    def _save(self, load: Load, lease: UUID, source: RowSource, record: Record, sender: Sender) -> Load:
        text, row = record.document["name"], record.rows[0]
        self.action(text)
        is_refused = text == "refused"
        totals = load.totals
        totals = Totals(totals.rows + 1, totals.accepted + (not is_refused), totals.refused + is_refused)
        refused = pack_refused_rows([RefusedRow(row.number, row.raw, None, ("C001",), ("wrong",))])
        after = source.position_after(row)
        checkpoint = Checkpoint(
            load.id, lease, load.position, after, row.number, totals, refused if is_refused else None
        )
        self.store.save_checkpoint(checkpoint, UUID(int=row.number))
        self.saved.append((sender.name, text))
        return replace(load, position=after, totals=totals)


class EventList:
    """A `LoadObserver` that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, object]] = []
        self.errors: list[BaseException] = []

    def record_start(self, load: Load) -> None:
        self.events.append(("start", load.position.row))

    def record_progress(self, before: Load, after: Load) -> None:
        self.events.append(("progress", after.totals.rows - before.totals.rows))

    def record_end(self, load: Load) -> None:
        self.events.append(("end", load.state.value))

    def record_pause(self, load: Load, reason: str) -> None:
        self.events.append(("pause", reason))

    def record_error(self, error: BaseException, load: Load | None) -> None:
        self.errors.append(error)

    def record_waiting(self, count: int) -> None:
        self.events.append(("waiting", count))

    def record_purge(self, refused: int, abandoned: int) -> None:
        self.events.append(("purge", (refused, abandoned)))


@dataclass
class MemoryMappingStore:
    """A `MappingStore`."""

    saved: dict[str, SavedMapping] = field(default_factory=dict)

    def find_mappings(self, header_sha256: bytes, *, limit: int) -> Sequence[SavedMapping]:
        found = [each for each in self.saved.values() if each.header_sha256 == header_sha256]
        return sorted(found, key=lambda each: each.saved_at, reverse=True)[:limit]

    def list_mappings(self) -> Sequence[MappingInfo]:
        return [self.saved[name] for name in sorted(self.saved)]

    def save_mapping(self, saved: SavedMapping, event: AuditEvent, *, max_saved: int) -> bool:
        if len({*self.saved, saved.name}) > max_saved:
            return False
        self.saved[saved.name] = saved
        return True

    def delete_mapping(self, name: str, event: AuditEvent) -> bool:
        return self.saved.pop(name, None) is not None
