"""Users and tokens in the database."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, update

from muster.audit.events import Action, AuditEvent, EntryFilter
from muster.auth.users import ChangeOutcome, LastAdministratorError, Role, Token, User, UserExistsError
from muster.storage import Storage, StorageError
from muster.storage.tables import users
from tests.storage.samples import AT

ANNA = User("anna", Role.SUBMIT, ("MAIN", "RIGA"), "$argon2id$…")


def build_token(name: str, user: str = "anna", *, created_at: datetime = AT) -> Token:
    return Token(name, user, hashlib.sha256(name.encode()).digest(), created_at)


def test_user_is_stored_as_added(storage: Storage) -> None:
    unusual = User("ž🦊'\"", Role.ADMIN, ("Ü", "A"), None, disabled=True)
    storage.users.add_user(ANNA)
    storage.users.add_user(unusual)

    assert storage.users.user("anna") == ANNA
    assert storage.users.user("ž🦊'\"") == unusual
    assert storage.users.user("Anna") is None


def test_several_roles_are_stored_and_roles_of_a_later_version_permit_nothing(storage: Storage) -> None:
    storage.users.add_user(replace(ANNA, roles=Role.READ | Role.AUDIT))
    assert storage.users.user("anna") == replace(ANNA, roles=Role.AUDIT | Role.READ)
    for stored, roles in (("read,audit", Role.READ | Role.AUDIT), ("submit,approve", Role.SUBMIT), ("boss", Role(0))):
        with storage.engine.begin() as connection:
            connection.execute(update(users).values(role=stored))
        assert storage.users.user("anna") == replace(ANNA, roles=roles)


def test_users_are_sorted_by_name(storage: Storage) -> None:
    for name in ("b", "Z", "a", "é"):
        storage.users.add_user(replace(ANNA, name=name))

    assert [user.name for user in storage.users.users()] == ["Z", "a", "b", "é"]


def test_name_can_be_used_only_once(storage: Storage) -> None:
    storage.users.add_user(ANNA)

    with pytest.raises(UserExistsError):
        storage.users.add_user(replace(ANNA, roles=Role.ADMIN))
    assert storage.users.user("anna") == ANNA


def test_disabling_or_enabling_again_changes_nothing(storage: Storage) -> None:
    storage.users.add_user(ANNA)
    storage.users.add_user(replace(ANNA, name="berta"))
    for change, disabled in ((storage.users.disable_user, True), (storage.users.enable_user, False)):
        assert [change("anna"), change("anna")] == [ChangeOutcome.CHANGED, ChangeOutcome.UNCHANGED]
        assert [user.disabled for user in storage.users.users()] == [disabled, False]


def test_password_state_and_rights_can_be_changed(storage: Storage) -> None:
    storage.users.add_user(ANNA)

    assert storage.users.set_password("anna", "new")
    assert storage.users.disable_user("anna") is ChangeOutcome.CHANGED
    assert storage.users.set_rights("anna", Role.READ, ("LV", "LT"))
    assert storage.users.user("anna") == replace(
        ANNA, password_hash="new", disabled=True, roles=Role.READ, business_units=("LV", "LT")
    )


def test_unknown_user_or_token_is_not_found(storage: Storage) -> None:
    assert not storage.users.set_password("nobody", "new")
    assert storage.users.disable_user("nobody") is ChangeOutcome.NOT_FOUND
    assert storage.users.enable_user("nobody") is ChangeOutcome.NOT_FOUND
    assert not storage.users.set_rights("nobody", Role.READ, ())
    assert storage.users.revoke_token("none", AT) is ChangeOutcome.NOT_FOUND
    assert storage.users.token(b"none") is None


def test_times_of_creation_and_change_are_stored(storage: Storage) -> None:
    before = datetime.now(UTC)
    storage.users.add_user(ANNA)
    between = datetime.now(UTC)
    storage.users.disable_user("anna")

    with storage.engine.connect() as connection:
        [(created_at, changed_at)] = connection.execute(select(users.c.created_at, users.c.changed_at))
    assert before <= created_at <= between <= changed_at
    assert created_at.utcoffset() == changed_at.utcoffset() == timedelta(0)


def test_token_is_found_with_its_user_and_times_in_utc(storage: Storage) -> None:
    storage.users.add_user(ANNA)
    elsewhere = timezone(timedelta(hours=3))
    given = replace(build_token("t"), created_at=AT.astimezone(elsewhere), expires_at=AT + timedelta(days=30))
    storage.users.add_token(given)

    found = storage.users.token(given.sha256)
    assert found is not None
    assert found == (given, ANNA)
    assert found[0].created_at.tzinfo is UTC
    assert found[0].expires_at == AT + timedelta(days=30)
    assert found[0].revoked_at is None


def test_tokens_are_sorted_by_creation(storage: Storage) -> None:
    for name, user, days in (("a", "anna", 2), ("b", "bert", 1), ("c", "anna", 0)):
        storage.users.add_token(build_token(name, user, created_at=AT + timedelta(days=days)))

    assert [found.id for found in storage.users.tokens()] == ["c", "b", "a"]
    assert [found.id for found in storage.users.tokens("anna")] == ["c", "a"]
    assert storage.users.tokens("nobody") == []


def test_revoking_again_keeps_the_first_time(storage: Storage) -> None:
    storage.users.add_user(ANNA)
    storage.users.add_token(build_token("t"))

    assert storage.users.revoke_token("t", AT + timedelta(days=1)) is ChangeOutcome.CHANGED
    assert storage.users.revoke_token("t", AT + timedelta(days=2)) is ChangeOutcome.UNCHANGED
    [revoked] = storage.users.tokens()
    assert revoked.revoked_at == AT + timedelta(days=1)
    assert revoked.revoked_at is not None
    assert revoked.revoked_at.tzinfo is UTC


def test_use_of_a_token_is_written_once_an_interval(storage: Storage) -> None:
    hour = timedelta(hours=1)
    storage.users.add_user(ANNA)
    storage.users.add_token(build_token("t"))
    storage.users.add_token(build_token("u"))

    written = []
    for minutes in (0, 59, 60, 30, 180):
        storage.users.record_token_use("t", AT + timedelta(minutes=minutes), interval=hour)
        written.append(storage.users.tokens()[0].last_used_at)
    assert written == [AT, AT, AT + hour, AT + hour, AT + 3 * hour]
    found = storage.users.token(build_token("t").sha256)
    assert found is not None
    assert found[0].last_used_at == AT + 3 * hour
    assert storage.users.tokens()[1].last_used_at is None
    assert fetch_audit_numbers(storage) == []


def test_use_of_a_password_is_written_once_an_interval(storage: Storage) -> None:
    storage.users.add_user(ANNA)
    written = []
    for minutes in (0, 59, 60):
        storage.users.record_password_use("anna", AT + timedelta(minutes=minutes), interval=timedelta(hours=1))
        found = storage.users.user("anna")
        written.append(found and found.password_used_at)
    assert written == [AT, AT, AT + timedelta(hours=1)]


def fetch_audit_numbers(storage: Storage) -> list[int]:
    return [entry.number for entry in storage.audit.entries(EntryFilter(), after=0, limit=9)]


def test_token_of_an_unknown_user_is_not_found(storage: Storage) -> None:
    storage.users.add_token(build_token("t", "nobody"))

    assert storage.users.token(build_token("t").sha256) is None


def test_token_hash_and_id_are_unique(storage: Storage) -> None:
    storage.users.add_token(build_token("t"))

    with pytest.raises(StorageError):
        storage.users.add_token(build_token("t"))
    with pytest.raises(StorageError):
        storage.users.add_token(replace(build_token("u"), id="t"))


def test_the_last_administrator_with_a_password_stays_where_one_is_needed(storage: Storage) -> None:
    first, second = User("first", Role.ADMIN, (), "$argon2id$…"), User("second", Role.ADMIN, (), "$argon2id$…")
    for user in (first, second, User("token only", Role.ADMIN), replace(first, name="gone", disabled=True)):
        storage.users.add_user(user)
    assert storage.users.disable_user("second", needs_administrator=True) is ChangeOutcome.CHANGED

    with pytest.raises(LastAdministratorError):
        storage.users.disable_user("first", needs_administrator=True)
    with pytest.raises(LastAdministratorError):
        storage.users.set_rights("first", Role.READ | Role.AUDIT, (), needs_administrator=True)
    assert storage.users.user("first") == first
    storage.users.set_rights("first", Role.ADMIN | Role.READ, ("MAIN",), needs_administrator=True)
    assert storage.users.disable_user("first") is ChangeOutcome.CHANGED  # as the command line does


def test_two_administrators_that_disable_each_other_at_once_leave_one(storage: Storage) -> None:
    names = ("first", "second")
    for name in names:
        storage.users.add_user(User(name, Role.ADMIN, (), "$argon2id$…"))

    def disable(name: str) -> bool:
        try:
            storage.users.disable_user(name, AuditEvent("x", Action.USER_DISABLED, name), needs_administrator=True)
        except LastAdministratorError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(disable, names)) == [False, True]
    assert len(storage.audit.entries(EntryFilter(), after=0, limit=10)) == 1
