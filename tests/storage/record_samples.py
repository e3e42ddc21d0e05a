"""Saved batches of few senders, units and identifiers, and filters in Python over them, to compare searches with."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from muster.intake.customer_store import MORE_VIOLATIONS, Batch, RejectedCustomer
from muster.intake.service import generate_batch_id
from muster.intake.write_plan import AcceptedCustomer, build_write_plan
from muster.records.record_filter import RecordFilter, RecordSearchStore, Rejection, RejectionKey
from muster.records.visibility import Visibility
from muster.storage import Storage
from tests.storage.samples import build_customer

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
            (c.communication_number, c.customer_ext_id, c.business_unit, set()) for c in self.batch.plan.accepted
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
            accepted.append(replace(customer, business_unit=unit))
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
            batch = Batch(generate_batch_id(at), at, f"sender-{n % 3}", build_write_plan(accepted), rejected)
            samples.append(Sample(batch, LOADS[n % 5] if n % 5 < 2 else None))
    return samples


@dataclass(frozen=True, repr=False)
class Saved:
    """A storage, and what it holds, newest first. Hypothesis refuses to print all of it."""

    storage: Storage
    samples: list[Sample]


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
    search: RecordSearchStore, wanted: RecordFilter, seen: Visibility, limit: int
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
