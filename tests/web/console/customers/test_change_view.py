"""Changes of a version as a page shows them."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from muster.records.document_diff import describe_new, diff_values
from muster.records.reading import VersionChange
from muster.records.record_store import CustomerVersion
from muster.web.console.customers.change_view import MAX_LINES, ChangeKind, ChangeView, ShownVersion
from muster.web.console.customers.document_sections import SizeBudget
from tests.samples import make_snapshot

VERSION = CustomerVersion("n", "c", "MAIN", 2, UUID(int=1), datetime(2024, 5, 26, tzinfo=UTC), "anna", b"{}")
SNAPSHOT = make_snapshot()


def show(before: dict[str, Any], after: dict[str, Any], size: int = 100_000) -> ShownVersion:
    values = diff_values(before, after)
    change = VersionChange(VERSION, [value.pointer for value in values], values)
    return ChangeView(SNAPSHOT, SizeBudget(size)).build_version(change)


@pytest.mark.parametrize(
    ("before", "after", "kind", "old", "new"),
    [
        ({"lastName": "A"}, {"lastName": "B"}, ChangeKind.CHANGED, ["A"], ["B"]),
        ({}, {"lastName": "B"}, ChangeKind.ADDED, [], ["B"]),
        ({"lastName": "A"}, {}, ChangeKind.REMOVED, ["A"], []),
        ({"birthCountry": "LV"}, {"birthCountry": "LT"}, ChangeKind.CHANGED, ["Latvia"], ["Lithuania"]),
    ],
)
def test_change_has_its_kind_and_both_sides(
    before: dict[str, Any], after: dict[str, Any], kind: ChangeKind, old: list[str], new: list[str]
) -> None:
    [change] = show(before, after).changes
    assert change.kind is kind
    assert [line.value.text for line in change.old] == old
    assert [line.value.text for line in change.new] == new


def test_object_that_was_added_is_told_value_by_value() -> None:
    [change] = show({"listAddress": []}, {"listAddress": [{"country": "LT", "city": "Vilnius"}]}).changes
    assert change.labels == ("Address 1",)
    assert [(line.labels, line.value.text) for line in change.new] == [
        (("Country",), "Lithuania"),
        (("City",), "Vilnius"),
    ]


def test_list_that_was_removed_is_told_element_by_element() -> None:
    [change] = show({"listContact": [{"contactType": "EMAIL"}, {"contactType": "WEBSITE"}]}, {}).changes
    assert change.labels == ("Contacts",)
    assert [line.labels for line in change.old] == [("Contact 1", "Contact type"), ("Contact 2", "Contact type")]


@pytest.mark.parametrize(("value", "text"), [({}, "{}"), ([], "[]"), ([{}], "[\n {}\n]"), ("", ""), (None, "")])
def test_empty_value_has_a_line_too(value: object, text: str) -> None:
    [change] = show({}, {"listAddress": value}).changes
    assert [line.value.text for line in change.new] == [text]


def test_value_that_no_table_knows_is_shown_as_json() -> None:
    [change] = show({"x": 1}, {"x": {"b": [1]}}).changes
    assert json.loads(change.new[0].value.text) == {"b": [1]}


def test_what_every_message_changes_comes_last() -> None:
    shown = show({"communicationNumber": "1", "lastName": "A"}, {"communicationNumber": "2", "lastName": "B"})
    assert [change.pointer for change in shown.changes] == ["/lastName", "/communicationNumber"]


def test_first_version_is_new_as_a_whole() -> None:
    change = VersionChange(VERSION, [""], [describe_new({"lastName": "A"})])
    shown = ChangeView(SNAPSHOT).build_version(change)
    assert (shown.is_first, shown.changes, shown.is_cut) == (True, (), False)


def test_large_objects_are_cut() -> None:
    contacts = [{"contactType": "EMAIL", "contactDetails": str(number)} for number in range(1000)]
    [change] = show({}, {"listContact": contacts}).changes
    assert (len(change.new), change.is_cut) == (MAX_LINES, True)


def test_changes_that_a_page_has_no_room_for_are_counted() -> None:
    before, after = ({str(number): value for number in range(30)} for value in "ab")
    shown = show(before, after, size=1_000)
    assert 0 < len(shown.changes) < shown.count == 30
    assert shown.is_cut
