"""Customers and their history are visible by business unit, and every read is audited first."""

from collections.abc import Sequence

import pytest

from muster.audit.events import Action, AuditEvent
from muster.auth.users import User
from muster.records.document_diff import parse_document
from muster.records.reading import HistoryBounds, RecordReader
from muster.records.visibility import UnitRequiredError
from tests.audit.fakes import MemoryAuditSink
from tests.records.fakes import ADMIN, NORTH, READER_WITHOUT_UNITS, SENDER, SOUTH, VERSIONS, MemoryRecords, build_reader


def read_changes(reader: RecordReader, limit: int, below: int | None = None) -> list[tuple[int, Sequence[str]]]:
    page = reader.history("c", None, NORTH, below=below, limit=limit)
    return [(change.version.version, change.changed) for change in page.items] if page else []


@pytest.mark.parametrize(
    ("user", "unit", "is_visible"),
    [(ADMIN, "NORTH", True), (ADMIN, "SOUTH", False), (ADMIN, "GONE", False), (NORTH, None, True),
     (NORTH, "NORTH", True), (NORTH, "SOUTH", False), (SOUTH, None, False), (SOUTH, "NORTH", False)],
)  # fmt: skip
def test_customer_is_visible_in_the_units_of_its_reader(user: User, unit: str | None, is_visible: bool) -> None:
    assert (build_reader().customer("c", unit, user, at=None) is not None) is is_visible
    assert (build_reader().history("c", unit, user, below=None, limit=9) is not None) is is_visible


@pytest.mark.parametrize("user", [ADMIN, READER_WITHOUT_UNITS])
def test_reader_without_a_default_unit_must_name_one(user: User) -> None:
    with pytest.raises(UnitRequiredError):
        build_reader().customer("c", None, user, at=None)
    assert build_reader("NORTH").customer("c", None, user, at=None) is not None


@pytest.mark.parametrize("unit", [None, "NORTH", "SOUTH"])
def test_reader_whose_units_exist_no_longer_sees_no_customer(unit: str | None) -> None:
    reader = build_reader("NORTH")
    assert reader.customer("c", unit, SOUTH, at=None) is None
    assert reader.history("c", unit, SOUTH, below=None, limit=9) is None


def test_history_states_what_each_version_changed() -> None:
    assert read_changes(build_reader(), limit=9) == [
        (3, ["/a", "/b"]),
        (2, ["/b"]),
        (1, [""]),
    ]


def test_changes_of_a_page_refer_to_versions_beyond_it() -> None:
    assert read_changes(build_reader(), limit=1) == [(3, ["/a", "/b"])]
    assert read_changes(build_reader(), limit=2, below=3) == [(2, ["/b"]), (1, [""])]


@pytest.mark.parametrize(("below", "limit", "following"), [(None, 1, 3), (None, 2, 2), (None, 3, None), (2, 9, None)])
def test_page_has_the_number_with_which_the_next_one_continues(
    below: int | None, limit: int, following: int | None
) -> None:
    page = build_reader().history("c", None, NORTH, below=below, limit=limit)
    assert page is not None
    assert page.next == following


def test_page_reads_one_document_more_than_it_has_versions() -> None:
    store = MemoryRecords()
    read_changes(build_reader(store=store, max_page_bytes=77), limit=2)
    assert store.limits == [(3, 77)]


def test_page_ends_early_when_its_documents_are_large_and_the_next_one_continues() -> None:
    reader = build_reader(max_page_bytes=1)
    pages, below = [], None
    for _ in range(3):
        page = reader.history("c", None, NORTH, below=below, limit=9)
        assert page is not None
        pages.append([(change.version.version, change.changed) for change in page.items])
        below = page.next
    assert pages == [[(3, ["/a", "/b"])], [(2, ["/b"]), (1, [""])], [(3, ["/a", "/b"])]]


def test_changes_with_values_end_at_the_bound_and_say_that_there_are_more() -> None:
    reader = build_reader()
    for bound, pointers, has_more in ((1, ["/a"], True), (2, ["/a", "/b"], False), (None, ["/a", "/b"], False)):
        bounds = HistoryBounds(max_values=bound)
        page = reader.history("c", None, NORTH, below=None, limit=1, with_values=True, bounds=bounds)
        assert page is not None
        [change] = page.items
        assert (change.changed, change.has_more) == (pointers, has_more)
        assert [value.pointer for value in change.values or ()] == pointers


def test_each_document_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []

    def count(document: bytes) -> object:
        parsed.append(document)
        return parse_document(document)

    monkeypatch.setattr("muster.records.history.parse_document", count)
    read_changes(build_reader(), limit=9)
    assert parsed == [version.document for version in VERSIONS]


@pytest.mark.parametrize(("number", "found"), [(0, None), (1, 1), (2, 2), (3, 3), (4, None), (999_999_999, None)])
def test_version_is_found_by_its_number(number: int, found: int | None) -> None:
    version = build_reader().version("c", "NORTH", NORTH, number)
    assert (version and version.version) == found


def test_version_is_read_where_the_user_may_read_and_then_audited() -> None:
    audit = MemoryAuditSink()
    reader = build_reader(audit=audit)
    assert reader.version("c", "NORTH", SOUTH, 2) is None
    assert reader.version("c", "NORTH", NORTH, 9) is None
    assert reader.version("c", "NORTH", NORTH, 2) is not None
    assert audit.events == [
        AuditEvent("north", Action.CUSTOMER_READ, "c", {"businessUnit": "NORTH", "version": 2, "versions": 1})
    ]


def test_replacement_of_a_version_is_the_next_one() -> None:
    replacements = [build_reader().replacement(version) for version in VERSIONS]
    assert [found and found.version for found in replacements] == [None, 3, 2]


@pytest.mark.parametrize(
    ("user", "unit", "units"),
    [(ADMIN, None, ["NORTH"]), (ADMIN, "NORTH", ["NORTH"]), (ADMIN, "SOUTH", []), (NORTH, None, ["NORTH"]),
     (NORTH, "SOUTH", []), (SOUTH, None, []), (SOUTH, "NORTH", []), (READER_WITHOUT_UNITS, None, []),
     (SENDER, None, []), (SENDER, "NORTH", [])],
)  # fmt: skip
def test_units_of_a_customer_are_found_among_those_of_the_user_without_an_entry(
    user: User, unit: str | None, units: list[str]
) -> None:
    audit = MemoryAuditSink()
    assert list(build_reader(audit=audit).find_units("c", unit, user)) == units
    assert audit.events == []


def test_admin_sees_a_unit_that_the_installation_no_longer_has() -> None:
    assert build_reader("SOUTH", "WEST").customer("c", "NORTH", ADMIN, at=None) is not None
    assert build_reader("SOUTH", "WEST").customer("c", "NORTH", NORTH, at=None) is None


def test_successful_reads_are_audited_and_others_are_not() -> None:
    audit = MemoryAuditSink()
    reader = build_reader(audit=audit)
    reader.customer("c", None, NORTH, at=None)
    reader.history("c", None, NORTH, below=None, limit=2)
    reader.customer("c", None, SOUTH, at=None)
    reader.history("unknown", None, NORTH, below=None, limit=2)
    assert audit.events == [
        AuditEvent("north", Action.CUSTOMER_READ, "c", {"businessUnit": "NORTH", "version": 3, "versions": 1}),
        AuditEvent("north", Action.HISTORY_READ, "c", {"businessUnit": "NORTH", "version": 3, "versions": 2}),
    ]


def test_customer_is_not_returned_if_the_read_cannot_be_audited() -> None:
    reader = build_reader(audit=MemoryAuditSink(failure=RuntimeError("the log is unavailable")))
    with pytest.raises(RuntimeError):
        reader.customer("c", None, NORTH, at=None)
    with pytest.raises(RuntimeError):
        reader.history("c", None, NORTH, below=None, limit=9)
