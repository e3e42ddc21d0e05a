"""Decorators for the handlers of the reading endpoints."""

from functools import partial
from typing import Final

from litestar import HttpMethod, route

from muster.web.parameters import check_query

# RFC 9110 9.1 requires HEAD wherever there is GET. The HTTP server omits the body of a response to HEAD.
get_or_head: Final = partial(route, http_method=[HttpMethod.GET, HttpMethod.HEAD])

# For endpoints without `Access`, which checks the query after the permission.
public_get_or_head: Final = partial(get_or_head, guards=[check_query])
