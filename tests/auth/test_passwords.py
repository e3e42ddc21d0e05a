"""Authentication by name and password."""

import pytest

from muster.audit.queue import AuditQueue
from muster.auth import passwords
from muster.auth.authentication import CredentialVerifier
from muster.auth.authorization import READ_CUSTOMERS, READ_METRICS, READ_RECORDS, SUBMIT_BATCHES
from muster.auth.users import Role, User
from tests.audit.fakes import MemoryAuditSink
from tests.auth.fakes import ManualClock, MemoryUsers
from tests.events import some_event

PASSWORD = "correct horse"
HASH = passwords.hash_password(PASSWORD)


def store_with_anna(password_hash: str | None = HASH, business_units: tuple[str, ...] = ()) -> MemoryUsers:
    store = MemoryUsers()
    store.add_user(User("anna", Role.SUBMIT, business_units, password_hash), some_event())
    return store


def make_verifier(store: MemoryUsers) -> CredentialVerifier:
    return CredentialVerifier(store, AuditQueue(MemoryAuditSink()), clock=ManualClock())


def test_user_is_authenticated_by_the_right_password() -> None:
    user = make_verifier(store_with_anna(business_units=("LT", "LV"))).verify_password("anna", PASSWORD)
    assert user is not None
    assert (user.name, user.business_units) == ("anna", ("LT", "LV"))


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "wrong"), ("anna", PASSWORD + " "), ("Anna", PASSWORD), ("berta", PASSWORD)]
)
def test_wrong_password_or_name_is_rejected(name: str, password: str) -> None:
    assert make_verifier(store_with_anna()).verify_password(name, password) is None


@pytest.mark.parametrize("name", ["", "anna\0", "an\ud800na", "anna:", " anna", "a" * 257, "a" * 10_000_000, "an\nna"])
def test_invalid_name_is_rejected_without_reading_the_store(name: str) -> None:
    store = store_with_anna()
    assert make_verifier(store).verify_password(name, PASSWORD) is None
    assert store.reads == 0


@pytest.mark.parametrize("password", ["", "\0", PASSWORD + "\0", "\udcff", "x" * 1025, "ä" * 600, "x" * 10_000_000])
def test_invalid_password_is_rejected(password: str) -> None:
    assert make_verifier(store_with_anna()).verify_password("anna", password) is None


def test_password_may_contain_any_characters_up_to_its_limit() -> None:
    password = "p:ä€𝄞 \t" + "x" * 1000
    assert (
        make_verifier(store_with_anna(password_hash=passwords.hash_password(password))).verify_password(
            "anna", password
        )
        is not None
    )


def test_disabled_user_is_rejected_from_the_next_request_on() -> None:
    store = store_with_anna()
    verifier = make_verifier(store)
    assert verifier.verify_password("anna", PASSWORD) is not None
    store.disable_user("anna", some_event())
    assert verifier.verify_password("anna", PASSWORD) is None
    store.enable_user("anna", some_event())
    assert verifier.verify_password("anna", PASSWORD) is not None


def test_changed_password_replaces_the_old_one_at_once() -> None:
    store = store_with_anna()
    verifier = make_verifier(store)
    assert verifier.verify_password("anna", PASSWORD) is not None
    store.set_password("anna", passwords.hash_password("another horse"), some_event())
    assert verifier.verify_password("anna", PASSWORD) is None
    assert verifier.verify_password("anna", "another horse") is not None


@pytest.mark.parametrize("password_hash", [None, "", "no hash", "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA"])
def test_user_without_a_readable_hash_is_rejected(password_hash: str | None) -> None:
    assert make_verifier(store_with_anna(password_hash=password_hash)).verify_password("anna", PASSWORD) is None


def test_unknown_user_takes_as_long_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    verify_password = passwords.verify_password

    def record(password_hash: str, password: str) -> bool:
        verified.append(password_hash)
        return verify_password(password_hash, password)

    verifier = make_verifier(store_with_anna())
    monkeypatch.setattr(passwords, "verify_password", record)
    verifier.verify_password("anna", "wrong")
    verifier.verify_password("nobody", "wrong")
    # Hashes with the same parameters take the same time.
    assert [text.rsplit("$", 2)[0] for text in verified] == [HASH.rsplit("$", 2)[0]] * 2


def test_hashes_are_argon2id_with_different_salts() -> None:
    assert HASH.startswith("$argon2id$")
    assert passwords.hash_password(PASSWORD) != HASH


@pytest.mark.parametrize(
    ("roles", "permitted"),
    [
        (Role.SUBMIT, [True, False, True, False]),
        (Role.READ, [False, True, True, False]),
        (Role.WATCH, [False, False, False, True]),
        (Role.AUDIT, [False, False, False, False]),
        (Role(0), [False, False, False, False]),
        (Role.ADMIN, [True, True, True, True]),
        (Role.SUBMIT | Role.READ, [True, True, True, False]),
        (Role.SUBMIT | Role.WATCH | Role.AUDIT, [True, False, True, True]),
    ],
)
def test_permissions_of_several_roles_add_up(roles: Role, permitted: list[bool]) -> None:
    permissions = (SUBMIT_BATCHES, READ_CUSTOMERS, READ_RECORDS, READ_METRICS)
    assert [permission.is_granted(User("anna", roles)) for permission in permissions] == permitted
