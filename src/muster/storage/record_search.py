"""Searches batches and rejections. Each statement reads an index, and a number of rows that its page bounds.

A search of rejections without an identifier finds its batches by their counts first: there may be millions of
rejections, and only a few of them under a rare code.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Engine, Select, Table, and_, case, func, null, or_, select, true, union_all

from muster.intake.customer_store import MORE_VIOLATIONS
from muster.records.paging import Page
from muster.records.record_filter import (
    CustomerCount,
    RecordFilter,
    RecordTotals,
    Rejection,
    RejectionCount,
    RejectionKey,
)
from muster.records.record_store import BatchSummary
from muster.records.visibility import Visibility
from muster.storage.batch_counting import count_missing_batches
from muster.storage.errors import scrub_errors
from muster.storage.record_conditions import (
    AnyColumn,
    Condition,
    has_code,
    is_in_load,
    is_in_unit,
    is_received_in_time,
    is_sent_by,
    is_visible,
)
from muster.storage.record_reports import RecordReports, filter_customers
from muster.storage.records import select_batches
from muster.storage.tables import (
    batch_units,
    batches,
    communications,
    customer_history,
    customers,
    rejection_counts,
    rejections,
)

# Rejections that one page reads at most, unless they are of one batch: 100 batches may have 10,000 each.
MAX_READ_ROWS: Final = 20_000
_LAST_POSITION: Final = 2**31 - 1
_BATCHES_PER_STEP: Final = 500  # of one customer, looked up together


class _Candidate(NamedTuple):
    """A batch with rejections that match, their number, and all rejections of the batch."""

    batch_id: UUID
    matching: int
    rejected: int


class SqlRecordSearch:
    """A `RecordSearchStore`. Batches that older code has saved are counted before their counts are read."""

    def __init__(self, engine: Engine, *, max_read_rows: int = MAX_READ_ROWS) -> None:
        self._engine = engine
        self._max_read_rows = max_read_rows
        self._reports = RecordReports(engine)

    def batches(
        self, wanted: RecordFilter, visibility: Visibility, *, before: UUID | None, limit: int
    ) -> Sequence[BatchSummary]:
        query = select_batches().where(
            is_sent_by(batches.c.sender, wanted), *_bound_batches(batches.c.id, wanted, before)
        )
        if visibility.sender is not None:
            query = query.where(batches.c.sender == visibility.sender)
        if wanted.load_id is not None:
            query = query.where(batches.c.load_id == wanted.load_id)
        if wanted.has_identifier:
            return self._search_batches_of_customer(query, wanted, visibility, before, limit)
        if wanted.code is not None or wanted.business_unit is not None:
            count_missing_batches(self._engine)
            matching = _select_counted(wanted, visibility, batch_units.c.accepted + batch_units.c.rejected)
            table = matching.get_final_froms()[0]
            matching = matching.where(
                is_in_load(table.c.batch_id, wanted), *_bound_batches(table.c.batch_id, wanted, before)
            )
            found = self._fetch(matching.limit(limit))
            query = query.where(batches.c.id.in_([batch_id for batch_id, _ in found]))
        return [BatchSummary(*row) for row in self._fetch(query.order_by(batches.c.id.desc()).limit(limit))]

    def rejections(
        self, wanted: RecordFilter, visibility: Visibility, *, after: RejectionKey | None, limit: int
    ) -> Page[Rejection, RejectionKey]:
        conditions = self._build_conditions(wanted, visibility)
        if wanted.has_identifier:
            rows, follows = self._fetch_rejections(conditions, after, limit + 1), None
        else:
            count_missing_batches(self._engine)
            rows, follows = self._search_rejections(wanted, visibility, conditions, after, limit + 1)
        if len(rows) > limit:
            return Page(rows[:limit], rows[limit - 1].key)
        return Page(rows, follows)

    def count(
        self, wanted: RecordFilter, visibility: Visibility, *, limit: int
    ) -> tuple[Sequence[RejectionCount], Sequence[CustomerCount]]:
        return self._reports.count(wanted, visibility, limit=limit)

    def totals(self, wanted: RecordFilter, visibility: Visibility, *, limit: int) -> RecordTotals:
        return self._reports.totals(wanted, visibility, limit=limit)

    def _search_rejections(
        self,
        wanted: RecordFilter,
        visibility: Visibility,
        conditions: Condition,
        after: RejectionKey | None,
        limit: int,
    ) -> tuple[list[Rejection], RejectionKey | None]:
        """At most `limit` rejections, and where the search continues if it has read too many rows before."""
        found: list[Rejection] = []
        candidates = self._fetch_candidates(wanted, visibility, after, limit + 1)
        read_rows, last_id = 0, None
        for group in _group_candidates(candidates, limit, self._max_read_rows):
            read_rows += sum(candidate.rejected for candidate in group)
            if last_id is not None and read_rows > self._max_read_rows:
                return found, RejectionKey(last_id, _LAST_POSITION)
            last_id = group[-1].batch_id
            batch_ids = [candidate.batch_id for candidate in group]
            # With one batch the rows are read in the order of the key, and no more of them than the page takes.
            is_of_group = (
                rejections.c.batch_id == batch_ids[0] if len(batch_ids) == 1 else rejections.c.batch_id.in_(batch_ids)
            )
            found += self._fetch_rejections(and_(is_of_group, conditions), after, limit - len(found))
            if len(found) >= limit:
                return found, None
        if len(candidates) > limit:  # counts whose rejections are gone: a purge of older code leaves them
            return found, RejectionKey(candidates[-1].batch_id, _LAST_POSITION)
        return found, None

    def _fetch_candidates(
        self, wanted: RecordFilter, visibility: Visibility, after: RejectionKey | None, limit: int
    ) -> list[_Candidate]:
        """Batches with matching rejections, newest first, beginning with that of the last page."""
        matching = _select_counted(wanted, visibility, batch_units.c.rejected)
        table = matching.get_final_froms()[0]
        query = matching.where(is_in_load(table.c.batch_id, wanted), *_bound_batches(table.c.batch_id, wanted, None))
        if after is not None:
            is_done = after.position == _LAST_POSITION
            query = query.where(table.c.batch_id < after.batch_id if is_done else table.c.batch_id <= after.batch_id)
        counted = self._fetch(query.limit(limit))
        ids = [batch_id for batch_id, _ in counted]
        rejected = dict(map(tuple, self._fetch(select(batches.c.id, batches.c.rejected).where(batches.c.id.in_(ids)))))
        return [_Candidate(batch_id, int(count), rejected.get(batch_id, 0)) for batch_id, count in counted]

    def _build_conditions(self, wanted: RecordFilter, visibility: Visibility) -> Condition:
        """The conditions of the rejections themselves, joined with their batches."""
        columns = rejections.c
        conditions = [
            *_bound_batches(columns.batch_id, wanted, None),
            is_sent_by(batches.c.sender, wanted),
            is_in_unit(columns.business_unit, wanted),
            is_visible(batches.c.sender, columns.business_unit, visibility),
        ]
        if wanted.load_id is not None:
            conditions.append(batches.c.load_id == wanted.load_id)
        if wanted.code is not None:
            conditions.append(has_code(self._engine.dialect, wanted.code))
        if wanted.customer_ext_id is not None:
            conditions.append(columns.customer_ext_id == wanted.customer_ext_id)
        if wanted.communication_number is not None:
            conditions.append(columns.communication_number == wanted.communication_number)
        return and_(*conditions)

    def _fetch_rejections(self, conditions: Condition, after: RejectionKey | None, limit: int) -> list[Rejection]:
        columns = rejections.c
        query = (
            select(
                columns.batch_id,
                columns.position,
                batches.c.received_at,
                batches.c.sender,
                batches.c.load_id,
                columns.first_row,
                columns.communication_number,
                columns.customer_ext_id,
                columns.business_unit,
                columns.violations,
            )
            .join_from(rejections, batches, batches.c.id == columns.batch_id)
            .where(conditions)
        )
        if after is not None:
            # Both parts, so that the first one bounds the scan of an index.
            is_later = or_(columns.batch_id < after.batch_id, columns.position > after.position)
            query = query.where(columns.batch_id <= after.batch_id, is_later)
        query = query.order_by(columns.batch_id.desc(), columns.position).limit(limit)
        return [_to_rejection(row) for row in self._fetch(query)]

    def _search_batches_of_customer(
        self, query: Select[Any], wanted: RecordFilter, visibility: Visibility, before: UUID | None, limit: int
    ) -> list[BatchSummary]:
        """Batches that had a visible customer with the identifiers, accepted or rejected.

        In steps of some hundred batches. On a Citus cluster, batches are on other nodes than customers, and a join of
        the two would copy one of the tables.
        """
        found: list[BatchSummary] = []
        while True:
            rejected = self._fetch(self._select_rejected_batches(wanted, visibility, before))
            accepted = self._fetch(_select_accepted_batches(wanted, visibility, before)) if wanted.code is None else []
            visible = {batch_id for (batch_id,) in rejected} | {batch_id for batch_id, seen in accepted if seen}
            newest = sorted(visible | {batch_id for batch_id, _ in accepted}, reverse=True)[:_BATCHES_PER_STEP]
            is_visible_batch = or_(
                batches.c.id.in_(visible.intersection(newest)),
                and_(batches.c.id.in_(newest), batches.c.sender == visibility.sent_by),
            )
            rows = self._fetch(query.where(is_visible_batch).order_by(batches.c.id.desc()).limit(limit - len(found)))
            found += [BatchSummary(*row) for row in rows]
            if len(newest) < _BATCHES_PER_STEP or len(found) >= limit:
                return found
            before = newest[-1]

    def _select_rejected_batches(
        self, wanted: RecordFilter, visibility: Visibility, before: UUID | None
    ) -> Select[Any]:
        batch_id = rejections.c.batch_id
        query = select(batch_id).distinct().join_from(rejections, batches, batches.c.id == batch_id)
        query = query.where(self._build_conditions(wanted, visibility), *_bound_batches(batch_id, wanted, before))
        return query.order_by(batch_id.desc()).limit(_BATCHES_PER_STEP)

    @scrub_errors
    def _fetch(self, query: Any) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execute(query).all()


def _bound_batches(batch_id: AnyColumn, wanted: RecordFilter, before: UUID | None) -> list[Condition]:
    return [
        is_received_in_time(batch_id, wanted),
        true() if before is None else batch_id < before,
        true() if wanted.batch_id is None else batch_id == wanted.batch_id,
    ]


def _select_counted(wanted: RecordFilter, visibility: Visibility, customers_of_unit: AnyColumn) -> Select[Any]:
    """Ids of batches with matching customers, newest first, and the number of these customers.

    `customers_of_unit` counts the customers that match where no code is wanted.
    """
    if wanted.code is not None:
        table, count, condition = rejection_counts, func.sum(rejection_counts.c.mentioned), _has_code(wanted.code)
    else:
        table, count, condition = batch_units, func.sum(customers_of_unit), customers_of_unit > 0
    query = select(table.c.batch_id, count).where(condition).group_by(table.c.batch_id)
    return query.where(*filter_customers(table.c, wanted, visibility)).order_by(table.c.batch_id.desc())


def _has_code(code: str) -> Condition:
    return rejection_counts.c.code == code


def _select_accepted_batches(wanted: RecordFilter, visibility: Visibility, before: UUID | None) -> Select[Any]:
    """Batches that accepted a customer with the identifiers, and whether its unit makes it visible."""
    # Every version of a customer has the number under which it was accepted.
    tables = [communications] if wanted.communication_number is not None else [customers, customer_history]
    found = union_all(*(_select_accepted(table, wanted, before) for table in tables)).subquery()
    is_seen = is_visible(null(), found.c.business_unit, visibility)
    query = select(found.c.batch_id, func.max(case((is_seen, 1), else_=0))).group_by(found.c.batch_id)
    return query.order_by(found.c.batch_id.desc()).limit(_BATCHES_PER_STEP)


def _select_accepted(table: Table, wanted: RecordFilter, before: UUID | None) -> Select[Any]:
    """Accepted customers in a table that has their identifiers, their unit and their batch."""
    query = select(table.c.batch_id, table.c.business_unit)
    query = query.where(is_in_unit(table.c.business_unit, wanted), *_bound_batches(table.c.batch_id, wanted, before))
    if wanted.communication_number is not None:
        query = query.where(table.c.communication_number == wanted.communication_number)
    if wanted.customer_ext_id is not None:
        query = query.where(table.c.customer_ext_id == wanted.customer_ext_id)
    return query


def _group_candidates(candidates: Sequence[_Candidate], limit: int, max_read_rows: int) -> Iterator[list[_Candidate]]:
    """Batches to read together: as many as fill the page within the bound, or one that alone has more."""
    group: list[_Candidate] = []
    matching = rejected = 0
    for candidate in candidates:
        matching, rejected = matching + candidate.matching, rejected + candidate.rejected
        if group and (matching > limit or rejected > max_read_rows):
            yield group
            group, matching, rejected = [], candidate.matching, candidate.rejected
        group.append(candidate)
    if group:
        yield group


def _to_rejection(row: Any) -> Rejection:
    batch_id, position, received_at, sender, load_id, first_row, number, ext_id, unit, violations = row
    kept = [(code, pointer) for code, pointer in violations if code != MORE_VIOLATIONS]
    has_more = len(kept) < len(violations)
    key = RejectionKey(batch_id, position)
    return Rejection(key, received_at, sender, load_id, first_row, number, ext_id, unit, kept, has_more)
