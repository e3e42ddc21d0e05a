"""The document as a whole: paths, security and components."""

from functools import cache
from importlib.metadata import version
from typing import Final

import msgspec

from muster.web.openapi.batches import build_batch_operations, build_batch_schema, minimal_batch
from muster.web.openapi.components import JsonSchema
from muster.web.openapi.customers import build_customer_schemas
from muster.web.openapi.operations import build_operations

__all__ = ["document", "minimal_batch"]

_SECURITY_SCHEMES: Final[JsonSchema] = {
    "basic": {"type": "http", "scheme": "basic", "description": "A user and its password."},
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of `muster token create`, or a JWT of the OpenID provider of the installation, if any.",
    },
}


@cache
def document() -> bytes:
    """The OpenAPI 3.1 document as JSON."""
    customer_schemas = build_customer_schemas()
    operations, response_schemas = build_operations(customer_schemas)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "muster: batch customer service",
                "version": version("muster"),
                "description": "Takes customers into an anti-money-laundering system in batches. Every customer of a "
                "batch gets a result of its own, with a code when it is rejected.",
            },
            "security": [{"basic": []}, {"bearer": []}],
            "paths": {**build_batch_operations(), **operations},
            "components": {
                "schemas": {"Batch": build_batch_schema(), **customer_schemas, **response_schemas},
                "securitySchemes": _SECURITY_SCHEMES,
            },
        }
    )
