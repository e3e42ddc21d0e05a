"""The runner: takes one load from its checkpoint to its end.

A thread saves a chunk while the next one is read, mapped and checked. Chunks are saved in the order of the file, and
each moves the load's position in its own transaction, so every row is decided exactly once, whatever dies.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from muster.intake.checkpoint import START, Checkpoint, LeaseLostError, Totals
from muster.intake.chunks import ChunkIntake, ChunkOptions
from muster.intake.customer_store import LostCommitError, Sender
from muster.intake.decision import Decision
from muster.loads.chunks import Chunk, ChunkReader
from muster.loads.dry_run import DryRunStore, TakenIdentifiers
from muster.loads.lease import LEASE_DURATION, LeaseRenewer
from muster.loads.load_store import FINAL_STATES, Load, LoadState, RefusedChunk, RunningLoads
from muster.loads.records import RecordMapper
from muster.loads.refusals import RefusalDescriber
from muster.loads.refused_rows import pack_refused_rows
from muster.loads.rows import InvalidFileError, RowSource

# How often the bytes that were read are noted, which costs a transaction. A chunk's transaction notes the rows.
_DESCRIBE_SECONDS: Final = 5.0
# Commits of one chunk whose answer may be lost in a row, before the load is left to be taken up again.
MAX_LOST_COMMITS: Final = 5

OnProgress = Callable[[Load], None]
OnInvalid = Callable[[InvalidFileError], None]
ShouldStop = Callable[[], bool]
# Opens the file of a load once more, from its start.
Reopen = Callable[[], RowSource]


@dataclass(frozen=True, slots=True)
class _Run:
    """One call of `LoadRunner.run`."""

    lease: UUID
    source: RowSource
    mapper: RecordMapper
    options: ChunkOptions
    reopen: Reopen | None
    renewer: LeaseRenewer
    on_progress: OnProgress
    on_invalid: OnInvalid
    should_stop: ShouldStop


class LoadRunner:
    """Runs leased loads. Threads may share it."""

    def __init__(
        self,
        intake: ChunkIntake,
        loads: RunningLoads,
        *,
        lease_duration: timedelta = LEASE_DURATION,
        prepares_ahead: bool = True,
    ) -> None:
        """With `prepares_ahead`, a chunk is prepared while the one before is saved, which helps if saving waits."""
        self._intake = intake
        self._loads = loads
        self._lease_duration = lease_duration
        self._prepares_ahead = prepares_ahead

    def run(
        self,
        load: Load,
        lease: UUID,
        source: RowSource,
        mapper: RecordMapper,
        sender: Sender,
        *,
        reopen: Reopen | None = None,
        on_progress: OnProgress = lambda _: None,
        on_invalid: OnInvalid = lambda _: None,
        should_stop: ShouldStop = lambda: False,
    ) -> Load:
        """Runs a leased load to its end, or until `should_stop`, and gives it as it stands then.

        `reopen` is needed for loads with `min_accepted_percent`: the file is judged as a whole, and then loaded from
        what `reopen` gives, which the runner closes. `on_progress` gets the load after each chunk, and `on_invalid` the
        error of a file that can't be read to its end, which is the problem of the load then.

        A load that has ended is COMPLETED, or FAILED with its `problem`. One that was stopped is RUNNING and its lease
        is released. Raises `FileChangedError`, `LeaseLostError`, `LostCommitError` and the errors of the stores; the
        lease is released then too, and a load that still has its file can be run on from where it stands.
        """
        options = ChunkOptions(sender, load.options.upsert, load.options.reject_unknown)
        with LeaseRenewer(self._loads, load.id, lease, self._lease_duration) as renewer:
            run = _Run(lease, source, mapper, options, reopen, renewer, on_progress, on_invalid, should_stop)
            try:
                self._describe(load, run)
                ended = self._run(load, run)
            except BaseException:
                # The first error says more than one of releasing, which the same cause may have.
                with suppress(Exception):
                    self._loads.release(load.id, lease)
                raise
        if ended.state not in FINAL_STATES:
            self._loads.release(load.id, lease)
        return self._loads.get(load.id) or ended

    def _run(self, load: Load, run: _Run) -> Load:
        options = load.options
        is_judged_first = options.min_accepted_percent > 0 and load.position == START
        if options.dry_run or is_judged_first:
            judged, failure = self._judge(load, run)
            if judged is None:
                return load
            if failure is not None or options.dry_run:
                return self._finish(load, run, failure)
            if run.reopen is None:
                raise ValueError("a load with min_accepted_percent reads its file twice, and needs `reopen`")
            # Of a run that ended while it judged the file, the load still has the totals.
            load = replace(load, totals=Totals())
            with closing(run.reopen()) as source:
                return self._load(load, replace(run, source=source))
        return self._load(load, run)

    def _load(self, load: Load, run: _Run) -> Load:
        loaded, invalid = self._run_chunks(load, run, self._intake)
        if loaded is None:
            return load
        saved = loaded.totals.accepted
        return self._finish(
            loaded, run, f"{invalid}; the {saved:,} accepted rows before it are saved" if invalid else None
        )

    def _judge(self, load: Load, run: _Run) -> tuple[Load | None, str | None]:
        """Decides on the whole file without saving: the load as it would end, None when it was stopped; its failure."""
        self._loads.restart_dry_run(load.id, run.lease)
        # Progress shows a dry run: what is judged is counted apart from what is loaded afterwards.
        judged_options = replace(load.options, dry_run=True)
        judged_load = replace(load, position=START, totals=Totals(), options=judged_options)
        with TakenIdentifiers() as taken:
            intake = self._intake.on_store(DryRunStore(self._intake.store, taken, self._save_dry_checkpoint))
            judged, invalid = self._run_chunks(judged_load, run, intake)
        if judged is None:
            return None, None
        judged = replace(judged, options=load.options)
        failure = _find_failure(judged, invalid)
        if not load.options.dry_run:
            if failure is None:
                self._loads.restart_dry_run(load.id, run.lease)
            else:
                self._loads.save_dry_checkpoint(load.id, run.lease, replace(judged.totals, accepted=0), None)
        return judged, failure

    def _run_chunks(self, load: Load, run: _Run, intake: ChunkIntake) -> tuple[Load | None, InvalidFileError | None]:
        """Runs from the load's position to the end of the file: the load then, None when it was stopped."""
        reader = ChunkReader(run.source, run.mapper, load.position)
        describer = RefusalDescriber(run.source.layout, run.mapper)
        described_at, saving = time.monotonic(), None
        with ThreadPoolExecutor(1, thread_name_prefix="load-saver") as thread:
            while True:
                is_stopped = run.should_stop()
                chunk = None if is_stopped else reader.read(intake, run.options, load.options.chunk_rows)
                if saving is not None:
                    load = saving.result()
                    run.on_progress(load)
                if chunk is None or run.should_stop():
                    break
                run.renewer.check()
                saving = thread.submit(self._save, intake, load, run, chunk, describer)
                if intake is self._intake and not self._prepares_ahead:
                    wait([saving])
                if time.monotonic() - described_at > _DESCRIBE_SECONDS:
                    self._describe(load, run)
                    described_at = time.monotonic()
        if reader.failure is not None:
            run.on_invalid(reader.failure)
        return (None if chunk is not None or is_stopped else load), reader.failure

    def _save(self, intake: ChunkIntake, load: Load, run: _Run, chunk: Chunk, describer: RefusalDescriber) -> Load:
        """Saves a chunk, and gives the load with it."""
        totals = load.totals

        def make_checkpoint(decision: Decision) -> Checkpoint:
            nonlocal totals
            refused = list(describer.list_refused_rows(chunk, decision))
            totals = describer.add_to_totals(load.totals, chunk, decision)
            packed = pack_refused_rows(refused) if refused else None
            rows = [record.rows[0].number for record in chunk.records] if refused else ()
            return Checkpoint(load.id, run.lease, load.position, chunk.after, chunk.first_row, totals, packed, rows)

        lost: LostCommitError | None = None
        for _ in range(MAX_LOST_COMMITS):
            try:
                intake.save(chunk.prepared, run.options, make_checkpoint)
                break
            except LostCommitError as error:
                lost = error
            except LeaseLostError:
                # After a lost commit, the position may have moved because that commit happened after all.
                if lost is None:
                    raise
            run.renewer.renew()
            stored = self._loads.get(load.id)
            if stored is None:
                raise LeaseLostError
            if stored.position == chunk.after:
                totals = stored.totals
                break
        else:
            assert lost is not None
            raise lost
        return replace(load, position=chunk.after, totals=totals, bytes_read=run.source.bytes_read)

    def _save_dry_checkpoint(self, checkpoint: Checkpoint) -> None:
        refused = None if checkpoint.refused is None else RefusedChunk(checkpoint.first_row, checkpoint.refused)
        self._loads.save_dry_checkpoint(checkpoint.load_id, checkpoint.lease, checkpoint.totals, refused)

    def _finish(self, load: Load, run: _Run, problem: str | None) -> Load:
        self._describe(load, run)
        state = LoadState.COMPLETED if problem is None else LoadState.FAILED
        # The digest of a file that could not be read to its end is not known.
        sha256 = run.source.sha256() if problem is None else None
        self._loads.finish(load.id, run.lease, state, content_sha256=sha256, problem=problem)
        return replace(load, state=state, problem=problem)

    def _describe(self, load: Load, run: _Run) -> None:
        self._loads.describe(load.id, run.lease, layout=run.source.layout, bytes_read=run.source.bytes_read)


def _find_failure(judged: Load, invalid: InvalidFileError | None) -> str | None:
    """Why the whole file would not be loaded; None when it would."""
    totals, percent = judged.totals, judged.options.min_accepted_percent
    if invalid is not None:
        return str(invalid) if judged.options.dry_run else f"{invalid}; nothing was loaded"
    if totals.accepted * 100 >= percent * totals.rows:
        return None
    outcome = "nothing would be loaded" if judged.options.dry_run else "nothing was loaded"
    return f"{outcome}: {totals.accepted:,} of {totals.rows:,} rows can be accepted, which is less than {percent} %"
