"""Responses to requests that end with an exception."""

from typing import Any

from litestar import Request, Response
from litestar.exceptions import NotFoundException, ValidationException
from litestar.response.base import ASGIResponse

from muster.intake.customer_store import StoreBusyError
from muster.observability.logs import log_error, log_warning
from muster.web.batches import SUBMIT_PATH, VALIDATE_PATH
from muster.web.console.access import SignInRequiredError
from muster.web.console.error_pages import build_error_page, is_console_path
from muster.web.json_responses import build_json_response
from muster.web.parameters import to_parameter_problem
from muster.web.problems import (
    Problem,
    build_internal_error_body,
    build_internal_error_headers,
    build_problem_body,
    path_not_found,
    to_problem,
)
from muster.web.request_context import RequestContext


def build_error_response(error: Exception, context: RequestContext) -> ASGIResponse:
    """The response to an exception. Logs an internal error, and a database that is busy."""
    problem = _find_problem(error, context)
    if problem is not None and isinstance(error, StoreBusyError):
        log_warning("database_busy", str(error), **_describe_request(context))
    if is_console_path(context.path):
        if problem is None and not isinstance(error, SignInRequiredError):
            _log_internal_error(error, context)
        return build_error_page(error, problem).to_asgi_response()
    if problem is not None:
        return build_json_response(build_problem_body(problem, context.path), problem.status, problem.headers)
    _log_internal_error(error, context)
    body = build_internal_error_body(context.elapsed_ms)
    return build_json_response(body, 500, build_internal_error_headers(error))


def _log_internal_error(error: Exception, context: RequestContext) -> None:
    context.has_internal_error = True
    log_error(error, **_describe_request(context))


def _describe_request(context: RequestContext) -> dict[str, str]:
    return {"method": context.method, **({"route": context.route} if context.route else {})}


def _find_problem(error: Exception, context: RequestContext) -> Problem | None:
    match error:
        case ValidationException():
            return to_parameter_problem(error)
        case NotFoundException():
            return path_not_found(context.find_nearest_route())
        case StoreBusyError() if context.route in (VALIDATE_PATH, SUBMIT_PATH):
            return None  # the contract has a 500
    return to_problem(error)


class EncodedResponse(Response[bytes]):
    """A finished response, for Litestar's exception handlers.

    Litestar's own class keeps headers in a dict, which can't hold two `WWW-Authenticate` headers.
    """

    def __init__(self, response: ASGIResponse) -> None:
        super().__init__(response.body, status_code=response.status_code)
        self._response = response

    def to_asgi_response(self, *args: Any, **options: Any) -> ASGIResponse:
        return self._response


def handle_exception(request: Request[Any, Any, Any], error: Exception) -> EncodedResponse:
    """The exception handler of the application; also for exceptions of Litestar."""
    return EncodedResponse(build_error_response(error, RequestContext.get(request.scope)))
