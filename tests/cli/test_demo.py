"""`muster demo` as a newcomer runs it."""

import json
import os
import pty
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

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
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_demo_serves_until_ctrl_c_and_removes_its_files(start: Start, tmp_path: Path) -> None:
    demo = start("demo", "--port", "0", TMPDIR=str(tmp_path))
    url = demo.line(r"(http://127.0.0.1:\d+)/swagger-ui/", of="stdout")[1]
    curl = demo.line(r"curl .*$", of="stdout")[0]
    said = subprocess.run(["sh", "-c", f"{curl} -s"], capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["results"][0]["errorCode"]
    assert url in curl
    code, err = demo.stop(signal.SIGINT)
    assert code == 0
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_sigterm_stops_the_demo_cleanly(start: Start, tmp_path: Path) -> None:
    demo = start("demo", "--port", "0", TMPDIR=str(tmp_path))
    demo.line("curl", of="stdout")
    assert demo.stop(signal.SIGTERM)[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_demo_takes_a_free_port_when_its_port_is_in_use(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        code, out, err = finished(start("demo", "--once", "--port", port))
    assert code == 0
    assert f"port {port} is in use; the demo takes a free one" in err
    assert f":{port}/" not in out


def test_given_database_must_be_new_and_its_user_is_disabled_at_the_end(start: Start, bare_muster: Muster) -> None:
    demo = ("demo", "--once", "--port", "0", "--database", bare_muster.url)
    assert finished(start(*demo))[0] == 0
    assert bare_muster.ok("user", "list").out == "demo\tsubmit\t\tdisabled\n"
    code, out, err = finished(start(*demo))
    assert (code, out) == (1, "")
    assert err == "muster: this database is in use; the demo needs a new one, or none: leave --database out\n"


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
