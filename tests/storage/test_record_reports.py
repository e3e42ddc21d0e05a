"""Reports and totals of batches, compared with counts in Python over the same records."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from sqlalchemy import text

from muster.intake.customer_store import MORE_VIOLATIONS, Batch, RejectedCustomer
from muster.intake.service import generate_batch_id
from muster.intake.write_plan import AcceptedCustomer, build_write_plan
from muster.records.record_filter import RecordFilter
from muster.records.visibility import Visibility
from muster.storage import Storage
from tests.storage.record_samples import (
    DAY,
    EVERYTHING,
    FILTERS,
    SHARED,
    VISIBILITIES,
    Saved,
    get_codes,
    is_batch_wanted,
    is_customer_wanted,
)
from tests.storage.samples import RESPONSE, build_customer, fetch


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
        for a in batch.plan.accepted:
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


@SHARED
@given(FILTERS, VISIBILITIES)
def test_totals_add_up_what_reports_count(saved: Saved, wanted: RecordFilter, seen: Visibility) -> None:
    wanted = RecordFilter(wanted.since, wanted.until, wanted.sender, wanted.code, wanted.business_unit)
    by_code: dict[str, list[int]] = {}
    by_day: dict[Any, list[int]] = {}
    by_sender: dict[Any, list[int]] = {}
    codes, customers = saved.storage.search.count(wanted, seen, limit=9_999)
    for count_of_code in codes:
        rejected, mentioned = by_code.get(count_of_code.code, [0, 0])
        by_code[count_of_code.code] = [rejected + count_of_code.rejected, mentioned + count_of_code.mentioned]
    for found in customers:
        for key, totals in ((found.day, by_day), (found.sender, by_sender)):
            accepted, rejected = totals.get(key, [0, 0])
            totals[key] = [accepted + found.accepted, rejected + found.rejected]

    total = saved.storage.search.totals(wanted, seen, limit=2)
    assert [(day.day, [day.accepted, day.rejected]) for day in total.days] == sorted(by_day.items())
    codes_found = sorted(by_code.items(), key=lambda pair: (-pair[1][1], pair[0]))
    assert [(code.code, [code.rejected, code.mentioned]) for code in total.codes] == codes_found[:2]
    senders = sorted(by_sender.items(), key=lambda pair: (-sum(pair[1]), pair[0]))
    assert [(sender.sender, [sender.accepted, sender.rejected]) for sender in total.senders] == senders[:2]


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
    return Batch(generate_batch_id(DAY), DAY, "anna", build_write_plan(accepted), rejected), response.encode()


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
    batch = Batch(generate_batch_id(now), now, "anna", build_write_plan([build_customer("1")]))
    with storage.customers.session() as session:
        session.save(batch, RESPONSE)
    _, [customers] = storage.search.count(RecordFilter(DAY, now + timedelta(days=2)), EVERYTHING, limit=99)
    assert (customers.day, customers.accepted) == (now.date(), 1)
    assert fetch(storage, "SELECT * FROM report_days") == []
