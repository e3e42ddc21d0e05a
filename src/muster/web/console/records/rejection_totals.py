"""The totals of a selection of refused customers, by code."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from muster.auth.users import User
from muster.records.record_filter import RecordFilter
from muster.records.search import MAX_REPORT_DAYS
from muster.web.console.code_guides import CodeMeaning, get_meanings
from muster.web.services import Services

_ALL_CODES: Final = 10_000  # there are fewer
_LONGEST: Final = timedelta(days=MAX_REPORT_DAYS)


@dataclass(frozen=True, slots=True)
class CodeTotal:
    """How many of the selected customers have a code among their errors."""

    code: str
    customers: int
    meanings: Sequence[CodeMeaning]


@dataclass(frozen=True, slots=True)
class SelectionTotals:
    """The totals of a selection. `accepted` and `rejected` do not know codes."""

    codes: Sequence[CodeTotal]
    accepted: int
    rejected: int


def find_period(wanted: RecordFilter) -> tuple[datetime, datetime] | None:
    """The bounds of a report; None when what is wanted has no report."""
    if wanted.since is None or wanted.load_id is not None or wanted.has_identifier:
        return None
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    until = wanted.until or tomorrow
    return (wanted.since, until) if timedelta(0) < until - wanted.since <= _LONGEST else None


def count_totals(services: Services, user: User, wanted: RecordFilter) -> SelectionTotals | None:
    """The totals, the most frequent code first; None when there is no report of what is wanted."""
    period = find_period(wanted)
    if period is None:
        return None
    totals = services.search.totals(replace(wanted, since=period[0], until=period[1]), user, limit=_ALL_CODES)
    return SelectionTotals(
        [CodeTotal(total.code, total.mentioned, get_meanings(total.code)) for total in totals.codes],
        sum(day.accepted for day in totals.days),
        sum(day.rejected for day in totals.days),
    )
