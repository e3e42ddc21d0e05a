"""Schemas and examples of the answers, as the contract gives them."""

from typing import Any, Final

from muster.classifiers.snapshot import CLASSIFIER_NAMES
from muster.intake.response import REQUEST_ACCEPTED, REQUEST_REJECTED
from muster.web.openapi.schemas import JsonSchema, ref

_ECHO: Final[dict[str, JsonSchema]] = {
    "communicationNumber": {"type": ["string", "null"], "description": "As it was sent; null when it is not known."},
    "customerExtId": {"type": ["string", "null"], "description": "As it was sent; null when it is not known."},
    "businessUnit": {
        "type": ["string", "null"],
        "description": "The unit that applies: the one sent, or the sender's own; null when it is not known.",
    },
}
_TIME: Final[JsonSchema] = {"type": "integer", "minimum": 0, "description": "Whole milliseconds."}
_FINDINGS: Final[JsonSchema] = {"type": "array", "items": ref("Finding")}


def answer_schemas() -> dict[str, JsonSchema]:
    """Name -> schema of every object that an answer can hold."""
    return {
        "Results": _object(
            "The answer to a batch that was judged.",
            {
                "resultType": {"const": REQUEST_ACCEPTED},
                "results": {"type": "array", "items": ref("Result"), "description": "In the order of the request."},
                "timeElapsedMs": _TIME,
            },
        ),
        "Result": _object(
            "The answer for one customer. `errorCode` and `errorDescription` stand in a rejected one.",
            {
                "resultType": {"enum": [REQUEST_ACCEPTED, REQUEST_REJECTED]},
                **_ECHO,
                "errorCode": {"type": "string", "description": "The first rule that is broken.", "examples": ["O005"]},
                "errorDescription": {"type": "string", "description": "The same in words."},
                "timeElapsedMs": _TIME | {"description": "Of its own check and its share of the work done for all."},
                "errors": _FINDINGS
                | {"description": "With `detail=full`: all violations, in the order of judgement, at most 1,000."},
                "warnings": _FINDINGS | {"description": "With `detail=full`: what is accepted but doubtful."},
            },
            optional=("errorCode", "errorDescription", "errors", "warnings"),
        ),
        "Finding": _object(
            "A violation or a warning.",
            {
                "code": {"type": "string"},
                "description": {"type": "string"},
                "pointer": {"type": "string", "description": "RFC 6901, from the body's root."},
            },
        ),
        "Error": _object(
            "The whole request was refused.",
            {
                "timestamp": {"type": "string", "examples": ["2024-05-26T16:49:50.237+00:00"]},
                "status": {"type": "integer"},
                "error": {"type": "string"},
                "path": {"type": "string"},
                "message": {"type": "string", "description": "What is wrong, and where."},
            },
        ),
        "Failure": _object(
            "Processing failed, and nothing was saved.",
            {"errorCode": {"const": "500"}, "errorDescription": {"type": "string"}, "timeElapsedMs": _TIME},
        ),
        "Code": _object("A code of a classifier.", {"code": {"type": "string"}, "title": {"type": "string"}}),
        "ClassifierName": {"type": "string", "enum": list(CLASSIFIER_NAMES)},
    }


def _object(description: str, properties: dict[str, JsonSchema], optional: tuple[str, ...] = ()) -> JsonSchema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "description": description, "properties": properties, "required": required}


TOO_MANY: Final = (
    "Too Many Requests",
    "Too many wrong credentials came from this address, or too many requests of this user are under way: try again "
    "after `Retry-After` seconds.",
)


NOT_NOW: Final = (
    "Too many requests are waiting, or the OpenID provider of a JWT can't be asked for its keys; try again after "
    "`Retry-After` seconds."
)


def failures(path: str) -> dict[str, JsonSchema]:
    """The answers to a request that is not judged, by status."""
    meanings = {
        400: (
            "Bad Request",
            "The body is no JSON, no object or has no list `customers`, is cut short or badly compressed.",
        ),
        401: ("Unauthorized", "No credentials, or wrong ones."),
        403: ("Forbidden", "The user's role may not submit batches."),
        408: ("Request Timeout", "No byte of the body came for half a minute, or too few in all."),
        413: ("Content Too Large", "More customers or bytes than one request may hold."),
        415: ("Unsupported Media Type", "Not `application/json` in UTF-8, or an encoding other than gzip and zstd."),
        429: TOO_MANY,
        503: ("Service Unavailable", NOT_NOW),
    }
    refused = {str(status): refusal(status, *meaning, path) for status, meaning in meanings.items()}
    return {**refused, "500": failure()}


def with_anywhere(path: str, methods: dict[str, JsonSchema]) -> dict[str, JsonSchema]:
    """The methods of a path, with the answers that every request can get."""
    meaning = "The path and the query are too long."
    too_long = {"414": refusal(414, "URI Too Long", meaning, path)}
    return {
        method: {**described, "responses": dict(sorted({**described["responses"], **too_long}.items()))}
        for method, described in methods.items()
    }


def failure() -> JsonSchema:
    """The answer when processing fails."""
    example = {"errorCode": "500", "errorDescription": "Processing failed", "timeElapsedMs": 172}
    return response("Processing failed; nothing was saved.", "Failure", example)


def refusal(status: int, error: str, meaning: str, path: str) -> JsonSchema:
    """The answer to a request that is refused as a whole."""
    example = {
        "timestamp": "2024-05-26T16:49:50.237+00:00",
        "status": status,
        "error": error,
        "path": path,
        "message": meaning,
    }
    described = response(meaning, "Error", example)
    if status == 401:
        described["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    if status in (429, 503):
        described["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return described


def response(description: str, schema: str, example: Any) -> JsonSchema:
    return {"description": description, "content": {"application/json": {"schema": ref(schema), "example": example}}}
