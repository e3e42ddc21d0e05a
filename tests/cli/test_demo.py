"""`muster demo` as a newcomer runs it."""

import json
import os
import pty
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.cli.commands import COMMAND, Muster, Running

Start = Callable[..., Running]


def finished(demo: Running) -> tuple[int, str, str]:
    out, err = demo.process.communicate(timeout=60)
    return demo.process.returncode, out, err


def test_once_prints_request_and_response_and_exits_whatever_database_the_environment_names(
    start: Start, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path / 'production.db'}"  # it is not made
    code, out, err = finished(start("demo", "--once", "--port", "0", TMPDIR=str(tmp_path), MUSTER_DATABASE=database))
    assert code == 0, err
    request, answer = (json.loads(part[part.index("{") :]) for part in out.split("HTTP/1.1 200 OK"))
    assert [customer["entityType"] for customer in request["customers"]] == ["INDIVIDUAL", "ORGANIZATION"]
    assert [result["resultType"] for result in answer["results"]] == ["REQUEST_ACCEPTED"] * 2
    assert "Authorization: Bearer mst_" in out
    assert "adding sample data: 30 days of made-up customers" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_demo_serves_until_ctrl_c_and_removes_its_files(start: Start, tmp_path: Path) -> None:
    demo = start("demo", "--port", "0", TMPDIR=str(tmp_path))
    url = demo.line(r"(http://127.0.0.1:\d+)/swagger-ui/", of="stdout")[1]
    curl = demo.line(r"curl .*$", of="stdout")[0]
    said = subprocess.run(["sh", "-c", f"{curl} -s"], capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["results"][0]["errorCode"]
    assert url in curl
    assert demo.line(r"(\S+)/console/", of="stdout")[1] == url
    name, password = demo.line(r"Sign in as (\S+) .* password (\S+)", of="stdout").groups()
    history = httpx.get(f"{url}/api/v1/customers/SAMPLE-PEP-REVIEW/history?businessUnit=MAIN", auth=(name, password))
    assert [version["version"] for version in history.json()["versions"]] == [5, 4, 3, 2, 1]
    code, err = demo.stop(signal.SIGINT)
    assert code == 0
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_sigterm_while_sample_data_are_added_removes_the_files(start: Start, tmp_path: Path) -> None:
    demo = start("demo", "--port", "0", TMPDIR=str(tmp_path))
    demo.line("adding sample data")
    assert demo.stop(signal.SIGTERM)[0] == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.untraced  # another test covers the demo
def test_demo_on_a_given_database_and_a_used_port_disables_its_users_at_sigterm(
    start: Start, bare_muster: Muster
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        demo = start("demo", "--port", port, "--database", bare_muster.url)
        demo.line(f"port {port} is in use; the demo takes a free one")
        assert f":{port}/" not in demo.line("curl", of="stdout").string
    assert demo.stop(signal.SIGTERM)[0] == 0
    users = bare_muster.ok("user", "list").out.splitlines()
    assert "demo\tsubmit\tMAIN,LATVIA\tdisabled" in users
    assert [user for user in users if not user.endswith("\tdisabled")] == []


def test_given_database_must_be_new(start: Start, bare_muster: Muster) -> None:
    bare_muster.add_user("anna")
    code, out, err = finished(start("demo", "--once", "--port", "0", "--database", bare_muster.url))
    assert (code, out) == (1, "")
    assert err == "muster: this database is in use; the demo needs a new one, or none: leave --database out\n"


@pytest.mark.untraced  # three commands take twice as long to start
def test_terminal_prompts_twice_for_a_password_and_shows_table_headers(muster: Muster) -> None:
    def on_terminal(*arguments: str, typed: tuple[str, ...] = ()) -> tuple[int, str]:
        """Types a line at every prompt; a terminal discards lines typed before it."""
        lines = list(typed)
        ours, its = pty.openpty()
        command = [str(COMMAND), *arguments]
        with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, start_new_session=True) as process:
            os.close(its)
            shown = b""
            try:
                while part := os.read(ours, 1000):
                    shown += part
                    if shown.endswith(b": ") and lines:
                        os.write(ours, f"{lines.pop(0)}\n".encode())
            except OSError:  # how Linux says that the other side is gone
                pass
        os.close(ours)
        return process.returncode, shown.decode()

    add = ("user", "add", "anna", "--role", "submit")
    code, shown = on_terminal(*add, typed=("correct horse", "another horse"))
    assert (code, "the passwords differ" in shown) == (1, True)
    code, shown = on_terminal(*add, typed=("correct horse", "correct horse"))
    assert (code, "added the user anna" in shown) == (0, True)
    code, shown = on_terminal("user", "list")
    assert code == 0
    assert "Business units" in shown
