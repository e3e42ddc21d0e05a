"""Searches of batches and rejections, compared with filters in Python over the same records."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from muster.intake.customer_store import MORE_VIOLATIONS, AcceptedCustomer, Batch, RejectedCustomer
from muster.intake.service import generate_batch_id
from muster.records.record_filter import RecordFilter, Rejection, RejectionKey
from muster.records.visibility import Visibility
from muster.storage import Storage, open_storage, tables
from muster.storage.record_search import SqlRecordSearch
from tests.storage.samples import RESPONSE, build_customer, fetch

DAY = datetime(2024, 5, 26, tzinfo=UTC)
UNITS = ("NORTH", "SOUTH", None)
CODES = ("C002", "C006", "Q001.Co1", "O005")
LOADS = (UUID(int=1), UUID(int=2))
EVERYTHING = Visibility()


@dataclass(frozen=True)
class Sample:
    """A saved batch, as the tests compare with it."""

    batch: Batch
    load_id: UUID | None

    @property
    def customers(self) -> list[tuple[str | None, str | None, str | None, set[str]]]:
        """Identifiers, unit and codes of all customers; accepted ones have no codes."""
        accepted: list[Any] = [
            (c.communication_number, c.customer_ext_id, c.business_unit, set()) for c in self.batch.accepted
        ]
        rejected = [
            (r.communication_number, r.customer_ext_id, r.business_unit, get_codes(r)) for r in self.batch.rejected
        ]
        return [*accepted, *rejected]


def get_codes(rejected: RejectedCustomer) -> set[str]:
    return {code for code, _ in rejected.violations} - {MORE_VIOLATIONS}


def make_samples() -> list[Sample]:
    """60 batches of three senders over five days, with few identifiers, so that filters find some of everything."""
    numbers = count()
    versions: Counter[tuple[str, str]] = Counter()
    samples = []
    for n in range(60):
        at = DAY + timedelta(hours=2 * n)
        accepted: list[AcceptedCustomer] = []
        for c in range(n % 4):
            unit, ext_id = ("NORTH", "SOUTH")[(n + c) % 2], f"c-{(n + c) % 5}"
            if any(a.key == (unit, ext_id) for a in accepted):
                continue
            versions[unit, ext_id] += 1
            customer = build_customer(f"n-{next(numbers)}", ext_id, versions[unit, ext_id])
            accepted.append(customer._replace(business_unit=unit))
        rejected = tuple(
            RejectedCustomer(
                len(accepted) + r,
                f"r-{(n * r) % 9}" if r % 4 else None,
                f"c-{(n * r) % 7}" if r % 3 else None,
                UNITS[(n + r) % 3],
                tuple((CODES[(n + r + v) % 4], f"/customers/{len(accepted) + r}/x") for v in range(1 + r % 2))
                + (((MORE_VIOLATIONS, f"/customers/{len(accepted) + r}"),) if r == 5 else ()),
            )
            for r in range(n % 7)
        )
        if accepted or rejected:
            batch = Batch(generate_batch_id(at), at, f"sender-{n % 3}", tuple(accepted), rejected)
            samples.append(Sample(batch, LOADS[n % 5] if n % 5 < 2 else None))
    return samples


@dataclass(frozen=True, repr=False)
class Saved:
    """A storage, and what it holds, newest first. Hypothesis refuses to print all of it."""

    storage: Storage
    samples: list[Sample]


@pytest.fixture(scope="module")
def saved(shared_database_url: str) -> Iterator[Saved]:
    storage, samples = open_storage(shared_database_url), make_samples()
    with storage.customers.session() as session:
        for sample in samples:
            session.save(sample.batch, RESPONSE)
    with storage.engine.begin() as connection:
        for sample in samples:
            is_batch = tables.batches.c.id == sample.batch.id
            connection.execute(update(tables.batches).where(is_batch).values(load_id=sample.load_id))
    yield Saved(storage, samples[::-1])
    storage.close()


MOMENTS = st.none() | st.integers(-1, 121).map(lambda hours: DAY + timedelta(hours=hours))
FILTERS = st.builds(
    RecordFilter,
    since=MOMENTS,
    until=MOMENTS,
    sender=st.none() | st.sampled_from(["sender-0", "sender-1", "nobody"]),
    code=st.none() | st.sampled_from([*CODES, "C999"]),
    business_unit=st.none() | st.sampled_from(["NORTH", "SOUTH", "EAST"]),
    customer_ext_id=st.none() | st.none() | st.sampled_from(["c-1", "c-3", "c-6", "c-9"]),
    communication_number=st.none() | st.none() | st.sampled_from(["r-0", "r-2", "n-3", "n-20", "r-99"]),
    load_id=st.none() | st.none() | st.sampled_from([*LOADS, UUID(int=3)]),
)
VISIBILITIES = st.sampled_from(
    [
        EVERYTHING,
        Visibility(frozenset({"NORTH"}), "", None),
        Visibility(frozenset({"NORTH", "SOUTH"}), "sender-1", None),
        Visibility(frozenset(), "sender-2", "sender-2"),
        Visibility(frozenset(), "", None),
    ]
)


def is_batch_wanted(batch: Batch, wanted: RecordFilter) -> bool:
    return (
        (wanted.since is None or batch.received_at >= wanted.since)
        and (wanted.until is None or batch.received_at < wanted.until)
        and wanted.sender in (None, batch.sender)
    )


def is_customer_wanted(
    batch: Batch, customer: tuple[str | None, str | None, str | None, set[str]], wanted: RecordFilter, seen: Visibility
) -> bool:
    number, ext_id, unit, codes = customer
    return (
        seen.includes(sender=batch.sender, unit=unit)
        and wanted.communication_number in (None, number)
        and wanted.customer_ext_id in (None, ext_id)
        and wanted.business_unit in (None, unit)
        and (wanted.code is None or wanted.code in codes)
    )


def filter_batches(samples: Sequence[Sample], wanted: RecordFilter, seen: Visibility) -> list[UUID]:
    asks_for_customers = wanted.has_identifier or wanted.code or wanted.business_unit
    return [
        sample.batch.id
        for sample in samples
        if is_batch_wanted(sample.batch, wanted)
        and wanted.load_id in (None, sample.load_id)
        and seen.includes_sender(sample.batch.sender)
        and (
            not asks_for_customers
            or any(is_customer_wanted(sample.batch, customer, wanted, seen) for customer in sample.customers)
        )
    ]


def filter_rejections(samples: Sequence[Sample], wanted: RecordFilter, seen: Visibility) -> list[RejectionKey]:
    return [
        RejectionKey(sample.batch.id, r.position)
        for sample in samples
        if is_batch_wanted(sample.batch, wanted) and wanted.load_id in (None, sample.load_id)
        for r in sample.batch.rejected
        if is_customer_wanted(
            sample.batch, (r.communication_number, r.customer_ext_id, r.business_unit, get_codes(r)), wanted, seen
        )
    ]


def read_all_rejections(
    search: SqlRecordSearch, wanted: RecordFilter, seen: Visibility, limit: int
) -> Iterator[Rejection]:
    after = None
    while True:
        page = search.rejections(wanted, seen, after=after, limit=limit)
        assert len(page.items) <= limit
        yield from page.items
        if page.next is None:
            return
        assert after is None or (page.next.batch_id, -page.next.position) < (after.batch_id, -after.position)
        after = page.next


SHARED = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SHARED
@given(wanted=FILTERS, seen=VISIBILITIES, limit=st.integers(2, 40))
@example(wanted=RecordFilter(code="C002", load_id=LOADS[0]), seen=EVERYTHING, limit=2)
@example(wanted=RecordFilter(business_unit="NORTH", load_id=LOADS[1]), seen=EVERYTHING, limit=2)
def test_batches_are_those_of_a_filter_in_python(
    saved: Saved, wanted: RecordFilter, seen: Visibility, limit: int
) -> None:
    storage, samples = saved.storage, saved.samples
    expected = filter_batches(samples, wanted, seen)
    found: list[UUID] = []
    before = None
    while True:
        page = [batch.id for batch in storage.search.batches(wanted, seen, before=before, limit=limit)]
        found += page
        if len(page) < limit:
            break
        before = page[-1]
    assert found == expected


@SHARED
@given(FILTERS, VISIBILITIES, st.integers(2, 40), st.sampled_from([1, 7, 20_000]))
def test_rejections_are_those_of_a_filter_in_python(
    saved: Saved, wanted: RecordFilter, seen: Visibility, limit: int, max_read_rows: int
) -> None:
    storage, samples = saved.storage, saved.samples
    search = SqlRecordSearch(storage.engine, max_read_rows=max_read_rows)
    found = [rejection.key for rejection in read_all_rejections(search, wanted, seen, limit)]
    assert found == filter_rejections(samples, wanted, seen)


@SHARED
@given(FILTERS, VISIBILITIES)
def test_reports_count_what_a_filter_in_python_counts(saved: Saved, wanted: RecordFilter, seen: Visibility) -> None:
    storage, samples = saved.storage, saved.samples
    wanted = RecordFilter(wanted.since, wanted.until, wanted.sender, wanted.code, wanted.business_unit)
    first: Counter[Any] = Counter()
    mentioned: Counter[Any] = Counter()
    accepted: Counter[Any] = Counter()
    rejected: Counter[Any] = Counter()
    without_code = RecordFilter(wanted.since, wanted.until, wanted.sender, None, wanted.business_unit)
    for batch in (sample.batch for sample in samples if is_batch_wanted(sample.batch, wanted)):
        day = batch.received_at.date()
        for a in batch.accepted:
            accepted[day, batch.sender, a.business_unit] += is_customer_wanted(
                batch, (None, None, a.business_unit, set()), without_code, seen
            )
        for r in batch.rejected:
            customer = (None, None, r.business_unit, get_codes(r))
            unit = r.business_unit or ""
            rejected[day, batch.sender, unit] += is_customer_wanted(batch, customer, without_code, seen)
            for code in get_codes(r):
                if wanted.code in (None, code) and is_customer_wanted(batch, customer, wanted, seen):
                    mentioned[day, code, batch.sender, unit] += 1
                    first[day, code, batch.sender, unit] += code == r.violations[0][0]
    codes, customers = storage.search.count(wanted, seen, limit=9_999)
    assert [tuple(row) for row in codes] == [(*key, first[key], found) for key, found in sorted(mentioned.items())]
    assert [tuple(row) for row in customers] == [
        (*key, accepted[key], rejected[key])
        for key in sorted(accepted.keys() | rejected.keys())
        if accepted[key] or rejected[key]
    ]


def test_rejection_has_what_its_batch_and_its_customer_say(saved: Saved) -> None:
    storage, samples = saved.storage, saved.samples
    [sample] = [s for s in samples if len(s.batch.rejected) == 6][:1]
    batch, seen = sample.batch, list(read_all_rejections(storage.search, RecordFilter(), EVERYTHING, 1_000))
    found = [rejection for rejection in seen if rejection.key.batch_id == batch.id]
    for rejection, given_rejection in zip(found, batch.rejected, strict=True):
        assert rejection.key.position == given_rejection.position
        assert (rejection.received_at, rejection.sender) == (batch.received_at, batch.sender)
        assert rejection.load_id == sample.load_id
        assert rejection.communication_number == given_rejection.communication_number
        assert rejection.customer_ext_id == given_rejection.customer_ext_id
        assert rejection.business_unit == given_rejection.business_unit
        kept = [violation for violation in given_rejection.violations if violation[0] != MORE_VIOLATIONS]
        assert list(rejection.violations) == kept
        assert rejection.has_more_violations is (len(kept) < len(given_rejection.violations))


def forget_counts(storage: Storage) -> None:
    """Leaves what is in the database when code of revision 0008 has saved the batches."""
    with storage.engine.begin() as connection:
        for statement in (
            "DELETE FROM batch_units",
            "DELETE FROM rejection_counts",
            "UPDATE batches SET is_counted = NULL",
        ):
            connection.execute(text(statement))


COUNTS: tuple[Callable[[Storage], list[tuple[Any, ...]]], ...] = (
    lambda storage: sorted(fetch(storage, "SELECT * FROM batch_units")),
    lambda storage: sorted(fetch(storage, "SELECT * FROM rejection_counts")),
)


def build_counted_batch() -> tuple[Batch, bytes]:
    """A batch of two units, and the response to it."""
    violations = (("C002", "/customers/2"), ("C006", "/customers/2"), (MORE_VIOLATIONS, "/customers/2"))
    rejected = (
        RejectedCustomer(2, "r", None, "NORTH", violations),
        RejectedCustomer(3, None, None, None, (("C002", "/customers/3"),)),
    )
    accepted: tuple[AcceptedCustomer, ...] = (
        build_customer("1", "a", business_unit="NORTH"),
        build_customer("2", "b", business_unit="SOUTH"),
    )
    results = [
        f'{{"resultType":"REQUEST_{kind}","businessUnit":{unit}}}'
        for kind, unit in (
            ("ACCEPTED", '"NORTH"'),
            ("ACCEPTED", '"SOUTH"'),
            ("REJECTED", '"NORTH"'),
            ("REJECTED", "null"),
        )
    ]
    response = f'{{"resultType":"REQUEST_ACCEPTED","results":[{",".join(results)}],"timeElapsedMs":7}}'
    return Batch(generate_batch_id(DAY), DAY, "anna", accepted, rejected), response.encode()


def test_batches_that_older_code_saved_are_counted_when_counts_are_read(storage: Storage) -> None:
    batch, response = build_counted_batch()
    with storage.customers.session() as session:
        session.save(batch, response)
    expected = [counts(storage) for counts in COUNTS]
    assert len(expected[0]) == 3
    assert len(expected[1]) == 3
    forget_counts(storage)
    assert [counts(storage) for counts in COUNTS] == [[], []]

    [found] = storage.search.batches(RecordFilter(code="C006"), EVERYTHING, before=None, limit=9)
    assert found.id == batch.id
    assert [counts(storage) for counts in COUNTS] == expected


def test_what_older_code_saved_and_a_purge_removed_counts_without_a_unit(storage: Storage) -> None:
    batch, response = build_counted_batch()
    with storage.customers.session() as session:
        session.save(batch, response)
    forget_counts(storage)
    with storage.engine.begin() as connection:
        connection.execute(text("DELETE FROM rejections"))
        connection.execute(text("UPDATE batches SET answer = NULL"))
    _, customers = storage.search.count(RecordFilter(), EVERYTHING, limit=9)
    assert [tuple(row) for row in customers] == [(DAY.date(), "anna", "", 2, 2)]


def test_report_of_past_days_shows_what_is_saved_afterwards(storage: Storage) -> None:
    """A batch that was received on a day may be saved on the next one, or be saved by older code."""
    whole_day = RecordFilter(DAY, DAY + timedelta(days=1))
    batch, response = build_counted_batch()
    with storage.customers.session() as session:
        session.save(batch, response)
    first = storage.search.count(whole_day, EVERYTHING, limit=99)
    assert fetch(storage, "SELECT counted FROM report_days") == [(3,)]
    assert storage.search.count(whole_day, EVERYTHING, limit=99) == first
    late = Batch(generate_batch_id(DAY), DAY, "anna", rejected=batch.rejected)
    with storage.customers.session() as session:
        session.save(late, response)
    codes, customers = storage.search.count(whole_day, EVERYTHING, limit=99)
    assert [count.mentioned for count in codes] == [2 * count.mentioned for count in first[0]]
    assert [count.rejected for count in customers] == [2 * count.rejected for count in first[1]]
    assert [count.accepted for count in customers] == [count.accepted for count in first[1]]


def test_today_is_not_kept_as_a_day_that_is_over(storage: Storage) -> None:
    now = datetime.now(UTC)
    batch = Batch(generate_batch_id(now), now, "anna", (build_customer("1"),))
    with storage.customers.session() as session:
        session.save(batch, RESPONSE)
    _, [customers] = storage.search.count(RecordFilter(DAY, now + timedelta(days=2)), EVERYTHING, limit=99)
    assert (customers.day, customers.accepted) == (now.date(), 1)
    assert fetch(storage, "SELECT * FROM report_days") == []
