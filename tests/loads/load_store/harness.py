"""A store of loads under test, and what tests do with it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from muster.intake.checkpoint import Checkpoint, CodeCount, Position, Totals
from muster.intake.service import generate_batch_id
from muster.loads.load_store import Load, LoadStore, Part
from tests.loads.fakes import build_load

MINUTE = timedelta(minutes=1)
EXPIRED = timedelta(seconds=-1)  # the duration of a lease that another worker may take over at once
FAR = datetime(9000, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
AT = datetime(2024, 5, 26, tzinfo=UTC)


@dataclass
class Harness:
    """A store under test, and what writes the checkpoint of a chunk into it."""

    store: LoadStore
    save: Callable[[Checkpoint, UUID], None]


_seconds = count()


def create(store: LoadStore, **changes: Any) -> UUID:
    """Creates a load that is receiving; later calls give later ids."""
    load_id = generate_batch_id(AT + timedelta(seconds=next(_seconds)))
    store.create(build_load(load_id, **changes))
    return load_id


def add(store: LoadStore, load_id: UUID, number: int, content: bytes) -> bool:
    return store.add_part(load_id, Part(number, len(content), hashlib.sha256(content).digest()), content)


def upload(store: LoadStore, content: bytes = b"a,b\n", **changes: Any) -> UUID:
    """A load that waits for a worker."""
    load_id = create(store, **changes)
    assert add(store, load_id, 1, content)
    assert store.start(load_id, size=len(content), content_sha256=hashlib.sha256(content).digest())
    return load_id


def get(store: LoadStore, load_id: UUID) -> Load:
    found = store.get(load_id)
    assert found is not None
    return found


def build_checkpoint(
    load_id: UUID, lease: UUID, before: Position, after: Position, refused: bytes | None = None
) -> Checkpoint:
    totals = Totals(after.row, after.row - 1, 1, 2, (CodeCount("C001", 1, "Field is missing", 3, "Q3"),))
    return Checkpoint(load_id, lease, before, after, before.row + 1, totals, refused)


def position(row: int) -> Position:
    return Position(row, row * 100, hashlib.sha256(str(row).encode()).digest())
