"""Adds up the counts of batches: kept sums for days that are over (`report_days.py`), the counts for the rest."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, Table, false, func, or_, select

from muster.records.record_filter import (
    CustomerCount,
    DayTotal,
    ErrorCodeTotal,
    RecordFilter,
    RecordTotals,
    RejectionCount,
    SenderTotal,
)
from muster.records.visibility import Visibility
from muster.storage.batch_counting import count_missing_batches
from muster.storage.errors import scrub_errors
from muster.storage.record_conditions import (
    AnyColumn,
    Condition,
    is_in_unit,
    is_received_in_time,
    is_sent_by,
    is_visible,
)
from muster.storage.report_days import ReportDays, ReportPeriod
from muster.storage.tables import batch_units, customer_days, rejection_counts, rejection_days

_REJECTION_KEYS: Final = ("day", "code", "sender", "business_unit")
_MENTIONS: Final = ("rejected", "mentioned")
_NUMBERS: Final = ("accepted", "rejected")
MAX_TOTALS_READ: Final = 10_000  # keys of one kind; there are fewer days and codes, and senders are users
_CUSTOMER_KEYS: Final = ("day", "sender", "business_unit")


class RecordReports:
    """Counts customers by day."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._days = ReportDays(engine)

    def count(
        self, wanted: RecordFilter, visibility: Visibility, *, limit: int
    ) -> tuple[Sequence[RejectionCount], Sequence[CustomerCount]]:
        """At most `limit` counts of each kind, by day."""
        count_missing_batches(self._engine)
        period = self._days.prepare(wanted)
        rejections: list[RejectionCount] = []
        customers: list[CustomerCount] = []
        for table in (rejection_days, rejection_counts):
            conditions = _filter_counts(table, wanted, visibility)
            found = self._add_up(table, period, conditions, _REJECTION_KEYS, _MENTIONS, limit)
            rejections += [RejectionCount(*row) for row in found]
        for table in (customer_days, batch_units):
            conditions = _filter_counts(table, wanted, visibility)
            found = self._add_up(table, period, conditions, _CUSTOMER_KEYS, _NUMBERS, limit)
            customers += [CustomerCount(*row) for row in found]
        return sorted(rejections)[:limit], sorted(customers)[:limit]

    def totals(self, wanted: RecordFilter, visibility: Visibility, *, limit: int) -> RecordTotals:
        count_missing_batches(self._engine)
        period = self._days.prepare(wanted)

        def add_up(tables: Sequence[Table], key: str, numbers: Sequence[str]) -> dict[Any, Counter[str]]:
            totals: defaultdict[Any, Counter[str]] = defaultdict(Counter)
            for table in tables:
                conditions = _filter_counts(table, wanted, visibility)
                for found, *sums in self._add_up(table, period, conditions, (key,), numbers, MAX_TOTALS_READ):
                    totals[found].update(dict(zip(numbers, map(int, sums), strict=True)))
            return totals

        customers, rejections = (customer_days, batch_units), (rejection_days, rejection_counts)
        days = add_up(customers, "day", _NUMBERS)
        senders = add_up(customers, "sender", _NUMBERS)
        codes = add_up(rejections, "code", _MENTIONS)
        return RecordTotals(
            [DayTotal(day, **days[day]) for day in sorted(days)],
            sorted((ErrorCodeTotal(code, **sums) for code, sums in codes.items()), key=_rank_code)[:limit],
            sorted((SenderTotal(sender, **sums) for sender, sums in senders.items()), key=_rank_sender)[:limit],
        )

    @scrub_errors
    def _add_up(
        self,
        table: Table,
        period: ReportPeriod,
        conditions: Sequence[Condition],
        keys: Sequence[str],
        numbers: Sequence[str],
        limit: int,
    ) -> Sequence[Any]:
        """Rows of keys and sums, of the kept days or of the rest of the period, as the table has them."""
        key_columns = [table.c[name] for name in keys]
        if "batch_id" in table.c:
            is_in_period = or_(false(), *(_is_between(table.c.batch_id, *span) for span in period.live))
            query = select(*key_columns, *(func.sum(table.c[name]) for name in numbers)).group_by(*key_columns)
        else:
            is_in_period = table.c.day.in_(period.kept)
            if len(keys) == len(table.primary_key):
                query = select(*key_columns, *(table.c[name] for name in numbers))
            else:
                query = select(*key_columns, *(func.sum(table.c[name]) for name in numbers)).group_by(*key_columns)
        with self._engine.connect() as connection:
            return connection.execute(query.where(is_in_period, *conditions).limit(limit)).all()


def _rank_code(total: ErrorCodeTotal) -> tuple[int, str]:
    return -total.mentioned, total.code


def _rank_sender(total: SenderTotal) -> tuple[int, str]:
    return -total.accepted - total.rejected, total.sender


def _filter_counts(table: Table, wanted: RecordFilter, visibility: Visibility) -> list[Condition]:
    """The conditions of counts. Those of customers know no code."""
    conditions = filter_customers(table.c, wanted, visibility)
    return [*conditions, table.c.code == wanted.code] if wanted.code is not None and "code" in table.c else conditions


def filter_customers(columns: Any, wanted: RecordFilter, visibility: Visibility) -> list[Condition]:
    """The conditions of all customers of a sender and a unit."""
    return [
        is_sent_by(columns.sender, wanted),
        is_in_unit(columns.business_unit, wanted),
        is_visible(columns.sender, columns.business_unit, visibility),
    ]


def _is_between(batch_id: AnyColumn, since: datetime | None, until: datetime | None) -> Condition:
    return is_received_in_time(batch_id, RecordFilter(since, until))
