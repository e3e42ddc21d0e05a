"""What stands of a customer, stood at a moment, and how it came to that."""

from typing import Final

import msgspec
from litestar.types import ASGIApp, Scope

from muster.auth.authorization import can_read_customers
from muster.auth.users import User
from muster.records.reading import UnitRequiredError
from muster.web.authenticated_endpoint import (
    WRONG_CURSOR,
    AuthenticatedEndpoint,
    Permission,
    get_parameter,
    get_path_name,
    or_404,
    parse_limit,
    parse_moment,
    parse_number,
)
from muster.web.ports import Customers
from muster.web.problems import Problem
from muster.web.records import to_communication

CUSTOMERS: Final = "/api/v1/customers/"
HISTORY: Final = "/history"

READS: Final = Permission(
    can_read_customers,
    "this user may not read customers; `muster user change`, or its OpenID provider, gives it the role read",
)

_NO_CUSTOMER: Final = "there is no such customer in this business unit, or not at that moment, or not for this user"
_WRONG_UNIT: Final = "the query parameter businessUnit takes one value, a code of the classifier businessUnit"
_WHICH_UNIT: Final = "the installation has several business units; say with the query parameter businessUnit which one"


class CustomerHandlers:
    """Answers to whoever may read customers; `asking` sees to that."""

    def __init__(self, customers: Customers, asking: AuthenticatedEndpoint) -> None:
        self._customers = customers
        self._asking = asking

    async def customer(self, scope: Scope) -> ASGIApp:
        """The customer or, where the path ends with it, the history. Its id may be any text, `history` too."""
        rest = scope["raw_path"].partition(b"?")[0].removeprefix(CUSTOMERS.encode())
        is_history = rest.endswith(HISTORY.encode())
        return await self._asking.answered(scope, self._history if is_history else self._customer)

    def _customer(self, scope: Scope, user: User) -> object:
        ext_id, unit = _asked(scope)
        at = parse_moment(scope)
        try:
            found = self._customers.customer(ext_id, unit, user, at=at)
        except UnitRequiredError:
            raise Problem(400, _WHICH_UNIT) from None
        version = or_404(found, _NO_CUSTOMER)
        return {**to_communication(version), "document": msgspec.Raw(version.document)}

    def _history(self, scope: Scope, user: User) -> object:
        ext_id, unit = _asked(scope, HISTORY)
        limit, below = parse_limit(scope), parse_number(scope, "cursor", WRONG_CURSOR)
        try:
            found = self._customers.history(ext_id, unit, user, below=below, limit=limit)
        except UnitRequiredError:
            raise Problem(400, _WHICH_UNIT) from None
        changes = or_404(found, _NO_CUSTOMER)
        last = changes[-1].version.version
        versions = [{**to_communication(change.version), "changed": change.changed} for change in changes]
        return {"versions": versions, "next": str(last) if last > 1 else None}


def _asked(scope: Scope, after: str = "") -> tuple[str, str | None]:
    """Which customer is meant, and of which unit. Raises `CommandError`."""
    ext_id, unit = get_path_name(scope, CUSTOMERS, after), get_parameter(scope, "businessUnit", _WRONG_UNIT)
    if "\0" in ext_id or "\0" in (unit or ""):
        raise Problem(404, _NO_CUSTOMER)
    return ext_id, unit
