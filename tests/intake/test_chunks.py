"""The intake of chunks: what is done before the turn of a chunk, and what is decided again at its turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from muster.intake.checkpoint import START, Checkpoint, Totals
from muster.intake.chunks import ChunkIntake, ChunkOptions, PreparedChunk
from muster.intake.decision import Decision
from tests.intake.fakes import FakeSender, MemoryStore, make_checkers
from tests.samples import individual

OPTIONS = ChunkOptions(FakeSender("feed", ("MAIN",)))


def make_chunk_intake(store: MemoryStore) -> ChunkIntake:
    return ChunkIntake(store, make_checkers(("MAIN",)))


def prepare(intake: ChunkIntake, *customers: Any) -> PreparedChunk:
    return intake.prepare(iter([list(customers)]), OPTIONS)


def save(intake: ChunkIntake, chunk: PreparedChunk) -> list[str]:
    """Gives the codes of the first violation of each customer, empty for an accepted one."""

    def make_checkpoint(decision: Decision) -> Checkpoint:
        return Checkpoint(UUID(int=1), UUID(int=2), START, START, 1, Totals())

    decision = intake.save(chunk, OPTIONS, make_checkpoint).decision
    return [found[0].code if found else "" for found in decision.violations]


class ClosedStore(MemoryStore):
    """A store whose connections are all in use."""

    @contextmanager
    def session(self) -> Iterator[MemoryStore]:
        raise AssertionError("no session is needed")
        yield self


def test_chunk_of_new_customers_is_decided_without_a_session() -> None:
    chunk = prepare(make_chunk_intake(ClosedStore()), individual(), individual(entityType="X"))
    assert chunk.ahead is not None
    assert len(chunk.ahead.plan.accepted) == len(chunk.ahead.rejected) == 1


def test_what_was_decided_ahead_is_what_is_saved() -> None:
    store = MemoryStore()
    intake = make_chunk_intake(store)
    chunk = prepare(intake, individual())
    assert save(intake, chunk) == [""]
    assert chunk.ahead is not None
    assert store.batches[0].plan is chunk.ahead.plan
    assert store.lookups == 0


def test_customer_that_was_saved_meanwhile_is_decided_again() -> None:
    store, customer = MemoryStore(), individual()
    intake = make_chunk_intake(store)
    first, second = prepare(intake, customer), prepare(intake, customer, individual())
    assert save(intake, first) == [""]
    assert save(intake, second) == ["O005", ""]


def test_nothing_is_decided_ahead_while_known_customers_come() -> None:
    store, customer = MemoryStore(), individual()
    intake = make_chunk_intake(store)
    for code in ("", "O005"):
        assert save(intake, prepare(intake, customer)) == [code]
    chunk = prepare(intake, individual())
    assert chunk.ahead is None
    assert save(intake, chunk) == [""]


def test_chunk_with_one_customer_twice_is_not_decided_ahead() -> None:
    store, customer = MemoryStore(), individual()
    intake = make_chunk_intake(store)
    chunk = prepare(intake, customer, customer)
    assert chunk.ahead is None
    assert save(intake, chunk) == ["", "O005"]
