"""Answers, as Litestar sends them."""

from typing import Any

from litestar import Request, Response
from litestar.response.base import ASGIResponse

from muster.web.exchange import Exchange
from muster.web.logs import log_failure, route_of
from muster.web.problems import Headers, failure_body, problem_body, problem_of


def json_reply(body: bytes, status: int = 200, headers: Headers = ()) -> ASGIResponse:
    """An answer whose body is JSON already."""
    return ASGIResponse(body=body, status_code=status, headers=headers, media_type="application/json")


def reply_to(error: Exception, exchange: Exchange, route: str) -> ASGIResponse:
    """The answer to a request that ended with an exception. Writes a log event for one that nobody expected."""
    problem = problem_of(error)
    if problem is not None:
        return json_reply(problem_body(problem, exchange.path), problem.status, problem.headers)
    exchange.failed = True
    log_failure(error, method=exchange.method, route=route)
    return json_reply(failure_body(int(exchange.milliseconds)), 500)


class ErrorResponse(Response[bytes]):
    """What Litestar takes from an exception handler; its own keeps headers in a dict and can't send two challenges."""

    def __init__(self, reply: ASGIResponse) -> None:
        super().__init__(reply.body, status_code=reply.status_code)
        self._reply = reply

    def to_asgi_response(self, *args: Any, **settings: Any) -> ASGIResponse:
        return self._reply


def on_exception(request: Request[Any, Any, Any], error: Exception) -> ErrorResponse:
    """The exception handler of the whole application, for what Litestar raises too."""
    exchange = Exchange.of(request.scope)
    return ErrorResponse(reply_to(error, exchange, route_of(exchange, request.scope)))
