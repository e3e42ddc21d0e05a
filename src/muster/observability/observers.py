"""Observers are told of what happened. Nothing that goes wrong with them may cost a request its answer."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from litestar.types import Scope

from muster.observability.logs import log_error
from muster.web.request_context import RequestContext

P = ParamSpec("P")

# Told of each request when it is over, in the order of the list.
RequestObserver = Callable[[RequestContext, Scope], None]


def log_errors(where: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Of what goes wrong in a function it makes an event `failure` of the log, with this `where`."""

    def decorate(tell: Callable[P, None]) -> Callable[P, None]:
        @wraps(tell)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                tell(*args, **kwargs)
            except Exception as error:
                log_error(error, where=where)

        return guarded

    return decorate
