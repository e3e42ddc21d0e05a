"""What was saved can be asked for."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from muster.intake.customer_store import RejectedCustomer
from muster.intake.service import generate_batch_id
from muster.records.record_store import BatchSummary, Communication
from muster.storage import Storage
from tests.storage.samples import ANSWER, AT, answer, arrival, batch, read


def test_a_communication_tells_its_customer_and_its_batch(store: Storage) -> None:
    given = batch(arrival("n/ž", "c", business_unit="B"), arrival("2", "c", 2, business_unit="B"))
    with store.customers.session() as session:
        session.save(given, answer)

    assert store.records.communication("n/ž") == Communication("n/ž", "c", "B", 1, given.id, AT, "sender")
    second = store.records.communication("2")
    assert second is not None
    assert second.version == 2
    assert store.records.communication("3") is None


def test_batches_come_newest_first_in_pages(store: Storage) -> None:
    ids: list[UUID] = []
    with store.customers.session() as session:
        for number in range(5):
            at = AT + timedelta(seconds=number)
            sender = "anna" if number % 2 else "tom"
            rejected = (RejectedCustomer(0, None, None, None, (("C018", ""),)),) * number
            made = replace(
                batch(arrival(str(number), str(number))), id=generate_batch_id(at), received_at=at, sender=sender
            )
            session.save(replace(made, rejected=tuple(replace(r, position=p) for p, r in enumerate(rejected))), answer)
            ids.append(made.id)

    newest = store.records.batches(sender=None, before=None, limit=2)
    assert [found.id for found in newest] == [ids[4], ids[3]]
    assert newest[0] == store.records.batch(ids[4]) == BatchSummary(ids[4], AT + timedelta(seconds=4), "tom", 1, 4)
    assert [found.id for found in store.records.batches(sender=None, before=ids[3], limit=9)] == ids[2::-1]
    assert [found.id for found in store.records.batches(sender="anna", before=None, limit=9)] == [ids[3], ids[1]]


def test_an_answer_is_given_back_while_it_is_kept(store: Storage) -> None:
    given = batch(arrival("1"))
    with store.customers.session() as session:
        session.save(given, answer)
    assert store.records.answer(given.id) == ANSWER

    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE batches SET answer = NULL")
    assert store.records.answer(given.id) is None
    assert store.records.batch(given.id) is not None
    assert len(read(store, "SELECT id FROM batches")) == 1


def test_what_is_not_there_is_none(store: Storage) -> None:
    assert store.records.batch(uuid4()) is None
    assert store.records.answer(uuid4()) is None
    assert list(store.records.batches(sender=None, before=None, limit=1)) == []


def test_a_customer_is_given_as_it_stands_and_as_it_stood(store: Storage) -> None:
    with store.customers.session() as session:
        for version in (1, 2, 3):
            new = arrival(str(version), "c", version, document=f'{{"amount":0.{version}0}}'.encode())
            at = AT + timedelta(hours=version)
            session.save(replace(batch(new, arrival(f"other {version}", "d", version)), received_at=at), answer)

    current = store.records.customer("c", "MAIN", None)
    assert current is not None
    assert (current.version, current.communication_number, current.accepted_by) == (3, "3", "sender")
    assert current.accepted_at == AT + timedelta(hours=3)
    assert b"0.30" in current.document
    moments = [timedelta(0), timedelta(hours=1), timedelta(hours=2.5), timedelta(days=1)]
    then = [store.records.customer("c", "MAIN", AT + moment) for moment in moments]
    assert [found and found.version for found in then] == [None, 1, 2, 3]


def test_versions_come_newest_first_in_pages(store: Storage) -> None:
    with store.customers.session() as session:
        session.save(batch(*(arrival(str(version), "c", version) for version in (1, 2, 3))), answer)
        session.save(batch(arrival("4", "c", 4), arrival("5", "c", business_unit="B")), answer)

    def versions(unit: str, below: int | None, limit: int) -> list[int]:
        return [found.version for found in store.records.versions("c", unit, below=below, limit=limit)]

    assert versions("MAIN", None, 9) == [4, 3, 2, 1]
    assert versions("MAIN", None, 2) == [4, 3]
    assert versions("MAIN", 3, 9) == [2, 1]
    assert versions("B", None, 9) == [1]
    assert versions("C", None, 9) == []
