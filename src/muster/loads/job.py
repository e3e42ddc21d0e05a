"""One load as a job: opens the uploaded file, and runs the load to its end."""

import hashlib
import io
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, BinaryIO, Final, Protocol, cast
from uuid import UUID

from muster.intake.checkpoint import START
from muster.intake.customer_store import Sender
from muster.loads.lease import LEASE_DURATION, LeaseRenewer
from muster.loads.load_store import Load, LoadStore
from muster.loads.parts_file import open_parts
from muster.loads.records import RecordMapper
from muster.loads.rows import InvalidFileError, Layout, RowSource

_BUFFER_BYTES: Final = 256 * 1024
_GONE: Final = "the uploaded file is gone: it was loaded, or its upload was cancelled"
_OTHER_FILE: Final = "the SHA-256 of the uploaded file is not the one that was given for it; upload it again"


class OpenRows(Protocol):
    def __call__(
        self, file: BinaryIO, *, name: str, size: int | None, encoding: str | None = None, sheet: str | None = None
    ) -> RowSource: ...


class MakeMapper(Protocol):
    def __call__(self, layout: Layout, mapping: Mapping[str, Any] | None, *, job: str) -> RecordMapper: ...


class Runner(Protocol):
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
        """Runs the load until its end, and finishes it, or until `should_stop`. Gives the load as it is then."""
        ...


@dataclass(frozen=True, slots=True)
class UploadSender:
    """The user who sent a load, with the business units that it had then."""

    name: str
    business_units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoadJob:
    """Runs leased loads whose file is in the store. Threads may share it."""

    store: LoadStore
    runner: Runner
    open_rows: OpenRows
    make_mapper: MakeMapper
    lease_duration: timedelta = LEASE_DURATION

    def run(
        self,
        load: Load,
        lease: UUID,
        *,
        on_progress: Callable[[Load], None],
        should_stop: Callable[[], bool],
        wrap: Callable[[RowSource], RowSource] = lambda source: source,
    ) -> Load:
        """Gives the load as it stands at its end, or when it was stopped. `wrap` may put a source around the rows.

        Raises `InvalidFileError`, `InvalidMappingError`, `LeaseLostError` and the errors of the store.
        """
        with ExitStack() as resources:

            def open_source() -> RowSource:
                file, size = self._open(load, resources)
                encoding, sheet = load.options.encoding, load.options.sheet
                source = wrap(self.open_rows(file, name=load.name, size=size, encoding=encoding, sheet=sheet))
                resources.callback(source.close)
                return source

            # The runner renews the lease from its start on.
            with LeaseRenewer(self.store, load.id, lease, self.lease_duration):
                if load.content_sha256 and load.position == START:
                    file, _ = self._open(load, resources)
                    self._check_content(file, load.content_sha256, should_stop)
                source = open_source()
                mapper = self.make_mapper(source.layout, load.options.mapping, job=str(load.id))
            sender = UploadSender(load.sender, load.business_units)
            return self.runner.run(
                load,
                lease,
                source,
                mapper,
                sender,
                reopen=open_source,
                on_progress=on_progress,
                should_stop=should_stop,
            )

    def _open(self, load: Load, resources: ExitStack) -> tuple[BinaryIO, int]:
        """The uploaded file, and its bytes."""
        parts = open_parts(self.store, load)
        if load.parts_of is not None and not parts.size:
            raise InvalidFileError(_GONE)
        file = resources.enter_context(io.BufferedReader(parts, _BUFFER_BYTES))
        return cast(BinaryIO, file), parts.size

    def _check_content(self, file: BinaryIO, sha256: bytes, should_stop: Callable[[], bool]) -> None:
        """Raises `InvalidFileError`. Reads the file once more, at the speed of the database."""
        digest = hashlib.sha256()
        while piece := file.read(_BUFFER_BYTES):
            digest.update(piece)
            if should_stop():
                break  # the runner stops before its first row
        else:
            if digest.digest() != sha256:
                raise InvalidFileError(_OTHER_FILE)
