"""The document as a whole: paths, security and components."""

from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Final

import msgspec

from muster.classifiers.snapshot import CLASSIFIER_NAMES
from muster.web.openapi.idempotency import IDEMPOTENCY_KEY, SAVED_HEADERS, key_failures
from muster.web.openapi.metrics import metrics_operation
from muster.web.openapi.records import record_paths, record_schemas
from muster.web.openapi.responses import answer_schemas, failure, failures, refusal, response, with_anywhere
from muster.web.openapi.schemas import JsonSchema, customer_schemas, ref

_BATCH_PATHS: Final = {
    "/amlyze-ws-rest/validate-batch-customers": (
        "validateBatchCustomers",
        "Validate a batch of customers without saving it",
        "Judges the batch exactly as saving would, and saves nothing.",
    ),
    "/amlyze-ws-rest/batch-customers": (
        "batchCustomers",
        "Validate a batch of customers and save it",
        "Judges the batch and saves the customers that pass, in one transaction. The answer is sent after its commit.",
    ),
}
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


@cache
def document() -> bytes:
    """The OpenAPI 3.1 document as JSON."""
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "muster: batch customer service",
                "version": version("muster"),
                "description": "Takes customers into an anti-money-laundering system in batches. Every customer of a "
                "batch gets a result of its own, with a code when it is refused.",
            },
            "security": [{"basic": []}, {"bearer": []}],
            "paths": {path: with_anywhere(path, methods) for path, methods in _paths().items()},
            "components": {
                "schemas": {
                    "Batch": _batch_schema(),
                    **customer_schemas(),
                    **answer_schemas(),
                    **record_schemas(),
                    "Health": {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]},
                },
                "securitySchemes": {
                    "basic": {"type": "http", "scheme": "basic", "description": "A user and its password."},
                    "bearer": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "A token of `muster token create`, or a JWT of the OpenID provider that the "
                        "installation has, if any.",
                    },
                },
            },
        }
    )


def _paths() -> dict[str, dict[str, JsonSchema]]:
    ready = _health("ready", "The database answers and has the right schema.", {"503": _not_ready()})
    return {
        **{path: {"post": _batch(path, *texts)} for path, texts in _BATCH_PATHS.items()},
        **record_paths(),
        "/classifier/{name}": {"get": _classifier()},
        "/metrics": {"get": metrics_operation()},
        "/health/live": {"get": _health("live", "The process runs.", {})},
        "/health/ready": {"get": ready},
    }


def minimal_batch() -> Any:
    """The request of the contract's text: one individual and one organization with the mandatory fields."""
    return msgspec.json.decode(files("muster.web").joinpath("examples/minimal.json").read_bytes())


def _batch_schema() -> JsonSchema:
    customers = {"type": "array", "items": ref("Customer"), "description": "Each is judged on its own, in this order."}
    return {"type": "object", "properties": {"customers": customers}, "required": ["customers"]}


def _batch(path: str, operation: str, summary: str, description: str) -> JsonSchema:
    results = response("Judged: a result for every customer.", "Results", None)
    results["content"]["application/json"] = {
        "schema": ref("Results"),
        "examples": {
            "accepted": {"summary": "Both accepted", "value": _ALL_ACCEPTED},
            "rejected": {"summary": "One rejected", "value": _ONE_REJECTED},
        },
    }
    saves = operation == "batchCustomers"
    if saves:
        results["headers"] = SAVED_HEADERS
    detail = {
        "name": "detail",
        "in": "query",
        "description": "`full`: every result also has all its `errors` and `warnings`, with pointers.",
        "schema": {"type": "string", "enum": ["full"]},
    }
    accept = {
        "name": "accept",
        "in": "query",
        "description": "`all`, or how many of a hundred customers must be accepted. When fewer are, nothing is saved, "
        "and those that are sound are rejected with `B001`.",
        "schema": {"type": "string", "pattern": "^(all|100|[1-9][0-9]?)$"},
        "example": "all",
    }
    minimal = {"summary": "The mandatory fields of both types", "value": minimal_batch()}
    content = {"application/json": {"schema": ref("Batch"), "examples": {"minimal": minimal}}}
    return {
        "operationId": operation,
        "tags": ["Batches"],
        "summary": summary,
        "description": description,
        "parameters": [detail, accept, *([IDEMPOTENCY_KEY] if saves else [])],
        "requestBody": {"required": True, "content": content},
        "responses": {"200": results, **failures(path), **(key_failures(path) if saves else {})},
    }


def _classifier() -> JsonSchema:
    codes = {"type": "array", "items": ref("Code")}
    example = [{"code": "LT", "title": "Lithuania"}]
    return {
        "operationId": "classifier",
        "tags": ["Classifiers"],
        "summary": "The codes of one classifier",
        "security": [],
        "parameters": [
            {
                "name": "name",
                "in": "path",
                "required": True,
                "schema": ref("ClassifierName"),
                "example": CLASSIFIER_NAMES[0],
            }
        ],
        "responses": {
            "200": {
                "description": "Its codes.",
                "content": {"application/json": {"schema": codes, "example": example}},
            },
            "404": refusal(404, "Not Found", "No classifier has this name.", "/classifier/colour"),
            "500": failure(),
            "503": refusal(503, "Service Unavailable", "Too many requests are waiting.", "/classifier/country"),
        },
    }


def _health(name: str, meaning: str, more: JsonSchema) -> JsonSchema:
    return {
        "operationId": name,
        "tags": ["Health"],
        "summary": meaning,
        "security": [],
        "responses": {"200": response(meaning, "Health", {"status": name}), **more},
    }


def _not_ready() -> JsonSchema:
    meaning = "The database is away, or its schema is not the one of this version."
    return refusal(503, "Service Unavailable", meaning, "/health/ready")
