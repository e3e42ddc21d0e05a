"""Operations of the document, derived from Litestar's handlers."""

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any, Final, get_origin

from litestar import Litestar, Response
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg, PathParameter
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from muster.web.access import Access
from muster.web.openapi.components import JsonSchema, build_example, build_response_schemas
from muster.web.openapi.responses import build_internal_error, build_problem_responses, build_response
from muster.web.parameters import iterate_parameters
from muster.web.public import PublicServices
from muster.web.routes import DEPENDENCIES, DOCUMENTED_CONTROLLERS

# Statuses whose meaning differs from that of other endpoints.
_DESCRIPTIONS: Final[Mapping[str, dict[int, str]]] = {
    "classifier": {404: "No classifier has this name.", 503: "Too many requests are waiting."},
    "metrics": {503: "Too many requests are waiting."},
    "ready": {503: "The database is unavailable, read-only or full, or its schema is not one of this version."},
}
_METRICS_EXAMPLE: Final = """\
# HELP muster_idempotent_replays_total Requests that got the stored response of an earlier request
# TYPE muster_idempotent_replays_total counter
muster_idempotent_replays_total 3.0
"""


def build_operations(
    customer_schemas: Mapping[str, JsonSchema],
) -> tuple[dict[str, JsonSchema], dict[str, JsonSchema]]:
    """The operations of the documented handlers by path, and the schemas of all responses by name."""
    handlers = dict(sorted(_iterate_handlers(), key=itemgetter(0)))
    struct_handlers = {path: handler for path, handler in handlers.items() if not _has_raw_body(handler)}
    bodies, schemas = build_response_schemas(
        [handler.parsed_return_field.annotation for handler in struct_handlers.values()]
    )
    body_schemas = dict(zip(struct_handlers, bodies, strict=True))
    operations = {
        path: {"get": _build_operation(path, handler, body_schemas.get(path), {**customer_schemas, **schemas})}
        for path, handler in handlers.items()
    }
    return operations, schemas


def _iterate_handlers() -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Path and handler of every documented endpoint. Litestar resolves paths and parameters when an app is made."""
    # Litestar refuses one provider under two names.
    unused = {name: Provide(lambda: None, sync_to_thread=False) for name in DEPENDENCIES}
    app = Litestar(DOCUMENTED_CONTROLLERS, dependencies=unused, openapi_config=None, logging_config=None)
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.operation_id is not None:  # Litestar adds handlers for OPTIONS
                    yield route.path_format, handler


def _build_operation(
    path: str, handler: HTTPRouteHandler, body: JsonSchema | None, schemas: Mapping[str, JsonSchema]
) -> JsonSchema:
    operation_id = str(handler.operation_id)
    parameters = {name: (field, definition) for name, field, definition in iterate_parameters(handler)}
    is_secured = _has_dependency(handler, Access)
    statuses = [400, 414, 500]
    statuses += [401, 403, 429, 503] if is_secured else []
    statuses += [503] if _has_dependency(handler, PublicServices) else []
    statuses += [404] if any(isinstance(found, PathParameter) for _, found in parameters.values()) else []
    problems = build_problem_responses(
        path, [status for status in statuses if status != 500], _DESCRIPTIONS.get(operation_id, {})
    )
    responses = {
        "200": _build_success(handler, body, schemas),
        "500": build_internal_error(),
        **problems,
    }
    return {
        "operationId": operation_id,
        "tags": list(handler.resolve_tags()) if hasattr(handler, "resolve_tags") else list(handler.tags or ()),
        "summary": handler.summary,
        **({"description": handler.description} if handler.description else {}),
        **({} if is_secured else {"security": []}),
        **(
            {"parameters": [_build_parameter(name, *found) for name, found in parameters.items()]} if parameters else {}
        ),
        "responses": dict(sorted(responses.items())),
    }


def _build_success(handler: HTTPRouteHandler, body: JsonSchema | None, schemas: Mapping[str, JsonSchema]) -> JsonSchema:
    if body is None:
        text = {"schema": {"type": "string"}, "example": _METRICS_EXAMPLE}
        return {"description": str(handler.summary), "content": {"text/plain": text}}
    example = build_example(body, schemas)
    if handler.operation_id in ("live", "ready"):
        example = {"status": handler.operation_id}
    return build_response(str(handler.summary), body, example)


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


def _has_raw_body(handler: HTTPRouteHandler) -> bool:
    annotation = handler.parsed_return_field.annotation
    return Response in (annotation, get_origin(annotation))
