import re

import pytest
from litestar.testing import TestClient

from tests.web.fakes import application

FILES = ["", "index.html", "start.js", "swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"]


@pytest.mark.parametrize("name", FILES)
def test_each_file_has_its_type_and_the_policy(name: str) -> None:
    with TestClient(application()) as client:
        response = client.get(f"/swagger-ui/{name}")
    kind = {"js": "text/javascript", "css": "text/css", "png": "image/png"}.get(name.rpartition(".")[2], "text/html")
    assert response.status_code == 200
    assert response.headers["Content-Type"].split(";")[0] == kind
    assert "script-src 'self';" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.content


def test_path_without_slash_redirects_to_the_page() -> None:
    with TestClient(application()) as client:
        response = client.get("/swagger-ui", follow_redirects=False)
        assert (response.status_code, response.headers["Location"]) == (307, "swagger-ui/")
        assert client.get("/swagger-ui").url.path == "/swagger-ui/"


def test_page_has_no_inline_script_and_all_its_links_work() -> None:
    with TestClient(application()) as client:
        page = client.get("/swagger-ui/").text
        assert re.findall(r"<script(?! src=)", page) == []
        for link in re.findall(r'(?:src|href)="([^"]+)"', page):
            assert client.get(f"/swagger-ui/{link}").status_code == 200
        start = client.get("/swagger-ui/start.js").text
    assert "validatorUrl: null" in start
    assert "://" not in page + start


@pytest.mark.parametrize(
    "name", ["swagger-editor.js", "LICENSE", "swagger-initializer.js", "..%2Fapp.py", "%2e%2e/app.py", "a/b"]
)
def test_other_files_of_the_package_are_not_served(name: str) -> None:
    with TestClient(application()) as client:
        assert client.get(f"/swagger-ui/{name}").status_code == 404
