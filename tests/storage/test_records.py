"""Reading batches, communications and customer versions from the database."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from muster.intake.customer_store import RejectedCustomer
from muster.intake.service import generate_batch_id
from muster.records.record_store import BatchSummary, Communication
from muster.storage import Storage
from tests.storage.samples import AT, RESPONSE, build_batch, build_customer, fetch, list_batches, save


def test_communication_has_its_customer_and_its_batch(storage: Storage) -> None:
    given = build_batch(build_customer("n/ž", "c", business_unit="B"), build_customer("2", "c", 2, business_unit="B"))
    with storage.customers.session() as session:
        session.save(given, RESPONSE)

    assert storage.records.communication("n/ž") == Communication("n/ž", "c", "B", 1, given.id, AT, "sender")
    second = storage.records.communication("2")
    assert second is not None
    assert second.version == 2
    assert storage.records.communication("3") is None


def test_batches_are_paged_newest_first(storage: Storage) -> None:
    ids: list[UUID] = []
    with storage.customers.session() as session:
        for number in range(5):
            at = AT + timedelta(seconds=number)
            sender = "anna" if number % 2 else "tom"
            rejected = (RejectedCustomer(0, None, None, None, (("C018", ""),)),) * number
            made = replace(
                build_batch(build_customer(str(number), str(number))),
                id=generate_batch_id(at),
                received_at=at,
                sender=sender,
            )
            session.save(
                replace(made, rejected=tuple(replace(r, position=p) for p, r in enumerate(rejected))), RESPONSE
            )
            ids.append(made.id)

    newest = list_batches(storage, sender=None, before=None, limit=2)
    assert [found.id for found in newest] == [ids[4], ids[3]]
    assert (
        newest[0]
        == storage.records.batch(ids[4])
        == BatchSummary(ids[4], AT + timedelta(seconds=4), "tom", 1, 4, warnings=0)
    )
    assert [found.id for found in list_batches(storage, sender=None, before=ids[3], limit=9)] == ids[2::-1]
    assert [found.id for found in list_batches(storage, sender="anna", before=None, limit=9)] == [ids[3], ids[1]]


def test_response_is_returned_until_it_is_removed(storage: Storage) -> None:
    given = build_batch(build_customer("1"))
    with storage.customers.session() as session:
        session.save(given, RESPONSE)
    assert storage.records.response(given.id) == RESPONSE

    with storage.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE batches SET answer = NULL")
    assert storage.records.response(given.id) is None
    assert storage.records.batch(given.id) is not None
    assert len(fetch(storage, "SELECT id FROM batches")) == 1


def test_unknown_batch_is_none(storage: Storage) -> None:
    assert storage.records.batch(uuid4()) is None
    assert storage.records.response(uuid4()) is None
    assert list(list_batches(storage, sender=None, before=None, limit=1)) == []


def test_customer_is_read_now_and_at_a_moment(storage: Storage) -> None:
    with storage.customers.session() as session:
        for version in (1, 2, 3):
            new = build_customer(str(version), "c", version, document=f'{{"amount":0.{version}0}}'.encode())
            at = AT + timedelta(hours=version)
            session.save(
                replace(build_batch(new, build_customer(f"other {version}", "d", version)), received_at=at),
                RESPONSE,
            )

    current = storage.records.customer("c", "MAIN", None)
    assert current is not None
    assert (current.version, current.communication_number, current.accepted_by) == (3, "3", "sender")
    assert current.accepted_at == AT + timedelta(hours=3)
    assert b"0.30" in current.document
    moments = [timedelta(0), timedelta(hours=1), timedelta(hours=2.5), timedelta(days=1)]
    past = [storage.records.customer("c", "MAIN", AT + moment) for moment in moments]
    assert [found and found.version for found in past] == [None, 1, 2, 3]


def test_versions_are_paged_newest_first(storage: Storage) -> None:
    with storage.customers.session() as session:
        session.save(build_batch(*(build_customer(str(version), "c", version) for version in (1, 2, 3))), RESPONSE)
        session.save(build_batch(build_customer("4", "c", 4), build_customer("5", "c", business_unit="B")), RESPONSE)

    def versions(unit: str, below: int | None, limit: int) -> list[int]:
        return [
            found.version
            for found in storage.records.versions("c", unit, below=below, limit=limit, max_bytes=1_000_000)
        ]

    assert versions("MAIN", None, 9) == [4, 3, 2, 1]
    assert versions("MAIN", None, 2) == [4, 3]
    assert versions("MAIN", 3, 9) == [2, 1]
    assert versions("B", None, 9) == [1]
    assert versions("C", None, 9) == []


def test_units_of_an_identifier_are_found_among_those_that_are_asked_for(storage: Storage) -> None:
    given = (build_customer(unit, "c", business_unit=unit) for unit in ("B", "A", "ž"))
    save(storage, *given, build_customer("other", "d", business_unit="C"))

    assert storage.records.customer_units("c", None) == ["A", "B", "ž"]
    assert storage.records.customer_units("c", {"B", "C"}) == ["B"]
    assert storage.records.customer_units("c", frozenset()) == []
    assert storage.records.customer_units("unknown", None) == []


def test_replacement_of_a_version_is_the_next_one_current_or_not(storage: Storage) -> None:
    save(storage, *(build_customer(str(version), "c", version) for version in (1, 2, 3)))

    replacements = [storage.records.replacement("c", "MAIN", version) for version in (1, 2, 3)]
    assert [found and (found.version, found.communication_number) for found in replacements] == [
        (2, "2"),
        (3, "3"),
        None,
    ]
    assert replacements[0] == storage.records.communication("2")
    assert storage.records.replacement("c", "B", 1) is None


def test_version_is_found_by_its_number_current_or_not(storage: Storage) -> None:
    save(storage, *(build_customer(str(version), "c", version) for version in (1, 2)))

    found = [storage.records.version("c", "MAIN", number) for number in (1, 2, 3)]
    assert found[0] is not None
    assert found == [found[0], storage.records.customer("c", "MAIN", None), None]
    assert (found[0].version, found[0].communication_number, found[0].accepted_at) == (1, "1", AT)
    assert found[0].document.replace(b" ", b"") == b'{"from":"1"}'
    assert storage.records.version("c", "B", 1) is None


def test_version_is_found_by_a_moment_among_many(storage: Storage) -> None:
    with storage.customers.session() as session:
        for version in range(1, 14):
            at = AT + timedelta(hours=version)
            session.save(replace(build_batch(build_customer(str(version), "c", version)), received_at=at), RESPONSE)

    found = [storage.records.customer("c", "MAIN", AT + timedelta(hours=hour)) for hour in (14, 12, 3, 1, 0)]
    assert [version and version.version for version in found] == [13, 12, 3, 1, None]
