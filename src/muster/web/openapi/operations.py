"""Operations of the document, derived from Litestar's handlers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, get_args, get_origin

from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg, PathParameter
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp
from litestar.typing import FieldDefinition

from muster.web.access import Access, AccessProvider
from muster.web.dependencies import API_DEPENDENCIES
from muster.web.endpoint_docs import get_docs
from muster.web.openapi.components import JsonSchema, build_example, build_response_schemas
from muster.web.openapi.responses import (
    build_headers,
    build_internal_error,
    build_problem_responses,
    build_response,
)
from muster.web.parameters import iterate_parameters
from muster.web.public import PublicServices
from muster.web.routes import DOCUMENTED_CONTROLLERS

# Statuses whose meaning differs from that of other endpoints.
_DESCRIPTIONS: Final[Mapping[str, dict[int, str]]] = {
    "classifier": {404: "No classifier has this name.", 503: "Too many requests are waiting."},
    "metrics": {503: "Too many requests are waiting."},
    "ready": {
        503: "The database is unavailable, read-only or full, or its schema is not one of this version; "
        "or the service is about to stop."
    },
}
_METRICS_EXAMPLE: Final = """\
# HELP muster_idempotent_replays_total Requests that got the stored response of an earlier request
# TYPE muster_idempotent_replays_total counter
muster_idempotent_replays_total 3.0
"""


_BINARY: Final[JsonSchema] = {"type": "string", "format": "binary"}
_TEXT: Final[JsonSchema] = {"type": "string"}


@dataclass(frozen=True, slots=True)
class _Schemas:
    """The schemas of bodies by type, and those that they refer to by name."""

    by_type: Mapping[Any, JsonSchema]
    by_name: Mapping[str, JsonSchema]

    def build_content(self, body: Any, example: Any = None) -> JsonSchema:
        """A media type object; `body` is a struct, `str` for text, or None for bytes."""
        if body in self.by_type:
            schema = self.by_type[body]
            return {"schema": schema, "example": build_example(schema, self.by_name) if example is None else example}
        return {"schema": _TEXT if body is str else _BINARY, "example": example or "text"}


def build_operations(
    customer_schemas: Mapping[str, JsonSchema],
) -> tuple[dict[str, JsonSchema], dict[str, JsonSchema]]:
    """The operations of the documented handlers by path, and the schemas of all bodies by name."""
    handlers = sorted(_iterate_handlers(), key=itemgetter(0, 1))
    returned = [_get_returned(handler) for _, _, handler in handlers]
    sent = [body for _, _, handler in handlers for body in get_docs(handler).body.values()]
    content = [body for _, _, handler in handlers for body in get_docs(handler).content.values()]
    types = list(dict.fromkeys(body for body in (*returned, *sent, *content) if body not in (None, str)))
    bodies, by_name = build_response_schemas(types)
    schemas = _Schemas(dict(zip(types, bodies, strict=True)), {**customer_schemas, **by_name})
    operations: dict[str, JsonSchema] = {}
    for path, method, handler in handlers:
        operations.setdefault(path, {})[method] = _build_operation(path, handler, schemas)
    return operations, by_name


def _iterate_handlers() -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Path, method and handler of every documented endpoint.

    Litestar resolves paths and parameters when an app is made.
    """
    app = Litestar(DOCUMENTED_CONTROLLERS, dependencies=API_DEPENDENCIES, openapi_config=None, logging_config=None)
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.operation_id is not None:  # Litestar adds handlers for OPTIONS
                    (method,) = handler.http_methods - {"HEAD"}
                    yield route.path_format, method.lower(), handler


_FAILURE_HEADERS: Final[JsonSchema] = {
    "Muster-Outcome": {
        "description": "Only where the database was lost while it committed the change, which may have been made or "
        "not: list the loads before you repeat it. Without this header nothing was changed.",
        "schema": {"type": "string", "const": "unknown"},
    },
}


def _build_operation(path: str, handler: HTTPRouteHandler, schemas: _Schemas) -> JsonSchema:
    docs = get_docs(handler)
    operation_id = str(handler.operation_id)
    parameters = {name: (field, definition) for name, field, definition in iterate_parameters(handler)}
    is_secured = _has_dependency(handler, Access) or _has_dependency(handler, AccessProvider)
    statuses = [400, 414, *docs.problems]
    statuses += [401, 403, 429, 503] if is_secured else []
    statuses += [503] if _has_dependency(handler, PublicServices) else []
    statuses += [404] if any(isinstance(found, PathParameter) for _, found in parameters.values()) else []
    responses = {
        **_build_successes(handler, schemas),
        "500": {**build_internal_error(), **({} if "GET" in handler.http_methods else {"headers": _FAILURE_HEADERS})},
        **build_problem_responses(path, statuses, {**_DESCRIPTIONS.get(operation_id, {}), **docs.problems}),
    }
    body = {media_type: schemas.build_content(sent) for media_type, sent in docs.body.items()}
    return {
        "operationId": operation_id,
        "tags": list(handler.resolve_tags()) if hasattr(handler, "resolve_tags") else list(handler.tags or ()),
        "summary": handler.summary,
        **({"description": handler.description} if handler.description else {}),
        **({} if is_secured else {"security": []}),
        **(
            {"parameters": [_build_parameter(name, *found) for name, found in parameters.items()]} if parameters else {}
        ),
        **({"requestBody": {"required": True, "content": body}} if body else {}),
        "responses": dict(sorted(responses.items())),
    }


def _build_successes(handler: HTTPRouteHandler, schemas: _Schemas) -> dict[str, JsonSchema]:
    docs, returned = get_docs(handler), _get_returned(handler)
    headers = {"headers": build_headers(docs.headers)} if docs.headers else {}
    successes: dict[str, JsonSchema] = {}
    for status, description in (docs.statuses or {handler.status_code: str(handler.summary)}).items():
        if status == 204:
            successes[str(status)] = {"description": description}
        elif returned is None:
            content = docs.content or {"text/plain": str}
            example = None if docs.content else _METRICS_EXAMPLE
            bodies = {media_type: schemas.build_content(body, example) for media_type, body in content.items()}
            successes[str(status)] = {"description": description, "content": bodies, **headers}
        else:
            found = schemas.build_content(
                returned, {"status": handler.operation_id} if handler.operation_id in ("live", "ready") else None
            )
            response = build_response(description, found["schema"], found["example"]) | headers
            response["content"] |= {kind: schemas.build_content(body) for kind, body in docs.content.items()}
            successes[str(status)] = response
    return successes


def _build_parameter(name: str, field: FieldDefinition, definition: ParameterKwarg) -> JsonSchema:
    of_type = {"type": "integer", "format": "int64"} if field.annotation is int else {"type": "string"}
    schema: JsonSchema = definition.schema_extra or of_type
    bounds = {"minimum": definition.ge, "maximum": definition.le, "format": definition.format}
    schema |= {key: value for key, value in bounds.items() if value is not None}
    if field.has_default and field.default is not None:
        schema |= {"default": field.default}
    is_required = isinstance(definition, PathParameter)
    description, examples = definition.description or "", definition.examples or ()
    if examples and not is_required:
        # Swagger UI would fill in an `example` and send it, so that the first page of a list is not the first.
        description = f"{description} For example `{examples[0].value}`."
    return {
        "name": name,
        "in": definition.param_type.value,
        **({"required": True} if is_required else {}),
        **({"description": description} if description else {}),
        "schema": schema,
        **({"example": examples[0].value} if examples and is_required else {}),
    }


def _has_dependency(handler: HTTPRouteHandler, of_type: type[Any]) -> bool:
    annotations = [field.annotation for field in handler.parsed_fn_signature.parameters.values()]
    return any(of_type in (annotation, get_origin(annotation)) for annotation in annotations)


def _get_returned(handler: HTTPRouteHandler) -> Any:
    """The struct that the handler returns; None for other bodies, and for none."""
    annotation = handler.parsed_return_field.annotation
    if get_origin(annotation) is Response:
        (annotation,) = get_args(annotation)
    return None if annotation in (None, type(None), bytes, ASGIApp) else annotation
