"""The filters of batches, rejections and reports: types, documentation, and messages for bad values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Final

from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from muster.records.record_filter import RecordFilter, RejectionKey
from muster.records.search import MAX_REPORT_DAYS
from muster.web.code_meanings import KNOWN_CODES
from muster.web.parameters import EXAMPLE_ID, bad_choice, bad_parameter, parse_moment, parse_uuid
from muster.web.problems import Problem

DEFAULT_REPORT_DAYS: Final = 30
REPORT_FORMATS: Final = ("json", "csv")
_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_CURSOR: Final = re.compile("([0-9a-fA-F-]{36})[.]([0-9]{1,10})", re.ASCII)
_MAX_POSITION: Final = 2**31 - 1
_BOUND: Final = "A day (UTC), or a moment with its zone, compared in whole milliseconds."

Since = Annotated[
    str | None,
    QueryParameter(
        name="since", description=f"Received then or later. {_BOUND}", examples=[Example(value="2024-05-26")]
    ),
]
Until = Annotated[
    str | None,
    QueryParameter(
        name="until", description=f"Received before then. {_BOUND}", examples=[Example(value="2024-05-26T16:49:50Z")]
    ),
]
SenderName = Annotated[
    str | None,
    QueryParameter(name="sender", description="Sent by this user.", examples=[Example(value="core-banking")]),
]
ErrorCode = Annotated[
    str | None,
    QueryParameter(
        name="code",
        description="With this code among the violations of a rejected customer.",
        examples=[Example(value="C012")],
    ),
]
CustomerUnit = Annotated[
    str | None,
    QueryParameter(name="unit", description="With a customer of this business unit.", examples=[Example(value="MAIN")]),
]
ExtIdFilter = Annotated[
    str | None,
    QueryParameter(name="customerExtId", description="With this customer.", examples=[Example(value="c-1")]),
]
NumberFilter = Annotated[
    str | None,
    QueryParameter(
        name="communicationNumber", description="With this communication number.", examples=[Example(value="n-1")]
    ),
]
LoadFilter = Annotated[
    str | None,
    QueryParameter(
        name="load", format="uuid", description="Of this load of a file.", examples=[Example(value=EXAMPLE_ID)]
    ),
]
RejectionCursor = Annotated[
    str | None,
    QueryParameter(
        name="cursor", description="The `next` of the previous page.", examples=[Example(value=f"{EXAMPLE_ID}.17")]
    ),
]
ReportFormat = Annotated[
    str | None,
    QueryParameter(
        name="format",
        description="Without it, the header `Accept` decides; JSON by default.",
        schema_extra={"type": "string", "enum": list(REPORT_FORMATS)},
    ),
]


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """The filters of a report, as text."""

    since: Since = None
    until: Until = None
    sender: SenderName = None
    code: ErrorCode = None
    unit: CustomerUnit = None

    def parse(self) -> RecordFilter:
        """Raises `Problem`, a 400 that names the parameter and what it takes."""
        _refuse_nul(sender=self.sender, unit=self.unit)
        if self.code is not None and self.code not in KNOWN_CODES:
            raise bad_parameter("code")
        begin, end = parse_bound("since", self.since), parse_bound("until", self.until)
        if begin is not None and end is not None and begin >= end:
            raise bad_parameter("until")
        return RecordFilter(begin, end, self.sender, self.code, self.unit)


@dataclass(frozen=True, slots=True)
class RecordQuery(ReportQuery):
    """The filters of batches and rejections, as text."""

    customer_ext_id: ExtIdFilter = None
    communication_number: NumberFilter = None
    load: LoadFilter = None

    def parse(self) -> RecordFilter:
        """Raises `Problem`, a 400 that names the parameter and what it takes."""
        _refuse_nul(customerExtId=self.customer_ext_id, communicationNumber=self.communication_number)
        load_id = None if self.load is None else parse_uuid(self.load)
        if self.load is not None and load_id is None:
            raise bad_parameter("load")
        return replace(
            ReportQuery.parse(self),
            customer_ext_id=self.customer_ext_id,
            communication_number=self.communication_number,
            load_id=load_id,
        )


def parse_bound(name: str, text: str | None) -> datetime | None:
    """A moment in UTC; a day stands for its beginning. Raises `Problem`, a 400."""
    return parse_moment(f"{text}T00:00:00Z" if text and is_day(text) else text, name)


def is_day(text: str) -> bool:
    """Whether a bound is a day, which may be one that no calendar has, and not a moment."""
    return _DAY.fullmatch(text) is not None


def parse_report_period(wanted: RecordFilter, now: datetime) -> tuple[datetime, datetime]:
    """The bounds of a report: by default the last days with today, in UTC. Raises `Problem`, a 400."""
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    until = wanted.until or max(tomorrow, wanted.since or tomorrow)
    days = timedelta(days=DEFAULT_REPORT_DAYS)
    since = wanted.since or (until - days if until - datetime.min.replace(tzinfo=UTC) > days else until)
    if until - since > timedelta(days=MAX_REPORT_DAYS):
        raise Problem(400, f"a report takes at most {MAX_REPORT_DAYS} days between since and until")
    return since, until


def parse_rejection_cursor(cursor: str | None) -> RejectionKey | None:
    """Raises `Problem`, a 400."""
    if cursor is None:
        return None
    match = _CURSOR.fullmatch(cursor)
    batch_id = parse_uuid(match[1]) if match else None
    if match is None or batch_id is None or int(match[2]) > _MAX_POSITION:
        raise bad_parameter("cursor")
    return RejectionKey(batch_id, int(match[2]))


def format_rejection_cursor(key: RejectionKey | None) -> str | None:
    """The `next` of a page that continues after this rejection."""
    return None if key is None else f"{key.batch_id}.{key.position}"


def parse_report_format(text: str | None, accept: Sequence[str]) -> str:
    """The format of a report, by the parameter or else by the header. Raises `Problem`, a 400."""
    if text is not None:
        if text not in REPORT_FORMATS:
            raise bad_choice("format", REPORT_FORMATS)
        return text
    ranges = {part.partition(";")[0].strip().lower() for header in accept for part in header.split(",")}
    return "csv" if "text/csv" in ranges and not ranges & {"application/json", "*/*"} else "json"


def _refuse_nul(**texts: str | None) -> None:
    """Raises `Problem`, a 400: no value of the store has a NUL, and PostgreSQL refuses it."""
    for name, text in texts.items():
        if "\0" in (text or ""):
            raise bad_parameter(name)
