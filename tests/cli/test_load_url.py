"""`muster load --url`, with the service as it ships."""

import csv
import json
import os
import signal
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from unittest.mock import patch

import pytest

from muster.auth.users import Role
from muster.cli.errors import CommandError
from muster.cli.load_progress import LoadProgress, UploadProgress
from muster.cli.load_service import ServiceAddress, connect
from muster_client import ConnectionFailed, LoadJob
from muster_client.downloads import FileSink
from muster_client.load_resources import Loads
from muster_client.loads import put_part
from tests.cli.commands import CommandResult, Muster, assert_one_line
from tests.cli.test_load import build_customers, run_with_pipe, to_csv, write_csv
from tests.samples import individual
from tests.serving import Api, serving

Load = Callable[..., CommandResult]
PART_BYTES = 3_000
NOT_WRITTEN = "the load has ended, and the refused rows were not written; run the same command again"


@pytest.fixture(scope="module", name="api")
def _api(tmp_path_factory: pytest.TempPathFactory, _migrated_sqlite: Path) -> Iterator[Api]:
    """One service for all tests, which send only customers that no other test has, each as a user of its own."""
    path = tmp_path_factory.mktemp("service") / "muster.db"
    path.write_bytes(_migrated_sqlite.read_bytes())
    with serving(f"sqlite:///{path}") as api:
        yield api


@pytest.fixture(autouse=True)
def _small_parts_and_no_pauses() -> Iterator[None]:
    with (
        patch("muster_client.loads.PART_BYTES", PART_BYTES),
        patch("muster_client.loads.parse_retry_after", lambda _: 0.02),
    ):
        yield


@pytest.fixture
def target(api: Api, tmp_path: Path) -> list[str]:
    """The options for a service, with the token of a new user."""
    token = tmp_path / "token"
    token.write_text(f"{api.user(Role.SUBMIT)}\n")
    return ["--url", f"http://127.0.0.1:{api.port}/", "--token-file", str(token)]


@pytest.fixture
def load(muster: Muster, target: list[str]) -> Load:
    return lambda *arguments, stdin=b"": muster("load", *arguments, *target, stdin=stdin)


def count_loads(api: Api, target: list[str]) -> int:
    headers = {"Authorization": f"Bearer {Path(target[-1]).read_text().strip()}"}
    return len(api.http.get("/api/v1/loads", headers=headers).json()["loads"])


CASES: dict[str, tuple[Callable[[], str], list[str]]] = {
    "all accepted": (lambda: to_csv(build_customers(5)), []),
    "some refused": (lambda: to_csv(build_customers(3, bad=2)), []),
    "refused as NDJSON": (lambda: to_csv(build_customers(2, bad=1)), ["--format", "ndjson"]),
    "JSON": (lambda: json.dumps({"customers": build_customers(2, bad=1)}), []),
    "dry run": (lambda: to_csv([*build_customers(2), *build_customers(1) * 2]), ["--dry-run", "--batch", "2"]),
    "warnings": (lambda: to_csv([individual(applicationDate="2999-01-01")]), []),
    "too few accepted": (lambda: to_csv(build_customers(3, bad=1)), ["--accept", "all"]),
    "enough accepted": (lambda: to_csv(build_customers(3, bad=1)), ["--accept", "75"]),
    "unknown fields": (lambda: json.dumps(individual(shoeSize=44)) + "\n", ["--unknown", "reject"]),
    "no customer to update": (lambda: to_csv([individual(action="UPDATE")]), ["--upsert"]),
    "breaks off": (lambda: json.dumps({"customers": build_customers(3)})[:-40], []),
    "encoding": (lambda: to_csv([individual(firstName="Jonas")]), ["--encoding", "cp1257"]),
    "no encoding": (lambda: to_csv(build_customers(1)), ["--encoding", "klingon"]),
    "HTML": (lambda: "<html><body>log in</body></html>", []),
    "empty": (lambda: "", []),
    "no such column": (lambda: to_csv(build_customers(1)), ["--mapping", "mapping.toml"]),
    "no such format": (lambda: json.dumps(individual()) + "\n", ["--format", "csv"]),
}


@pytest.mark.parametrize("case", CASES)
def test_service_and_database_say_and_give_the_same(muster: Muster, load: Load, tmp_path: Path, case: str) -> None:
    make, options = CASES[case]
    (tmp_path / "customers.txt").write_text(make(), newline="")
    (tmp_path / "mapping.toml").write_text('[fields]\nfirstName = "Vorname"\n')
    arguments = [str(tmp_path / "customers.txt"), *(str(tmp_path / o) if o.endswith(".toml") else o for o in options)]
    refused = tmp_path / "refused"
    expected = muster("load", *arguments, "--refused", str(refused))
    written = refused.read_bytes() if refused.exists() else None
    refused.unlink(missing_ok=True)
    assert load(*arguments, "--refused", str(refused)) == expected
    assert (refused.read_bytes() if refused.exists() else None) == written
    assert not list(tmp_path.glob(".refused*"))


def test_refused_rows_are_mended_and_loaded_as_they_are(load: Load, api: Api, tmp_path: Path) -> None:
    refused = tmp_path / "refused.csv"
    assert load(write_csv(tmp_path / "c.csv", build_customers(2, bad=3)), "--refused", str(refused)).code == 3
    assert refused.stat().st_mode & 0o777 == 0o600
    refused.write_text(refused.read_text().replace("XX", "LT"))
    assert load(str(refused)).code == 0


def test_file_that_was_loaded_whole_is_not_loaded_twice(
    load: Load, api: Api, target: list[str], tmp_path: Path
) -> None:
    file, refused = write_csv(tmp_path / "c.csv", build_customers(2, bad=1)), tmp_path / "refused.csv"
    assert load(file).code == 3
    result = load(file, "--refused", str(refused), "--batch", "7")
    assert result.code == 3
    assert "this file was loaded whole" in result.err
    assert len(refused.read_text().splitlines()) == 2
    assert count_loads(api, target) == 1
    assert "3 rows: 0 accepted, 3 refused" in load(file, "--again").err
    assert count_loads(api, target) == 2
    assert "3 rows: 0 accepted, 3 refused" in load(file).err  # the newest one
    assert load(file, "--upsert").code == 3  # with other options it is another load
    assert count_loads(api, target) == 3


def test_load_that_failed_is_begun_anew(load: Load, api: Api, target: list[str], tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(1, bad=1))
    for number in (1, 2):
        assert "the load failed: nothing was loaded" in load(file, "--accept", "all").err
        assert count_loads(api, target) == number


def test_dry_run_judges_the_file_each_time(load: Load, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(2))
    assert "2 can be accepted" in load(file, "--dry-run").err
    assert load(file).code == 0
    assert "0 can be accepted, 2 refused" in load(file, "--dry-run").err


def test_standard_input_is_loaded_once(muster: Muster, api: Api, target: list[str]) -> None:
    content = to_csv(build_customers(30)).encode()
    for _ in range(2):
        assert run_with_pipe(muster, content, "load", "-", *target) == 0
    assert count_loads(api, target) == 1


def test_stopped_upload_goes_on_with_the_parts_that_are_missing(
    load: Load, api: Api, target: list[str], tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(200))
    with press_when(UploadProgress, 3):
        stopped = load(file)
    assert_one_line(stopped, 1, "run the same command again within a day")
    with patch("muster_client.loads.put_part", side_effect=put_part) as put:
        result = load(file)
    assert (result.code, result.err) == (0, "the upload of this file goes on\n200 rows: 200 accepted, 0 refused\n")
    assert [call.args[2] for call in put.call_args_list] == list(range(4, Path(file).stat().st_size // PART_BYTES + 2))
    assert count_loads(api, target) == 1


def test_two_commands_at_once_load_the_file_once(load: Load, api: Api, target: list[str], tmp_path: Path) -> None:
    file, update = write_csv(tmp_path / "c.csv", build_customers(200)), UploadProgress.update
    others: list[CommandResult] = []

    def run_another(progress: UploadProgress, sent: int) -> None:
        update(progress, sent)
        if not others:
            others.append(CommandResult(0, "", ""))
            others.append(load(file))

    with patch.object(UploadProgress, "update", run_another):
        result = load(file)
    assert [result.code, others[1].code] == [0, 0]
    assert "200 rows: 200 accepted, 0 refused" in result.err
    assert count_loads(api, target) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_load_goes_on_in_the_service_when_nobody_waits(
    load: Load, api: Api, target: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(5))
    with press_when(LoadProgress, 1, number):
        stopped = load(file)
    assert_one_line(stopped, 1, "Run the same command again to wait", f"POST http://127.0.0.1:{api.port}/api/v1/loads/")
    result = load(file)
    assert result.code == 0
    assert "5 rows: 5 accepted" in result.err
    assert count_loads(api, target) == 1


@pytest.mark.parametrize("progress", [UploadProgress, LoadProgress])
def test_stopped_dry_run_is_cancelled(
    load: Load, api: Api, target: list[str], tmp_path: Path, progress: type[UploadProgress] | type[LoadProgress]
) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(20))
    with press_when(progress, 1):
        assert_one_line(load(file, "--dry-run"), 1, "the dry run was stopped")
    headers = {"Authorization": f"Bearer {Path(target[-1]).read_text().strip()}"}
    [found] = api.http.get("/api/v1/loads", headers=headers).json()["loads"]
    assert found["state"] in ("cancelled", "completed")


def test_command_that_is_stopped_before_the_upload_says_so(load: Load, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(3))
    with patch.object(Loads, "list", side_effect=KeyboardInterrupt):
        assert_one_line(load(file), 1, "stopped before the file was sent")


def test_command_that_is_stopped_in_the_download_keeps_no_half_file(load: Load, tmp_path: Path) -> None:
    file, refused = write_csv(tmp_path / "c.csv", build_customers(1, bad=1)), tmp_path / "refused.csv"
    with patch.object(FileSink, "write", side_effect=KeyboardInterrupt):
        result = load(file, "--refused", str(refused))
    assert (result.code, result.err.splitlines()[-1]) == (1, f"muster: {NOT_WRITTEN}")
    assert [path.name for path in tmp_path.iterdir() if "refused" in path.name] == []


def test_service_that_goes_away_is_told_and_the_load_goes_on(load: Load, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(3))
    with patch.object(LoadJob, "wait", side_effect=ConnectionFailed("the service can't be reached")):
        assert_one_line(load(file), 1, "the load goes on in the service", "run the same command again")
    assert load(file).code == 0


def test_cancelled_load_is_told(load: Load, api: Api, target: list[str], tmp_path: Path) -> None:
    update = LoadProgress.update
    headers = {"Authorization": f"Bearer {Path(target[-1]).read_text().strip()}"}

    def cancel(progress: LoadProgress, given: object) -> None:
        update(progress, given)  # type: ignore[arg-type]
        [found] = api.http.get("/api/v1/loads", headers=headers).json()["loads"]
        api.http.post(f"/api/v1/loads/{found['id']}/cancel", headers=headers)

    file = write_csv(tmp_path / "c.csv", build_customers(2_000))
    with patch("muster_client.loads.PART_BYTES", 8_000_000), patch.object(LoadProgress, "update", cancel):
        result = load(file, "--batch", "10")
    assert result.code == 1
    assert "the load was cancelled" in result.err.splitlines()[-1]


class press_when:  # noqa: N801 - reads as a verb
    """Sends a signal to this process at the nth update of a progress, as a person would."""

    def __init__(
        self, kind: type[UploadProgress] | type[LoadProgress], updates: int, number: signal.Signals = signal.SIGINT
    ) -> None:
        self._left, update = updates, kind.update

        def press(progress: UploadProgress | LoadProgress, given: object) -> None:
            update(progress, given)  # type: ignore[arg-type]
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), number)

        self._patch = patch.object(kind, "update", press)

    def __enter__(self) -> None:
        self._patch.start()

    def __exit__(self, *_: object) -> None:
        self._patch.stop()
        assert self._left <= 0


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
        ([*HOST, "--sheet", "Tabelle1"], 2, "--sheet is for --database"),
        ([*HOST, "--refused", "r.csv", "--for-excel"], 2, "--for-excel is for --database"),
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


def test_token_comes_from_the_environment(
    muster: Muster, api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file, url = write_csv(tmp_path / "c.csv", build_customers(1)), f"http://localhost:{api.port}"
    monkeypatch.setenv("MUSTER_TOKEN", api.user(Role.SUBMIT))
    muster.ok("load", file, "--url", url.replace("localhost", "127.0.0.1"))
    muster.ok("user", "list")  # no other command takes it for a misspelt setting
    monkeypatch.setenv("MUSTER_TOKEN", "mst_wrong")
    result = muster("load", file, "--url", url.replace("localhost", "127.0.0.1"))
    assert_one_line(result, 1, "does not accept the token", "muster token create")
    assert "mst_wrong" not in result.err
    monkeypatch.setenv("MUSTER_TOKEN", api.user(Role.READ))
    assert_one_line(muster("load", file, "--url", url.replace("localhost", "127.0.0.1")), 1, "--add-role submit")


def test_joined_file_is_refused_before_the_upload(load: Load, api: Api, target: list[str], tmp_path: Path) -> None:
    file, mapping = write_csv(tmp_path / "c.csv", build_customers(1)), tmp_path / "m.toml"
    mapping.write_text('[[join]]\nfile = "c.csv"\nkey = "customerExtId"\n')
    assert_one_line(load(file, "--mapping", str(mapping)), 2, "can't be joined here")
    assert count_loads(api, target) == 0


def test_missing_client_is_told(muster: Muster, target: list[str], tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(1))
    with patch("muster.cli.load_service.find_spec", lambda _: None):
        assert_one_line(muster("load", file, *target), 1, "pip install 'muster[client]'")


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


def test_refused_rows_that_are_gone_are_told(load: Load, api: Api, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(1, bad=1))
    load(file)
    api.sql("DELETE FROM load_refused_rows")
    result = load(file, "--refused", str(tmp_path / "refused.csv"))
    assert result.code == 1
    assert "are no longer kept" in result.err
    assert not (tmp_path / "refused.csv").exists()


def test_no_header_of_a_refused_file_is_lost(load: Load, tmp_path: Path) -> None:
    refused = tmp_path / "refused.csv"
    assert load(write_csv(tmp_path / "c.csv", build_customers(1)), "--refused", str(refused)).code == 0
    with refused.open(newline="") as file:
        assert len(list(csv.reader(file))) == 1
