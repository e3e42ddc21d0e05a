"""A purge removes the selected kinds, and the audit log records its intent and its result."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from muster.audit.events import Action, AuditEvent
from muster.records.retention import Retention, RetentionKind, StillNeededError
from tests.audit.fakes import MemoryAuditSink

NOW = datetime(2024, 5, 26, 12, tzinfo=UTC)
DAY = date(2019, 1, 1)


@dataclass
class MemoryRetention:
    """Has two chunks of each kind; the second chunk of the kind `failing` raises an error."""

    failing: RetentionKind | None = None
    purged: list[tuple[RetentionKind, datetime]] = field(default_factory=list)
    wipes: int = 0
    is_wipe_blocked: bool = False

    def count(self, kind: RetentionKind, before: datetime, now: datetime) -> int:
        assert now == NOW
        return 7

    def purge(self, kind: RetentionKind, before: datetime, now: datetime) -> Iterator[int]:
        assert now == NOW
        self.purged.append((kind, before))
        yield 4
        if kind is self.failing:
            raise RuntimeError("the database is unavailable")
        yield 3

    def wipe(self) -> bool:
        self.wipes += 1
        return not self.is_wipe_blocked


def build_retention(store: MemoryRetention, audit: MemoryAuditSink | None = None) -> Retention:
    return Retention(store, audit or MemoryAuditSink(), "os:root", timedelta(hours=24), now=lambda: NOW)


def test_customers_are_removed_only_on_request() -> None:
    store = MemoryRetention()
    assert build_retention(store).purge(DAY, closed_customers=False).counts == {
        RetentionKind.KEYS: 7,
        RetentionKind.REJECTIONS: 7,
        RetentionKind.RESPONSES: 7,
        RetentionKind.REFUSED_ROWS: 7,
        RetentionKind.ABANDONED_UPLOADS: 7,
    }
    assert {moment for _, moment in store.purged} == {datetime(2019, 1, 1, tzinfo=UTC)}
    assert build_retention(store).purge(DAY, closed_customers=True).counts[RetentionKind.CLOSED_CUSTOMERS] == 7
    assert store.wipes == 2


@pytest.mark.parametrize("is_wipe_blocked", [False, True])
def test_result_states_whether_removed_data_was_wiped(is_wipe_blocked: bool) -> None:
    store = MemoryRetention(is_wipe_blocked=is_wipe_blocked)
    assert build_retention(store).purge(DAY, closed_customers=False).wiped is not is_wipe_blocked


def test_audit_log_records_the_intent_and_the_counts() -> None:
    audit = MemoryAuditSink()
    build_retention(MemoryRetention(), audit).purge(DAY, closed_customers=False)
    kinds = ["idempotencyKeys", "rejections", "answers", "refusedRowsOfLoads", "abandonedUploads"]
    assert audit.events == [
        AuditEvent("os:root", Action.PURGE_BEGUN, "", {"before": "2019-01-01", "kinds": kinds}),
        AuditEvent("os:root", Action.PURGE_ENDED, "", {"before": "2019-01-01", **dict.fromkeys(kinds, 7)}),
    ]


def test_audit_log_records_the_counts_of_a_failed_purge() -> None:
    audit = MemoryAuditSink()
    with pytest.raises(RuntimeError):
        build_retention(MemoryRetention(failing=RetentionKind.REJECTIONS), audit).purge(DAY, closed_customers=False)
    counts = {"idempotencyKeys": 7, "rejections": 4, "answers": 0, "refusedRowsOfLoads": 0, "abandonedUploads": 0}
    assert audit.events[-1].details == {"before": "2019-01-01", **counts}


def test_nothing_is_removed_if_the_purge_cannot_be_audited() -> None:
    store = MemoryRetention()
    with pytest.raises(RuntimeError):
        build_retention(store, MemoryAuditSink(failure=RuntimeError())).purge(DAY, closed_customers=True)
    assert store.purged == []


@pytest.mark.parametrize("day", [date(2024, 5, 26), date(2030, 1, 1)])
def test_day_with_keys_that_may_be_valid_is_rejected(day: date) -> None:
    store, audit = MemoryRetention(), MemoryAuditSink()
    retention = build_retention(store, audit)
    for action in (retention.purge, retention.count):
        with pytest.raises(StillNeededError) as error:
            action(day, closed_customers=True)
        assert error.value.latest == date(2024, 5, 25)
    assert (store.purged, audit.events) == ([], [])
    retention.purge(error.value.latest, closed_customers=True)


def test_count_removes_nothing_and_is_not_audited() -> None:
    store, audit = MemoryRetention(), MemoryAuditSink()
    assert build_retention(store, audit).count(DAY, closed_customers=True) == dict.fromkeys(RetentionKind, 7)
    assert (store.purged, audit.events) == ([], [])
