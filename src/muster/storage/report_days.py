"""Customers by day: the counts of batches added up, for days that are over.

A report of a month with 100,000 batches would add up 1.6 million counts: 600 ms. So it keeps the sums of each day, and
makes them again when a batch was saved since that was received on that day. Every batch adds to `batch_units`, so the
number of its rows tells.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Engine, Insert, Select, Table, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from muster.records.record_filter import RecordFilter
from muster.storage.engine import write_transaction
from muster.storage.errors import scrub_errors
from muster.storage.record_conditions import is_received_in_time
from muster.storage.tables import batch_units, customer_days, rejection_counts, rejection_days, report_days

_DAY: Final = timedelta(days=1)

Span = tuple[datetime | None, datetime | None]  # half-open; None without a bound


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """The days of a period whose sums are kept, and the rest of it, whose counts have to be added up."""

    kept: Sequence[date]
    live: Sequence[Span]


class ReportDays:
    """Makes and keeps the sums of days. `now` is in UTC."""

    def __init__(self, engine: Engine, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._now = now

    @scrub_errors
    def prepare(self, wanted: RecordFilter) -> ReportPeriod:
        """Makes the sums of whole days of the period that are over, where they are missing or not right any more."""
        since, until = wanted.since, wanted.until
        if since is None or until is None:
            return ReportPeriod((), ((since, until),))
        first = since.date() if since == _begin(since.date()) else since.date() + _DAY
        end = min(until.date(), self._now().date())
        if first >= end:
            return ReportPeriod((), ((since, until),))
        counted, kept = self._read(first, end)
        for day, number in counted.items():
            if kept.get(day) != number:
                self._make(day)
        outside = [span for span in ((since, _begin(first)), (_begin(end), until)) if span[0] < span[1]]
        return ReportPeriod(list(counted), outside)  # a day without batches has nothing to add up

    def _read(self, first: date, end: date) -> tuple[dict[date, int], dict[date, int]]:
        """The days with batches and the number of their rows, now and when their sums were made."""
        with self._engine.connect() as connection:
            counted = connection.execute(_select_numbers(first, end)).all()
            is_wanted = report_days.c.day >= first, report_days.c.day < end
            kept = connection.execute(select(report_days.c.day, report_days.c.counted).where(*is_wanted)).all()
        return dict(map(tuple, counted)), dict(map(tuple, kept))

    def _make(self, day: date) -> None:
        """Writes the sums of a day, unless another report has done so meanwhile.

        The number comes first, and locks the day: two reports must not write the same one.
        """
        with write_transaction(self._engine) as connection:
            # Read before the sums: a batch that is saved meanwhile makes the number wrong, not the sums.
            number = connection.execute(_select_numbers(day, day + _DAY)).all()[0][1]
            if connection.execute(_build_upsert(connection.dialect.name, day, number)).rowcount == 0:
                return
            for table, counts in ((rejection_days, rejection_counts), (customer_days, batch_units)):
                connection.execute(delete(table).where(table.c.day == day))
                names = [column.name for column in table.columns]
                connection.execute(insert(table).from_select(names, _select_sums(table, counts, day)))


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _build_upsert(dialect: str, day: date, number: int) -> Insert:
    """Affects no row when the sums were made for this number."""
    row = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(report_days).values(day=day, counted=number)
    is_other = report_days.c.counted != number
    return row.on_conflict_do_update(index_elements=["day"], set_={"counted": number}, where=is_other)


def _select_numbers(first: date, end: date) -> Select[Any]:
    columns = batch_units.c
    is_in_time = is_received_in_time(columns.batch_id, RecordFilter(_begin(first), _begin(end)))
    return select(columns.day, func.count()).where(is_in_time).group_by(columns.day)


def _select_sums(table: Table, counts: Table, day: date) -> Select[Any]:
    """The rows of a day: the key of the table, and the sums of its other columns."""
    key = [counts.c[column.name] for column in table.primary_key]
    sums = [func.sum(counts.c[column.name]) for column in table.columns if not column.primary_key]
    is_in_time = is_received_in_time(counts.c.batch_id, RecordFilter(_begin(day), _begin(day + _DAY)))
    return select(*key, *sums).where(is_in_time).group_by(*key)
