"""What the OpenAPI document says of requests that are processed once, and of saved batches."""

from typing import Final

from muster.web.batch_headers import MAX_KEY_LENGTH
from muster.web.openapi.responses import refusal
from muster.web.openapi.schemas import JsonSchema

IDEMPOTENCY_KEY: Final[JsonSchema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The request is processed once: sent again under the same key, it gets the answer that it got. A "
    "key is the sender's own, a UUID for one, in quotes or without; it stands for its request for 24 hours or what the "
    "installation says. A request that saves nothing (an empty batch, a refusal, a failure) leaves it free.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH},
    "example": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
}

SAVED_HEADERS: Final[JsonSchema] = {
    "Muster-Batch-Id": {
        "description": "The batch as it was saved.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "Idempotency-Replayed": {
        "description": "This answer was given before, to the first request with the same key.",
        "schema": {"const": "true"},
    },
}


def key_failures(path: str) -> dict[str, JsonSchema]:
    """The answers to a request whose key is another request's, by status."""
    in_use = refusal(409, "Conflict", "The first request with this key still runs.", path)
    in_use["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return {
        "409": in_use,
        "422": refusal(422, "Unprocessable Content", "The key was used for another request.", path),
    }
