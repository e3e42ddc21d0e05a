"""Every store of loads: the one in memory, and both databases."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from muster.intake.checkpoint import Checkpoint
from muster.intake.customer_store import Batch
from muster.loads.load_store import LoadStore
from muster.storage import open_storage
from tests.loads.fakes import MemoryLoadStore
from tests.loads.load_store.harness import AT, Harness


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    if request.param == "memory":
        memory = MemoryLoadStore()
        yield Harness(memory, memory.save_checkpoint)
        return
    storage = open_storage(request.getfixturevalue(f"{request.param}_url"))

    def save(checkpoint: Checkpoint, batch_id: UUID) -> None:
        with storage.customers.session() as session:
            session.save(Batch(batch_id, AT, "anna", checkpoint=checkpoint), b"{}")

    yield Harness(storage.loads, save)
    storage.close()


@pytest.fixture
def store(harness: Harness) -> LoadStore:
    return harness.store
