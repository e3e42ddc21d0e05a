"""Swagger UI, served whole from here: its program from the package swagger-ui-py, the page and its start from ours."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Scope

from muster.web.problems import Problem
from muster.web.request_context import RequestContext

_OURS: Final = Path(__file__).parent / "swagger"
# Name -> media type, and whether the file is ours. Nothing else of the package can be reached.
_FILES: Final = {
    "index.html": ("text/html", True),
    "start.js": ("text/javascript", True),
    "swagger-ui.css": ("text/css", False),
    "swagger-ui-bundle.js": ("text/javascript", False),
    "favicon-32x32.png": ("image/png", False),
}
# Swagger UI sets style attributes and takes its icons from data: URLs; no script but our files runs, and they may talk
# to this service only.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "public, max-age=3600"),
)


async def page(scope: Scope) -> ASGIApp:
    # Litestar takes both paths for one. The page's own links are relative to the one with the slash; the relative
    # Location holds behind a proxy that serves us under a prefix.
    if not RequestContext.of(scope).path.endswith("/"):
        return ASGIResponse(status_code=307, headers=[("Location", "swagger-ui/")], media_type="text/plain")
    return _reply("index.html")


async def file(scope: Scope) -> ASGIApp:
    name = scope["path_params"]["name"]
    if name not in _FILES:
        raise Problem(404, "Swagger UI has no such file")
    return _reply(name)


def _reply(name: str) -> ASGIApp:
    media_type, _ = _FILES[name]
    return ASGIResponse(body=_content(name), headers=_HEADERS, media_type=media_type)


@cache
def _content(name: str) -> bytes:
    _, ours = _FILES[name]
    return ((_OURS if ours else _package()) / name).read_bytes()


def _package() -> Path:
    # Looked up and not imported: it would bring adapters for a dozen web frameworks.
    spec = find_spec("swagger_ui")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package swagger-ui-py is not installed")
    return Path(spec.origin).parent / "static"
