"""The intake of the chunks of a file: checked, decided and saved as the batches of requests are."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from muster.customer import BusinessUnits
from muster.intake.candidates import CheckedBatch, check_customers
from muster.intake.checker_cache import CheckerCache
from muster.intake.customer_store import Batch, CustomerStore, Sender
from muster.intake.optimistic_save import MakeCheckpoint, OptimisticSaver, SaveResult
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


class ChunkIntake:
    """Takes in chunks. Checking and saving may run in different threads."""

    def __init__(self, store: CustomerStore, checkers: CheckerCache) -> None:
        self.store = store
        self._checkers = checkers
        self._saver = OptimisticSaver()

    def on_store(self, store: CustomerStore) -> "ChunkIntake":
        """An intake with the same checker on another store."""
        return ChunkIntake(store, self._checkers)

    def check(
        self, groups: Iterator[list[Any]], options: ChunkOptions, *, max_bytes: int | None = None
    ) -> CheckedBatch:
        """Checks documents, and `UnreadableItem`s, in groups that are released before the next one is asked for.

        No more groups are asked for when the documents that are to be saved have `max_bytes` together.
        Raises what `groups` raises.
        """
        checker = self._checkers.current()
        units = BusinessUnits.for_user(checker.business_units, options.sender.business_units)
        return check_customers(groups, checker, units, StageTimings(), options.to_batch_options(), max_bytes)

    def save(self, checked: CheckedBatch, options: ChunkOptions, make_checkpoint: MakeCheckpoint) -> SaveResult:
        """Decides on a chunk and saves it as a batch, with its checkpoint in the same transaction.

        Raises `LeaseLostError`, `LostCommitError` and the errors of the store; then nothing is saved, except that
        nobody knows after a `LostCommitError`.
        """
        received_at = datetime.now(UTC)
        warnings = sum(checked.warning_counts.values())
        to_save = Batch(generate_batch_id(received_at), received_at, options.sender.name, warnings=warnings)
        # The chunk was checked while another one was saved: its time is that of both stages, without the wait.
        started = time.perf_counter_ns() - sum(checked.own_ns)
        response = ResponseBuilder(checked.candidates, checked.own_ns, started, detail=False)
        with self.store.session() as session:
            return self._saver.decide_and_save(
                session,
                checked.candidates,
                to_save,
                options.to_batch_options(),
                response,
                StageTimings(),
                make_checkpoint,
            )
