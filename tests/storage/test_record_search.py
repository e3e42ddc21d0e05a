"""Searches of batches and rejections, compared with filters in Python over the same records."""

from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from muster.intake.customer_store import MORE_VIOLATIONS
from muster.records.record_filter import RecordFilter
from muster.records.visibility import Visibility
from muster.storage.record_search import SqlRecordSearch
from tests.storage.record_samples import (
    EVERYTHING,
    FILTERS,
    LOADS,
    SHARED,
    VISIBILITIES,
    Saved,
    filter_batches,
    filter_rejections,
    read_all_rejections,
)


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


def test_rejections_of_one_batch_are_found_with_every_other_filter(saved: Saved) -> None:
    largest = max(saved.samples, key=lambda sample: len(sample.batch.rejected))
    for wanted in (RecordFilter(batch_id=largest.batch.id), RecordFilter(batch_id=largest.batch.id, code="C002")):
        found = [rejection.key for rejection in read_all_rejections(saved.storage.search, wanted, EVERYTHING, 2)]
        assert found == filter_rejections([largest], wanted, EVERYTHING)


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
