"""The audit log in the database."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import exc, text

from muster.audit.chain import ChainBrokenError
from muster.audit.events import Action, AuditEvent, EntryFilter
from muster.audit.reader import verify_log
from muster.auth.users import Role, UserExistsError
from muster.classifiers.entries import ClassifierEntry
from muster.storage import Storage, StorageError, open_storage
from tests.storage.samples import AT, arrival, save
from tests.storage.test_users import ANNA, token

ALL = EntryFilter()
READ = AuditEvent(
    "anna", Action.CUSTOMER_READ, "c-ž'", {"businessUnit": "MAIN", "version": 2, "units": ["A", "B"], "x": None}
)


def entries(store: Storage, wanted: EntryFilter = ALL, after: int = 0, limit: int = 1_000) -> list[tuple[int, str]]:
    return [(entry.number, entry.subject) for entry in store.audit.entries(wanted, after=after, limit=limit)]


def check_whole(store: Storage) -> None:
    verify_log(store.audit)


def test_an_event_comes_back_as_it_was_kept(store: Storage) -> None:
    store.audit.append(READ)
    [entry] = store.audit.entries(ALL, after=0, limit=9)
    assert (entry.number, entry.actor, entry.action, entry.subject) == (1, "anna", "customer.read", "c-ž'")
    assert entry.details == READ.details
    assert abs(datetime.now(UTC) - entry.at) < timedelta(minutes=1)
    check_whole(store)


def test_entries_come_oldest_first_in_pages(store: Storage) -> None:
    for number in range(5):
        store.audit.append(replace(READ, subject=str(number)))
    assert entries(store, limit=2) == [(1, "0"), (2, "1")]
    assert entries(store, after=2, limit=2) == [(3, "2"), (4, "3")]
    assert entries(store, after=5) == []


def test_entries_are_found_by_everything_that_they_say(store: Storage) -> None:
    store.audit.append(READ)
    store.audit.append(AuditEvent("", Action.SIGN_IN_REFUSED, "anna"))
    first, second = store.audit.entries(ALL, after=0, limit=9)
    assert entries(store, EntryFilter(actor="anna")) == [(1, "c-ž'")]
    assert (
        entries(store, EntryFilter(actor="")) == entries(store, EntryFilter(action="sign-in.refused")) == [(2, "anna")]
    )
    assert entries(store, EntryFilter(subject="c-ž'")) == [(1, "c-ž'")]
    assert entries(store, EntryFilter(subject="c-ž'", actor="berta")) == []
    assert entries(store, EntryFilter(since=second.at)) == [(2, "anna")]
    assert entries(store, EntryFilter(until=second.at)) == [(1, "c-ž'")]
    assert entries(store, EntryFilter(since=first.at, until=second.at + timedelta(microseconds=1))) == entries(store)


def test_entries_of_many_at_once_make_one_chain(store: Storage) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: store.audit.append(READ), range(100)))
    assert [number for number, _ in entries(store)] == list(range(1, 101))
    check_whole(store)


@pytest.mark.parametrize("change", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log WHERE number = 1"])
def test_the_database_refuses_to_change_entries(store: Storage, change: str) -> None:
    store.audit.append(READ)
    with pytest.raises(exc.DBAPIError, match="stay as they are"), store.engine.begin() as connection:
        connection.execute(text(change))
    check_whole(store)


def test_whoever_takes_that_refusal_away_is_found_out(store: Storage) -> None:
    for _ in range(3):
        store.audit.append(READ)
    with store.engine.begin() as connection:
        if store.engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER audit_log_stays"))
        else:
            connection.execute(text("DROP TRIGGER audit_log_stays_delete"))
        connection.execute(text("DELETE FROM audit_log WHERE number = 2"))
    with pytest.raises(ChainBrokenError, match="entry 2 is missing"):
        check_whole(store)


def test_a_refusal_that_was_taken_away_is_told_though_nothing_was_changed(store: Storage) -> None:
    store.audit.append(READ)
    with store.engine.begin() as connection:
        if store.engine.dialect.name == "postgresql":
            connection.execute(text("DROP TRIGGER audit_log_stays ON audit_log"))
        else:
            connection.execute(text("DROP TRIGGER audit_log_stays_update"))
    with pytest.raises(ChainBrokenError, match="the triggers that refuse changes are gone"):
        check_whole(store)


@pytest.mark.parametrize(
    "change", ["at = 'garbage'", "details = 'no JSON'", "details = '[1]'", "sha256 = 'zz'", "actor = 7"]
)
def test_an_entry_that_can_not_be_read_any_more_is_a_changed_one_and_hides_no_other(
    sqlite_url: str, change: str
) -> None:
    store = open_storage(sqlite_url)
    for _ in range(2):
        store.audit.append(READ)
    with store.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_log_stays_update"))
        connection.execute(text(f"UPDATE audit_log SET {change} WHERE number = 1"))
    assert [number for number, _ in entries(store)] == [1, 2]
    with pytest.raises(ChainBrokenError, match="entry 1 was changed"):
        check_whole(store)
    store.close()


def test_a_head_that_was_taken_away_is_found_and_stops_nobody(store: Storage) -> None:
    store.audit.append(READ)
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_head"))
    with pytest.raises(ChainBrokenError, match="where it ends is missing"):
        check_whole(store)
    store.users.add_user(ANNA)
    assert store.users.disable_user("anna", AuditEvent("os:root", Action.USER_DISABLED, "anna"))
    assert entries(store) == [(1, "c-ž'"), (2, "anna")]
    check_whole(store)


def test_an_entry_that_was_put_in_behind_the_end_is_found(store: Storage) -> None:
    store.audit.append(READ)
    with store.engine.begin() as connection:
        copied = "number + 1, at, actor, action, subject, details, sha256"
        connection.execute(text(f"INSERT INTO audit_log SELECT {copied} FROM audit_log"))
    with pytest.raises(ChainBrokenError, match="entry 2 was changed"):
        check_whole(store)


def test_a_head_that_was_set_back_is_found(store: Storage) -> None:
    for _ in range(3):
        store.audit.append(READ)
    with store.engine.begin() as connection:
        back = "SELECT sha256 FROM audit_log WHERE number = 2"
        connection.execute(text(f"UPDATE audit_head SET number = 2, sha256 = ({back})"))
    with pytest.raises(ChainBrokenError, match="entry 3 is not where the log says"):
        check_whole(store)


def test_a_time_that_is_written_otherwise_is_found(sqlite_url: str) -> None:
    store = open_storage(sqlite_url)
    store.audit.append(READ)
    with store.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_log_stays_update"))
        connection.execute(text("UPDATE audit_log SET at = replace(at, ' ', 'T')"))
    with pytest.raises(ChainBrokenError, match="entry 1 was changed"):
        check_whole(store)
    store.close()


def test_every_change_of_users_and_tokens_is_kept_with_its_event(store: Storage) -> None:
    event = AuditEvent("os:root", Action.USER_ADDED)
    changes = [
        lambda: store.users.add_user(ANNA, event),
        lambda: store.users.set_password("anna", "new", event),
        lambda: store.users.set_rights("anna", Role.READ, (), event),
        lambda: store.users.add_token(token("t"), event),
        lambda: store.users.revoke_token("t", AT, event),
        lambda: store.users.disable_user("anna", event),
        lambda: store.users.enable_user("anna", event),
        lambda: store.classifiers.write([ClassifierEntry("legalForm", "X", "X")], replace=False, event=event),
    ]
    for count, change in enumerate(changes, 1):
        change()
        assert store.audit.head().number == count
    check_whole(store)


def test_what_changed_nothing_leaves_no_entry(store: Storage) -> None:
    event = AuditEvent("os:root", Action.USER_ADDED)
    store.users.add_user(ANNA)
    with pytest.raises(UserExistsError):
        store.users.add_user(ANNA, event)
    store.users.add_token(token("t"))
    store.users.revoke_token("t", AT)
    store.users.enable_user("anna", event)
    store.users.disable_user("anna")
    store.users.disable_user("anna", event)
    store.users.revoke_token("t", AT, event)
    for name in ("disable_user", "enable_user"):
        getattr(store.users, name)("nobody", event)
    store.users.revoke_token("none", AT, event)
    assert entries(store) == []


def test_a_change_that_can_not_be_put_on_record_is_not_made(store: Storage) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("DROP TABLE audit_head"))
    with pytest.raises(StorageError):
        store.users.add_user(ANNA, AuditEvent("os:root", Action.USER_ADDED))
    assert store.users.user("anna") is None


def test_events_are_kept_while_batches_come_one_after_the_other(store: Storage) -> None:
    enough = threading.Event()

    def save_on(thread: int) -> int:
        saved = 0
        while not enough.is_set():
            numbers = [f"{thread}-{saved}-{number}" for number in range(200)]
            save(store, *(arrival(number, number) for number in numbers))
            saved += 1
        return saved

    with ThreadPoolExecutor(4) as threads:
        saving = [threads.submit(save_on, thread) for thread in range(4)]
        for _ in range(20):
            store.audit.append(READ)
        enough.set()
    assert sum(task.result() for task in saving) > 20  # they did come in between
    check_whole(store)
