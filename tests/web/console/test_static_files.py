"""Style sheets, scripts and images of the console."""

import pytest

from muster.web.console.static_files import get_static_url
from tests.web.console.conftest import ConsoleBrowser


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("console.css", "text/css"), ("console.js", "text/javascript"), ("icon.svg", "image/svg+xml")],
)
def test_files_are_kept_for_a_year_under_a_url_with_their_hash(
    console: ConsoleBrowser, name: str, media_type: str
) -> None:
    response = console.http.get(get_static_url(name))
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(media_type)
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_pages_name_files_that_exist(console: ConsoleBrowser) -> None:
    page = console.get("/console/sign-in")
    files = [attributes["href"] for tag, attributes in page.tags if tag == "link"]
    files += [attributes["src"] for tag, attributes in page.tags if tag == "script"]
    assert len(files) == 7
    assert {console.http.get(str(file)).status_code for file in files} == {200}


@pytest.mark.parametrize("name", ["console.css", "../rendering.py", "..%2Frendering.py", "no.css"])
def test_another_hash_or_name_is_a_404(console: ConsoleBrowser, name: str) -> None:
    assert console.http.get(f"/console/static/0123456789abcdef/{name}").status_code == 404
