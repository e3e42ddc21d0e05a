"""The page about loading files: its commands, requests and programs do with its files what it says."""

import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from muster.auth.users import Role
from muster.cli import load_options
from muster.loads.load_store import Load
from tests.cli.commands import CommandResult, Muster
from tests.cli.conftest import muster as muster
from tests.serving import Api, serving

PAGE = (Path(__file__).parents[2] / "docs" / "loading.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = [match.groups() for match in BLOCK.finditer(PAGE)]
EXAMPLE_URL = "https://muster.example:8878"
TABLE_HEADER = "Code  "  # a terminal has it
EXIT_CODES = {"customers.csv": 3, "refused.csv": 0}  # of loads


@pytest.fixture
def api(tmp_path_factory: pytest.TempPathFactory, _migrated_sqlite: Path) -> Iterator[Api]:
    path = tmp_path_factory.mktemp("service") / "muster.db"
    shutil.copy(_migrated_sqlite, path)
    with serving(f"sqlite:///{path}") as api:
        yield api


class Reader:
    """A reader who does what the page says, in a directory of their own."""

    def __init__(self, muster: Muster, api: Api) -> None:
        self._muster = muster
        self._url = f"http://127.0.0.1:{api.port}"
        self.output = ""

    def follow(self, language: str, name: str | None, text: str) -> None:
        text = text.replace(EXAMPLE_URL, self._url)
        match language:
            case "csv" | "toml" | "json":
                assert name is not None
                Path(name).write_text(text, encoding="cp1257" if name == "customers.csv" else "utf-8", newline="")
            case "text":
                shown = [line for line in text.splitlines() if not line.startswith(TABLE_HEADER)]
                assert {*map(normalize, shown)} <= {*map(normalize, self.output.splitlines())}
            case "python":
                exec(text, {})
            case "sh" if "curl" in text:
                self._run_script(text)
            case "sh":
                lines = text.replace("\\\n", " ").splitlines()
                self.output = "".join(self._run_line(line) for line in lines)
            case _:
                raise AssertionError(language)

    def _run_line(self, line: str) -> str:
        command, *arguments = shlex.split(line, comments=True)
        if command == "pip":
            return ""
        if command != "muster":
            return self._run_script(line)
        target = arguments[arguments.index(">") + 1] if ">" in arguments else None
        result: CommandResult = self._muster(*(arguments[:-2] if target else arguments))
        assert result.code == (EXIT_CODES[arguments[1]] if arguments[0] == "load" else 0), result
        if target is not None:
            Path(target).write_text(result.out)
        return result.out + result.err

    def _run_script(self, text: str) -> str:
        done = subprocess.run(["bash", "-euc", text], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        self.output = done.stdout
        return done.stdout


def normalize(line: str) -> str:
    return " ".join(line.split())


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_reader_gets_what_the_page_says(
    muster: Muster, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    reader = Reader(muster, api)
    (tmp_path / "nightly.token").write_text(api.user(Role.SUBMIT))
    # Each block of a shell begins in the environment that those before have left.
    monkeypatch.setenv("TOKEN", (tmp_path / "nightly.token").read_text())
    monkeypatch.setenv("URL", f"http://127.0.0.1:{api.port}")
    with patch("muster_client.loads.parse_retry_after", lambda _: 0.02):
        for language, name, text in BLOCKS:
            reader.follow(language, name, text)
    states = [(load.options.dry_run, load.totals.rows, load.totals.refused) for load in wait_for_loads(api)]
    assert states == [(True, 2, 2), (True, 3, 1), (False, 2, 1), (False, 3, 1)]
    assert "n-2" in (tmp_path / "refused.csv").read_text()


def wait_for_loads(api: Api) -> list[Load]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        loads = list(api.store.loads.list(sender=None, before=None, limit=9))
        if all(load.ended_at is not None for load in loads):
            return loads
        time.sleep(0.02)
    raise AssertionError("a load does not end")


def test_every_option_of_the_command_is_on_the_page() -> None:

    declared = [value.__metadata__[0] for value in vars(load_options).values() if hasattr(value, "__metadata__")]
    # In annotations, Typer takes the first name for the default.
    options = {name for option in declared for name in (option.default, *(option.param_decls or ())) if name is not ...}
    assert len(options) > 14
    assert {option for option in options if f"`{option}" not in PAGE and f" {option}" not in PAGE} == set()
