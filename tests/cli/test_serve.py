"""`muster serve` as a process: start, signals, TLS, workers."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

from muster.auth.login_throttle import FREE_ATTEMPTS_PER_USER
from muster.auth.passwords import hash_password
from muster.auth.users import Role
from muster.server.limits import ConnectionLimits
from tests.cli.commands import COMMAND, Muster, Running, assert_one_line
from tests.observability.collector import collecting
from tests.serving import serving

MINIMAL = files("muster.web").joinpath("examples/minimal.json").read_bytes()
MAX_HEAD_BYTES = ConnectionLimits().max_head_bytes
Start = Callable[..., Running]


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


@pytest.mark.parametrize(("workers", "stop_with"), [("1", signal.SIGINT), ("2", signal.SIGTERM)])
def test_service_runs_until_a_signal_and_exits_with_0(
    muster: Muster, start: Start, workers: str, stop_with: signal.Signals
) -> None:
    muster.add_user("anna")
    token = muster.ok("token", "create", "anna").out.strip()
    service = start("serve", "--port", "0", "--database", muster.url, "--workers", workers, traced=workers == "1")
    port = service.port()
    assert post(port, token) == ["REQUEST_ACCEPTED"] * 2
    assert post(port, token) == ["REQUEST_REJECTED"] * 2
    code, err = service.stop(stop_with)
    assert code == 0
    assert "Traceback" not in err


def test_environment_variables_equal_options_and_a_log_in_text_has_plain_words(muster: Muster, start: Start) -> None:
    service = start("serve", MUSTER_PORT="0", MUSTER_DATABASE=muster.url, MUSTER_LOG_FORMAT="text")
    service.line("^there is no user yet; `muster user add NAME --role submit` adds one")
    port = service.line(r"^muster listens on http://127.0.0.1:(\d+) \(Swagger UI: /swagger-ui/\); Ctrl-C ends it$")[1]
    status, headers = get(int(port), "/health/ready")
    assert status == 200
    assert "date" in headers
    assert headers["server"] == "muster"


def test_a_drain_is_announced_before_the_service_ends(muster: Muster, start: Start) -> None:
    service = start(
        "serve", "--port", "0", MUSTER_DATABASE=muster.url, MUSTER_LOG_FORMAT="json", MUSTER_DRAIN_SECONDS="600"
    )
    service.event("worker_started")
    service.process.send_signal(signal.SIGTERM)
    assert service.event("draining")["seconds"] == 600
    code, _ = service.stop(signal.SIGTERM)
    assert code == 0


def read_events(lines: str) -> list[dict[str, Any]]:
    """The events of a log in which each line must be JSON."""
    return [json.loads(line) for line in lines.splitlines()]


def test_log_in_json_is_json_from_the_first_line_to_the_last_and_a_killed_worker_is_replaced(
    muster: Muster, start: Start
) -> None:
    service = start("serve", "--port", "0", "--workers", "2", MUSTER_DATABASE=muster.url, MUSTER_LOG_FORMAT="json")
    assert service.process.stderr is not None
    first, second = json.loads(next(service.process.stderr)), json.loads(next(service.process.stderr))
    assert (first["event"], first["level"]) == ("no_users", "info")
    assert (second["event"], second["level"]) == ("service_started", "info")
    port = int(second["message"].partition("127.0.0.1:")[2].partition(" ")[0])
    workers = [service.event("worker_started")["pid"] for _ in range(2)]
    os.kill(workers[0], signal.SIGKILL)
    died = service.event("worker_died")
    assert (died["pid"], died["level"]) == (workers[0], "warning")
    assert service.event("worker_started")["pid"] not in workers
    assert get(port, "/no/such/path")[0] == 404
    code, err = service.stop(signal.SIGTERM)
    assert code == 0
    assert "request" in [event["event"] for event in read_events(err)]


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
    muster: Muster,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: dict[str, str],
    code: int,
    says: str,
) -> None:
    for name, value in {"MUSTER_PORT": "0", "MUSTER_LOG_FORMAT": "json", **environment}.items():
        monkeypatch.setenv(name, value)
    result = muster("serve", *arguments)
    assert result.code == code
    [failure] = read_events(result.err)
    assert (failure["event"], failure["level"]) == ("service_failed", "error")
    assert says in failure["message"]


def test_service_link_of_kubernetes_is_no_setting(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    links = {"MUSTER_PORT": "tcp://10.96.0.7:8878", "MUSTER_SERVICE_HOST": "10.96.0.7", "MUSTER_SERVICE_PORT": "8878"}
    for name, value in links.items():
        monkeypatch.setenv(name, value)
    assert_one_line(muster("serve", "--host", "192.0.2.1"), 1, "can't listen on 192.0.2.1 port 8878")


def test_users_added_at_run_time_can_authenticate(
    shared_service: tuple[str, int], muster: Muster, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, port = shared_service
    monkeypatch.setenv("MUSTER_DATABASE", url)
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


def test_endless_headers_are_refused(shared_service: tuple[str, int]) -> None:
    _, port = shared_service
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nx: " + b"x" * MAX_HEAD_BYTES * 2)
        assert connection.recv(1000).startswith(b"HTTP/1.1 431 ")
    assert get(port, "/health/live")[0] == 200


def test_connection_serves_many_requests_and_large_bodies(
    shared_service: tuple[str, int], muster: Muster, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, port = shared_service
    monkeypatch.setenv("MUSTER_DATABASE", url)
    muster.add_user("bert")
    token = muster.ok("token", "create", "bert").out.strip()
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


def test_sighup_replaces_a_single_worker(muster: Muster, start: Start) -> None:
    service = start("serve", "--port", "0", "--database", muster.url)
    port = service.port()
    first = service.event("worker_started")["pid"]
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
    service = start("serve", "--port", "0", "--database", muster.url)
    port = service.port()
    service.process.send_signal(signal.SIGHUP)
    service.line("worker_started")
    assert get(port, "/health/live")[0] == 200
    assert service.stop(signal.SIGTERM)[0] == 0


@pytest.mark.untraced  # another test covers the start
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


@pytest.mark.parametrize(("trusted", "elsewhere"), [("127.0.0.0/8", 200), ("192.0.2.9", 429)])
def test_trusted_proxy_names_the_client(sqlite_url: str, trusted: str, elsewhere: int) -> None:
    with serving(sqlite_url, trusted_proxies=trusted) as api:
        api.user(Role.SUBMIT, name="anna")
        api.store.users.set_password("anna", hash_password("correct horse"))

        def status(address: str, password: str) -> int:
            headers = {"X-Forwarded-For": address}
            return api.http.get("/api/v1/batches", headers=headers, auth=("anna", password)).status_code

        assert [status("192.0.2.1", "wrong") for _ in range(FREE_ATTEMPTS_PER_USER)] == [401] * FREE_ATTEMPTS_PER_USER
        assert status("192.0.2.1", "correct horse") == 429
        assert status("192.0.2.2", "correct horse") == elsewhere


def test_invalid_trusted_proxy_is_an_error_of_one_line(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_TRUSTED_PROXIES", "proxy.bank")
    assert_one_line(
        muster("serve", "--port", "0"), 2, "MUSTER_TRUSTED_PROXIES must be comma-separated addresses or networks"
    )


def test_last_traces_are_exported_at_shutdown(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")  # by itself it would send none before an hour is over
        with serving(sqlite_url) as api:
            assert api.http.get("/health/live").status_code == 200
            assert collector.bodies == []
            assert api.server.stop() == 0
    assert [span.name for span in collector.spans] == ["GET /health/live"]
