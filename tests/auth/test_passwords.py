"""Recognising a user by name and password."""

import pytest

from muster.auth import passwords
from muster.auth.authentication import CredentialVerifier
from muster.auth.authorization import can_submit
from muster.auth.users import Role, User
from tests.audit.fakes import MemoryAuditSink
from tests.auth.fakes import Clock, MemoryUsers

PASSWORD = "correct horse"
HASH = passwords.hash_password(PASSWORD)


def users(**changes: object) -> MemoryUsers:
    fields: dict[str, object] = {"name": "anna", "role": Role.SUBMIT, "password_hash": HASH} | changes
    store = MemoryUsers()
    store.add_user(User(**fields))  # type: ignore[arg-type]  # as the tests name them
    return store


def access(store: MemoryUsers) -> CredentialVerifier:
    return CredentialVerifier(store, MemoryAuditSink(), clock=Clock())


def test_a_user_comes_in_with_the_right_password() -> None:
    user = access(users(business_units=("LT", "LV"))).verify_password("anna", PASSWORD)
    assert user is not None
    assert (user.name, user.business_units) == ("anna", ("LT", "LV"))


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "wrong"), ("anna", PASSWORD + " "), ("Anna", PASSWORD), ("berta", PASSWORD)]
)
def test_nobody_comes_in_with_a_wrong_password_or_name(name: str, password: str) -> None:
    assert access(users()).verify_password(name, password) is None


@pytest.mark.parametrize("name", ["", "anna\0", "an\ud800na", "anna:", " anna", "a" * 257, "a" * 10_000_000, "an\nna"])
def test_a_name_that_no_user_can_have_is_nobody_and_the_store_is_not_asked(name: str) -> None:
    store = users()
    assert access(store).verify_password(name, PASSWORD) is None
    assert store.asked == 0


@pytest.mark.parametrize("password", ["", "\0", PASSWORD + "\0", "\udcff", "x" * 1025, "ä" * 600, "x" * 10_000_000])
def test_a_password_that_nobody_can_have_lets_nobody_in(password: str) -> None:
    assert access(users()).verify_password("anna", password) is None


def test_a_password_may_have_any_characters_up_to_its_limit() -> None:
    password = "p:ä€𝄞 \t" + "x" * 1000
    assert access(users(password_hash=passwords.hash_password(password))).verify_password("anna", password) is not None


def test_a_disabled_user_stays_outside_from_the_next_request_on() -> None:
    store = users()
    recognised = access(store)
    assert recognised.verify_password("anna", PASSWORD) is not None
    store.disable_user("anna")
    assert recognised.verify_password("anna", PASSWORD) is None
    store.enable_user("anna")
    assert recognised.verify_password("anna", PASSWORD) is not None


def test_a_changed_password_counts_at_once_and_the_old_one_no_more() -> None:
    store = users()
    recognised = access(store)
    assert recognised.verify_password("anna", PASSWORD) is not None
    store.set_password("anna", passwords.hash_password("another horse"))
    assert recognised.verify_password("anna", PASSWORD) is None
    assert recognised.verify_password("anna", "another horse") is not None


@pytest.mark.parametrize("password_hash", [None, "", "no hash", "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA"])
def test_a_user_without_a_usable_hash_has_no_password(password_hash: str | None) -> None:
    assert access(users(password_hash=password_hash)).verify_password("anna", PASSWORD) is None


def test_an_unknown_user_costs_a_verification_like_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    matches = passwords.verify_password

    def noted(password_hash: str, password: str) -> bool:
        verified.append(password_hash)
        return matches(password_hash, password)

    recognised = access(users())
    monkeypatch.setattr(passwords, "verify_password", noted)
    recognised.verify_password("anna", "wrong")
    recognised.verify_password("nobody", "wrong")
    # The same parameters, so the same time.
    assert [text.rsplit("$", 2)[0] for text in verified] == [HASH.rsplit("$", 2)[0]] * 2


def test_hashes_are_argon2id_with_a_salt_of_their_own() -> None:
    assert HASH.startswith("$argon2id$")
    assert passwords.hash_password(PASSWORD) != HASH


@pytest.mark.parametrize(("role", "may"), [(Role.SUBMIT, True), (Role.ADMIN, True), (Role.READ, False)])
def test_who_reads_may_not_post_batches(role: Role, may: bool) -> None:
    assert can_submit(User("anna", role)) is may
