"""Protection against cross-site request forgery, from headers alone: no byte of a forged request's body is read."""

from typing import Any, Final

from litestar import Request

from muster.web.problems import Problem

_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_NOT_FOREIGN: Final = frozenset({"same-origin", "none"})  # none: an address that the user entered, or a bookmark
_FORGED: Final = "this request did not come from a page of the console; open the page and try again"


def check_origin(request: Request[Any, Any, Any]) -> None:
    """Raises `Problem`, a 403, for a request with effects that a page of another origin may have sent.

    Browsers send `Sec-Fetch-Site` since 2023, and pages can't set it. Older ones send `Origin`, which must be ours.

    A read is refused too if a page of another origin fetches or frames it instead of leading there. Such a page can't
    see the response, but a page of another port or of another host of the domain gets the cookie sent, and would make
    the audit log say that the user has read a customer.
    """
    sites = request.headers.getall("sec-fetch-site", [])
    if request.method in _SAFE_METHODS:
        is_ours = set(sites) <= _NOT_FOREIGN or request.headers.get("sec-fetch-dest") == "document"
    elif sites:
        is_ours = sites == ["same-origin"]
    else:
        host = request.headers.get("host", "")
        is_ours = request.headers.getall("origin", []) == [f"{request.scope['scheme']}://{host}"]
    if not is_ours:
        raise Problem(403, _FORGED)
