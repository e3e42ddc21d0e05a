"""The query and path parameters of the reading endpoints: types, documentation, and messages for bad values."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request
from litestar.exceptions import ValidationException
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from muster.web.problems import Problem

MAX_PAGE_SIZE: Final = 1_000
DEFAULT_PAGE_SIZE: Final = 100
_MAX_CURSOR_DIGITS: Final = 9
_EXAMPLE_ID: Final = "01933b52-6d3f-7c1e-9a54-2f0c7b1d8e90"

# What a parameter takes; completes "the query parameter NAME takes ...".
_EXPECTED: Final = {
    "limit": f"one whole number from 1 to {MAX_PAGE_SIZE}",
    "cursor": "one value, the `next` of the previous page",
    "at": "one moment with its zone, like 2024-05-26T16:49:50Z",
    "businessUnit": "one value, a code of the classifier businessUnit",
}

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE_SIZE, description="The maximum number of items on the page.")]
BatchCursor = Annotated[
    str | None, QueryParameter(description="The `next` of the previous page.", examples=[Example(value=_EXAMPLE_ID)])
]
IndexCursor = Annotated[
    str | None, QueryParameter(description="The `next` of the previous page.", examples=[Example(value="100")])
]
VersionCursor = Annotated[
    str | None, QueryParameter(description="The `next` of the previous page.", examples=[Example(value="2")])
]
Moment = Annotated[
    str | None,
    QueryParameter(
        format="date-time",
        description="A moment with its zone. The version that was current at that moment is returned.",
        examples=[Example(value="2024-05-26T16:49:50Z")],
    ),
]
UnitCode = Annotated[
    str | None,
    QueryParameter(
        name="businessUnit",
        description="The business unit of the customer. The default is the user's own unit. Where there are several, "
        "an `admin` must name one.",
        examples=[Example(value="MAIN")],
    ),
]
CommunicationNumber = Annotated[str, PathParameter(name="communicationNumber", examples=[Example(value="n-1")])]
CustomerExtId = Annotated[str, PathParameter(name="customerExtId", examples=[Example(value="c-1")])]
BatchId = Annotated[str, PathParameter(name="batchId", format="uuid", examples=[Example(value=_EXAMPLE_ID)])]


def bad_parameter(name: str) -> Problem:
    """A 400 that names the parameter and what it takes, but not its value."""
    return Problem(400, f"the query parameter {name} takes {_EXPECTED[name]}")


def to_parameter_problem(error: ValidationException) -> Problem:
    """The problem for a parameter that Litestar could not convert."""
    names = [item.get("key") for item in error.extra if isinstance(item, dict)] if isinstance(error.extra, list) else []
    return next((bad_parameter(name) for name in names if name in _EXPECTED), Problem(400, "a parameter is not valid"))


def reject_repeated_parameters(request: Request[Any, Any, Any]) -> None:
    """Raises `Problem`, a 400, when the query has a parameter of the endpoint twice. Litestar takes the last one."""
    query = request.query_params
    if len(query) < 2:
        return
    for name, field in request.route_handler.parsed_fn_signature.parameters.items():
        definition = field.kwarg_definition
        alias = (definition.name if isinstance(definition, QueryParameter) else None) or name
        if isinstance(definition, QueryParameter) and len(query.getall(alias, [])) > 1:
            raise bad_parameter(alias)


def parse_uuid(text: str) -> UUID | None:
    """The UUID in its usual form with dashes; None for other text."""
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def parse_batch_cursor(cursor: str | None) -> UUID | None:
    """The id of the last batch of the previous page. Raises `Problem`, a 400."""
    if cursor is None:
        return None
    batch_id = parse_uuid(cursor)
    if batch_id is None:
        raise bad_parameter("cursor")
    return batch_id


def parse_number_cursor(cursor: str | None) -> int | None:
    """A cursor that is a whole number. Raises `Problem`, a 400."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= _MAX_CURSOR_DIGITS):
        raise bad_parameter("cursor")
    return int(cursor)


def parse_moment(text: str | None) -> datetime | None:
    """A moment in UTC. Raises `Problem`, a 400."""
    if text is None:
        return None
    try:
        # An unencoded plus is decoded as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is None:
            raise bad_parameter("at")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: at the ends of the calendar
        raise bad_parameter("at") from None
