"""Who sees what of the records."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from muster.audit.events import Action, AuditEvent
from muster.auth.users import Role, User
from muster.records.reading import RecordReader, UnitRequiredError
from muster.records.record_store import BatchSummary, Communication, CustomerVersion
from tests.audit.fakes import MemoryTrail

AT = datetime(2024, 5, 26, tzinfo=UTC)
BATCH = BatchSummary(uuid4(), AT, "sender", 3, 1)
UNITS = ["NORTH", "SOUTH", "NORTH", None]
RESULTS = [{"communicationNumber": str(place), "businessUnit": unit} for place, unit in enumerate(UNITS)]

VERSIONS = [
    CustomerVersion(str(version), "c", "NORTH", version, BATCH.id, AT, BATCH.sender, document)
    for version, document in ((3, b'{"a":2}'), (2, b'{"a":1,"b":1}'), (1, b'{"a":1}'))
]


@dataclass
class MemoryRecords:
    """One batch, and one communication of it in the unit NORTH."""

    answers: dict[UUID, bytes] = field(default_factory=lambda: {BATCH.id: json.dumps({"results": RESULTS}).encode()})

    def communication(self, number: str) -> Communication | None:
        return Communication("0", "c", "NORTH", 1, BATCH.id, AT, BATCH.sender) if number == "0" else None

    def batch(self, batch_id: UUID) -> BatchSummary | None:
        return BATCH if batch_id == BATCH.id else None

    def batches(self, *, sender: str | None, before: UUID | None, limit: int) -> Sequence[BatchSummary]:
        return [BATCH] if sender in (None, BATCH.sender) else []

    def customer(self, ext_id: str, unit: str, at: datetime | None) -> CustomerVersion | None:
        return VERSIONS[0] if (ext_id, unit) == ("c", "NORTH") and (at is None or at >= AT) else None

    def versions(self, ext_id: str, unit: str, *, below: int | None, limit: int) -> Sequence[CustomerVersion]:
        of_customer = VERSIONS if (ext_id, unit) == ("c", "NORTH") else []
        return [found for found in of_customer if below is None or found.version < below][:limit]

    def answer(self, batch_id: UUID) -> bytes | None:
        return self.answers.get(batch_id)


def records(*units: str, store: MemoryRecords | None = None, trail: MemoryTrail | None = None) -> RecordReader:
    return RecordReader(
        store or MemoryRecords(), lambda: frozenset(units or ("NORTH", "SOUTH")), trail or MemoryTrail()
    )


ADMIN = User("admin", Role.ADMIN)
SENDER = User("sender", Role.SUBMIT, ("SOUTH",))
OTHER_SENDER = User("other", Role.SUBMIT, ("NORTH",))
NORTH = User("north", Role.READ, ("NORTH",))
SOUTH = User("south", Role.READ, ("SOUTH",))
NOWHERE = User("nowhere", Role.READ)
WATCHER = User("watcher", Role.WATCH, ("NORTH",))
ALL = list(range(4))


@pytest.mark.parametrize(
    ("user", "communication", "batch", "results"),
    [
        (ADMIN, True, True, ALL),
        (SENDER, True, True, ALL),
        (OTHER_SENDER, False, False, None),
        (NORTH, True, True, [0, 2]),
        (SOUTH, False, True, [1]),
        (NOWHERE, False, True, []),
        (WATCHER, False, False, None),
    ],
)
def test_everybody_sees_what_role_and_units_allow(
    user: User, communication: bool, batch: bool, results: list[int] | None
) -> None:
    assert (records().communication("0", user) is not None) is communication
    assert (records().batch(BATCH.id, user) is not None) is batch
    assert (list(records().batches(user, before=None, limit=10)) == [BATCH]) is batch
    page = records().results(BATCH.id, user, start=0, limit=10)
    seen = None if page is None else [int(json.loads(bytes(result))["communicationNumber"]) for result in page[0]]
    assert seen == results


def test_the_only_unit_of_an_installation_is_everybodys() -> None:
    assert records("NORTH").communication("0", SOUTH) is not None


@pytest.mark.parametrize(
    ("user", "start", "limit", "places", "following"),
    [(ADMIN, 0, 3, [0, 1, 2], 3), (ADMIN, 3, 3, [3], None), (ADMIN, 0, 4, ALL, None), (ADMIN, 9, 1, [], None),
     (NORTH, 0, 1, [0], 2), (NORTH, 2, 1, [2], None), (NORTH, 1, 5, [2], None)],
)  # fmt: skip
def test_a_page_says_where_the_next_one_begins(
    user: User, start: int, limit: int, places: list[int], following: int | None
) -> None:
    found = records().results(BATCH.id, user, start=start, limit=limit)
    assert found is not None
    assert [int(json.loads(bytes(result))["communicationNumber"]) for result in found[0]] == places
    assert found[1] == following


def test_what_is_not_on_record_is_none() -> None:
    assert records().communication("1", ADMIN) is None
    assert records().batch(uuid4(), ADMIN) is None
    assert records().results(uuid4(), ADMIN, start=0, limit=1) is None
    assert records(store=MemoryRecords(answers={})).results(BATCH.id, ADMIN, start=0, limit=1) is None


@pytest.mark.parametrize(
    ("user", "unit", "seen"),
    [(ADMIN, "NORTH", True), (ADMIN, "SOUTH", False), (ADMIN, "GONE", False), (NORTH, None, True),
     (NORTH, "NORTH", True), (NORTH, "SOUTH", False), (SOUTH, None, False), (SOUTH, "NORTH", False)],
)  # fmt: skip
def test_a_customer_is_seen_in_the_units_of_its_reader(user: User, unit: str | None, seen: bool) -> None:
    assert (records().customer("c", unit, user, at=None) is not None) is seen
    assert (records().history("c", unit, user, below=None, limit=9) is not None) is seen


@pytest.mark.parametrize("user", [ADMIN, NOWHERE])
def test_a_reader_without_a_unit_of_its_own_says_which_one(user: User) -> None:
    with pytest.raises(UnitRequiredError):
        records().customer("c", None, user, at=None)
    assert records("NORTH").customer("c", None, user, at=None) is not None


def test_the_history_tells_what_each_version_changed() -> None:
    found = records().history("c", None, NORTH, below=None, limit=9)
    assert found is not None
    assert [(change.version.version, change.changed) for change in found] == [(3, ["/a", "/b"]), (2, ["/b"]), (1, [""])]


def test_a_page_of_the_history_tells_it_by_versions_that_are_not_on_it() -> None:
    newest = records().history("c", None, NORTH, below=None, limit=1)
    rest = records().history("c", None, NORTH, below=3, limit=2)
    assert newest is not None
    assert rest is not None
    assert [(change.version.version, change.changed) for change in newest] == [(3, ["/a", "/b"])]
    assert [(change.version.version, change.changed) for change in rest] == [(2, ["/b"]), (1, [""])]


def test_an_admin_sees_what_stands_in_a_unit_that_the_installation_has_no_longer() -> None:
    assert records("SOUTH", "WEST").customer("c", "NORTH", ADMIN, at=None) is not None
    assert records("SOUTH", "WEST").customer("c", "NORTH", NORTH, at=None) is None


def test_who_read_which_customer_is_on_record_and_who_got_nothing_is_not() -> None:
    trail = MemoryTrail()
    there = records(trail=trail)
    there.customer("c", None, NORTH, at=None)
    there.history("c", None, NORTH, below=None, limit=2)
    there.customer("c", None, SOUTH, at=None)
    there.history("nobody", None, NORTH, below=None, limit=2)
    assert trail.events == [
        AuditEvent("north", Action.CUSTOMER_READ, "c", {"businessUnit": "NORTH", "version": 3, "versions": 1}),
        AuditEvent("north", Action.HISTORY_READ, "c", {"businessUnit": "NORTH", "version": 3, "versions": 2}),
    ]


def test_nobody_reads_a_customer_that_can_not_be_put_on_record() -> None:
    there = records(trail=MemoryTrail(away=RuntimeError("the log is away")))
    with pytest.raises(RuntimeError):
        there.customer("c", None, NORTH, at=None)
    with pytest.raises(RuntimeError):
        there.history("c", None, NORTH, below=None, limit=9)
