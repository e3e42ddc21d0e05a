"""Uploads: creating, sending parts, starting and cancelling, by whom, and within which bounds."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from muster.audit.events import Action
from muster.auth.users import User
from muster.loads.load_store import MAX_PARTS, Load, LoadOptions, LoadState
from muster.loads.reading import LoadConflictError, LoadReader
from muster.loads.uploads import (
    FileTooLargeError,
    LoadUploads,
    NotSenderError,
    TooManyLoadsError,
    UnsupportedEncodingError,
    UploadLimits,
)
from tests.loads.fakes import MemoryLoadStore
from tests.loads.service_fakes import ADA, ANNA, BEN, RITA, AuditList, FakeResults


@dataclass
class Upload:
    """The use case on a store in memory. `started` counts the calls of `on_start`."""

    limits: UploadLimits = field(default_factory=UploadLimits)
    store: MemoryLoadStore = field(default_factory=MemoryLoadStore)
    audit: AuditList = field(default_factory=AuditList)
    started: int = 0

    def __post_init__(self) -> None:
        reader = LoadReader(self.store, FakeResults(), lambda: frozenset({"MAIN"}), self.audit.read_audit())
        self.uploads = LoadUploads(
            self.store,
            reader,
            self.audit,
            limits=self.limits,
            on_start=self._count,
        )

    def _count(self) -> None:
        self.started += 1

    def create(self, user: User = ANNA, **options: str) -> Load:
        load, _ = self.uploads.create(user, "customers.csv", LoadOptions(**options))  # type: ignore[arg-type]
        return load


def test_a_load_receives_parts_and_waits_when_it_is_started() -> None:
    upload = Upload()
    load = upload.create()
    assert load.state is LoadState.RECEIVING
    assert (load.sender, load.business_units) == ("anna", ("MAIN",))
    upload.uploads.add_part(load.id, 2, b"def", ANNA)
    upload.uploads.add_part(load.id, 1, b"abc", ANNA)
    started = upload.uploads.start(load.id, ANNA)
    assert started is not None
    assert (started.state, started.size) == (LoadState.WAITING, 6)
    assert upload.started == 1
    assert upload.audit.actions() == [Action.LOAD_STARTED]


def test_a_part_that_is_sent_again_replaces_the_first_one() -> None:
    upload = Upload()
    load = upload.create()
    for content in (b"abc", b"abcd"):
        upload.uploads.add_part(load.id, 1, content, ANNA)
    (part,) = upload.store.parts(load.id)
    assert (part.size, part.sha256) == (4, hashlib.sha256(b"abcd").digest())


def test_starting_twice_does_nothing_the_second_time() -> None:
    upload = Upload()
    load = upload.create()
    upload.uploads.add_part(load.id, 1, b"abc", ANNA)
    first, second = (upload.uploads.start(load.id, ANNA) for _ in range(2))
    assert first == second
    assert upload.started == 1
    assert len(upload.audit.events) == 1


@pytest.mark.parametrize(("numbers", "message"), [((), "no parts"), ((2,), "part 1 "), ((1, 2, 5), "part 3 ")])
def test_a_load_with_missing_parts_does_not_start(numbers: tuple[int, ...], message: str) -> None:
    upload = Upload()
    load = upload.create()
    for number in numbers:
        upload.uploads.add_part(load.id, number, b"abc", ANNA)
    with pytest.raises(LoadConflictError, match=message):
        upload.uploads.start(load.id, ANNA)
    assert upload.audit.events == []


def test_a_started_load_takes_no_parts() -> None:
    upload = Upload()
    load = upload.create()
    upload.uploads.add_part(load.id, 1, b"abc", ANNA)
    upload.uploads.start(load.id, ANNA)
    with pytest.raises(LoadConflictError, match="no more parts"):
        upload.uploads.add_part(load.id, 2, b"abc", ANNA)


def test_parts_together_have_at_most_the_bytes_of_a_file() -> None:
    upload = Upload(UploadLimits(max_bytes=10))
    load = upload.create()
    upload.uploads.add_part(load.id, 1, b"123456", ANNA)
    with pytest.raises(FileTooLargeError):
        upload.uploads.add_part(load.id, 2, b"12345", ANNA)
    upload.uploads.add_part(load.id, 2, b"1234", ANNA)
    upload.uploads.add_part(load.id, 1, b"12345", ANNA)  # in place of the first one
    assert upload.uploads.start(load.id, ANNA)


def test_numbers_of_parts_are_bounded() -> None:
    upload = Upload()
    load = upload.create()
    with pytest.raises(FileTooLargeError):
        upload.uploads.add_part(load.id, MAX_PARTS + 1, b"", ANNA)


def test_loads_that_have_not_ended_are_bounded_for_each_sender() -> None:
    upload = Upload(UploadLimits(max_open=2))
    first, _ = upload.create(), upload.create()
    with pytest.raises(TooManyLoadsError):
        upload.create()
    upload.create(BEN)
    upload.uploads.cancel(first.id, ANNA)
    upload.create()


def test_the_same_key_gives_the_first_load() -> None:
    upload = Upload()
    first, is_replay = upload.uploads.create(ANNA, "a.csv", LoadOptions(), key="k")
    again, is_second_replay = upload.uploads.create(ANNA, "a.csv", LoadOptions(), key="k")
    other, is_other_replay = upload.uploads.create(BEN, "a.csv", LoadOptions(), key="k")
    assert (is_replay, is_second_replay, is_other_replay) == (False, True, False)
    assert again == first
    assert other.id != first.id


def test_a_load_that_was_started_is_not_discarded() -> None:
    upload = Upload()
    load = upload.create()
    upload.uploads.add_part(load.id, 1, b"abc", ANNA)
    upload.uploads.start(load.id, ANNA)
    upload.uploads.discard(load.id)
    assert upload.store.parts(load.id)
    broken_off = upload.create()
    upload.uploads.discard(broken_off.id)
    found = (upload.store.get(load_id) for load_id in (load.id, broken_off.id))
    assert [kept.state for kept in found if kept] == [LoadState.WAITING, LoadState.CANCELLED]


def test_a_cancelled_load_frees_its_key() -> None:
    upload = Upload()
    first, _ = upload.uploads.create(ANNA, "a.csv", LoadOptions(), key="k")
    upload.uploads.cancel(first.id, ANNA)
    again, is_replay = upload.uploads.create(ANNA, "a.csv", LoadOptions(), key="k")
    assert again.id != first.id
    assert not is_replay


@pytest.mark.parametrize("encoding", ["klingon", "zlib", "idna", "a\0b", "../x", "x" * 5_000])
def test_an_encoding_that_is_none_of_text_is_refused_before_the_upload(encoding: str) -> None:
    upload = Upload()
    with pytest.raises(UnsupportedEncodingError):
        upload.create(encoding=encoding)
    assert upload.create(encoding="cp1257").options.encoding == "cp1257"


Change = Callable[[Upload, Load, User], object]
CHANGES: dict[str, Change] = {
    "part": lambda upload, load, user: upload.uploads.add_part(load.id, 1, b"abc", user),
    "start": lambda upload, load, user: upload.uploads.start(load.id, user),
    "cancel": lambda upload, load, user: upload.uploads.cancel(load.id, user),
    "configure": lambda upload, load, user: upload.uploads.configure(load.id, LoadOptions(), user),
    "dry run": lambda upload, load, user: upload.uploads.start_dry_run(load.id, user),
    "judged": lambda upload, load, user: upload.uploads.start_judged(load.id, user),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_load_of_another_sender_does_not_exist_for_a_sender(change: str) -> None:
    upload = Upload()
    assert CHANGES[change](upload, upload.create(), BEN) is None


@pytest.mark.parametrize(
    ("change", "user"),
    [
        ("part", RITA),
        ("part", ADA),
        ("start", RITA),
        ("start", ADA),
        ("cancel", RITA),
        ("configure", ADA),
        ("dry run", ADA),
        ("judged", ADA),
    ],
)
def test_who_sees_a_load_of_another_user_may_not_change_it(change: str, user: User) -> None:
    upload = Upload()
    with pytest.raises(NotSenderError):
        CHANGES[change](upload, upload.create(), user)


@pytest.mark.parametrize("user", [ANNA, ADA])
def test_sender_and_admin_cancel_a_load_once(user: User) -> None:
    upload = Upload()
    load = upload.create()
    for _ in range(2):
        cancelled = upload.uploads.cancel(load.id, user)
        assert cancelled is not None
        assert cancelled.state is LoadState.CANCELLED
    assert [(event.actor, event.action) for event in upload.audit.events] == [(user.name, Action.LOAD_CANCELLED)]


def test_a_cancelled_load_is_not_started() -> None:
    upload = Upload()
    load = upload.create()
    upload.uploads.cancel(load.id, ANNA)
    with pytest.raises(LoadConflictError, match="cancelled"):
        upload.uploads.start(load.id, ANNA)


def end(upload: Upload, load: Load, state: LoadState = LoadState.COMPLETED) -> None:
    lease = uuid4()
    upload.store.lease(load.id, lease, timedelta(minutes=1))
    upload.store.finish(load.id, lease, state, content_sha256=None)


def start_dry_run(upload: Upload, **options: Any) -> Load:
    """A dry run of a file of 3 bytes."""
    load = upload.create()
    upload.uploads.add_part(load.id, 1, b"abc", ANNA)
    upload.uploads.configure(load.id, LoadOptions(**options), ANNA)
    dry_run = upload.uploads.start_dry_run(load.id, ANNA)
    assert dry_run is not None
    return dry_run


def test_the_options_of_an_upload_are_chosen_after_its_parts_have_come() -> None:
    upload = Upload()
    load = upload.create()
    upload.uploads.add_part(load.id, 1, b"abc", ANNA)
    configured = upload.uploads.configure(load.id, LoadOptions(encoding="cp1257"), ANNA)
    assert configured is not None
    assert configured.options.encoding == "cp1257"
    with pytest.raises(UnsupportedEncodingError):
        upload.uploads.configure(load.id, LoadOptions(encoding="klingon"), ANNA)
    upload.uploads.start(load.id, ANNA)
    with pytest.raises(LoadConflictError):
        upload.uploads.configure(load.id, LoadOptions(), ANNA)


def test_a_dry_run_of_an_upload_reads_its_parts_and_leaves_them() -> None:
    upload = Upload()
    dry_run = start_dry_run(upload, upsert=True)
    assert (dry_run.state, dry_run.size, dry_run.name) == (LoadState.WAITING, 3, "customers.csv")
    assert dry_run.options == LoadOptions(dry_run=True, upsert=True)
    assert upload.started == 1
    end(upload, dry_run)
    assert len(upload.store.parts(dry_run.file_id)) == 1
    assert [event.details for event in upload.audit.events] == [{"bytes": 3, "dryRun": True}]


def test_a_judged_file_is_loaded_with_the_options_of_its_dry_run() -> None:
    upload = Upload()
    dry_run = start_dry_run(upload, upsert=True)
    end(upload, dry_run)
    upload.uploads.configure(dry_run.file_id, LoadOptions(), ANNA)  # in another tab
    first, second = (upload.uploads.start_judged(dry_run.id, ANNA) for _ in range(2))
    assert first == second
    assert first is not None
    assert (first.id, first.state) == (dry_run.file_id, LoadState.WAITING)
    assert first.options == LoadOptions(upsert=True)
    with pytest.raises(LoadConflictError):
        upload.uploads.start_dry_run(first.id, ANNA)


@pytest.mark.parametrize("state", [LoadState.WAITING, LoadState.FAILED])
def test_a_file_whose_dry_run_has_not_succeeded_is_not_loaded(state: LoadState) -> None:
    upload = Upload()
    dry_run = start_dry_run(upload)
    if state is LoadState.FAILED:
        end(upload, dry_run, state)
    with pytest.raises(LoadConflictError, match="dry run"):
        upload.uploads.start_judged(dry_run.id, ANNA)


def test_a_load_that_is_no_dry_run_of_an_upload_is_not_started_as_one() -> None:
    upload = Upload()
    assert upload.uploads.start_judged(upload.create().id, ANNA) is None


def test_dry_runs_count_as_loads_that_have_not_ended() -> None:
    upload = Upload(UploadLimits(max_open=2))
    dry_run = start_dry_run(upload)
    with pytest.raises(TooManyLoadsError):
        upload.uploads.start_dry_run(dry_run.file_id, ANNA)
