"""The OpenAPI 3.1 document, derived from the handlers, the response structs and the field tables."""

from muster.web.openapi.document import document

__all__ = ["document"]
