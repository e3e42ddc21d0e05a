"""What the OpenAPI document says of the paths that tell what was taken in."""

from typing import Any, Final

from muster.customer.examples import make_full_customer
from muster.web.authenticated_endpoint import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from muster.web.openapi.responses import NOT_NOW, TOO_MANY, failure, refusal, response
from muster.web.openapi.schemas import JsonSchema, ref

_ID: Final = "01933b52-6d3f-7c1e-9a54-2f0c7b1d8e90"
_AT: Final = "2024-05-26T16:49:50.237000Z"
_UUID: Final[JsonSchema] = {"type": "string", "format": "uuid"}
_TIME: Final[JsonSchema] = {"type": "string", "format": "date-time", "description": "UTC."}
_NEXT: Final[JsonSchema] = {
    "type": ["string", "null"],
    "description": "The `cursor` of the next page; null at the end.",
}
_COMMUNICATION: Final[dict[str, Any]] = {
    "communicationNumber": "n-1",
    "customerExtId": "c-1",
    "businessUnit": "MAIN",
    "version": 1,
    "batchId": _ID,
    "acceptedAt": _AT,
    "acceptedBy": "core-banking",
}
_BATCH: Final[dict[str, Any]] = {
    "id": _ID,
    "receivedAt": _AT,
    "sender": "core-banking",
    "accepted": 998,
    "rejected": 2,
}
_RESULT: Final[dict[str, Any]] = {
    "resultType": "REQUEST_ACCEPTED",
    "communicationNumber": "n-1",
    "customerExtId": "c-1",
    "businessUnit": "MAIN",
    "timeElapsedMs": 0,
}


_AT_MOMENT: Final[JsonSchema] = {
    "name": "at",
    "in": "query",
    "description": "The moment, with its zone: what had arrived by then counts.",
    "schema": {"type": "string", "format": "date-time"},
    "example": "2024-05-26T16:49:50Z",
}
_EVERYBODY: Final = (
    "`admin` sees everything, `read` the customers of its business units and that there were batches, `submit` what it "
    "sent."
)
_READERS: Final = "For `admin` and, of their business units, users with the role `read`."


def record_schemas() -> dict[str, JsonSchema]:
    """Name -> schema of what these paths answer."""
    count: JsonSchema = {"type": "integer", "minimum": 0}
    text: JsonSchema = {"type": "string"}
    changed: JsonSchema = {
        "type": "array",
        "items": text,
        "description": 'RFC 6901 pointers to what is not as it was in the version before; `""` is all of it.',
    }
    return {
        "Communication": _object("A communication number that was accepted, and what came with it.", _version_fields()),
        "CustomerVersion": _object(
            "A customer as it stands or stood.", {**_version_fields(), "document": ref("Customer")}
        ),
        "CustomerHistory": _object(
            "The versions of a customer, newest first.",
            {
                "versions": {
                    "type": "array",
                    "items": _object("A version.", {**_version_fields(), "changed": changed}),
                },
                "next": _NEXT,
            },
        ),
        "SavedBatch": _object(
            "A batch that was judged and saved.",
            {"id": _UUID, "receivedAt": _TIME, "sender": text, "accepted": count, "rejected": count},
        ),
        "BatchPage": _object(
            "Batches, newest first.", {"batches": {"type": "array", "items": ref("SavedBatch")}, "next": _NEXT}
        ),
        "ResultPage": _object(
            "Results of a batch.", {"results": {"type": "array", "items": ref("Result")}, "next": _NEXT}
        ),
    }


def _version_fields() -> dict[str, JsonSchema]:
    """What is told of a customer's version wherever it is."""
    text: JsonSchema = {"type": "string"}
    return {
        "communicationNumber": text,
        "customerExtId": text,
        "businessUnit": text,
        "version": {"type": "integer", "minimum": 1, "description": "Of the customer, that it brought."},
        "batchId": _UUID,
        "acceptedAt": _TIME,
        "acceptedBy": {"type": "string", "description": "The user that sent the batch."},
    }


def record_paths() -> dict[str, JsonSchema]:
    """Path -> what stands there."""
    number = _parameter("communicationNumber", "path", {"type": "string"}, "n-1")
    batch_id = _parameter("batchId", "path", _UUID, _ID)
    batch_path, page = "/api/v1/batches/{batchId}", {"batches": [_BATCH], "next": None}
    customer_path, which = "/api/v1/customers/{customerExtId}", _which_customer()
    history = {"versions": [{**_COMMUNICATION, "changed": [""]}], "next": None}
    return {
        customer_path: _get(
            "customer", "A customer as it stands, or as it stood at a moment", [*which, _AT_MOMENT],
            response("The customer.", "CustomerVersion", {**_COMMUNICATION, "document": make_full_customer("INDIVIDUAL")}),
            who=_READERS,
        ),
        f"{customer_path}/history": _get(
            "customerHistory", "The versions of a customer, and what each changed", [*which, *_paging("2")],
            response("A page of them.", "CustomerHistory", history), who=_READERS,
        ),
        "/api/v1/communications/{communicationNumber}": _get(
            "communication", "Did it land? What was accepted under a communication number", [number],
            response("It was accepted.", "Communication", _COMMUNICATION),
        ),
        "/api/v1/batches": _get(
            "batches", "The batches that were saved, newest first", _paging(_ID),
            response("A page of them.", "BatchPage", page), may_be_missing=False,
        ),
        batch_path: _get("batch", "One batch", [batch_id], response("The batch.", "SavedBatch", _BATCH)),
        f"{batch_path}/results": _get(
            "batchResults", "The results of a batch, as it was answered", [batch_id, *_paging("100")],
            response("A page of them.", "ResultPage", {"results": [_RESULT], "next": None}),
        ),
    }  # fmt: skip


def _get(
    operation: str,
    summary: str,
    parameters: list[JsonSchema],
    found: JsonSchema,
    *,
    may_be_missing: bool = True,
    who: str = _EVERYBODY,
) -> JsonSchema:
    path = "/api/v1/batches"
    answers = {
        "200": found,
        "401": refusal(401, "Unauthorized", "No credentials, or wrong ones.", path),
        "403": refusal(403, "Forbidden", "The user's role may not read this.", path),
        "429": refusal(429, *TOO_MANY, path),
        "500": failure(),
        "503": refusal(503, "Service Unavailable", NOT_NOW, path),
    }
    if any(parameter["in"] == "query" for parameter in parameters):
        answers["400"] = refusal(400, "Bad Request", "A parameter can't be read, or a needed one is missing.", path)
    if may_be_missing:
        answers["404"] = refusal(404, "Not Found", "There is none, or none that this user may see.", path)
    described = {
        "operationId": operation,
        "tags": ["Records"],
        "summary": summary,
        "description": who,
        "parameters": parameters,
        "responses": dict(sorted(answers.items())),
    }
    return {"get": described}


def _which_customer() -> list[JsonSchema]:
    unit = _parameter("businessUnit", "query", {"type": "string"}, "MAIN")
    described = {
        "required": False,
        "description": "Its business unit; without it the user's own. Where there are several, an `admin` says it.",
    }
    return [_parameter("customerExtId", "path", {"type": "string"}, "c-1"), unit | described]


def _paging(cursor: str) -> list[JsonSchema]:
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": DEFAULT_PAGE_SIZE}
    return [
        {"name": "limit", "in": "query", "description": "How many a page holds.", "schema": limit},
        {
            "name": "cursor",
            "in": "query",
            "description": "The `next` of the page before.",
            "schema": {"type": "string"},
            "example": cursor,
        },
    ]


def _parameter(name: str, where: str, schema: JsonSchema, example: str) -> JsonSchema:
    return {"name": name, "in": where, "required": True, "schema": schema, "example": example}


def _object(description: str, properties: dict[str, JsonSchema]) -> JsonSchema:
    return {"type": "object", "description": description, "properties": properties, "required": list(properties)}
