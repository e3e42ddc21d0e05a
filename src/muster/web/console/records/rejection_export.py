"""Refused customers as files: the list of any size, in constant memory, and the counts."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec

from muster.audit.export import format_csv_lines
from muster.auth.users import User
from muster.records.record_filter import RecordFilter, Rejection
from muster.records.search import RecordSearch
from muster.web.access import Access
from muster.web.console.code_guides import describe_violation
from muster.web.download import ResponseStream
from muster.web.rejection_responses import to_rejection, write_report_csv

EXPORT_FORMATS: Final = ("csv", "ndjson")
EXPORT_COLUMNS: Final = (
    "receivedAt",
    "sender",
    "batchId",
    "index",
    "loadId",
    "row",
    "communicationNumber",
    "customerExtId",
    "businessUnit",
    "codes",
    "errors",
    "pointers",
    "moreViolations",
)
_MEDIA_TYPES: Final = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}

SearchAccess = Access[RecordSearch]


async def send_rejections(access: SearchAccess, response: ResponseStream, wanted: RecordFilter, chosen: str) -> None:
    """Sends all rejections as one of `EXPORT_FORMATS`, newest batch first.

    A line of NDJSON is a rejection as `GET /api/v1/rejections` has it. In CSV, unprintable characters are escaped, and
    an apostrophe stands before what a spreadsheet would run as a formula.
    """
    groups = await access.run(lambda search, user: search.export(wanted, user))
    headers = [
        ("Content-Type", _MEDIA_TYPES[chosen]),
        ("Content-Disposition", f'attachment; filename="refused.{chosen}"'),
    ]
    await response.send(headers, _iterate(access, _format(groups, is_csv=chosen == "csv")))


async def send_report(
    access: SearchAccess, response: ResponseStream, wanted: RecordFilter, period: tuple[datetime, datetime]
) -> None:
    """Sends the counts by day, sender, unit and code as CSV. Raises `ReportTooLargeError`."""
    since, until = period
    bounded = replace(wanted, since=since, until=until)
    content = await access.run(lambda search, user: write_report_csv(search.report(bounded, user, since, until)))
    headers = [
        ("Content-Type", _MEDIA_TYPES["csv"]),
        ("Content-Disposition", f'attachment; filename="rejections-{since:%Y-%m-%d}-{until:%Y-%m-%d}.csv"'),
    ]
    await response.send(headers, _iterate(access, iter([content])))


def _format(groups: Iterator[Sequence[Rejection]], *, is_csv: bool) -> Iterator[bytes]:
    if is_csv:
        yield format_csv_lines([EXPORT_COLUMNS]).encode()
    for group in groups:
        if is_csv:
            yield format_csv_lines(map(_to_row, group)).encode(errors="backslashreplace")
        else:
            yield b"".join(msgspec.json.encode(to_rejection(rejection)) + b"\n" for rejection in group)


def _to_row(rejection: Rejection) -> Sequence[str]:
    found = to_rejection(rejection)
    return (
        found.received_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        found.sender,
        str(found.batch_id),
        str(found.index),
        str(found.load_id or ""),
        str(found.row or ""),
        found.communication_number or "",
        found.customer_ext_id or "",
        found.business_unit or "",
        " ".join(violation.code for violation in found.violations),
        "; ".join(describe_violation(code, pointer).text for code, pointer in rejection.violations),
        " ".join(violation.pointer for violation in found.violations),
        "true" if found.more_violations else "false",
    )


async def _iterate(access: SearchAccess, pieces: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    def take(_search: RecordSearch, _user: User) -> bytes | None:
        return next(pieces, None)

    while (piece := await access.run(take)) is not None:
        if piece:  # a page of a search may be empty and have a next one
            yield piece
