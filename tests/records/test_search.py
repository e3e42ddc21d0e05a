"""Exports of rejections: whole, bounded, and noted once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from muster.audit.events import Action, AuditEvent
from muster.records.paging import Page
from muster.records.record_filter import RecordFilter, RecordSearchStore, Rejection, RejectionKey
from muster.records.search import EXPORT_GROUP, RecordSearch
from muster.records.visibility import Visibility
from tests.loads.service_fakes import AuditList
from tests.records.fakes import ADMIN, NORTH

AT = datetime(2024, 5, 26, tzinfo=UTC)


@dataclass
class PagedRejections:
    """Pages of rejections, of which some are empty. Records how it is asked."""

    pages: Sequence[int]
    asked: list[tuple[RecordFilter, Visibility, RejectionKey | None, int]] = field(default_factory=list)

    def rejections(
        self, wanted: RecordFilter, visibility: Visibility, *, after: RejectionKey | None, limit: int
    ) -> Page[Rejection, RejectionKey]:
        page = len(self.asked)
        self.asked.append((wanted, visibility, after, limit))
        keys = [RejectionKey(UUID(int=page), position) for position in range(self.pages[page])]
        found = [Rejection(key, AT, "anna", None, None, None, None, None, [], False) for key in keys]
        return Page(found, RejectionKey(UUID(int=page), 99) if page + 1 < len(self.pages) else None)


def make_search(store: PagedRejections, audit: AuditList) -> RecordSearch:
    return RecordSearch(cast(RecordSearchStore, store), lambda: frozenset({"NORTH", "SOUTH"}), audit.read_audit())


def test_an_export_reads_one_group_at_a_time_until_the_last_page() -> None:
    store = PagedRejections([2, 0, 1])
    groups: Iterator[Any] = make_search(store, AuditList()).export(RecordFilter(code="C012"), NORTH)
    assert store.asked == []
    assert len(next(groups)) == 2
    assert len(store.asked) == 1
    assert [len(group) for group in groups] == [0, 1]
    assert [(asked[2], asked[3]) for asked in store.asked] == [
        (None, EXPORT_GROUP),
        (RejectionKey(UUID(int=0), 99), EXPORT_GROUP),
        (RejectionKey(UUID(int=1), 99), EXPORT_GROUP),
    ]
    assert {asked[1] for asked in store.asked} == {Visibility(frozenset({"NORTH"}))}


def test_an_export_is_noted_with_its_filter_before_its_first_group() -> None:
    audit, load = AuditList(), UUID(int=7)
    wanted = RecordFilter(AT, None, "anna", "C012", "NORTH", "c-1", "n-1", load)
    make_search(PagedRejections([0]), audit).export(wanted, ADMIN)
    details = {
        "since": "2024-05-26T00:00:00+00:00",
        "sender": "anna",
        "code": "C012",
        "businessUnit": "NORTH",
        "load": str(load),
    }
    assert audit.events == [AuditEvent("admin", Action.REJECTIONS_EXPORTED, "c-1", details)]
