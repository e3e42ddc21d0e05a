import json
import re
import shutil
import subprocess
from typing import Any

import pytest
from litestar.testing import TestClient

from muster.web.openapi.document import minimal_batch
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


# Runs start.js without a browser, and its function for requests on each request of standard input.
RUN_START = """
const requests = JSON.parse(require("fs").readFileSync(0));
const window = {};
const SwaggerUIBundle = Object.assign((options) => options, { presets: {} });
START
console.log(JSON.stringify(requests.map((request) => window.ui.requestInterceptor(request))));
"""


def intercept(body: str, **headers: str) -> str:
    """The body that the page sends instead of this one."""
    with TestClient(application()) as client:
        program = RUN_START.replace("START", client.get("/swagger-ui/start.js").text)
    request = json.dumps([{"url": "/", "headers": headers, "body": body}])
    done = subprocess.run(["node", "-e", program], input=request, capture_output=True, text=True, check=True)
    (sent,) = json.loads(done.stdout)
    return str(sent["body"])


def get_identifiers(body: str) -> list[tuple[Any, Any]]:
    customers = json.loads(body)["customers"]
    return [(customer["communicationNumber"], customer["customerExtId"]) for customer in customers]


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


@needs_node
def test_page_sends_the_example_with_fresh_identifiers_each_time() -> None:
    example = json.dumps(minimal_batch())
    sent = [get_identifiers(intercept(example)) for _ in range(2)]
    numbers = {number for batch in (*sent, get_identifiers(example)) for number, _ in batch}
    ext_ids = {ext_id for batch in (*sent, get_identifiers(example)) for _, ext_id in batch}
    assert len(numbers) == len(ext_ids) == 6
    assert all(len(number) < 60 for number in numbers)


@needs_node
def test_page_sends_what_the_user_wrote_as_it_is() -> None:
    body = '{"communicationNumber": "n-1", "customerExtId": "IndividualExtId01", "share": 1.00000000000000000001}'
    assert intercept(body) == body


@needs_node
def test_page_sends_the_same_example_under_the_same_idempotency_key() -> None:
    example = json.dumps(minimal_batch())
    once, again, other = (intercept(example, **{"Idempotency-Key": key}) for key in ('"k-1"', '"k-1"', "k-2"))
    assert once == again
    assert len({*get_identifiers(example), *get_identifiers(once), *get_identifiers(other)}) == 6
    (long, _), _ = get_identifiers(intercept(example, **{"Idempotency-Key": "k" * 255}))
    assert len(long) <= 256
