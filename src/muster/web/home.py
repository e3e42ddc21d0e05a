"""`/`: a page for people, and the same pointers as JSON for programs."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Controller, MediaType, Request, Response

from muster.web.content_negotiation import find_weight
from muster.web.routing import public_get_or_head

_PAGE: Final = Path(__file__).parent / "home" / "index.html"
_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)


class HomeResponse(msgspec.Struct, rename="camel"):
    """Where to go from here."""

    name: str = "muster"
    openapi: str = "/v2/api-docs"
    swagger_ui: str = "/swagger-ui/"
    live: str = "/health/live"
    ready: str = "/health/ready"


class HomeHandlers(Controller):
    include_in_schema = False

    @public_get_or_head("/")
    async def home(self, request: Request[Any, Any, Any]) -> Response[Any]:
        if not _prefers_html(request.headers.get("accept", "")):
            return Response(HomeResponse(), headers={"Vary": "Accept"})
        page, policy = _read_page()
        headers = {"Vary": "Accept", "Content-Security-Policy": policy}
        return Response(page, headers=headers, media_type=MediaType.HTML)


def _prefers_html(accept: str) -> bool:
    """Whether the header names HTML, and not JSON with a higher weight. `*/*`, as curl sends it, gets JSON."""
    html = find_weight(accept, "text/html")
    return html > 0 and html >= find_weight(accept, "application/json")


@cache
def _read_page() -> tuple[bytes, str]:
    """The page, and the policy that allows its own style sheet and nothing else."""
    page = _PAGE.read_text(encoding="utf-8")
    style = _STYLE.search(page)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return page.encode(), policy
