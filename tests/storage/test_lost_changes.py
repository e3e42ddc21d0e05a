"""The connection to PostgreSQL breaks while a change is committed: the error says that nobody knows what happened."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from faults.commit_proxy import CommitProxy, Cut, run_proxy
from muster.audit.events import Action, AuditEvent
from muster.auth.users import ChangeOutcome, Role, Token, User
from muster.classifiers.entries import ClassifierEntry
from muster.intake.customer_store import OutcomeUnknownError
from muster.storage import Storage, StorageUnavailableError, open_storage

ANNA = User("anna", Role.SUBMIT, (), "hash", False)
TOKEN = Token("id", "anna", b"s" * 32, datetime.now(UTC), None, None)
EVENT = AuditEvent("os:root", Action.USER_ADDED, "anna", {})

CHANGES: dict[str, Callable[[Storage], object]] = {
    "users": lambda storage: storage.users.add_user(User("bert", Role.SUBMIT, (), "hash", False), EVENT),
    "passwords": lambda storage: storage.users.set_password("anna", "other", EVENT),
    "disabled users": lambda storage: storage.users.disable_user("anna", EVENT),
    "tokens": lambda storage: storage.users.add_token(TOKEN, EVENT),
    "classifiers": lambda storage: storage.classifiers.write([ClassifierEntry("legalForm", "X", "x")], replace=False),
    "removed codes": lambda storage: storage.classifiers.remove("legalForm", ["X"]),
    "audit log": lambda storage: storage.audit.append(EVENT),
}


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[CommitProxy]:
    with run_proxy(postgres_url) as proxy:
        yield proxy


@pytest.mark.parametrize("cut", [Cut.ANSWER_DROPPED, Cut.COMMIT_DROPPED])
def test_change_whose_commit_got_no_answer_is_neither_made_nor_failed(proxy: CommitProxy, cut: Cut) -> None:
    storage = open_storage(proxy.url)
    storage.users.add_user(ANNA)
    for name, change in CHANGES.items():
        cuts = [cut]
        proxy.choose_cut = lambda cuts=cuts: cuts.pop() if cuts else None  # type: ignore[misc]
        with pytest.raises(OutcomeUnknownError, match="may have been made or not") as caught:
            change(storage)
        assert isinstance(caught.value, StorageUnavailableError), name
        assert (caught.value.__cause__, caught.value.__context__) == (None, None), "a driver's error may have values"
    anna = storage.users.user("anna")
    assert anna is not None
    assert (anna.disabled, anna.password_hash) == ((True, "other") if cut is Cut.ANSWER_DROPPED else (False, "hash"))
    storage.close()


def test_error_of_a_commit_on_an_open_connection_is_certain(postgres_url: str) -> None:
    storage = open_storage(postgres_url)
    with storage.engine.begin() as connection:
        connection.exec_driver_sql(
            "ALTER TABLE users ADD CONSTRAINT refused UNIQUE (password_hash) DEFERRABLE INITIALLY DEFERRED"
        )
    storage.users.add_user(ANNA)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any type but one
        storage.users.add_user(User("bert", Role.SUBMIT, (), "hash", False))
    assert not isinstance(caught.value, OutcomeUnknownError)
    assert storage.users.disable_user("anna") is ChangeOutcome.CHANGED
    storage.close()
