"""`/` is a page for people and a JSON object for programs."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from litestar.testing import TestClient

from tests.web.fakes import application

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
POINTERS = {
    "name": "muster",
    "openapi": "/v2/api-docs",
    "swaggerUi": "/swagger-ui/",
    "live": "/health/live",
    "ready": "/health/ready",
}


@pytest.mark.parametrize(
    "accept",
    [
        BROWSER,
        "text/html",
        "Text/HTML;q=0.4",
        "application/json;q=0.5, text/html",
        "text/html;q=x",
        "text/html;q=1e999",
    ],
)
def test_browser_gets_the_page(accept: str) -> None:
    with TestClient(application()) as client:
        response = client.get("/", headers={"Accept": accept})
        head = client.head("/", headers={"Accept": accept})
    assert (response.status_code, head.status_code) == (200, 200)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Vary"] == "Accept"
    assert "muster" in response.text


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/json",
        "application/json, text/html;q=0.9",
        "text/html;q=0",
        "image/png",
        ";;,,q=",
        "\u00ff",
    ],
)
def test_program_gets_json(accept: str) -> None:
    with TestClient(application()) as client:
        response = client.get("/", headers={b"Accept": accept.encode("latin-1")})
    assert response.json() == POINTERS
    assert response.headers["Vary"] == "Accept"


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.targets += [value or "" for name, value in attrs if name in ("href", "src")]


def test_all_links_work_and_nothing_is_external() -> None:
    with TestClient(application()) as client:
        page = client.get("/", headers={"Accept": BROWSER}).text
        links = Links()
        links.feed(page)
        for path in (*POINTERS.values(), *links.targets):
            if path not in ("muster", "data:,"):
                assert client.get(path).status_code == 200, path
    # Relative ones work behind a proxy that serves us under a prefix.
    assert not [target for target in links.targets if target.startswith("/")]
    assert "://" not in page


def test_policy_allows_the_style_sheet_of_the_page_and_nothing_else() -> None:
    with TestClient(application()) as client:
        response = client.get("/", headers={"Accept": BROWSER})
    style = re.search(r"<style>(.*?)</style>", response.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
    assert "script" not in policy
    assert "style=" not in response.text
    assert "<script" not in response.text
