"""`muster serve` as a process: start, signals, TLS, workers."""

import base64
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from muster.auth.login_throttle import FREE_ATTEMPTS_PER_USER
from muster.server.limits import ConnectionLimits
from tests.cli.commands import COMMAND, Muster, Running, assert_one_line, make_certificate
from tests.observability.collector import collecting

MINIMAL = files("muster.web").joinpath("examples/minimal.json").read_bytes()
MAX_HEAD_BYTES = ConnectionLimits().max_head_bytes
Start = Callable[..., Running]


def event(service: Running, key: str) -> dict[str, Any]:
    """The next event of the log with this key."""
    found: dict[str, Any] = json.loads(service.line(rf'"event":"{key}"').string)
    return found


def get(port: int, path: str) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}


def post(port: int, token: str) -> list[str]:
    """Sends the minimal batch and returns the result of each customer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/amlyze-ws-rest/batch-customers", MINIMAL, headers)
    response = connection.getresponse()
    content = json.loads(response.read())
    connection.close()
    assert response.status == 200, content
    return [result["resultType"] for result in content["results"]]


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("stop_with", [signal.SIGINT, signal.SIGTERM])
def test_service_runs_until_a_signal_and_exits_with_0(
    muster: Muster, start: Start, workers: str, stop_with: signal.Signals
) -> None:
    muster.add_user("anna")
    token = muster.ok("token", "create", "anna").out.strip()
    service = start("serve", "--port", "0", "--database", muster.url, "--workers", workers)
    port = service.port()
    assert post(port, token) == ["REQUEST_ACCEPTED"] * 2
    assert post(port, token) == ["REQUEST_REJECTED"] * 2
    code, err = service.stop(stop_with)
    assert code == 0
    assert "Traceback" not in err


def test_environment_variables_equal_options(muster: Muster, start: Start) -> None:
    service = start("serve", MUSTER_PORT="0", MUSTER_DATABASE=muster.url, MUSTER_MAX_CUSTOMERS="1")
    service.line("there is no user yet; `muster user add NAME --role submit` adds one")
    status, headers = get(service.port(), "/health/ready")
    assert status == 200
    assert "date" in headers
    assert headers["server"] == "muster"


def read_events(lines: str) -> list[dict[str, Any]]:
    """The events of a log in which each line must be JSON."""
    return [json.loads(line) for line in lines.splitlines()]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_log_in_json_is_json_from_the_first_line_to_the_last(muster: Muster, start: Start, workers: str) -> None:
    service = start("serve", "--port", "0", "--workers", workers, MUSTER_DATABASE=muster.url, MUSTER_LOG_FORMAT="json")
    assert service.process.stderr is not None
    first, second = json.loads(next(service.process.stderr)), json.loads(next(service.process.stderr))
    assert (first["event"], first["level"]) == ("no_users", "info")
    assert (second["event"], second["level"]) == ("service_started", "info")
    port = int(second["message"].partition("127.0.0.1:")[2].partition(" ")[0])
    os.kill(event(service, "worker_started")["pid"], signal.SIGKILL)
    assert event(service, "worker_died")["level"] == "warning"
    event(service, "worker_started")
    assert get(port, "/no/such/path")[0] == 404
    code, err = service.stop(signal.SIGTERM)
    assert code == 0
    assert "request" in [event["event"] for event in read_events(err)]


def test_log_in_text_says_where_the_service_listens_in_plain_words(muster: Muster, start: Start) -> None:
    service = start("serve", "--port", "0", MUSTER_DATABASE=muster.url, MUSTER_LOG_FORMAT="text")
    service.line("^there is no user yet; ")
    service.line(r"^muster listens on http://127.0.0.1:\d+ \(Swagger UI: /swagger-ui/\); Ctrl-C ends it$")


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "says"),
    [
        (["--prot", "1"], {}, 2, "No such option: --prot"),
        (["--host", "192.0.2.1"], {}, 1, "choose another with --port or --host"),
        ([], {"MUSTER_WORKER": "2"}, 2, "did you mean MUSTER_WORKERS?"),
        ([], {"MUSTER_DATABASE": "postgresql://a:b@127.0.0.1:1/c"}, 1, "nothing listens at its address"),
        ([], {"MUSTER_METRICS_TOKEN_FILE": "/none"}, 2, "MUSTER_METRICS_TOKEN_FILE: /none can't be read"),
    ],
)
def test_error_at_start_is_an_event_of_a_log_in_json(
    muster: Muster, start: Start, arguments: list[str], environment: dict[str, str], code: int, says: str
) -> None:
    options = {"MUSTER_DATABASE": muster.url, "MUSTER_PORT": "0", "MUSTER_LOG_FORMAT": "json", **environment}
    process = start("serve", *arguments, **options).process
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    [failure] = read_events(err)
    assert (failure["event"], failure["level"]) == ("service_failed", "error")
    assert says in failure["message"]


def test_service_link_of_kubernetes_does_not_stop_the_service(muster: Muster, start: Start) -> None:
    links = {"MUSTER_PORT": "tcp://10.96.0.7:8878", "MUSTER_SERVICE_HOST": "10.96.0.7", "MUSTER_SERVICE_PORT": "8878"}
    service = start("serve", "--port", "0", "--database", muster.url, **links)
    assert get(service.port(), "/health/ready")[0] == 200
    process = start("serve", "--host", "192.0.2.1", "--database", muster.url, **links).process
    _, err = process.communicate(timeout=30)
    assert "on 192.0.2.1 port 8878" in err


def test_users_added_at_run_time_can_authenticate(muster: Muster, start: Start) -> None:
    service = start("serve", "--port", "0", "--database", muster.url)
    port = service.port()
    muster.add_user("anna")
    assert post(port, muster.ok("token", "create", "anna").out.strip()) == ["REQUEST_ACCEPTED"] * 2


def test_windows_is_an_error_of_one_line(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert_one_line(muster("serve", "--port", "0"), 1, "needs Linux or macOS")


def test_port_in_use_is_an_error_of_one_line(muster: Muster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = muster("serve", "--port", str(port))
    assert_one_line(result, 1, f"can't listen on 127.0.0.1 port {port} (Address already in use); choose another")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 70 + ".example", "192.0.2.1"])
def test_foreign_host_is_an_error_of_one_line(muster: Muster, host: str) -> None:
    assert_one_line(muster("serve", "--host", host, "--port", "0"), 1, "--host")


def test_endless_headers_are_refused(muster: Muster, start: Start) -> None:
    port = start("serve", "--port", "0", "--database", muster.url).port()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nx: " + b"x" * MAX_HEAD_BYTES * 2)
        assert connection.recv(1000).startswith(b"HTTP/1.1 431 ")
    assert get(port, "/health/live")[0] == 200


def test_connection_serves_many_requests_and_large_bodies(muster: Muster, start: Start) -> None:
    muster.add_user("anna")
    token = muster.ok("token", "create", "anna").out.strip()
    port = start("serve", "--port", "0", "--database", muster.url).port()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for _ in range(5):
        body = b" " * MAX_HEAD_BYTES * 3 + MINIMAL
        connection.request(
            "POST",
            "/amlyze-ws-rest/validate-batch-customers",
            body,
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        response = connection.getresponse()
        response.read()
        assert response.status == 200
    connection.close()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_service_speaks_https(muster: Muster, start: Start, certificate: tuple[Path, Path], workers: str) -> None:
    cert, key = certificate
    options = ("--tls-cert", str(cert), "--tls-key", str(key), "--workers", workers)
    service = start("serve", "--host", "localhost", "--port", "0", "--database", muster.url, *options)
    port = int(service.line(r"listens on https://localhost:(\d+)")[1])
    with socket.create_connection(("localhost", port), timeout=10) as plain:
        plain.sendall(b"GET /health/live HTTP/1.1\r\n\r\n")
        assert b"HTTP" not in plain.recv(1000)
    trusted = ssl.create_default_context(cafile=cert)
    connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=trusted)
    connection.request("GET", "/health/live")
    assert connection.getresponse().status == 200
    connection.close()


def shown_certificate(port: int, **versions: ssl.TLSVersion) -> str:
    """The certificate that the server presents to a new connection, as PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    for name, version in versions.items():
        setattr(context, name, version)
    with socket.create_connection(("localhost", port), timeout=10) as plain, context.wrap_socket(plain) as secure:
        shown = secure.getpeercert(binary_form=True)
        assert shown is not None
        return ssl.DER_cert_to_PEM_cert(shown)


def until_shown(port: int, cert: Path) -> None:
    deadline = time.monotonic() + 30
    while shown_certificate(port) != cert.read_text():
        assert time.monotonic() < deadline, "the new certificate is not shown"
        time.sleep(0.05)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sighup_loads_a_new_certificate_and_keeps_the_old_one_when_it_is_invalid(
    muster: Muster, start: Start, certificate: tuple[Path, Path], workers: str
) -> None:
    cert, key = certificate
    options = ("--tls-cert", str(cert), "--tls-key", str(key), "--workers", workers)
    service = start("serve", "--host", "localhost", "--port", "0", "--database", muster.url, *options)
    port = int(service.line(r"listens on https://localhost:(\d+)")[1])
    for _ in range(int(workers)):
        service.line("worker_started")
    held = http.client.HTTPSConnection("localhost", port, timeout=10, context=ssl._create_unverified_context())
    held.request("GET", "/health/live")
    held.getresponse().read()
    until_shown(port, cert)

    good = cert.read_text()
    cert.write_text("no certificate")
    service.process.send_signal(signal.SIGHUP)
    assert "holds no certificate in PEM" in event(service, "tls_reload_failed")["reason"]
    assert shown_certificate(port) == good

    make_certificate(cert, key)
    assert cert.read_text() != good
    service.process.send_signal(signal.SIGHUP)
    event(service, "tls_reloaded")
    event(service, "workers_replaced")
    assert shown_certificate(port) == cert.read_text()
    held.close()
    assert service.stop(signal.SIGTERM)[0] == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_idle_tls_connection_does_not_delay_shutdown(
    muster: Muster, start: Start, certificate: tuple[Path, Path], workers: str
) -> None:
    cert, key = certificate
    options = ("--tls-cert", str(cert), "--tls-key", str(key), "--workers", workers)
    service = start("serve", "--port", "0", "--host", "localhost", "--database", muster.url, *options)
    port = service.port()
    connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=ssl._create_unverified_context())
    connection.request("GET", "/health/live")
    connection.getresponse().read()
    # Its own patience is over before the half minute that TLS would wait.
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=15) == 0
    connection.close()


def test_tls_below_1_2_is_refused(muster: Muster, start: Start, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    options = ("--tls-cert", str(cert), "--tls-key", str(key))
    port = start("serve", "--port", "0", "--host", "localhost", "--database", muster.url, *options).port()
    assert shown_certificate(port, maximum_version=ssl.TLSVersion.TLSv1_2)
    # It is the server that ends it, and not the client that does not try.
    with pytest.raises(ssl.SSLError, match=r"EOF|alert protocol version"), pytest.warns(match="TLSVersion"):
        shown_certificate(port, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_invalid_certificate_is_an_error_of_one_line(
    muster: Muster, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    cert, key = certificate
    other_cert, other_key = tmp_path / "other.pem", tmp_path / "other-key.pem"
    make_certificate(other_cert, other_key)
    locked, broken = tmp_path / "locked.pem", tmp_path / "broken.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out", locked],
        check=True,
        capture_output=True,
    )
    broken.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    for given, says in (
        ((tmp_path / "x", key), f"there is no file {tmp_path / 'x'}"),
        ((cert, cert / "x"), f"there is no file {cert / 'x'}"),
        ((tmp_path, key), f"{tmp_path} is a directory"),
        ((key, cert), f"{key} holds no certificate in PEM"),
        ((cert, cert), f"{cert} holds no private key in PEM"),
        ((cert, locked), "give the key without a password"),
        ((cert, other_key), f"the key {other_key} is not the key of the certificate {cert}"),
        ((broken, key), f"the certificate {broken} and the key {key} can't be used (OpenSSL: "),
    ):
        assert_one_line(muster("serve", "--tls-cert", str(given[0]), "--tls-key", str(given[1])), 1, says)


def test_unreadable_key_is_an_error_of_one_line(
    muster: Muster, certificate: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate
    closed = tmp_path / "closed"
    closed.mkdir()
    hidden = key.rename(closed / "key.pem")

    # Root reads everything, so what the system says to others is said here.
    def refuse(path: object, *_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    if os.geteuid() == 0:
        real = os.stat
        monkeypatch.setattr(os, "stat", lambda path, **how: (refuse if path == str(hidden) else real)(path, **how))
    else:
        closed.chmod(0)
    result = muster("serve", "--tls-cert", str(cert), "--tls-key", str(hidden))
    assert_one_line(result, 1, f"has no right to read {hidden}", "give that user the right to read it")
    closed.chmod(0o700)


def test_sighup_replaces_a_single_worker(muster: Muster, start: Start) -> None:
    service = start("serve", "--port", "0", "--database", muster.url)
    port = service.port()
    first = event(service, "worker_started")["pid"]
    service.process.send_signal(signal.SIGHUP)
    seen: dict[str, dict[str, Any]] = {}
    while seen.keys() < {"worker_started", "workers_replaced"}:  # on a busy machine the old one ends first
        found = json.loads(service.line(r'"event":"worker(_started|s_replaced)"').string)
        seen[found["event"]] = found
    assert seen["worker_started"]["pid"] != first
    assert seen["workers_replaced"]["level"] == "info"
    assert get(port, "/health/live")[0] == 200
    assert service.stop(signal.SIGTERM)[0] == 0


def test_sighup_during_start_does_not_stop_the_service(muster: Muster, start: Start) -> None:
    service = start("serve", "--port", "0", "--database", muster.url, "--workers", "2")
    port = service.port()
    service.process.send_signal(signal.SIGHUP)
    service.line("worker_started")
    assert get(port, "/health/live")[0] == 200
    assert service.stop(signal.SIGTERM)[0] == 0


def test_closing_terminal_stops_the_service(muster: Muster) -> None:
    terminal, its_side = os.openpty()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    process = subprocess.Popen(
        [COMMAND, "serve", "--port", "0", "--database", muster.url],
        stdin=its_side,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=clean,
    )
    service = Running(process)
    service.line("worker_started")
    assert service.stop(signal.SIGHUP)[0] == 0
    os.close(terminal)
    os.close(its_side)


def test_killed_worker_is_replaced(muster: Muster, start: Start) -> None:
    service = start("serve", "--port", "0", "--database", muster.url, "--workers", "2")
    port = service.port()
    workers = [event(service, "worker_started")["pid"] for _ in range(2)]
    os.kill(workers[0], signal.SIGKILL)
    assert event(service, "worker_died")["pid"] == workers[0]
    service.line("worker_started")
    assert get(port, "/health/live")[0] == 200
    assert service.stop(signal.SIGTERM)[0] == 0


def test_workers_stop_when_the_main_process_is_killed(muster: Muster, start: Start) -> None:
    service = start("serve", "--port", "0", "--database", muster.url, "--workers", "2")
    port = service.port()
    for _ in range(2):
        service.line("worker_started")
    # Waits for the end of stderr, so of all who hold it.
    service.stop(signal.SIGKILL)
    with pytest.raises(ConnectionRefusedError):
        get(port, "/health/live")


@pytest.mark.parametrize(("trusted", "elsewhere"), [("127.0.0.0/8", 200), ("192.0.2.9", 429)])
def test_trusted_proxy_names_the_client(muster: Muster, start: Start, trusted: str, elsewhere: int) -> None:
    muster.add_user("anna")
    port = start("serve", "--port", "0", MUSTER_DATABASE=muster.url, MUSTER_TRUSTED_PROXIES=trusted).port()

    def status(address: str, password: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        credentials = base64.b64encode(f"anna:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "X-Forwarded-For": address}
        connection.request("GET", "/api/v1/batches", headers=headers)
        found = connection.getresponse().status
        connection.close()
        return found

    assert [status("192.0.2.1", "wrong") for _ in range(FREE_ATTEMPTS_PER_USER)] == [401] * FREE_ATTEMPTS_PER_USER
    assert status("192.0.2.1", "correct horse") == 429
    assert status("192.0.2.2", "correct horse") == elsewhere


def test_invalid_trusted_proxy_is_an_error_of_one_line(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_TRUSTED_PROXIES", "proxy.bank")
    assert_one_line(
        muster("serve", "--port", "0"), 2, "MUSTER_TRUSTED_PROXIES must be comma-separated addresses or networks"
    )


@pytest.mark.parametrize("workers", ["1", "2"])
def test_last_traces_are_exported_at_shutdown(muster: Muster, start: Start, workers: str) -> None:
    with collecting() as collector:
        options = ("--port", "0", "--database", muster.url, "--workers", workers)
        # By itself it would send none before an hour is over.
        service = start("serve", *options, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY="3600000")
        port = service.port()
        assert get(port, "/health/live")[0] == 200
        assert collector.bodies == []
        assert service.stop(signal.SIGTERM)[0] == 0
    assert [span.name for span in collector.spans] == ["GET /health/live"]
