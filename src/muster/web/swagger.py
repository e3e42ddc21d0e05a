"""The OpenAPI document, and Swagger UI without a CDN.

The program of Swagger UI comes from the package swagger-ui-py; the page and its start script are ours.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from litestar import Controller, MediaType, Request, Response
from litestar.params import FromPath
from litestar.response import Redirect

from muster.web.openapi import document
from muster.web.problems import Problem
from muster.web.public import PublicDependency
from muster.web.request_context import RequestContext
from muster.web.routing import public_get_or_head

_OWN_FILES: Final = Path(__file__).parent / "swagger"
# Name -> media type, and whether the file is ours. No other file of the package is served.
_FILES: Final = {
    "index.html": ("text/html", True),
    "start.js": ("text/javascript", True),
    "swagger-ui.css": ("text/css", False),
    "swagger-ui-bundle.js": ("text/javascript", False),
    "favicon-32x32.png": ("image/png", False),
}
# Swagger UI sets style attributes and loads its icons from data: URLs. Only our scripts run, and they may connect to
# this service only.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=3600",
}


class SwaggerHandlers(Controller):
    include_in_schema = False

    @public_get_or_head("/v2/api-docs")
    async def api_docs(self, public: PublicDependency) -> Response[bytes]:
        return Response(await public.pool.run(document), media_type=MediaType.JSON)

    @public_get_or_head("/swagger-ui")
    async def page(self, request: Request[Any, Any, Any]) -> Response[Any]:
        # Litestar treats both paths alike. The links of the page are relative to the one with the slash, and a relative
        # Location works behind a proxy that serves us under a prefix.
        if not RequestContext.get(request.scope).path.endswith("/"):
            return Redirect("swagger-ui/", status_code=307)
        return _build_response("index.html")

    @public_get_or_head("/swagger-ui/{name:str}")
    async def file(self, name: FromPath[str]) -> Response[Any]:
        if name not in _FILES:
            raise Problem(404, "Swagger UI has no such file")
        return _build_response(name)


def _build_response(name: str) -> Response[bytes]:
    media_type, _ = _FILES[name]
    return Response(_read_file(name), headers=_HEADERS, media_type=media_type)


@cache
def _read_file(name: str) -> bytes:
    _, is_own = _FILES[name]
    return ((_OWN_FILES if is_own else _find_package()) / name).read_bytes()


def _find_package() -> Path:
    # Not imported, because that would load adapters for a dozen web frameworks.
    spec = find_spec("swagger_ui")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package swagger-ui-py is not installed")
    return Path(spec.origin).parent / "static"
