"""Endpoints that read a customer: the current version, the version at a moment, and the history."""

from typing import Final

from litestar import Controller
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from muster.records.reading import MAX_PAGE_BYTES, RecordReader
from muster.web.access import Access
from muster.web.encoded_paths import decode_parameter
from muster.web.parameters import (
    DEFAULT_PAGE_SIZE,
    Changes,
    CustomerExtId,
    Limit,
    Moment,
    UnitCode,
    VersionCursor,
    format_cursor,
    parse_changes,
    parse_moment,
    parse_number_cursor,
)
from muster.web.problems import Problem, or_404
from muster.web.record_responses import (
    CustomerHistoryResponse,
    CustomerVersionResponse,
    to_customer_change,
    to_customer_version,
)
from muster.web.routing import get_or_head

CustomerAccess = SkipValidation[NamedDependency[Access[RecordReader]]]

_READERS: Final = "For users with the role `admin`, and for users with the role `read` in their business units."
_NO_CUSTOMER: Final = "there is no such customer in this business unit, or not at that moment, or not for this user"
_HISTORY: Final = (
    f"{_READERS} A page ends before its `limit` when the documents that it compares have more than "
    f"{MAX_PAGE_BYTES // 2**20} MiB together; `next` continues it."
)


class CustomerHandlers(Controller):
    """The id of a customer may be any text, `history` too."""

    path = "/api/v1/customers"
    tags = ("Records",)

    @get_or_head(
        "/{customerExtId:str}",
        operation_id="customer",
        summary="A customer as of now or, with `at`, as of a moment",
        description=_READERS,
    )
    async def customer(
        self,
        customer_ext_id: CustomerExtId,
        customer_access: CustomerAccess,
        unit: UnitCode = None,
        at: Moment = None,
    ) -> CustomerVersionResponse:
        ext_id = _decode_ext_id(customer_ext_id, unit)
        moment = parse_moment(at, "at")
        found = await customer_access.run(lambda records, user: records.customer(ext_id, unit, user, at=moment))
        return to_customer_version(or_404(found, _NO_CUSTOMER))

    @get_or_head(
        "/{customerExtId:str}/history",
        operation_id="customerHistory",
        summary="The versions of a customer and the changes of each",
        description=_HISTORY,
    )
    async def history(
        self,
        customer_ext_id: CustomerExtId,
        customer_access: CustomerAccess,
        unit: UnitCode = None,
        limit: Limit = DEFAULT_PAGE_SIZE,
        cursor: VersionCursor = None,
        changes: Changes = None,
    ) -> CustomerHistoryResponse:
        ext_id = _decode_ext_id(customer_ext_id, unit)
        below, with_values = parse_number_cursor(cursor), parse_changes(changes)
        found = await customer_access.run(
            lambda records, user: records.history(ext_id, unit, user, below=below, limit=limit, with_values=with_values)
        )
        page = or_404(found, _NO_CUSTOMER)
        return CustomerHistoryResponse([to_customer_change(change) for change in page.items], format_cursor(page.next))


def _decode_ext_id(segment: str, unit: str | None) -> str:
    """The id of the customer. Raises `Problem`, a 404, for a NUL: no id and no unit holds one."""
    ext_id = decode_parameter(segment)
    if "\0" in ext_id or "\0" in (unit or ""):
        raise Problem(404, _NO_CUSTOMER)
    return ext_id
