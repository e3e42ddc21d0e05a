"""The intake of the chunks of a file: checked, decided and saved as the batches of requests are."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from muster.customer import BusinessUnits
from muster.intake.candidates import CheckedBatch, check_customers
from muster.intake.checker_cache import CheckerCache
from muster.intake.customer_store import Batch, CustomerStore, Sender
from muster.intake.optimistic_save import DecidedBatch, MakeCheckpoint, OptimisticSaver, SaveResult
from muster.intake.request import BatchOptions
from muster.intake.response import ResponseBuilder
from muster.intake.service import generate_batch_id
from muster.intake.stage_timings import StageTimings


@dataclass(frozen=True, slots=True)
class ChunkOptions:
    """Who sends the file, and how its customers are judged."""

    sender: Sender
    upsert: bool = False
    reject_unknown: bool = False

    def to_batch_options(self) -> BatchOptions:
        return BatchOptions(save=True, upsert=self.upsert, reject_unknown=self.reject_unknown)


@dataclass(frozen=True, slots=True)
class PreparedChunk:
    """A checked chunk. `ahead` is the decision on it when none but new customers are expected, and else None."""

    checked: CheckedBatch
    response: ResponseBuilder
    ahead: DecidedBatch | None


class ChunkIntake:
    """Takes in chunks. Preparing one and saving another may run in different threads."""

    def __init__(
        self,
        store: CustomerStore,
        checkers: CheckerCache,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`now` gives the time at which chunks count as received, in UTC."""
        self.store = store
        self._checkers = checkers
        self._now = now
        self._saver = OptimisticSaver()

    def on_store(self, store: CustomerStore) -> "ChunkIntake":
        """An intake with the same checker on another store."""
        return ChunkIntake(store, self._checkers, self._now)

    def prepare(
        self, groups: Iterator[list[Any]], options: ChunkOptions, *, max_bytes: int | None = None
    ) -> PreparedChunk:
        """Checks documents, and `UnreadableItem`s, in groups that are released before the next one is asked for.

        No more groups are asked for when the documents that are to be saved have `max_bytes` together.
        Does all that needs no session, so that the database has no pause between two chunks. Raises what `groups`
        raises.
        """
        checker, batch_options = self._checkers.current(), options.to_batch_options()
        units = BusinessUnits.for_user(checker.business_units, options.sender.business_units)
        checked = check_customers(groups, checker, units, StageTimings(), batch_options, max_bytes)
        # The time of a chunk is that of its stages, without the wait for the chunk before.
        started = time.perf_counter_ns() - sum(checked.own_ns)
        response = ResponseBuilder(checked.candidates, checked.own_ns, started, detail=False)
        return PreparedChunk(checked, response, self._saver.decide_ahead(checked.candidates, batch_options, response))

    def save(self, chunk: PreparedChunk, options: ChunkOptions, make_checkpoint: MakeCheckpoint) -> SaveResult:
        """Decides on a chunk and saves it as a batch, with its checkpoint in the same transaction.

        Raises `LeaseLostError`, `LostCommitError` and the errors of the store; then nothing is saved, except that
        nobody knows after a `LostCommitError`.
        """
        received_at, checked = self._now(), chunk.checked
        warnings = sum(checked.warning_counts.values())
        to_save = Batch(generate_batch_id(received_at), received_at, options.sender.name, warnings=warnings)
        with self.store.session() as session:
            return self._saver.decide_and_save(
                session,
                checked.candidates,
                to_save,
                options.to_batch_options(),
                chunk.response,
                StageTimings(),
                make_checkpoint,
                chunk.ahead,
            )
