"""Where `muster load --url` sends a file: address, token, certificate, and what other servers answer."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from muster.cli.errors import CommandError
from muster.cli.load_service import ServiceAddress, connect
from tests.cli.commands import Muster, assert_one_line
from tests.cli.test_load import build_customers, write_csv

HOST = ["--url", "https://muster.example"]


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--url", "muster.example"], 2, "--url takes the address of the service, like https://"),
        (["--url", "https://"], 2, "--url takes the address"),
        (["--url", "https://h:x"], 2, "--url takes the address"),
        (["--url", "http://muster.example"], 2, "must begin with https://"),
        (["--url", "https://anna:hunter2@muster.example", "--token-file", "t"], 2, "takes no user or password"),
        (HOST, 2, "give --token-file FILE, or set MUSTER_TOKEN"),
        ([*HOST, "--token-file", "no"], 2, "--token-file no can't be read: No such file"),
        ([*HOST, "--token-file", "empty"], 2, "--token-file empty holds no token"),
        ([*HOST, "--token-file", "binary"], 2, "--token-file binary holds no token"),
        ([*HOST, "--token-file", "two"], 2, "characters that no Bearer token has"),
        ([*HOST, "--database", "sqlite:///muster.db"], 2, "give one of --url and --database"),
        ([*HOST, "--user", "anna"], 2, "--user is for --database"),
        ([*HOST, "--batch", "10001"], 2, "at most 10,000"),
        (["--token-file", "t"], 2, "give its address with --url"),
    ],
)
def test_wrong_use_is_one_line(
    muster: Muster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "c.csv", build_customers(1))
    for name, content in {"t": b"mst_secret", "empty": b"\n", "binary": b"\xff\xfe", "two": b"mst_secret\nb"}.items():
        (tmp_path / name).write_bytes(content)
    result = muster("load", "c.csv", *arguments)
    assert_one_line(result, code, expected)
    assert "secret" not in result.err
    assert "hunter2" not in result.err


class _OtherServer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"status": 404, "message": "no such path"}' if self.path.startswith("/old") else b"<html></html>"
        self.send_response(404 if self.path.startswith("/old") else 200)
        self.send_header("Content-Type", "application/json" if body.startswith(b"{") else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def other_server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _OtherServer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "expected"), [("/old", "its muster is older than this one"), ("", "another server may be listening")]
)
def test_other_server_is_told(other_server: HTTPServer, path: str, expected: str) -> None:
    url = f"http://127.0.0.1:{other_server.server_port}{path}"
    with pytest.raises(CommandError, match=expected), connect(ServiceAddress(url, "mst_secret")):
        pass


def test_certificate_of_nobody_is_told(other_server: HTTPServer, certificate: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    other_server.socket = context.wrap_socket(other_server.socket, server_side=True)
    address = ServiceAddress(f"https://localhost:{other_server.server_port}", "mst_secret")
    with (
        pytest.raises(CommandError, match=r"certificate of the service is not accepted.*SSL_CERT_FILE"),
        connect(address),
    ):
        pass


def test_certificate_of_an_own_authority_is_taken(
    other_server: HTTPServer, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    other_server.socket = context.wrap_socket(other_server.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    address = ServiceAddress(f"https://localhost:{other_server.server_port}/old", "mst_secret")
    with pytest.raises(CommandError, match="is older than this one"), connect(address):
        pass


def test_unreachable_service_is_told(other_server: HTTPServer, capsys: pytest.CaptureFixture[str]) -> None:
    address = ServiceAddress("http://127.0.0.1:1", "mst_secret", first_contact_seconds=0.5)
    with (
        pytest.raises(CommandError, match=r"can't be reached.*check --url and that the service runs"),
        connect(address),
    ):
        pass
    assert "attempt 2 follows" in capsys.readouterr().err


def test_proxy_of_the_environment_does_not_see_the_token_for_this_machine(
    other_server: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    address = ServiceAddress(f"http://127.0.0.1:{other_server.server_port}/old", "mst_secret", 0)
    with pytest.raises(CommandError, match="is older than this one"), connect(address):
        pass
