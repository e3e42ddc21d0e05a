"""The query and path parameters of the reading endpoints: types, documentation, and messages for bad values."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, ParameterKwarg, PathParameter, QueryParameter
from litestar.typing import FieldDefinition

from muster.web.problems import Problem

MAX_PAGE_SIZE: Final = 1_000
DEFAULT_PAGE_SIZE: Final = 100
_WHOLE_NUMBER: Final = re.compile("[0-9]{1,9}", re.ASCII)
EXAMPLE_ID: Final = "01933b52-6d3f-7c1e-9a54-2f0c7b1d8e90"  # in the OpenAPI document

_BOUND: Final = "day, like 2024-05-26, or moment with its zone, like 2024-05-26T16:49:50Z"

# What a parameter takes; completes "the query parameter NAME takes ...".
_EXPECTED: Final = {
    "limit": f"one whole number from 1 to {MAX_PAGE_SIZE}",
    "cursor": "one value, the `next` of the previous page",
    "at": "one moment with its zone, like 2024-05-26T16:49:50Z",
    "businessUnit": "one value, a code of the classifier businessUnit",
    "start": "true or false",
    "name": "one value, the name of the file without its directory, of at most 255 characters",
    "dryRun": "true or false",
    "upsert": "true or false",
    "unknown": "ignore or reject",
    "accept": "all, or a whole number of percent from 0 to 100",
    "batch": "one whole number from 1 to 10000",
    "encoding": "one value, the name of a text encoding",
    "sheet": "one value, the name of a sheet, of at most 255 characters",
    "changes": "values",
    "format": "csv, xlsx or ndjson",
    "forExcel": "true or false",
    "idempotencyKey": "one key of 1 to 255 visible ASCII characters",
    "actor": "one value, the name of a user, or os: and the name of a user of the operating system",
    "action": "one action of the audit log, like customer.read",
    "subject": "one value, such as a customerExtId or the name of a user",
    "after": "one whole number, that of an entry",
    "checkpoint": "one value, a number, a colon and 64 hex digits",
    "since": f"one {_BOUND}",
    "until": f"one {_BOUND}, later than since",
    "sender": "one value, the name of a user",
    "code": "one error code, like C012",
    "unit": "one value, a code of the classifier businessUnit",
    "customerExtId": "one value",
    "communicationNumber": "one value",
    "load": "one value, the id of a load",
    "search": "one value, a part of a code or of its title",
    "entry": "one value, a code of the list",
    "mapping": "one value, the name of a saved mapping",
    "version": "one whole number, that of a version",
}

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE_SIZE, description="The maximum number of items on the page.")]
BatchCursor = Annotated[
    str | None, QueryParameter(description="The `next` of the previous page.", examples=[Example(value=EXAMPLE_ID)])
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
Changes = Annotated[
    str | None,
    QueryParameter(
        name="changes",
        description="`values`: with the old and the new value of each change. The audit log tells such reads apart.",
        schema_extra={"type": "string", "enum": ["values"]},
    ),
]
CommunicationNumber = Annotated[str, PathParameter(name="communicationNumber", examples=[Example(value="n-1")])]
CustomerExtId = Annotated[str, PathParameter(name="customerExtId", examples=[Example(value="c-1")])]
BatchId = Annotated[str, PathParameter(name="batchId", format="uuid", examples=[Example(value=EXAMPLE_ID)])]


def bad_parameter(name: str) -> Problem:
    """A 400 that names the parameter and what it takes, but not its value."""
    return Problem(400, f"the query parameter {name} takes {_EXPECTED[name]}")


def bad_choice(name: str, choices: Sequence[str]) -> Problem:
    """The same for a parameter that takes one of these texts."""
    return Problem(400, f"the query parameter {name} takes {' or '.join(choices)}")


def to_parameter_problem(error: ValidationException) -> Problem:
    """The problem for a parameter that Litestar could not convert."""
    names = [item.get("key") for item in error.extra if isinstance(item, dict)] if isinstance(error.extra, list) else []
    return next((bad_parameter(name) for name in names if name in _EXPECTED), Problem(400, "a parameter is not valid"))


def unknown_parameter(known: Iterable[str]) -> Problem:
    """A 400 that names the known parameters. The unknown one is not echoed: it may be a value that lost its name."""
    names = ", ".join(known)
    takes = f"takes the query parameters {names} and no other" if names else "takes no query parameters"
    return Problem(400, f"this path {takes}; an unknown one would have no effect")


def iterate_parameters(handler: BaseRouteHandler) -> Iterator[tuple[str, FieldDefinition, ParameterKwarg]]:
    """Name on the wire, field and definition of every parameter of an endpoint: in path, query or header.

    Some may be fields of a dependency, see `provide_group`.
    """
    dependencies = handler.resolve_dependencies()

    def iterate(fields: Mapping[str, FieldDefinition]) -> Iterator[tuple[str, FieldDefinition, ParameterKwarg]]:
        for name, field in fields.items():
            definition = field.kwarg_definition
            if name in dependencies:
                yield from iterate(dependencies[name].parsed_fn_signature.parameters)
            elif isinstance(definition, QueryParameter | PathParameter | HeaderParameter):
                yield definition.name or name, field, definition

    return iterate(handler.parsed_fn_signature.parameters)


def provide_group(group: type[Any]) -> Provide:
    """A dependency that is a dataclass of parameters; its field types are those of single parameters.

    Each field is text or None, so that the group takes every request: Litestar builds it beside `Access`, before it is
    known whether the user is authenticated, and does not end an `Access` whose neighbour fails. Handlers parse it.
    """
    return Provide(group, sync_to_thread=False)


def check_query(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler, *, allows_empty: bool = False
) -> None:
    """Raises `Problem`, a 400, for a parameter that the endpoint does not have, and for one that is empty or repeated.

    Litestar ignores the first kind, and takes the last value of the second. It reads `1e2` and `+5` as whole numbers.
    """
    query = connection.scope["query_string"]
    if not query:
        return
    known = {
        name: field for name, field, definition in iterate_parameters(handler) if isinstance(definition, QueryParameter)
    }
    choices = {name: _get_choices(definition) for name, _, definition in iterate_parameters(handler)}
    values: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name not in known:
            raise unknown_parameter(known)
        is_number = known[name].annotation is int
        if name in values or not (value or allows_empty) or (is_number and not _WHOLE_NUMBER.fullmatch(value)):
            raise bad_choice(name, choices[name]) if choices[name] else bad_parameter(name)
        values[name] = value


def _get_choices(definition: ParameterKwarg) -> Sequence[str]:
    choices: Sequence[str] = (definition.schema_extra or {}).get("enum", ())
    return choices


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
    if not _WHOLE_NUMBER.fullmatch(cursor):
        raise bad_parameter("cursor")
    return int(cursor)


def parse_changes(text: str | None) -> bool:
    """Whether values are asked for. Raises `Problem`, a 400."""
    if text not in (None, "values"):
        raise bad_parameter("changes")
    return text is not None


def format_cursor(key: object | None) -> str | None:
    """The `next` of a page that continues with this key."""
    return None if key is None else str(key)


def parse_moment(text: str | None, name: str) -> datetime | None:
    """A moment in UTC. Raises `Problem`, a 400."""
    if text is None:
        return None
    try:
        # An unencoded plus is decoded as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is None:
            raise bad_parameter(name)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: at the ends of the calendar
        raise bad_parameter(name) from None
