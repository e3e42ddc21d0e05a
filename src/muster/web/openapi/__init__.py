"""The OpenAPI 3.1 document, derived from the field tables, the error catalogue and the settings' limits."""

from muster.web.openapi.document import document

__all__ = ["document"]
