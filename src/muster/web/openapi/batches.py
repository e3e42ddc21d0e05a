"""The operations of the two batch endpoints. They parse requests themselves, so they are described here."""

from importlib.resources import files
from typing import Any, Final

import msgspec

from muster.web.batch_headers import MAX_KEY_HOURS, MAX_KEY_LENGTH
from muster.web.batches import SUBMIT_PATH, VALIDATE_PATH
from muster.web.openapi.components import JsonSchema, ref
from muster.web.openapi.responses import build_internal_error, build_problem_responses

_RESULT: Final = {
    "resultType": "REQUEST_ACCEPTED",
    "communicationNumber": "IndividualComNumber0",
    "customerExtId": "IndividualExtId0",
    "businessUnit": "businessUnit0",
    "timeElapsedMs": 203,
}
_OTHER: Final = {
    "communicationNumber": "OrganizationComNumber0",
    "customerExtId": "OrganizationExtId0",
    "businessUnit": "businessUnit1",
}
_ALL_ACCEPTED: Final = {
    "resultType": "REQUEST_ACCEPTED",
    "results": [_RESULT, {"resultType": "REQUEST_ACCEPTED", **_OTHER, "timeElapsedMs": 203}],
    "timeElapsedMs": 408,
}
_ONE_REJECTED: Final = {
    "resultType": "REQUEST_ACCEPTED",
    "results": [
        _RESULT,
        {
            "resultType": "REQUEST_REJECTED",
            **_OTHER,
            "errorCode": "O005",
            "errorDescription": "CommunicationNumber already used in amlyze",
            "timeElapsedMs": 20,
        },
    ],
    "timeElapsedMs": 223,
}
# Optional parameters have no examples: Swagger UI would fill them in and send them.
_DETAIL: Final[JsonSchema] = {
    "name": "detail",
    "in": "query",
    "description": "`full`: every result also has its `errors` and `warnings`, at most 100 of each, with pointers.",
    "schema": {"type": "string", "enum": ["full"]},
}
_ACCEPT: Final[JsonSchema] = {
    "name": "accept",
    "in": "query",
    "description": "`all`, or the percentage of customers that must be accepted. When fewer are, nothing is saved, and "
    "the valid ones are rejected with `B001`.",
    "schema": {"type": "string", "pattern": "^(all|100|[1-9][0-9]?)$"},
}
_UPSERT: Final[JsonSchema] = {
    "name": "upsert",
    "in": "query",
    "description": "`true`: a customer without `action` is an UPDATE when it is known and a CREATE when it is new, in "
    "the order of the list. A customer with an `action` is judged by it.",
    "schema": {"type": "boolean"},
}
_UNKNOWN: Final[JsonSchema] = {
    "name": "unknown",
    "in": "query",
    "description": "`reject`: a customer with a field that is not known is rejected with `C020`. Without it, such a "
    "field is ignored, with the warning `W001`.",
    "schema": {"type": "string", "enum": ["reject"]},
}
_IDEMPOTENCY_KEY: Final[JsonSchema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The request is processed once: sent again with the same key, it gets the stored response. The "
    "client chooses the key, for example a UUID, with or without quotes. A key expires after 24 hours or what the "
    "installation sets. A request of which no customer is accepted (or an empty batch, a refusal, an internal error) "
    "uses up no key.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH},
}
_KEY_HOURS: Final[JsonSchema] = {
    "name": "Idempotency-Key-Hours",
    "in": "header",
    "description": "For how many hours the key is valid, where that is longer than what the installation sets: for a "
    "migration that takes days. Send it with every request under the key.",
    "schema": {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_KEY_HOURS},
}
_WARNINGS_HEADERS: Final[JsonSchema] = {
    "Muster-Warnings": {
        "description": "The number of warnings, where there are any. `detail=full` lists them.",
        "schema": {"type": "integer", "format": "int64", "minimum": 1},
    },
}
_SAVED_HEADERS: Final[JsonSchema] = {
    **_WARNINGS_HEADERS,
    "Muster-Batch-Id": {
        "description": "The id of the saved batch.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "Idempotency-Replayed": {
        "description": "The response is the stored one of the first request with the same key.",
        "schema": {"type": "string", "const": "true"},
    },
}
_FAILURE_HEADERS: Final[JsonSchema] = {
    "Muster-Outcome": {
        "description": "Only where the database was lost while it saved the batch, and could not be asked within 10 "
        "seconds: the batch may be saved or not. Without this header nothing was saved.",
        "schema": {"type": "string", "const": "unknown"},
    },
    "Muster-Batch-Id": {
        "description": "Only with `Muster-Outcome`: the id of the batch. `GET /api/v1/batches/{id}` finds it when it "
        "is saved; a request that is repeated under its `Idempotency-Key` is never saved twice.",
        "schema": {"type": "string", "format": "uuid"},
    },
}
_DESCRIPTIONS: Final = {
    400: "The body is no JSON, no object or has no list `customers`, is cut short or badly compressed; or a parameter "
    "is not valid.",
    403: "The roles of the user do not permit to submit batches.",
    408: "No byte of the body came for half a minute, or too few in all.",
    409: "The first request with this key still runs.",
    413: "The request has more customers or bytes than allowed.",
    415: "The body is not `application/json` in UTF-8, or has a coding other than gzip and zstd.",
    422: "The key was used for another request.",
    503: "Too many requests are waiting, or the OpenID provider of a JWT is unavailable; try again after `Retry-After` "
    "seconds.",
}
_STATUSES: Final = (400, 401, 403, 408, 413, 414, 415, 429, 503)


def build_batch_operations() -> dict[str, JsonSchema]:
    """Path -> methods of the batch endpoints."""
    validate = _build_operation(
        VALIDATE_PATH,
        "validateBatchCustomers",
        "Validate a batch of customers without saving it",
        "Validates the batch exactly as saving would, and saves nothing.",
    )
    submit = _build_operation(
        SUBMIT_PATH,
        "batchCustomers",
        "Validate a batch of customers and save it",
        "Validates the batch and saves the accepted customers in one transaction. The response comes after the commit.",
    )
    submit["parameters"] += [_IDEMPOTENCY_KEY, _KEY_HOURS]
    submit["responses"]["200"]["headers"] = _SAVED_HEADERS
    submit["responses"] |= build_problem_responses(SUBMIT_PATH, (409, 422), _DESCRIPTIONS)
    submit["responses"] = dict(sorted(submit["responses"].items()))
    return {VALIDATE_PATH: {"post": validate}, SUBMIT_PATH: {"post": submit}}


def build_batch_schema() -> JsonSchema:
    """The schema of a request."""
    customers = {
        "type": "array",
        "items": ref("Customer"),
        "description": "Each is validated on its own, in this order.",
    }
    return {"type": "object", "properties": {"customers": customers}, "required": ["customers"]}


def minimal_batch() -> Any:
    """The request of the contract's text: one individual and one organization with the mandatory fields."""
    return msgspec.json.decode(files("muster.web").joinpath("examples/minimal.json").read_bytes())


def _build_operation(path: str, operation_id: str, summary: str, description: str) -> JsonSchema:
    examples = {
        "accepted": {"summary": "Both accepted", "value": _ALL_ACCEPTED},
        "rejected": {"summary": "One rejected", "value": _ONE_REJECTED},
    }
    minimal = {"summary": "The mandatory fields of both types", "value": minimal_batch()}
    responses = {
        "200": {
            "description": "The batch was processed: one result for every customer.",
            "headers": _WARNINGS_HEADERS,
            "content": {"application/json": {"schema": ref("Results"), "examples": examples}},
        },
        "500": {**build_internal_error(), "headers": _FAILURE_HEADERS},
        **build_problem_responses(path, _STATUSES, _DESCRIPTIONS),
    }
    return {
        "operationId": operation_id,
        "tags": ["Batches"],
        "summary": summary,
        "description": description,
        "parameters": [_DETAIL, _ACCEPT, _UNKNOWN, _UPSERT],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ref("Batch"), "examples": {"minimal": minimal}}},
        },
        "responses": dict(sorted(responses.items())),
    }
