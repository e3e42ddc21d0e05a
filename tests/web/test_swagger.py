import re

import pytest
from litestar.testing import TestClient

from tests.web.fakes import application

FILES = ["", "index.html", "start.js", "swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"]


@pytest.mark.parametrize("name", FILES)
def test_each_file_comes_with_its_type_and_the_policy(name: str):
    with TestClient(application()) as client:
        answer = client.get(f"/swagger-ui/{name}")
    kind = {"js": "text/javascript", "css": "text/css", "png": "image/png"}.get(name.rpartition(".")[2], "text/html")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].split(";")[0] == kind
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content


def test_the_path_without_slash_leads_to_the_page():
    with TestClient(application()) as client:
        answer = client.get("/swagger-ui", follow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (307, "swagger-ui/")
        assert client.get("/swagger-ui").url.path == "/swagger-ui/"


def test_the_page_has_no_inline_script_and_asks_for_nothing_that_is_not_served():
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
def test_no_other_file_can_be_reached(name: str):
    with TestClient(application()) as client:
        assert client.get(f"/swagger-ui/{name}").status_code == 404
