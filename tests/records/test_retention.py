"""What is removed, and what the audit log says of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from muster.audit.events import Action, AuditEvent
from muster.records.retention import Retention, RetentionKind, StillNeededError
from tests.audit.fakes import MemoryTrail

NOW = datetime(2024, 5, 26, 12, tzinfo=UTC)
DAY = date(2019, 1, 1)


@dataclass
class MemoryRetention:
    """Has two portions of each kind; `breaks` is the kind whose second portion fails."""

    breaks: RetentionKind | None = None
    asked: list[tuple[RetentionKind, datetime]] = field(default_factory=list)
    wiped: int = 0
    is_read: bool = False

    def count(self, kind: RetentionKind, before: datetime, now: datetime) -> int:
        assert now == NOW
        return 7

    def purge(self, kind: RetentionKind, before: datetime, now: datetime) -> Iterator[int]:
        assert now == NOW
        self.asked.append((kind, before))
        yield 4
        if kind is self.breaks:
            raise RuntimeError("the database is away")
        yield 3

    def wipe(self) -> bool:
        self.wiped += 1
        return not self.is_read


def purging(store: MemoryRetention, trail: MemoryTrail) -> Retention:
    return Retention(store, trail, "os:root", timedelta(hours=24), now=lambda: NOW)


def test_customers_are_removed_only_when_that_is_asked_for() -> None:
    store = MemoryRetention()
    assert purging(store, MemoryTrail()).purge(DAY, closed_customers=False).counts == {
        RetentionKind.KEYS: 7,
        RetentionKind.REJECTIONS: 7,
        RetentionKind.ANSWERS: 7,
    }
    assert {moment for _, moment in store.asked} == {datetime(2019, 1, 1, tzinfo=UTC)}
    assert purging(store, MemoryTrail()).purge(DAY, closed_customers=True).counts[RetentionKind.CLOSED_CUSTOMERS] == 7
    assert store.wiped == 2


@pytest.mark.parametrize("is_read", [False, True])
def test_it_is_told_whether_what_was_removed_can_be_read_no_more(is_read: bool) -> None:
    store = MemoryRetention(is_read=is_read)
    assert purging(store, MemoryTrail()).purge(DAY, closed_customers=False).wiped is not is_read


def test_the_audit_log_says_what_is_going_to_be_removed_and_how_much_was() -> None:
    trail = MemoryTrail()
    purging(MemoryRetention(), trail).purge(DAY, closed_customers=False)
    kinds = ["idempotencyKeys", "rejections", "answers"]
    assert trail.events == [
        AuditEvent("os:root", Action.PURGE_BEGUN, "", {"before": "2019-01-01", "kinds": kinds}),
        AuditEvent("os:root", Action.PURGE_ENDED, "", {"before": "2019-01-01", **dict.fromkeys(kinds, 7)}),
    ]


def test_of_a_purge_that_ends_early_it_says_how_far_it_came() -> None:
    trail = MemoryTrail()
    with pytest.raises(RuntimeError):
        purging(MemoryRetention(breaks=RetentionKind.REJECTIONS), trail).purge(DAY, closed_customers=False)
    assert trail.events[-1].details == {"before": "2019-01-01", "idempotencyKeys": 7, "rejections": 4, "answers": 0}


def test_what_can_not_be_put_on_record_is_not_removed() -> None:
    store = MemoryRetention()
    with pytest.raises(RuntimeError):
        purging(store, MemoryTrail(away=RuntimeError("away"))).purge(DAY, closed_customers=True)
    assert store.asked == []


@pytest.mark.parametrize("day", [date(2024, 5, 26), date(2030, 1, 1)])
def test_a_day_from_which_keys_still_stand_is_refused(day: date) -> None:
    store, trail = MemoryRetention(), MemoryTrail()
    for work in (purging(store, trail).purge, purging(store, trail).count):
        with pytest.raises(StillNeededError) as told:
            work(day, closed_customers=True)
        assert told.value.latest == date(2024, 5, 25)
    assert (store.asked, trail.events) == ([], [])
    purging(store, trail).purge(told.value.latest, closed_customers=True)


def test_counting_removes_nothing_and_leaves_no_entry() -> None:
    store, trail = MemoryRetention(), MemoryTrail()
    assert purging(store, trail).count(DAY, closed_customers=True) == dict.fromkeys(RetentionKind, 7)
    assert (store.asked, trail.events) == ([], [])
