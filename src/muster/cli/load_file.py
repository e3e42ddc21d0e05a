"""One run of `muster load`: finds the load of the file or begins it, runs it to its end, and reports."""

import time
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from muster.audit.events import Action, AuditEvent
from muster.bootstrap import tuned_interpreter
from muster.bootstrap.load_runner import make_load_runner
from muster.bootstrap.senders import LoadSender
from muster.cli.context import get_operator
from muster.cli.errors import SOME_REFUSED, CommandError
from muster.cli.load_errors import load_errors, show_samples
from muster.cli.load_input import InputFile, open_input
from muster.cli.load_progress import LoadProgress, stop_on_signals
from muster.cli.load_records import write_stored_refused
from muster.cli.load_report import KeepsRefusedRows, RefusedOutput, print_completed, print_report, write_refused_file
from muster.cli.load_request import LoadRequest
from muster.cli.load_sender import find_sender
from muster.cli.output import print_note
from muster.cli.progress_line import format_seconds
from muster.intake.service import generate_batch_id
from muster.loads.dry_run_record import DryRunRecord
from muster.loads.earlier_loads import find_completed, find_unfinished
from muster.loads.load_events import build_end_event
from muster.loads.load_store import FINAL_STATES, Load, LoadState, NewLoad
from muster.loads.rows import FileChangedError, Layout, RowSource
from muster.loads.runner import LoadRunner
from muster.storage import Storage

# Beside the duration of the lease: a slow database.
_LEASE_GRACE_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.5


def load_file(store: Storage, request: LoadRequest) -> int:
    """Loads one file into one database, and gives the exit code. Raises `CommandError`, and errors of the storage."""
    if request.refused is not None:
        request.refused.check(request.path)
    with open_input(request.path) as file, load_errors():
        load = FileLoad(store, request, file, find_sender(store, request.user))
        return load.run_dry() if request.options.dry_run else load.run()


class FileLoad:
    """The load of an opened file."""

    def __init__(self, store: Storage, request: LoadRequest, file: InputFile, sender: LoadSender) -> None:
        self._store = store
        self._request = request
        self._file = file
        self._sender = sender

    def run_dry(self) -> int:
        """Judges the file. The record of the load lies in this process."""
        wanted = self._describe()
        load = Load(**{field.name: getattr(wanted, field.name) for field in fields(NewLoad)})
        with DryRunRecord(load) as record, closing(self._open()) as source:
            ended = self._run(make_load_runner(self._store, record), load, uuid4(), source)
            return self._report(record, ended, source)

    def run(self) -> int:
        """Goes on with the load of the file, or begins it, unless the file was loaded whole."""
        loads, request, wanted = self._store.loads, self._request, self._describe()
        unfinished = find_unfinished(loads, wanted)
        if unfinished is None and not request.again:
            completed = find_completed(loads, wanted, self._file.compute_sha256)
            if completed is not None:
                return self._report_completed(completed)
        if request.options.min_accepted_percent or (request.again and unfinished is not None):
            self._file.make_seekable()  # it may be read twice
        if unfinished is None:
            return self._begin(wanted)
        try:
            return self._go_on(unfinished)
        except FileChangedError as error:
            if not request.again:
                raise CommandError(
                    f"{error}; {unfinished.totals.accepted:,} rows of the file whose load began are saved. Give that "
                    "file to go on, or --again to give that load up and to load this file from its start"
                ) from None
            loads.cancel(unfinished.id)
            return self._begin(wanted)

    def _begin(self, wanted: NewLoad) -> int:
        with closing(self._open()) as source:
            # Before the load is recorded: the mapping may not fit.
            self._request.make_mapper(source.layout, job=str(wanted.id))
            details = {"bytes": wanted.size, "dryRun": False, "sender": wanted.sender}
            self._store.audit.append(AuditEvent(get_operator(), Action.LOAD_STARTED, str(wanted.id), details))
            self._store.loads.create(wanted)
            return self._run_leased(wanted.id, source)

    def _go_on(self, unfinished: Load) -> int:
        with closing(self._open()) as source:
            return self._run_leased(unfinished.id, source)

    def _run_leased(self, load_id: UUID, source: RowSource) -> int:
        lease = uuid4()
        load = self._lease(load_id, lease)
        if load.position.row:
            print_note(f"the load of this file goes on after row {load.position.row:,}")
        runner = make_load_runner(self._store, lease_duration=self._request.bounds.lease)
        ended = self._run(runner, load, lease, source)
        if ended.state in FINAL_STATES:
            self._store.audit.append(build_end_event(ended))
        return self._report(self._store.loads, ended, source)

    def _run(self, runner: LoadRunner, load: Load, lease: UUID, source: RowSource) -> Load:
        mapper = self._request.make_mapper(source.layout, job=str(load.id))
        with stop_on_signals() as should_stop, LoadProgress(load, source) as progress, tuned_interpreter():
            return runner.run(
                load,
                lease,
                source,
                mapper,
                self._sender,
                reopen=self._open,
                on_progress=progress.update,
                on_invalid=show_samples,
                should_stop=should_stop,
            )

    def _lease(self, load_id: UUID, lease: UUID) -> Load:
        """Leases the load; waits until the lease of a process that was killed has expired."""
        duration = self._request.bounds.lease
        deadline, is_told = time.monotonic() + duration.total_seconds() + _LEASE_GRACE_SECONDS, False
        while (load := self._store.loads.lease(load_id, lease, duration)) is None:
            found = self._store.loads.get(load_id)
            if found is None or found.state in FINAL_STATES:
                raise CommandError(f"load {load_id} has just ended; run the same command again to see how")
            if time.monotonic() > deadline:
                raise CommandError(
                    f"another process is loading this file and is at row {found.position.row:,} (load {load_id}); "
                    f"wait for its end, or run `muster loads cancel {load_id}`"
                )
            if not is_told:
                is_told = True
                waits = format_seconds(duration.total_seconds())
                print_note(f"another process has begun to load this file; waiting up to {waits} for its lease to end")
            time.sleep(_POLL_SECONDS)
        return load

    def _open(self) -> RowSource:
        return self._request.open_rows(self._file)

    def _describe(self) -> NewLoad:
        now = datetime.now(UTC)
        return NewLoad(
            id=generate_batch_id(now),
            created_at=now,
            sender=self._sender.name,
            business_units=self._sender.business_units,
            name=self._file.name,
            options=self._request.options,
            fingerprint=self._file.compute_fingerprint(self._request.options.sheet),
            size=self._file.size,
            state=LoadState.WAITING,
        )

    def _report_completed(self, load: Load) -> int:
        print_completed(load)
        if self._request.refused is not None and load.layout is not None:
            self._write_refused(self._store.loads, load, load.layout, self._request.refused)
        return SOME_REFUSED if load.totals.refused else 0

    def _report(self, loads: KeepsRefusedRows, load: Load, source: RowSource) -> int:
        print_report(load)
        if load.state not in FINAL_STATES:
            if load.options.dry_run:
                raise CommandError("the dry run was stopped before the end of the file; run the same command again")
            raise CommandError(
                f"stopped after row {load.position.row:,}; run the same command again to go on, or "
                f"`muster loads cancel {load.id}` to give the load up"
            )
        if self._request.refused is not None:
            self._write_refused(loads, load, source.layout, self._request.refused)
        if load.state is not LoadState.COMPLETED:
            raise CommandError(f"the load failed: {load.problem}")
        return SOME_REFUSED if load.totals.refused else 0

    def _write_refused(self, loads: KeepsRefusedRows, load: Load, layout: Layout, output: RefusedOutput) -> None:
        if load.options.dry_run:  # its rows are in no database
            write_refused_file(loads, load, layout, output)
        else:
            write_stored_refused(self._store, load, layout, output)
