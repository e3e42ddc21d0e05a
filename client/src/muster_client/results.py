"""What the service says of a customer."""

from typing import Final

import msgspec

_ACCEPTED: Final = "REQUEST_ACCEPTED"


class Finding(msgspec.Struct, rename="camel", gc=False):
    """An error or a warning of a customer, with its place.

    `pointer` is the JSON pointer (RFC 6901) from the root of the request: `/customers/3/listAddress/0/country`.
    `expected` says, of errors, what the field takes.
    """

    code: str
    description: str
    pointer: str
    expected: str | None = None

    @property
    def path(self) -> str:
        """The JSON pointer within the customer: `/listAddress/0/country`."""
        _, _, path = self.pointer.removeprefix("/customers/").partition("/")
        return f"/{path}" if path else ""

    def __repr__(self) -> str:
        return f"Finding({self.code})"


class CustomerResult(msgspec.Struct, rename="camel", gc=False):
    """The result of one customer.

    The identifiers are echoed as the service understood them. A rejected customer has `error_code` and
    `error_description`, those of the first rule that it breaks. `errors` and `warnings` list all of them with
    `detail=True`, at most 100 of each; `more_errors` and `more_warnings` say that there are more.
    """

    result_type: str
    communication_number: str | None
    customer_ext_id: str | None
    business_unit: str | None
    time_elapsed_ms: int
    error_code: str | None = None
    error_description: str | None = None
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    more_errors: bool = False
    more_warnings: bool = False

    @property
    def is_accepted(self) -> bool:
        """Whether the customer is saved or, by a validation, would be."""
        return self.result_type == _ACCEPTED

    def __repr__(self) -> str:
        # Without the identifiers, and without the descriptions, which may repeat them: results get into logs.
        state = "accepted" if self.is_accepted else f"rejected, {self.error_code}"
        return f"CustomerResult({state})"
