"""Conditions of searches, on the columns of any table that has them."""

from typing import Any

from sqlalchemy import ColumnElement, Dialect, Select, and_, exists, false, func, or_, select, true, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from muster.records.record_filter import RecordFilter
from muster.records.visibility import Visibility
from muster.storage.batch_ids import build_first_id
from muster.storage.tables import batches, rejections

Condition = ColumnElement[bool]
AnyColumn = ColumnElement[Any]


def is_received_in_time(batch_id: AnyColumn, wanted: RecordFilter) -> Condition:
    """By the id, which begins with the time of receipt: every key of these tables begins with the id of the batch."""
    since = true() if wanted.since is None else batch_id >= build_first_id(wanted.since)
    return since if wanted.until is None else and_(since, batch_id < build_first_id(wanted.until))


def is_sent_by(sender: AnyColumn, wanted: RecordFilter) -> Condition:
    return true() if wanted.sender is None else sender == wanted.sender


def is_in_unit(unit: AnyColumn, wanted: RecordFilter) -> Condition:
    return true() if wanted.business_unit is None else unit == wanted.business_unit


def is_visible(sender: AnyColumn, unit: AnyColumn, visibility: Visibility) -> Condition:
    """The rule of `Visibility.includes`. A unit that is null or empty is in no set of units."""
    if visibility.units is None:
        return true()
    is_own = sender == visibility.sent_by if visibility.sent_by else false()
    return or_(is_own, unit.in_(sorted(visibility.units))) if visibility.units else is_own


def is_in_load(batch_id: AnyColumn, wanted: RecordFilter) -> Condition:
    if wanted.load_id is None:
        return true()
    chunks: Select[Any] = select(batches.c.id).where(batches.c.load_id == wanted.load_id)
    return batch_id.in_(chunks)


def has_code(dialect: Dialect, code: str) -> Condition:
    """Whether one of a rejection's violations, pairs of code and pointer, has the code. No pointer equals a code."""
    if dialect.name == "postgresql":
        return type_coerce(rejections.c.violations, JSONB).contains([[code]])
    violation = func.json_each(rejections.c.violations).table_valued("value", name="violation")
    return exists(select(1).select_from(violation).where(func.json_extract(violation.c.value, "$[0]") == code))
