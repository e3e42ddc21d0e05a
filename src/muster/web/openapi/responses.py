"""Response objects of the document: successes, problems and internal errors."""

from collections.abc import Sequence
from typing import Any, Final

from muster.web.openapi.components import JsonSchema, ref
from muster.web.problems import get_phrase

# What a status means where an endpoint says nothing else.
DESCRIPTIONS: Final = {
    400: "A query parameter is not known or not valid, is there twice, or a required one is missing.",
    401: "The credentials are missing or wrong, or the token has expired or was revoked.",
    403: "The roles of the user do not permit this.",
    404: "It does not exist, or this user may not see it.",
    414: "The path and the query are too long.",
    429: "Too many wrong credentials came from this address, or too many requests of this user are running; try "
    "again after `Retry-After` seconds.",
    503: "Too many requests are waiting, the database is busy with other changes, or the OpenID provider of a JWT is "
    "unavailable; try again after `Retry-After` seconds.",
}

_TEXT_HEADER: Final[JsonSchema] = {"required": True, "schema": {"type": "string"}}
_SECONDS_HEADER: Final[JsonSchema] = {
    "required": True,
    "description": "Seconds to wait before the next attempt.",
    "schema": {"type": "integer", "format": "int64", "minimum": 1},
}
_HEADERS: Final[dict[int, JsonSchema]] = {
    401: {"WWW-Authenticate": _TEXT_HEADER},
    409: {"Retry-After": _SECONDS_HEADER},
    429: {"Retry-After": _SECONDS_HEADER},
    503: {"Retry-After": _SECONDS_HEADER},
}


# Headers that some successes of an endpoint have.
_SUCCESS_HEADERS: Final[dict[str, JsonSchema]] = {
    "Location": {"description": "The path of the load.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "The load was created by the first request with the same key.",
        "schema": {"type": "string", "const": "true"},
    },
    "Retry-After": {
        "description": "Seconds to wait before asking again; absent when the load has ended.",
        "schema": {"type": "integer", "format": "int64", "minimum": 1},
    },
    "Content-Disposition": {"description": "The name of the file.", "schema": {"type": "string"}},
}


def build_headers(names: Sequence[str]) -> dict[str, JsonSchema]:
    return {name: _SUCCESS_HEADERS[name] for name in names}


def build_response(description: str, schema: JsonSchema, example: Any) -> JsonSchema:
    """A response with a JSON body."""
    return {"description": description, "content": {"application/json": {"schema": schema, "example": example}}}


def build_problem_responses(path: str, statuses: Sequence[int], descriptions: dict[int, str]) -> dict[str, JsonSchema]:
    """Status -> response of a path, for refusals. `descriptions` has precedence over `DESCRIPTIONS`."""
    return {str(status): _build_problem(path, status, (DESCRIPTIONS | descriptions)[status]) for status in statuses}


def build_internal_error() -> JsonSchema:
    """The response to an internal error."""
    example = {"errorCode": "500", "errorDescription": "Processing failed", "timeElapsedMs": 172}
    return build_response("Processing failed.", ref("Failure"), example)


def _build_problem(path: str, status: int, description: str) -> JsonSchema:
    example = {
        "timestamp": "2024-05-26T16:49:50.237+00:00",
        "status": status,
        "error": get_phrase(status),
        "path": path,
        "message": description,
    }
    response = build_response(description, ref("Error"), example)
    return response | {"headers": _HEADERS[status]} if status in _HEADERS else response
