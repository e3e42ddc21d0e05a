"""The audit log in the database."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, exc, text, update

from muster.audit.chain import ChainBrokenError
from muster.audit.events import Action, AuditEvent, EntryFilter
from muster.audit.reader import verify_log
from muster.auth.users import Role, UserExistsError
from muster.classifiers.entries import ClassifierEntry
from muster.storage import Storage, StorageError, open_storage
from muster.storage.tables import audit_log
from tests.storage.samples import AT, build_customer, save
from tests.storage.test_users import ANNA, build_token

ALL = EntryFilter()
READ = AuditEvent(
    "anna", Action.CUSTOMER_READ, "c-ž'", {"businessUnit": "MAIN", "version": 2, "units": ["A", "B"], "x": None}
)


def fetch_entries(
    storage: Storage, criteria: EntryFilter = ALL, after: int = 0, limit: int = 1_000
) -> list[tuple[int, str]]:
    return [(entry.number, entry.subject) for entry in storage.audit.entries(criteria, after=after, limit=limit)]


def check(storage: Storage) -> None:
    verify_log(storage.audit)


def test_event_is_stored_as_an_entry(storage: Storage) -> None:
    storage.audit.append(READ)
    [entry] = storage.audit.entries(ALL, after=0, limit=9)
    assert (entry.number, entry.actor, entry.action, entry.subject) == (1, "anna", "customer.read", "c-ž'")
    assert entry.details == READ.details
    assert abs(datetime.now(UTC) - entry.at) < timedelta(minutes=1)
    check(storage)


def test_entries_are_paged_oldest_first(storage: Storage) -> None:
    for number in range(5):
        storage.audit.append(replace(READ, subject=str(number)))
    assert fetch_entries(storage, limit=2) == [(1, "0"), (2, "1")]
    assert fetch_entries(storage, after=2, limit=2) == [(3, "2"), (4, "3")]
    assert fetch_entries(storage, after=5) == []


def test_entries_are_filtered_by_every_field(storage: Storage) -> None:
    storage.audit.append(READ)
    storage.audit.append(AuditEvent("", Action.SIGN_IN_REFUSED, "anna"))
    first, second = storage.audit.entries(ALL, after=0, limit=9)
    assert fetch_entries(storage, EntryFilter(actor="anna")) == [(1, "c-ž'")]
    assert (
        fetch_entries(storage, EntryFilter(actor=""))
        == fetch_entries(storage, EntryFilter(action="sign-in.refused"))
        == [(2, "anna")]
    )
    assert fetch_entries(storage, EntryFilter(subject="c-ž'")) == [(1, "c-ž'")]
    assert fetch_entries(storage, EntryFilter(subject="c-ž'", actor="berta")) == []
    assert fetch_entries(storage, EntryFilter(since=second.at)) == [(2, "anna")]
    assert fetch_entries(storage, EntryFilter(until=second.at)) == [(1, "c-ž'")]
    both = EntryFilter(since=first.at, until=second.at + timedelta(microseconds=1))
    assert fetch_entries(storage, both) == fetch_entries(storage)


def test_latest_entries_are_paged_newest_first(storage: Storage) -> None:
    for number in range(1, 6):
        storage.audit.append(replace(READ, subject=str(number % 2)))

    def fetch(criteria: EntryFilter = ALL, after: int = 0, below: int | None = None, limit: int = 9) -> list[int]:
        found = storage.audit.latest_entries(criteria, after=after, below=below, limit=limit)
        return [entry.number for entry in found]

    assert fetch(limit=2) == [5, 4]
    assert fetch(below=4, limit=2) == [3, 2]
    assert fetch(after=2, below=5) == [4, 3]
    assert fetch(EntryFilter(subject="1"), below=5) == [3, 1]
    assert fetch(below=1) == []


def drop_triggers(connection: Connection) -> None:
    """Those that reject changes of entries; a distributed database has one for rows too."""
    if connection.dialect.name == "sqlite":
        for change in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER audit_log_stays_{change}"))
        return
    query = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit_log'::regclass AND NOT tgisinternal"
    for name in connection.execute(text(query)).scalars().all():
        connection.execute(text(f"DROP TRIGGER {name} ON audit_log"))


def test_no_entry_is_hidden_when_the_clock_was_set_back(storage: Storage) -> None:
    for number in range(4):
        storage.audit.append(replace(READ, subject=str(number)))
    entries = list(storage.audit.entries(ALL, after=0, limit=9))
    with storage.engine.begin() as connection:
        drop_triggers(connection)
        connection.execute(update(audit_log).where(audit_log.c.number == 3).values(at=entries[0].at))
    until, pages = EntryFilter(until=entries[3].at), [4]
    while found := storage.audit.latest_entries(until, below=pages[-1], limit=1):
        pages.append(found[0].number)
    assert pages == [4, 2, 3, 1]


def test_concurrent_events_form_one_chain(storage: Storage) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: storage.audit.append(READ), range(100)))
    assert [number for number, _ in fetch_entries(storage)] == list(range(1, 101))
    check(storage)


@pytest.mark.parametrize("change", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log WHERE number = 1"])
def test_database_rejects_changes_of_entries(storage: Storage, change: str) -> None:
    storage.audit.append(READ)
    with pytest.raises(exc.DBAPIError, match="stay as they are"), storage.engine.begin() as connection:
        connection.execute(text(change))
    check(storage)


def test_deletion_without_the_trigger_is_detected(storage: Storage) -> None:
    for _ in range(3):
        storage.audit.append(READ)
    with storage.engine.begin() as connection:
        drop_triggers(connection)
        connection.execute(text("DELETE FROM audit_log WHERE number = 2"))
    with pytest.raises(ChainBrokenError, match="entry 2 is missing"):
        check(storage)


def test_missing_trigger_is_reported_although_nothing_was_changed(storage: Storage) -> None:
    storage.audit.append(READ)
    with storage.engine.begin() as connection:
        drop_triggers(connection)
    with pytest.raises(ChainBrokenError, match="the triggers that reject changes are missing"):
        check(storage)


@pytest.mark.parametrize(
    "change", ["at = 'garbage'", "details = 'no JSON'", "details = '[1]'", "sha256 = 'zz'", "actor = 7"]
)
def test_unreadable_entry_counts_as_changed_and_hides_no_other(sqlite_url: str, change: str) -> None:
    storage = open_storage(sqlite_url)
    for _ in range(2):
        storage.audit.append(READ)
    with storage.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_log_stays_update"))
        connection.execute(text(f"UPDATE audit_log SET {change} WHERE number = 1"))
    assert [number for number, _ in fetch_entries(storage)] == [1, 2]
    with pytest.raises(ChainBrokenError, match="entry 1 was changed"):
        check(storage)
    storage.close()


def test_deleted_head_is_detected_and_restored(storage: Storage) -> None:
    storage.audit.append(READ)
    with storage.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_head"))
    with pytest.raises(ChainBrokenError, match="the row that records the end of the log is missing"):
        check(storage)
    storage.users.add_user(ANNA)
    assert storage.users.disable_user("anna", AuditEvent("os:root", Action.USER_DISABLED, "anna"))
    assert fetch_entries(storage) == [(1, "c-ž'"), (2, "anna")]
    check(storage)


def test_entry_inserted_after_the_head_is_detected(storage: Storage) -> None:
    storage.audit.append(READ)
    with storage.engine.begin() as connection:
        copied = "number + 1, at, actor, action, subject, details, sha256"
        connection.execute(text(f"INSERT INTO audit_log SELECT {copied} FROM audit_log"))
    with pytest.raises(ChainBrokenError, match="entry 2 was changed"):
        check(storage)


def test_head_that_was_set_back_is_detected(storage: Storage) -> None:
    for _ in range(3):
        storage.audit.append(READ)
    with storage.engine.begin() as connection:
        back = "SELECT sha256 FROM audit_log WHERE number = 2"
        connection.execute(text(f"UPDATE audit_head SET number = 2, sha256 = ({back})"))
    with pytest.raises(ChainBrokenError, match="ends with entry 3, but its head records another end"):
        check(storage)


def test_time_in_another_format_is_detected(sqlite_url: str) -> None:
    storage = open_storage(sqlite_url)
    storage.audit.append(READ)
    with storage.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_log_stays_update"))
        connection.execute(text("UPDATE audit_log SET at = replace(at, ' ', 'T')"))
    with pytest.raises(ChainBrokenError, match="entry 1 was changed"):
        check(storage)
    storage.close()


def test_every_change_writes_its_event(storage: Storage) -> None:
    event = AuditEvent("os:root", Action.USER_ADDED)
    changes: list[Callable[[], object]] = [
        lambda: storage.users.add_user(ANNA, event),
        lambda: storage.users.set_password("anna", "new", event),
        lambda: storage.users.set_rights("anna", Role.READ, (), event),
        lambda: storage.users.add_token(build_token("t"), event),
        lambda: storage.users.revoke_token("t", AT, event),
        lambda: storage.users.disable_user("anna", event),
        lambda: storage.users.enable_user("anna", event),
        lambda: storage.classifiers.write([ClassifierEntry("legalForm", "X", "X")], replace=False, event=event),
    ]
    for count, change in enumerate(changes, 1):
        change()
        head = storage.audit.head()
        assert head is not None
        assert head.number == count
    check(storage)


def test_change_without_effect_writes_no_event(storage: Storage) -> None:
    event = AuditEvent("os:root", Action.USER_ADDED)
    storage.users.add_user(ANNA)
    with pytest.raises(UserExistsError):
        storage.users.add_user(ANNA, event)
    storage.users.add_token(build_token("t"))
    storage.users.revoke_token("t", AT)
    storage.users.enable_user("anna", event)
    storage.users.disable_user("anna")
    storage.users.disable_user("anna", event)
    storage.users.revoke_token("t", AT, event)
    storage.users.disable_user("nobody", event)
    storage.users.enable_user("nobody", event)
    storage.users.revoke_token("none", AT, event)
    assert fetch_entries(storage) == []


def test_change_is_rolled_back_if_its_event_cannot_be_written(storage: Storage) -> None:
    with storage.engine.begin() as connection:
        connection.execute(text("DROP TABLE audit_head"))
    with pytest.raises(StorageError):
        storage.users.add_user(ANNA, AuditEvent("os:root", Action.USER_ADDED))
    assert storage.users.user("anna") is None


def test_events_are_written_while_batches_are_saved(storage: Storage) -> None:
    stop, written = threading.Event(), 0
    saved: list[int] = []

    def save_until_stopped(thread: int) -> None:
        while not stop.is_set():
            numbers = [f"{thread}-{len(saved)}-{number}" for number in range(200)]
            save(storage, *(build_customer(number, number) for number in numbers))
            saved.append(thread)

    with ThreadPoolExecutor(4) as threads:
        saving = [threads.submit(save_until_stopped, thread) for thread in range(4)]
        # Databases differ in which of the two is faster.
        while (written < 20 or len(saved) < 20) and not any(task.done() for task in saving):
            storage.audit.append(READ)
            written += 1
        stop.set()
    for task in saving:
        task.result()
    check(storage)
