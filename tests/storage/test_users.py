import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from muster.auth.users import ChangeOutcome, Role, Token, User, UserExistsError
from muster.storage import Storage, StorageError
from muster.storage.tables import users
from tests.storage.samples import AT

ANNA = User("anna", Role.SUBMIT, ("MAIN", "RIGA"), "$argon2id$…")


def token(name: str, user: str = "anna", *, created_at: datetime = AT) -> Token:
    return Token(name, user, hashlib.sha256(name.encode()).digest(), created_at)


def test_a_user_comes_back_as_it_was_added(store: Storage) -> None:
    strange = User("ž🦊'\"", Role.ADMIN, ("Ü", "A"), None, disabled=True)
    store.users.add_user(ANNA)
    store.users.add_user(strange)

    assert store.users.user("anna") == ANNA
    assert store.users.user("ž🦊'\"") == strange
    assert store.users.user("Anna") is None


def test_users_come_by_name(store: Storage) -> None:
    for name in ("b", "Z", "a", "é"):
        store.users.add_user(replace(ANNA, name=name))

    assert [user.name for user in store.users.users()] == ["Z", "a", "b", "é"]


def test_a_name_is_given_once(store: Storage) -> None:
    store.users.add_user(ANNA)

    with pytest.raises(UserExistsError):
        store.users.add_user(replace(ANNA, role=Role.ADMIN))
    assert store.users.user("anna") == ANNA


def test_a_user_is_disabled_and_enabled_once(store: Storage) -> None:
    store.users.add_user(ANNA)
    store.users.add_user(replace(ANNA, name="berta"))
    for change, disabled in ((store.users.disable_user, True), (store.users.enable_user, False)):
        assert [change("anna"), change("anna")] == [ChangeOutcome.CHANGED, ChangeOutcome.UNCHANGED]
        assert [user.disabled for user in store.users.users()] == [disabled, False]


def test_passwords_change_and_users_are_disabled(store: Storage) -> None:
    store.users.add_user(ANNA)

    assert store.users.set_password("anna", "new")
    assert store.users.disable_user("anna") is ChangeOutcome.CHANGED
    assert store.users.set_rights("anna", Role.READ, ("LV", "LT"))
    assert store.users.user("anna") == replace(
        ANNA, password_hash="new", disabled=True, role=Role.READ, business_units=("LV", "LT")
    )


def test_nothing_changes_for_a_name_that_is_not_there(store: Storage) -> None:
    assert not store.users.set_password("nobody", "new")
    assert store.users.disable_user("nobody") is ChangeOutcome.NOT_FOUND
    assert store.users.enable_user("nobody") is ChangeOutcome.NOT_FOUND
    assert not store.users.set_rights("nobody", Role.READ, ())
    assert store.users.revoke_token("none", AT) is ChangeOutcome.NOT_FOUND
    assert store.users.token(b"none") is None


def test_it_is_known_when_a_user_was_made_and_changed(store: Storage) -> None:
    before = datetime.now(UTC)
    store.users.add_user(ANNA)
    between = datetime.now(UTC)
    store.users.disable_user("anna")

    with store.engine.connect() as connection:
        [(created_at, changed_at)] = connection.execute(select(users.c.created_at, users.c.changed_at))
    assert before <= created_at <= between <= changed_at
    assert created_at.utcoffset() == changed_at.utcoffset() == timedelta(0)


def test_a_token_comes_back_with_its_user_and_aware_times(store: Storage) -> None:
    store.users.add_user(ANNA)
    elsewhere = timezone(timedelta(hours=3))
    given = replace(token("t"), created_at=AT.astimezone(elsewhere), expires_at=AT + timedelta(days=30))
    store.users.add_token(given)

    found = store.users.token(given.sha256)
    assert found == (given, ANNA)
    assert found[0].created_at.tzinfo is UTC
    assert found[0].expires_at == AT + timedelta(days=30)
    assert found[0].revoked_at is None


def test_tokens_come_oldest_first(store: Storage) -> None:
    for name, user, days in (("a", "anna", 2), ("b", "bert", 1), ("c", "anna", 0)):
        store.users.add_token(token(name, user, created_at=AT + timedelta(days=days)))

    assert [found.id for found in store.users.tokens()] == ["c", "b", "a"]
    assert [found.id for found in store.users.tokens("anna")] == ["c", "a"]
    assert store.users.tokens("nobody") == []


def test_a_revoked_token_keeps_the_first_time(store: Storage) -> None:
    store.users.add_user(ANNA)
    store.users.add_token(token("t"))

    assert store.users.revoke_token("t", AT + timedelta(days=1)) is ChangeOutcome.CHANGED
    assert store.users.revoke_token("t", AT + timedelta(days=2)) is ChangeOutcome.UNCHANGED
    [revoked] = store.users.tokens()
    assert revoked.revoked_at == AT + timedelta(days=1)
    assert revoked.revoked_at.tzinfo is UTC


def test_a_token_of_nobody_is_not_found(store: Storage) -> None:
    store.users.add_token(token("t", "nobody"))

    assert store.users.token(token("t").sha256) is None


def test_a_token_is_added_once(store: Storage) -> None:
    store.users.add_token(token("t"))

    with pytest.raises(StorageError):
        store.users.add_token(token("t"))
    with pytest.raises(StorageError):
        store.users.add_token(replace(token("u"), id="t"))
