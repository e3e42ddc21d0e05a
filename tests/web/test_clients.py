"""Common clients that send a large body with wrong credentials, or too large a body, read the error response."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import requests
from requests.auth import HTTPBasicAuth

from tests.web.fakes import ANNA, SAVE, application
from tests.web.server import serving

MIB = 1024 * 1024
REFUSALS = [(("anna", "wrong"), 401), (ANNA, 413)]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(application(max_body_bytes=8 * MIB)) as port:
        yield f"http://127.0.0.1:{port}{SAVE}"


def encode_basic(auth: tuple[str, str]) -> HTTPBasicAuth:
    # In UTF-8; `requests` encodes text as Latin-1.
    return HTTPBasicAuth(auth[0].encode(), auth[1].encode())


@pytest.mark.parametrize(("auth", "status"), REFUSALS)
def test_requests_reads_the_error_response(url: str, auth: tuple[str, str], status: int) -> None:
    headers = {"Content-Type": "application/json"}
    with requests.post(url, data=b" " * 60 * MIB, headers=headers, auth=encode_basic(auth), timeout=20) as response:
        assert (response.status_code, response.json()["status"]) == (status, status)


@pytest.mark.parametrize(("auth", "status"), REFUSALS)
def test_requests_reads_the_error_response_to_a_stream(url: str, auth: tuple[str, str], status: int) -> None:
    chunks = (b" " * MIB for _ in range(60))
    headers = {"Content-Type": "application/json"}
    with requests.post(url, data=chunks, headers=headers, auth=encode_basic(auth), timeout=20) as response:
        assert response.status_code == status


@pytest.mark.parametrize(("auth", "status"), REFUSALS)
def test_httpx_reads_the_error_response(url: str, auth: tuple[str, str], status: int) -> None:
    headers = {"Content-Type": "application/json"}
    response = httpx.post(url, content=b" " * 60 * MIB, headers=headers, auth=auth, timeout=20)
    assert (response.status_code, response.json()["status"]) == (status, status)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("expect", ["100-continue", ""])
@pytest.mark.parametrize(("auth", "status"), REFUSALS)
def test_curl_reads_the_error_response(
    url: str, tmp_path: Path, auth: tuple[str, str], status: int, expect: str
) -> None:
    body = tmp_path / "body.json"
    body.write_bytes(b" " * 60 * MIB)
    command = [
        "curl",
        "-sS",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "-u",
        ":".join(auth),
        "--data-binary",
        f"@{body}",
    ]
    command += ["-H", "Content-Type: application/json", "-H", f"Expect: {expect}".rstrip(), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, str(status), "")
