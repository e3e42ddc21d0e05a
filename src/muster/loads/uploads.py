"""Uploads: a user creates a load, sends its file in parts, and starts or cancels it."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from muster.audit.events import Action, AuditSink, Details
from muster.auth.user_events import build_user_event
from muster.auth.users import Role, User
from muster.intake.service import generate_batch_id
from muster.loads.formats.text_encoding import find_encoding
from muster.loads.load_store import (
    FINAL_STATES,
    MAX_PART_BYTES,
    MAX_PARTS,
    Load,
    LoadOptions,
    LoadState,
    LoadStore,
    NewLoad,
    Part,
)
from muster.loads.reading import LoadConflictError, LoadReader
from muster.loads.rows import InvalidFileError

_NOT_RECEIVING: Final = "the load was started, cancelled or has ended; upload the file again"
# Encodings of files that begin with a byte order mark.
_WITH_MARK: Final = frozenset({"utf-16", "utf-32"})


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Bounds of uploads: bytes of one file, and loads of one sender that have not ended."""

    max_bytes: int = 50 * 1024**3
    max_open: int = 20


class FileTooLargeError(Exception):
    """The file has more bytes than the service takes."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__("the file is too large")
        self.max_bytes = max_bytes


class TooManyLoadsError(Exception):
    """The user has as many loads that have not ended as allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__("too many loads have not ended")
        self.limit = limit


class NotSenderError(Exception):
    """The user may see the load, but not do this, because another user sent it."""


class UnsupportedEncodingError(Exception):
    """No encoding of text has this name."""


class LoadUploads:
    """Takes files from users. None stands for what does not exist and for what the user may not see.

    `on_start` is called when a load begins to wait for a worker.
    """

    def __init__(
        self,
        store: LoadStore,
        reader: LoadReader,
        audit: AuditSink,
        *,
        limits: UploadLimits | None = None,
        on_start: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.limits = limits or UploadLimits()
        self._store = store
        self._reader = reader
        self._audit = audit
        self._on_start = on_start
        self._now = now

    def create(
        self, user: User, name: str, options: LoadOptions, *, sha256: bytes | None = None, key: str | None = None
    ) -> tuple[Load, bool]:
        """A new load that receives parts; or the load that was created under the same idempotency key, and True.

        Raises `UnsupportedEncodingError` and `TooManyLoadsError`.
        """
        _check_encoding(options.encoding)
        at = self._now()
        load_id = generate_batch_id(at)
        # A load by API is the same as an earlier one only under the same key.
        fingerprint = load_id.bytes if key is None else _hash_key(user.name, key)
        if key is not None and (earlier := self._find_same(fingerprint)):
            return earlier, True
        self.check_open(user)
        new = NewLoad(load_id, at, user.name, user.business_units, name, options, fingerprint, content_sha256=sha256)
        while not self._store.create_once(new):
            # Another request was faster. If its load is not found, that was cancelled meanwhile.
            if (earlier := self._find_same(fingerprint)) is not None:
                return earlier, True
        return self._get(load_id), False

    def get_own(self, load_id: UUID, user: User) -> Load | None:
        """A load that this user has sent. Raises `NotSenderError`."""
        load = self._reader.load(load_id, user)
        if load is not None and load.sender != user.name:
            raise NotSenderError
        return load

    def find(self, user: User, key: str) -> Load | None:
        """The load that the user created under this idempotency key, unless it was cancelled."""
        return self._find_same(_hash_key(user.name, key))

    def check_open(self, user: User) -> None:
        """Raises `TooManyLoadsError` when the user may not create a load now."""
        if self._store.count_open(user.name) >= self.limits.max_open:
            raise TooManyLoadsError(self.limits.max_open)

    def add_part(self, load_id: UUID, number: int, content: bytes, user: User) -> Load | None:
        """Keeps a part, which replaces one with the same number.

        Raises `NotSenderError`, `LoadConflictError` and `FileTooLargeError`.
        """
        load = self.get_own(load_id, user)
        if load is None:
            return None
        # Parts with low numbers can't exceed the bound together, and listing all parts for each of them takes time.
        if number * MAX_PART_BYTES > self.limits.max_bytes:
            others = sum(part.size for part in self._store.parts(load_id) if part.number != number)
            if number > MAX_PARTS or others + len(content) > self.limits.max_bytes:
                raise FileTooLargeError(self.limits.max_bytes)
        self.add_counted_part(load_id, number, content)
        return load

    def add_counted_part(self, load_id: UUID, number: int, content: bytes) -> None:
        """Keeps a part of a file whose size the caller bounds. Raises `LoadConflictError`."""
        part = Part(number, len(content), hashlib.sha256(content).digest())
        if not self._store.add_part(load_id, part, content):
            raise LoadConflictError("the load takes no more parts: it was started or cancelled")

    def start(self, load_id: UUID, user: User, *, sha256: bytes | None = None) -> Load | None:
        """Lets workers take the load. Starting it again does nothing. `sha256` is that of the parts, if it is known.

        Raises `NotSenderError`, `LoadConflictError` and `FileTooLargeError`.
        """
        load = self.get_own(load_id, user)
        if load is None or load.state not in (LoadState.RECEIVING, LoadState.CANCELLED):
            return load
        if load.state is LoadState.CANCELLED:
            raise LoadConflictError("the load was cancelled; create another one")
        size = self._check_parts(self._store.parts(load_id))
        self._append(Action.LOAD_STARTED, user, load, {"bytes": size, "dryRun": load.options.dry_run})
        # Empty: the job finds it out.
        known = load.content_sha256 or sha256 or b""
        if not self._store.start(load_id, size=size, content_sha256=known):
            raise LoadConflictError("the load or its parts changed while it was started; start it again")
        self._on_start()
        return self._get(load_id)

    def configure(self, load_id: UUID, options: LoadOptions, user: User) -> Load | None:
        """Replaces the options of a load that was not started.

        Raises `UnsupportedEncodingError`, `NotSenderError` and `LoadConflictError`.
        """
        _check_encoding(options.encoding)
        load = self.get_own(load_id, user)
        if load is not None and not self._store.configure(load_id, options):
            raise LoadConflictError(_NOT_RECEIVING)
        return load and self._get(load_id)

    def start_dry_run(self, load_id: UUID, user: User) -> Load | None:
        """A new load that judges the file of this one by its options, and leaves it as it is.

        Raises `NotSenderError`, `LoadConflictError`, `FileTooLargeError` and `TooManyLoadsError`.
        """
        load = self.get_own(load_id, user)
        if load is None:
            return None
        if load.state is not LoadState.RECEIVING:
            raise LoadConflictError(_NOT_RECEIVING)
        size = self._check_parts(self._store.parts(load_id))
        self.check_open(user)
        at = self._now()
        dry_id, options = generate_batch_id(at), replace(load.options, dry_run=True)
        dry_run = NewLoad(
            dry_id, at, user.name, load.business_units, load.name, options, dry_id.bytes, size, None, LoadState.WAITING
        )
        self._append(Action.LOAD_STARTED, user, dry_run, {"bytes": size, "dryRun": True})
        self._store.create(replace(dry_run, parts_of=load_id))
        self._on_start()
        return self._get(dry_id)

    def start_judged(self, dry_run_id: UUID, user: User) -> Load | None:
        """Starts the load whose file a dry run has judged, with the options of the dry run. None also for other loads.

        Starting it again does nothing. Raises as `start` does.
        """
        dry_run = self.get_own(dry_run_id, user)
        if dry_run is None or dry_run.parts_of is None:
            return None
        if dry_run.state is not LoadState.COMPLETED:
            raise LoadConflictError("the dry run has not ended, or found that the file can't be loaded")
        self._store.configure(dry_run.parts_of, replace(dry_run.options, dry_run=False))
        return self.start(dry_run.parts_of, user)

    def cancel(self, load_id: UUID, user: User) -> Load | None:
        """Cancels the load unless it has ended. An admin may cancel the loads of others. Raises `NotSenderError`."""
        load = self._reader.load(load_id, user) if Role.ADMIN in user.roles else self.get_own(load_id, user)
        if load is None or load.state in FINAL_STATES:
            return load
        self._append(Action.LOAD_CANCELLED, user, load, {})
        self._store.cancel(load_id)
        return self._get(load_id)

    def discard(self, load_id: UUID) -> None:
        """Cancels a load whose file did not arrive whole.

        One that was started goes on: the answer to its start was lost, or the file came on another connection.
        """
        self._store.cancel(load_id, only_receiving=True)

    def _check_parts(self, parts: Sequence[Part]) -> int:
        """The bytes of the file."""
        if not parts:
            raise LoadConflictError("the load has no parts; send them first")
        numbers = {part.number for part in parts}
        missing = next((number for number in range(1, max(numbers)) if number not in numbers), None)
        if missing is not None:
            raise LoadConflictError(f"part {missing} is missing; send it and start the load again")
        size = sum(part.size for part in parts)
        if size > self.limits.max_bytes:
            raise FileTooLargeError(self.limits.max_bytes)
        return size

    def _find_same(self, fingerprint: bytes) -> Load | None:
        return next(iter(self._store.find_same(fingerprint)), None)

    def _get(self, load_id: UUID) -> Load:
        load = self._store.get(load_id)
        assert load is not None, "loads are never deleted"
        return load

    def _append(self, action: Action, user: User, load: NewLoad, details: Details) -> None:
        self._audit.append(build_user_event(user, action, str(load.id), details))


def _hash_key(sender: str, key: str) -> bytes:
    """Names hold no NUL."""
    return hashlib.sha256(f"load\0{sender}\0{key}".encode()).digest()


def _check_encoding(name: str | None) -> None:
    """Before the upload: the job would only find it out afterwards."""
    if name is None:
        return
    if name.lower() in _WITH_MARK:
        return
    try:
        find_encoding(b"", name)
    except InvalidFileError:
        raise UnsupportedEncodingError from None
