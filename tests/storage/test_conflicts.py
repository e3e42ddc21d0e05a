"""A conflict leaves nothing of the batch, and the session goes on."""

import pytest

from muster.intake.customer_store import AcceptedCustomer, Batch, ConflictError, RejectedCustomer
from muster.storage import Storage
from tests.storage.samples import answer, arrival, batch, counts, look_up, save

REJECTION = RejectedCustomer(9, "x", "x", "MAIN", (("C001", ""),))

CLASHES: dict[str, list[AcceptedCustomer]] = {
    "a number that is taken": [arrival("known", "other")],
    "a new customer that exists": [arrival("2", "customer")],
    "an update of a customer that doesn't exist": [arrival("2", "nobody", 2)],
    "an update of an older version": [arrival("2", "twice", 2)],
    "an update of a version that is yet to come": [arrival("2", "customer", 3)],
    "a number that comes twice": [arrival("2", "a"), arrival("2", "b")],
    "an update whose first of two versions is old": [arrival("2", "twice", 2), arrival("3", "twice", 3)],
}


@pytest.fixture
def known(store: Storage) -> Storage:
    save(store, arrival("known"), arrival("twice-1", "twice"))
    save(store, arrival("twice-2", "twice", 2))
    return store


@pytest.mark.parametrize("clashing", CLASHES.values(), ids=CLASHES.keys())
def test_a_conflict_leaves_nothing_half_written(known: Storage, clashing: list[AcceptedCustomer]) -> None:
    before = counts(known)
    sound = [
        arrival("0", "0-new"),
        arrival("9", "9-new"),
        arrival("known-2", "known-2"),
        arrival("p1", "p"),
        arrival("p2", "p", 2),
    ]
    with known.customers.session() as session:
        with pytest.raises(ConflictError):
            session.save(batch(*sound, *clashing, rejected=(REJECTION,)), answer)
        assert counts(known) == before
        session.save(batch(*sound), answer)

    assert look_up(known, ["0", "2", "9"]).numbers == {"0", "9"}


def test_a_conflict_of_updates_leaves_the_other_updates_undone(known: Storage) -> None:
    with pytest.raises(ConflictError):
        save(known, arrival("a", "customer", 2), arrival("b", "twice", 2))

    versions = look_up(known, [], [("MAIN", "customer"), ("MAIN", "twice")]).versions
    assert versions == {("MAIN", "customer"): 1, ("MAIN", "twice"): 2}


def test_a_batch_that_was_saved_cannot_be_saved_again(store: Storage) -> None:
    given = batch(arrival("1"))
    with store.customers.session() as session:
        session.save(given, answer)
        with pytest.raises(ConflictError):
            session.save(Batch(given.id, given.received_at, given.sender), answer)

    assert counts(store)["batches"] == 1


class Broken(bytes):
    """A document that fails while it is being written."""

    def decode(self, *_: object) -> str:  # as SQLite's writer asks for it
        raise RuntimeError("in the middle")

    def __len__(self) -> int:  # as PostgreSQL's does
        raise RuntimeError("in the middle")


def test_whatever_goes_wrong_is_rolled_back(store: Storage) -> None:
    with store.customers.session() as session:
        with pytest.raises(RuntimeError):
            session.save(batch(arrival("1"), arrival("2", "2", document=Broken())), answer)
        session.save(batch(arrival("1")), answer)

    assert counts(store)["communications"] == 1


def test_a_session_that_ends_in_an_error_gives_its_connection_back(store: Storage) -> None:
    def fail() -> None:
        with store.customers.session() as session:
            session.look_up(["1"], [])
            raise RuntimeError

    for _ in range(40):  # more than there are connections
        with pytest.raises(RuntimeError):
            fail()
    assert look_up(store, ["1"]).numbers == frozenset()


def test_a_conflict_names_no_values(store: Storage) -> None:
    save(store, arrival("secret-number", "secret-customer"))
    with store.customers.session() as session, pytest.raises(ConflictError) as caught:
        session.save(batch(arrival("secret-number", "secret-customer")), answer)

    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_identifiers_of_any_characters_are_found_again(store: Storage) -> None:
    strange = ["a\x1fb", "\x1f", "ž🦊", "{\"a\",'b'}", "a,b", "\\", " x ", "%s"]
    save(store, *(arrival(name, name) for name in strange))
    near = ["a", "b", "\x1f\x1f", "x", "a\x1f"]
    known = look_up(store, strange + near, [("MAIN", name) for name in strange + near])
    assert known.numbers == set(strange)
    assert known.versions == {("MAIN", name): 1 for name in strange}
    save(store, *(arrival(f"{name}2", name, 2) for name in strange))
    assert look_up(store, [], [("MAIN", name) for name in strange]).versions == {("MAIN", n): 2 for n in strange}
