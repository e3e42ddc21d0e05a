"""Response bodies of the endpoints that read rejections and report them. The OpenAPI document is derived from them."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from muster.csv_injection import escape_formula
from muster.records.record_filter import CustomerCount, Rejection, RejectionCount
from muster.records.search import RejectionReport
from muster.web.code_meanings import RejectionCodeResponse, describe_codes
from muster.web.parameters import EXAMPLE_ID
from muster.web.record_responses import NextCursor, UtcTime

Codes = Annotated[list[RejectionCodeResponse], Meta(description="What the codes mean, each once.")]
Count = Annotated[int, Meta(ge=0, examples=[2])]
Unit = Annotated[str | None, Meta(description="Null when it is not known.", examples=["MAIN"])]
ReportDay = Annotated[date, Meta(description="UTC.", examples=["2024-05-26"])]
CSV_COLUMNS: Final = ("day", "sender", "businessUnit", "code", "accepted", "rejected", "mentioned")


class RejectionViolationResponse(msgspec.Struct):
    """A rule that the customer breaks."""

    code: Annotated[str, Meta(examples=["C012"])]
    pointer: Annotated[str, Meta(description="RFC 6901, from the root of the request.", examples=["/customers/3"])]


class RejectionResponse(msgspec.Struct, rename="camel"):
    """A rejected customer. Identifiers that were refused themselves are null."""

    received_at: UtcTime
    sender: Annotated[str, Meta(examples=["core-banking"])]
    batch_id: Annotated[UUID, Meta(examples=[EXAMPLE_ID])]
    index: Annotated[int, Meta(ge=0, description="Of the customer in its batch.", examples=[3])]
    load_id: Annotated[UUID | None, Meta(description="The load of the file that it came in; null for others.")]
    row: Annotated[int | None, Meta(description="Its first row in the file.", examples=[5])]
    communication_number: Annotated[str | None, Meta(examples=["n-1"])]
    customer_ext_id: Annotated[str | None, Meta(examples=["c-1"])]
    business_unit: Unit
    violations: Annotated[
        list[RejectionViolationResponse], Meta(description="In the order of the checks; the first is the `errorCode`.")
    ]
    more_violations: Annotated[bool, Meta(description="There were more violations than are kept.")]


class RejectionPageResponse(msgspec.Struct):
    """Rejected customers, newest batch first. A page may be shorter than its limit and still have a next one."""

    rejections: list[RejectionResponse]
    codes: Codes
    next: NextCursor


class RejectionCountResponse(msgspec.Struct, rename="camel"):
    """Rejected customers of one day, code, sender and business unit."""

    day: ReportDay
    code: Annotated[str, Meta(examples=["C012"])]
    sender: Annotated[str, Meta(examples=["core-banking"])]
    business_unit: Unit
    rejected: Annotated[Count, Meta(description="With this code as their `errorCode`: the sum is all rejected ones.")]
    mentioned: Annotated[Count, Meta(description="With this code among their violations.")]


class CustomerCountResponse(msgspec.Struct, rename="camel"):
    """All customers of one day, sender and business unit."""

    day: ReportDay
    sender: Annotated[str, Meta(examples=["core-banking"])]
    business_unit: Unit
    accepted: Count
    rejected: Count


class RejectionReportResponse(msgspec.Struct):
    """Rejected customers by day, code, sender and unit, and all customers beside them."""

    since: UtcTime
    until: UtcTime
    rejections: list[RejectionCountResponse]
    customers: list[CustomerCountResponse]
    codes: Codes


def to_rejection(found: Rejection) -> RejectionResponse:
    return RejectionResponse(
        found.received_at,
        found.sender,
        found.key.batch_id,
        found.key.position,
        found.load_id,
        found.first_row,
        found.communication_number,
        found.customer_ext_id,
        found.business_unit,
        [RejectionViolationResponse(code, pointer) for code, pointer in found.violations],
        found.has_more_violations,
    )


def to_rejection_page(items: list[RejectionResponse], following: str | None) -> RejectionPageResponse:
    codes = (violation.code for rejection in items for violation in rejection.violations)
    return RejectionPageResponse(items, describe_codes(codes), following)


def to_report(report: RejectionReport) -> RejectionReportResponse:
    rejections = [
        RejectionCountResponse(day, code, sender, unit or None, rejected, mentioned)
        for day, code, sender, unit, rejected, mentioned in report.rejections
    ]
    customers = [
        CustomerCountResponse(day, sender, unit or None, accepted, rejected)
        for day, sender, unit, accepted, rejected in report.customers
    ]
    codes = describe_codes(count.code for count in rejections)
    return RejectionReportResponse(report.since, report.until, rejections, customers, codes)


def write_report_csv(report: RejectionReport) -> bytes:
    """The report as CSV (RFC 4180), in UTF-8.

    A row with a code counts the customers that were rejected with it; one without counts those that were accepted. So
    each column can be summed up.
    """
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(CSV_COLUMNS)
    writer.writerows(sorted([*_iterate_rejected(report.rejections), *_iterate_accepted(report.customers)]))
    return output.getvalue().encode()


def _iterate_rejected(counts: Any) -> Iterator[tuple[str, ...]]:
    count: RejectionCount
    for count in counts:
        place = count.day.isoformat(), escape_formula(count.sender), escape_formula(count.business_unit)
        yield *place, count.code, "", str(count.rejected), str(count.mentioned)


def _iterate_accepted(counts: Any) -> Iterator[tuple[str, ...]]:
    count: CustomerCount
    for count in counts:
        place = count.day.isoformat(), escape_formula(count.sender), escape_formula(count.business_unit)
        yield *place, "", str(count.accepted), "", ""
