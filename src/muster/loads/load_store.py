"""The port to the store of loads, and the types that describe a load. All times are UTC."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Protocol
from uuid import UUID

from muster.intake.checkpoint import START, Position, Totals
from muster.loads.rows import Layout


class LoadState(StrEnum):
    RECEIVING = "receiving"  # parts are being uploaded
    WAITING = "waiting"  # for a worker
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


# States that a load never leaves.
FINAL_STATES: Final = frozenset({LoadState.COMPLETED, LoadState.FAILED, LoadState.CANCELLED})

# The most bytes that one part may have, and the greatest number of one.
MAX_PART_BYTES: Final = 8 * 1024 * 1024
MAX_PARTS: Final = 100_000


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What the sender of a file asks for.

    `mapping` is a mapping in its JSON shape (the same as in TOML), None when the headers name the fields.
    `sheet` is that of a workbook, None when only one has rows.
    `min_accepted_percent` counts over the whole file, which is judged before anything of it is saved.
    """

    dry_run: bool = False
    upsert: bool = False
    reject_unknown: bool = False
    min_accepted_percent: int = 0
    chunk_rows: int = 10_000
    encoding: str | None = None
    mapping: Mapping[str, Any] | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class NewLoad:
    """A load that is about to be recorded.

    `id` is a UUIDv7: loads are listed by it, and it begins with the time of their creation.
    `fingerprint` finds an earlier load of the same file with the same options by the same sender: see `find_same`.
    `content_sha256` is what the sender says that the file has, None when it is not known.
    `parts_of` is the upload whose file a dry run reads, so that the file can be loaded afterwards; None for the others.
    """

    id: UUID
    created_at: datetime
    sender: str
    business_units: tuple[str, ...]
    name: str
    options: LoadOptions
    fingerprint: bytes
    size: int | None = None
    content_sha256: bytes | None = None
    state: LoadState = LoadState.RECEIVING
    parts_of: UUID | None = None

    @property
    def file_id(self) -> UUID:
        """The load that has the parts of the file."""
        return self.parts_of or self.id


@dataclass(frozen=True, slots=True)
class Load(NewLoad):
    """A load as it is recorded.

    `problem` says why it failed, or what is amiss with a load that did not. `bytes_read` is of the file as it is
    stored. `has_refused` says whether its refused rows are still kept.
    """

    position: Position = START
    totals: Totals = field(default_factory=Totals)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    layout: Layout | None = None
    bytes_read: int = 0
    problem: str | None = None
    has_refused: bool = False


@dataclass(frozen=True, slots=True)
class LoadListFilter:
    """What a list of loads selects; None selects everything. `since` and `until` bound the time of creation.

    They count in whole milliseconds, and `until` itself is not selected.
    """

    since: datetime | None = None
    until: datetime | None = None
    sender: str | None = None
    state: LoadState | None = None
    is_dry_run: bool | None = None


ALL_LOADS: Final = LoadListFilter()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an uploaded file: its number from 1, its size and the SHA-256 of its content."""

    number: int
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class RefusedChunk:
    """The refused rows of one chunk, compressed as the checkpoint wrote them."""

    first_row: int
    content: bytes


class RunningLoads(Protocol):
    """What the runner of a leased load needs of a `LoadStore`.

    Everything that it writes names its `lease` and raises `LeaseLostError` when the load is no longer leased under it.
    The checkpoint of a chunk is written by `Session.save`, or by `save_dry_checkpoint` for a dry run.
    """

    def get(self, load_id: UUID) -> Load | None: ...

    def renew(self, load_id: UUID, lease: UUID, duration: timedelta) -> None: ...

    def release(self, load_id: UUID, lease: UUID) -> None:
        """Gives the lease back, so that another process can go on at once. Does nothing when it is lost already."""
        ...

    def describe(self, load_id: UUID, lease: UUID, *, layout: Layout, bytes_read: int) -> None:
        """Notes what the reader found out, and how far it has read."""
        ...

    def save_dry_checkpoint(self, load_id: UUID, lease: UUID, totals: Totals, refused: RefusedChunk | None) -> None:
        """Notes how far a dry run is."""
        ...

    def restart_dry_run(self, load_id: UUID, lease: UUID) -> None:
        """Forgets the totals and the refused rows of a dry run that another process began."""
        ...

    def finish(
        self, load_id: UUID, lease: UUID, state: LoadState, *, content_sha256: bytes | None, problem: str | None = None
    ) -> None:
        """Ends the load, and deletes its parts. A digest or a problem that is None stays as it was recorded before."""
        ...


class LoadStore(RunningLoads, Protocol):
    """Records loads. Checks no permissions. None stands for what does not exist."""

    def create(self, load: NewLoad) -> None: ...

    def create_once(self, load: NewLoad) -> bool:
        """Creates the load unless `find_same` finds one with its fingerprint; whether it did.

        Waits for another creation under the fingerprint, also for one whose commit is still on its way.
        """
        ...

    def list(
        self, wanted: LoadListFilter = ALL_LOADS, *, sender: str | None, before: UUID | None, limit: int
    ) -> Sequence[Load]:
        """At most `limit` loads, newest first: of one sender or of all, and older than the load `before`.

        `sender` is whose loads the user may see; `wanted` selects among them.
        """
        ...

    def count_open(self, sender: str) -> int:
        """The number of loads of this sender that are in no final state."""
        ...

    def count_waiting(self) -> int:
        """The number of loads that wait for a worker."""
        ...

    def find_same(self, fingerprint: bytes) -> Sequence[Load]:
        """The loads with this fingerprint that were not cancelled, newest first."""
        ...

    def add_part(self, load_id: UUID, part: Part, content: bytes) -> bool:
        """Keeps a part, compressed; repeating a part replaces it. False unless the load is receiving.

        Raises ValueError for more than `MAX_PART_BYTES`, and for a number that is not from 1 to `MAX_PARTS`.
        """
        ...

    def parts(self, load_id: UUID) -> Sequence[Part]: ...

    def read_part(self, load_id: UUID, number: int) -> bytes | None: ...

    def configure(self, load_id: UUID, options: LoadOptions) -> bool:
        """Replaces the options of a load. False unless it is receiving."""
        ...

    def start(self, load_id: UUID, *, size: int, content_sha256: bytes) -> bool:
        """Lets workers take a load whose parts are all there.

        False unless the load is receiving, and its parts from 1 without a gap have `size` bytes together.
        """
        ...

    def lease_next(self, lease: UUID, duration: timedelta) -> Load | None:
        """Leases the oldest load that was started and waits, or runs without a lease or under an expired one.

        Takes turns between senders. Never takes a load whose file is not in the database: one that was not started, and
        has no `parts_of`. A load whose
        workers died several times in a row without a checkpoint between fails instead.
        """
        ...

    def lease(self, load_id: UUID, lease: UUID, duration: timedelta) -> Load | None:
        """Leases this load, and starts it. None when it is in a final state, or another lease has not expired."""
        ...

    def batches(self, load_id: UUID) -> Sequence[UUID]:
        """The batches that the load has saved, in the order of the file."""
        ...

    def cancel(self, load_id: UUID, *, only_receiving: bool = False) -> bool:
        """Ends a load that is not in a final state, and deletes its parts; its worker loses the lease.

        With `only_receiving`, a load that was started goes on.
        """
        ...

    def refused(self, load_id: UUID) -> Iterator[RefusedChunk]:
        """The refused rows, in the order of the file."""
        ...

    def delete_refused(self, load_id: UUID) -> None: ...

    def purge_refused(self, ended_before: datetime) -> int:
        """Deletes the refused rows of loads that ended before this moment; returns the number of these loads.

        The same for loads of local files that nobody has leased since then: they can be resumed, and `problem` says
        what was deleted.
        """
        ...

    def cancel_abandoned(self, received_before: datetime) -> int:
        """Cancels uploads of which nothing was received since this moment; returns their number.

        One whose dry run has not ended, or ended since then, is not abandoned.
        Deletes their parts, and those that an interrupted `finish` or `cancel` has left.
        """
        ...
