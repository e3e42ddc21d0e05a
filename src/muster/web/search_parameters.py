"""The filters of batches, rejections and reports: types, documentation, and messages for bad values."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Final

from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from muster.records.record_filter import RecordFilter, RejectionKey
from muster.records.search import MAX_REPORT_DAYS
from muster.web.code_meanings import KNOWN_CODES
from muster.web.parameters import bad_choice, bad_parameter, parse_moment, parse_uuid
from muster.web.problems import Problem

DEFAULT_REPORT_DAYS: Final = 30
REPORT_FORMATS: Final = ("json", "csv")
_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_CURSOR: Final = re.compile("([0-9a-fA-F-]{36})[.]([0-9]{1,10})", re.ASCII)
_MAX_POSITION: Final = 2**31 - 1
_ID: Final = "01933b52-6d3f-7c1e-9a54-2f0c7b1d8e90"
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
    QueryParameter(name="load", format="uuid", description="Of this load of a file.", examples=[Example(value=_ID)]),
]
RejectionCursor = Annotated[
    str | None,
    QueryParameter(
        name="cursor", description="The `next` of the previous page.", examples=[Example(value=f"{_ID}.17")]
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


def parse_filter(
    *,
    since: str | None = None,
    until: str | None = None,
    sender: str | None = None,
    code: str | None = None,
    unit: str | None = None,
    customer_ext_id: str | None = None,
    communication_number: str | None = None,
    load: str | None = None,
) -> RecordFilter:
    """Raises `Problem`, a 400 that names the parameter and what it takes."""
    texts = {
        "sender": sender,
        "unit": unit,
        "customerExtId": customer_ext_id,
        "communicationNumber": communication_number,
    }
    for name, text in texts.items():
        if text is not None and "\0" in text:  # no value of the store has a NUL, and PostgreSQL refuses it
            raise bad_parameter(name)
    if code is not None and code not in KNOWN_CODES:
        raise bad_parameter("code")
    load_id = None if load is None else parse_uuid(load)
    if load is not None and load_id is None:
        raise bad_parameter("load")
    begin, end = parse_bound("since", since), parse_bound("until", until)
    if begin is not None and end is not None and begin >= end:
        raise bad_parameter("until")
    return RecordFilter(begin, end, sender, code, unit, customer_ext_id, communication_number, load_id)


def parse_bound(name: str, text: str | None) -> datetime | None:
    """A moment in UTC; a day stands for its beginning. Raises `Problem`, a 400."""
    return parse_moment(f"{text}T00:00:00Z" if text and _DAY.fullmatch(text) else text, name)


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
