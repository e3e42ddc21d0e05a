"""Sessions in the database."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from muster.audit.events import Action, AuditEvent, EntryFilter
from muster.auth.sessions import MAX_SESSIONS_PER_USER, UserChangedError, UserSession
from muster.auth.users import Role, User
from muster.storage import Storage
from tests.storage.samples import AT

ANNA = User("anna", Role.READ, ("MAIN",), "$argon2id$…")
OIDC_USER = User("oidc:Ärztin", Role.READ | Role.SUBMIT, ("RIGA", "MAIN"), credential="oidc")
HOUR = timedelta(hours=1)


def build_session(name: str, user: User = ANNA, used: timedelta = timedelta()) -> UserSession:
    sha256 = hashlib.sha256(name.encode()).digest()
    return UserSession(name, sha256, user, AT, AT + used, "192.0.2.1", "Firefox")


def add(storage: Storage, session: UserSession, *, oldest: timedelta = HOUR) -> None:
    event = AuditEvent(session.user.name, Action.SESSION_STARTED, session.id)
    storage.sessions.add_session(session, event, created_after=AT - oldest, used_after=AT - oldest)


@pytest.fixture
def anna(storage: Storage) -> User:
    storage.users.add_user(ANNA)
    return ANNA


def test_a_session_is_found_by_its_hash_with_the_rights_of_its_user_now(storage: Storage, anna: User) -> None:
    session = build_session("a")
    add(storage, session)
    assert storage.sessions.session(session.sha256) == session
    assert storage.sessions.session(b"other") is None

    storage.users.set_rights("anna", Role.SUBMIT, ("RIGA",))
    found = storage.sessions.session(session.sha256)
    assert found is not None
    assert found.user == replace(ANNA, roles=Role.SUBMIT, business_units=("RIGA",))


def test_a_user_of_an_openid_provider_keeps_the_rights_of_its_sign_in(storage: Storage) -> None:
    session = build_session("a", OIDC_USER)
    add(storage, session)
    assert storage.sessions.session(session.sha256) == session


@pytest.mark.parametrize("change", ["disabled", "another password", "gone"])
def test_a_sign_in_that_a_change_of_its_user_overtakes_starts_no_session(storage: Storage, change: str) -> None:
    if change != "gone":
        storage.users.add_user(ANNA)
    if change == "disabled":
        storage.users.disable_user("anna")
    elif change == "another password":
        storage.users.set_password("anna", "$argon2id$other")

    with pytest.raises(UserChangedError):
        add(storage, build_session("a"))
    assert not storage.sessions.sessions()


def test_sessions_are_listed_by_user_the_last_used_one_first(storage: Storage, anna: User) -> None:
    for name, user, used in (("a", ANNA, 1), ("b", ANNA, 3), ("c", OIDC_USER, 2)):
        add(storage, build_session(name, user, used * HOUR))
    assert [session.id for session in storage.sessions.sessions("anna")] == ["b", "a"]
    assert [session.id for session in storage.sessions.sessions()] == ["b", "c", "a"]


def test_a_new_session_removes_expired_ones_and_the_oldest_of_too_many(storage: Storage, anna: User) -> None:
    add(storage, replace(build_session("old"), last_used_at=AT - 2 * HOUR), oldest=3 * HOUR)
    for number in range(MAX_SESSIONS_PER_USER + 1):
        add(storage, build_session(f"{number:02}", used=number * HOUR))
    add(storage, build_session("c", OIDC_USER))

    names = [session.id for session in storage.sessions.sessions()]
    assert sorted(names) == [*(f"{number:02}" for number in range(1, MAX_SESSIONS_PER_USER + 1)), "c"]


def test_a_use_is_written(storage: Storage, anna: User) -> None:
    session = build_session("a")
    add(storage, session)
    storage.sessions.record_session_use(session.sha256, AT + HOUR)
    assert storage.sessions.session(session.sha256) == replace(session, last_used_at=AT + HOUR)


def test_a_session_ends_together_with_its_entry(storage: Storage, anna: User) -> None:
    add(storage, build_session("a"))
    event = AuditEvent("anna", Action.SESSION_ENDED, "a")
    assert storage.sessions.end_session("a", event)
    assert not storage.sessions.end_session("a", event)
    assert not storage.sessions.sessions()
    entries = storage.audit.latest_entries(EntryFilter(), limit=9)
    assert [entry.action for entry in entries] == ["session.ended", "session.started"]


def test_a_new_password_and_disabling_end_the_sessions_of_that_user_alone(storage: Storage, anna: User) -> None:
    changed = replace(anna, password_hash="new")
    for user, change in (
        (anna, lambda: storage.users.set_password("anna", "new")),
        (changed, lambda: storage.users.disable_user("anna")),
    ):
        add(storage, build_session("a", user))
        add(storage, build_session(f"c{change}", OIDC_USER))
        change()
        assert {session.user.name for session in storage.sessions.sessions()} == {OIDC_USER.name}
