"""A conflict writes nothing of the batch, and the session stays usable."""

import pytest

from muster.intake.customer_store import Batch, ConflictError, RejectedCustomer
from muster.intake.write_plan import AcceptedCustomer
from muster.storage import Storage
from tests.storage.samples import RESPONSE, build_batch, build_customer, count_rows, look_up, save

REJECTION = RejectedCustomer(9, "x", "x", "MAIN", (("C001", ""),))

CONFLICTS: dict[str, list[AcceptedCustomer]] = {
    "a used number": [build_customer("known", "other")],
    "a new customer that exists": [build_customer("2", "customer")],
    "an update of a customer that doesn't exist": [build_customer("2", "nobody", 2)],
    "an update of an older version": [build_customer("2", "twice", 2)],
    "an update of a future version": [build_customer("2", "customer", 3)],
    "a number that occurs twice": [build_customer("2", "a"), build_customer("2", "b")],
    "an update whose first of two versions is old": [build_customer("2", "twice", 2), build_customer("3", "twice", 3)],
}


@pytest.fixture
def known(storage: Storage) -> Storage:
    save(storage, build_customer("known"), build_customer("twice-1", "twice"))
    save(storage, build_customer("twice-2", "twice", 2))
    return storage


@pytest.mark.parametrize("conflicting", CONFLICTS.values(), ids=CONFLICTS.keys())
def test_conflict_writes_nothing_of_the_batch(known: Storage, conflicting: list[AcceptedCustomer]) -> None:
    before = count_rows(known)
    valid = [
        build_customer("0", "0-new"),
        build_customer("9", "9-new"),
        build_customer("known-2", "known-2"),
        build_customer("p1", "p"),
        build_customer("p2", "p", 2),
    ]
    with known.customers.session() as session:
        with pytest.raises(ConflictError):
            session.save(build_batch(*valid, *conflicting, rejected=(REJECTION,)), RESPONSE)
        assert count_rows(known) == before
        session.save(build_batch(*valid), RESPONSE)

    assert look_up(known, ["0", "2", "9"]).numbers == {"0", "9"}


def test_conflicting_update_rolls_back_the_other_updates(known: Storage) -> None:
    with pytest.raises(ConflictError):
        save(known, build_customer("a", "customer", 2), build_customer("b", "twice", 2))

    versions = look_up(known, [], [("MAIN", "customer"), ("MAIN", "twice")]).versions
    assert versions == {("MAIN", "customer"): 1, ("MAIN", "twice"): 2}


def test_saved_batch_cannot_be_saved_again(storage: Storage) -> None:
    given = build_batch(build_customer("1"))
    with storage.customers.session() as session:
        session.save(given, RESPONSE)
        with pytest.raises(ConflictError):
            session.save(Batch(given.id, given.received_at, given.sender), RESPONSE)

    assert count_rows(storage)["batches"] == 1


class BrokenDocument(bytes):
    """Fails while it is written."""

    def decode(self, *_: object) -> str:  # called for SQLite
        raise RuntimeError("in the middle")

    def __len__(self) -> int:  # called for PostgreSQL
        raise RuntimeError("in the middle")


def test_any_error_rolls_back_the_batch(storage: Storage) -> None:
    with storage.customers.session() as session:
        with pytest.raises(RuntimeError):
            session.save(
                build_batch(build_customer("1"), build_customer("2", "2", document=BrokenDocument())), RESPONSE
            )
        session.save(build_batch(build_customer("1")), RESPONSE)

    assert count_rows(storage)["communications"] == 1


def test_a_session_that_ends_in_an_error_gives_its_connection_back(storage: Storage) -> None:
    def fail() -> None:
        with storage.customers.session() as session:
            session.look_up(["1"], [])
            raise RuntimeError

    for _ in range(40):  # more than there are connections
        with pytest.raises(RuntimeError):
            fail()
    assert look_up(storage, ["1"]).numbers == frozenset()


def test_conflict_message_contains_no_values(storage: Storage) -> None:
    save(storage, build_customer("secret-number", "secret-customer"))
    with storage.customers.session() as session, pytest.raises(ConflictError) as error:
        session.save(build_batch(build_customer("secret-number", "secret-customer")), RESPONSE)

    assert "secret" not in str(error.value)
    assert error.value.__context__ is None
    assert error.value.__cause__ is None


def test_identifiers_of_any_characters_are_found(storage: Storage) -> None:
    unusual = ["a\x1fb", "\x1f", "ž🦊", "{\"a\",'b'}", "a,b", "\\", " x ", "%s"]
    save(storage, *(build_customer(name, name) for name in unusual))
    similar = ["a", "b", "\x1f\x1f", "x", "a\x1f"]
    known = look_up(storage, unusual + similar, [("MAIN", name) for name in unusual + similar])
    assert known.numbers == set(unusual)
    assert known.versions == {("MAIN", name): 1 for name in unusual}
    save(storage, *(build_customer(f"{name}2", name, 2) for name in unusual))
    assert look_up(storage, [], [("MAIN", name) for name in unusual]).versions == {("MAIN", n): 2 for n in unusual}


def test_keys_of_a_large_batch_are_found_among_others_and_in_their_unit(storage: Storage) -> None:
    names = [f"{number}\x1f" for number in range(400)]  # with the separator of lists
    save(storage, *(build_customer(name, name) for name in names[::2]))
    save(storage, *(build_customer(f"north-{name}", name, business_unit="NORTH") for name in names[::4]))
    known = look_up(storage, names, [(unit, name) for name in names[:200] for unit in ("MAIN", "SOUTH")])
    assert known.numbers == set(names[::2])
    assert known.versions == {("MAIN", name): 1 for name in names[:200:2]}
    in_one_unit = look_up(storage, [], [("NORTH", name) for name in names])
    assert (in_one_unit.numbers, in_one_unit.versions) == (frozenset(), {("NORTH", name): 1 for name in names[::4]})
