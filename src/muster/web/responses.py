"""Answers, as Litestar sends them."""

from typing import Any

from litestar import Request, Response
from litestar.response.base import ASGIResponse

from muster.observability.logs import get_route, log_error
from muster.web.problems import Headers, build_error_body, build_problem_body, to_problem
from muster.web.request_context import RequestContext


def json_response(body: bytes, status: int = 200, headers: Headers = ()) -> ASGIResponse:
    """An answer whose body is JSON already."""
    return ASGIResponse(body=body, status_code=status, headers=headers, media_type="application/json")


def to_error_response(error: Exception, exchange: RequestContext, route: str) -> ASGIResponse:
    """The answer to a request that ended with an exception. Writes a log event for one that nobody expected."""
    problem = to_problem(error)
    if problem is not None:
        return json_response(build_problem_body(problem, exchange.path), problem.status, problem.headers)
    exchange.failed = True
    log_error(error, method=exchange.method, route=route)
    return json_response(build_error_body(int(exchange.milliseconds)), 500)


class ErrorResponse(Response[bytes]):
    """What Litestar takes from an exception handler; its own keeps headers in a dict and can't send two challenges."""

    def __init__(self, reply: ASGIResponse) -> None:
        super().__init__(reply.body, status_code=reply.status_code)
        self._reply = reply

    def to_asgi_response(self, *args: Any, **settings: Any) -> ASGIResponse:
        return self._reply


def handle_exception(request: Request[Any, Any, Any], error: Exception) -> ErrorResponse:
    """The exception handler of the whole application, for what Litestar raises too."""
    exchange = RequestContext.of(request.scope)
    return ErrorResponse(to_error_response(error, exchange, get_route(exchange, request.scope)))
