"""Whatever happens to loads in whatever order, the database and the store in memory agree."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.intake.checkpoint import Checkpoint, LeaseLostError, Position, Totals
from muster.intake.customer_store import Batch
from muster.intake.service import generate_batch_id
from muster.loads.load_store import Load, LoadState, LoadStore, Part, RefusedChunk
from muster.loads.rows import Layout
from muster.storage import Storage, open_storage
from tests.loads.fakes import MemoryLoadStore, build_load

AT = datetime(2024, 5, 26, tzinfo=UTC)
FAR = datetime(2200, 1, 1, tzinfo=UTC)
DURATIONS = [timedelta(seconds=-1), timedelta(days=1)]
SENDERS = 2
LEASES = 3

Save = Callable[[Checkpoint, UUID], None]


class Operation(NamedTuple):
    """What is done to which load, by whom, and a number that each operation uses as it likes."""

    name: str
    load: int
    lease: int
    number: int


class World:
    """One of the two stores. Its times are its own, and are not compared."""

    def __init__(self, store: LoadStore, save: Save, ids: list[UUID], leases: list[UUID], senders: list[str]) -> None:
        self.store = store
        self._save = save
        self._ids = ids
        self._leases = leases
        for index, load_id in enumerate(ids):
            store.create(build_load(load_id, AT, sender=senders[index % SENDERS], fingerprint=load_id.bytes))

    def run(self, operation: Operation) -> object:
        """The result, or the error that it was."""
        try:
            result = getattr(self, f"_{operation.name}")(
                self._ids[operation.load], self._leases[operation.lease], operation.number
            )
        except LeaseLostError:
            return "lease lost"
        return describe(result) if isinstance(result, Load) else result

    def read(self) -> list[object]:
        return [
            (
                describe(load),
                self.store.parts(load.id),
                list(self.store.refused(load.id)),
                list(self.store.batches(load.id)),
                len(self.store.find_same(load.fingerprint)),
            )
            for load in map(self.store.get, self._ids)
            if load is not None
        ]

    def _add(self, load: UUID, lease: UUID, number: int) -> object:
        return self.store.add_part(load, Part(number + 1, number, b"%d" % number), bytes(number))

    def _start(self, load: UUID, lease: UUID, number: int) -> object:
        return self.store.start(load, size=sum(part.size for part in self.store.parts(load)), content_sha256=b"s")

    def _lease(self, load: UUID, lease: UUID, number: int) -> object:
        return self.store.lease(load, lease, DURATIONS[number % 2])

    def _lease_next(self, load: UUID, lease: UUID, number: int) -> object:
        return self.store.lease_next(lease, DURATIONS[number % 2])

    def _renew(self, load: UUID, lease: UUID, number: int) -> None:
        self.store.renew(load, lease, DURATIONS[number % 2])

    def _release(self, load: UUID, lease: UUID, number: int) -> None:
        self.store.release(load, lease)

    def _describe(self, load: UUID, lease: UUID, number: int) -> None:
        self.store.describe(load, lease, layout=Layout("csv", ("a", "b")[:number]), bytes_read=number)

    def _save_chunk(self, load: UUID, lease: UUID, number: int) -> None:
        found = self.store.get(load)
        assert found is not None
        before = found.position if number else Position(7, 7, b"elsewhere")
        after = Position(before.row + 1, before.offset + 9, b"%d" % number)
        refused = b"refused" if number % 2 else None
        batch_id = UUID(int=load.int ^ after.row)
        self._save(Checkpoint(load, lease, before, after, before.row + 1, Totals(after.row), refused), batch_id)

    def _save_dry(self, load: UUID, lease: UUID, number: int) -> None:
        self.store.save_dry_checkpoint(load, lease, Totals(refused=number), RefusedChunk(1000 + number, b"r"))

    def _restart(self, load: UUID, lease: UUID, number: int) -> None:
        self.store.restart_dry_run(load, lease)

    def _finish(self, load: UUID, lease: UUID, number: int) -> None:
        state = (LoadState.COMPLETED, LoadState.FAILED)[number % 2]
        self.store.finish(load, lease, state, content_sha256=None, problem="p" if number % 2 else None)

    def _cancel(self, load: UUID, lease: UUID, number: int) -> object:
        return self.store.cancel(load)

    def _delete_refused(self, load: UUID, lease: UUID, number: int) -> None:
        self.store.delete_refused(load)


NAMES = [name[1:] for name, value in vars(World).items() if name.startswith("_") and "__" not in name]
# Loads get far only when they are leased and worked on.
OPERATIONS = st.builds(
    Operation,
    st.sampled_from([*NAMES, "add", "start", "lease_next", "lease_next", "save_chunk", "save_chunk"]),
    st.integers(0, 2),
    st.integers(0, LEASES - 1),
    st.integers(0, 3),
)


def describe(load: Load) -> dict[str, Any]:
    """A load without its times; of those, whether it has them. The problem of a load that fails by itself is a text."""
    names = [name for name in Load.__dataclass_fields__ if name not in ("created_at", "started_at", "ended_at")]
    fields = {name: getattr(load, name) for name in names} | {"problem": load.problem is not None}
    return fields | {"started": load.started_at is not None, "ended": load.ended_at is not None}


@pytest.fixture(scope="module")
def database(shared_database_url: str) -> Iterator[Storage]:
    storage = open_storage(shared_database_url)
    yield storage
    storage.close()


@settings(max_examples=15)
@given(st.lists(OPERATIONS, min_size=5, max_size=25))
def test_the_database_and_the_store_in_memory_agree(database: Storage, operations: list[Operation]) -> None:
    ids, leases = [generate_batch_id(AT + timedelta(seconds=n)) for n in range(3)], [uuid4() for _ in range(LEASES)]
    senders = [uuid4().hex for _ in range(SENDERS)]
    memory = MemoryLoadStore()

    def save(checkpoint: Checkpoint, batch_id: UUID) -> None:
        with database.customers.session() as session:
            session.save(Batch(batch_id, AT, "anna", checkpoint=checkpoint), b"{}")

    expected = World(memory, memory.save_checkpoint, ids, leases, senders)
    found = World(database.loads, save, ids, leases, senders)
    try:
        for operation in operations:
            assert found.run(operation) == expected.run(operation), operation
        assert found.read() == expected.read()
    finally:
        for load_id in ids:  # the next example must not lease them
            database.loads.cancel(load_id)
